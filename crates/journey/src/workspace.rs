//! The sources of a workspace, checked and compiled in one go.

mod declared;
mod role;

use std::{collections::BTreeMap, sync::Arc};

use self::{
    declared::{endpoints, fragments, policies, read, schemas, segments, sources, vouchers},
    role::{Role, of_role},
};
use crate::{
    compile::{self, Declares, Names, World},
    diagnostic::{Diagnostic, Severity, SourceFile},
    diagnostics::{Sink, names, testing as test_codes},
    endpoints::Endpoints,
    machine::Machine,
    message,
    parse::{
        self, Fragments, Reader,
        ast::{Journey, Word},
    },
    policies::Policies,
    render::Templates,
    schema::Schemas,
    segments::Segments,
    settings, source,
    sources::Sources,
    testing::{self, TestFile},
    vouchers::Pools,
};

/// How to check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Whether sends need their templates.
    pub templates: TemplateCheck,
    /// Whether there are other journeys beside the files: what caps say of them is not checked.
    pub alone: bool,
    /// Whether to warn of what nobody uses: where the files are the whole workspace of somebody who
    /// looks at it.
    pub unused: bool,
    /// How many characters a short form of an address in a text message has, where the settings want them.
    pub short: Option<usize>,
}

/// Whether sends need their templates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TemplateCheck {
    /// A send with a template that is not there is an error.
    #[default]
    Required,
    /// Journeys are checked without a look at templates: `--templates none`.
    Ignored,
}

/// A workspace without errors.
#[derive(Debug)]
pub struct Workspace {
    /// The journeys, in the order of their files.
    pub machines: Vec<Compiled>,
    /// Purposes, caps and quiet hours.
    pub policies: Policies,
    /// What events and traits hold.
    pub schemas: Schemas,
    /// What messages look like.
    pub templates: Templates,
    /// The journeys' own tests, in the order of their files.
    pub tests: Vec<TestFile>,
    /// Who belongs to what.
    pub segments: Segments,
    /// Who can be called.
    pub endpoints: Endpoints,
    /// What messages are filled in from when they leave.
    pub sources: Sources,
    /// Pools of codes.
    pub vouchers: Pools,
}

/// A compiled journey with its source.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The journey.
    pub machine: Arc<Machine>,
    /// Its file.
    pub path: Arc<str>,
    /// Its text.
    pub source: Arc<str>,
}

/// Checks and compiles all sources: the workspace, or `None` where an error stands, and all
/// diagnostics, file by file in the order of `files`.
pub fn compile(files: &[SourceFile], options: &Options) -> (Option<Workspace>, Vec<Diagnostic>) {
    let mut found = Vec::new();
    let policies = policies(files, &mut found);
    let schemas = schemas(files, &policies.labels, &mut found);
    let messages: Vec<SourceFile> = files
        .iter()
        .filter(|f| matches!(Role::of(&f.path), Role::Template))
        .cloned()
        .collect();
    let (templates, wrong) =
        Templates::compile_for(&messages, &policies.defaults.locale, options.short);
    found.extend(wrong);
    let segments = segments(files, &schemas, &mut found);
    let endpoints = endpoints(files, &policies.labels, &mut found);
    let sources = sources(files, &policies.labels, &mut found);
    let vouchers = vouchers(files, &mut found);
    found.extend(templates.check_sources(&messages, &sources, &vouchers));
    let fragments = fragments(files, &mut found);
    let (parsed, names) = parsed(files, &fragments, &mut found);
    let world = World {
        policies: &policies,
        schemas: &schemas,
        templates: (options.templates == TemplateCheck::Required).then_some(&templates),
        segments: &segments,
        endpoints: &endpoints,
        sources: &sources,
        journeys: (!options.alone).then_some(&names),
        whatsapp: of_role(files, |role| matches!(role, Role::Settings))
            .any(|file| settings::carries(file, message::Channel::Chat, "whatsapp")),
    };
    let instants: Vec<_> = parsed
        .iter()
        .filter_map(|p| compile::loops::instant(&p.journey, p.file))
        .collect();
    for sink in compile::loops::check(&instants) {
        found.extend(sink.finish());
    }
    let read = parsed.iter().map(|p| (&p.journey, p.file));
    found.extend(compile::labels::check(read, world));
    labels(files, world, options, &mut found);
    let machines = journeys(parsed, world, &mut found);
    if !options.alone && names.complete() {
        strangers(files, &names, &mut found);
    }
    if !options.alone && machines.len() == journeys_of(files) {
        useless(files, &policies, &machines, &mut found);
        if options.unused {
            unused(files, world, &machines, &mut found);
        }
    }
    let complete = names.complete() && !options.alone;
    let tests = tests(files, world, &machines, complete, &mut found);
    for file in of_role(files, |role| matches!(role, Role::Settings)) {
        found.extend(settings::check(file));
    }
    let order: BTreeMap<&str, usize> = files
        .iter()
        .enumerate()
        .map(|(i, f)| (&*f.path, i))
        .collect();
    found.sort_by_key(|d| {
        (
            order.get(&*d.file).copied(),
            d.span.start,
            d.span.end,
            d.code,
        )
    });
    found.dedup_by(|later, first| same(first, later));
    whole_letters(files, &mut found);
    let failed = found.iter().any(|d| d.severity == Severity::Error);
    let workspace = Workspace {
        machines,
        policies,
        schemas,
        templates,
        tests,
        segments,
        endpoints,
        sources,
        vouchers,
    };
    ((!failed).then_some(workspace), found)
}

/// How many places in other files one diagnostic shows.
const MOST_ELSEWHERE: usize = 3;

/// Whether two are one: what stands in a fragment or a template is met wherever that is used. The
/// places in other files are brought together.
fn same(first: &mut Diagnostic, later: &mut Diagnostic) -> bool {
    let elsewhere = std::mem::take(&mut later.elsewhere);
    let here = std::mem::take(&mut first.elsewhere);
    let same = first == later;
    if same {
        let all = here.into_iter().chain(elsewhere);
        first.elsewhere = all.take(MOST_ELSEWHERE).collect();
    } else {
        (first.elsewhere, later.elsewhere) = (here, elsewhere);
    }
    same
}

/// The files but for the journeys' tests, which are published with them and checked by authors.
pub fn without_tests(files: &[SourceFile]) -> Vec<SourceFile> {
    let tests = |f: &&SourceFile| matches!(Role::of(&f.path), Role::Tests);
    files.iter().filter(|f| !tests(f)).cloned().collect()
}

/// The policies of these files alone, as far as they can be read: what support explains decisions
/// by, without compiling the rest.
pub fn policies_of(files: &[SourceFile]) -> Policies {
    policies(files, &mut Vec::new())
}

/// The voucher pools of these files alone, as far as they can be read.
pub fn vouchers_of(files: &[SourceFile]) -> Pools {
    vouchers(files, &mut Vec::new())
}

/// What caps say of journeys, once all of them are known.
fn strangers(files: &[SourceFile], names: &Names, found: &mut Vec<Diagnostic>) {
    let policies = files
        .iter()
        .find(|f| matches!(Role::of(&f.path), Role::Policies));
    if let Some(file) = policies {
        // What else is wrong with it has been reported.
        let mut sink = Sink::new(file);
        if let Some(root) = source::load(file, &mut Sink::new(file)) {
            compile::strangers(&root, names, &mut sink);
        }
        found.extend(sink.finish());
    }
}

fn journeys_of(files: &[SourceFile]) -> usize {
    of_role(files, |role| matches!(role, Role::Journey)).count()
}

/// Policies that no message of any journey meets.
fn useless(
    files: &[SourceFile],
    policies: &Policies,
    machines: &[Compiled],
    found: &mut Vec<Diagnostic>,
) {
    for file in of_role(files, |role| matches!(role, Role::Policies)) {
        let mut sink = Sink::new(file);
        if let Some(root) = source::load(file, &mut Sink::new(file)) {
            let machines = machines.iter().map(|c| &*c.machine);
            compile::useless::check(&root, policies, machines, &mut sink);
        }
        found.extend(sink.finish());
    }
}

/// What labels say of what stands in other files.
fn labels(files: &[SourceFile], world: World<'_>, options: &Options, found: &mut Vec<Diagnostic>) {
    let any = !world.policies.labels.is_empty();
    for file in of_role(files, |role| any && matches!(role, Role::Policies)) {
        let mut sink = Sink::new(file);
        if let Some(root) = source::load(file, &mut Sink::new(file)) {
            compile::labels::declared(&root, world, options.unused, &mut sink);
        }
        found.extend(sink.finish());
    }
}

/// What the workspace declares and no journey uses.
fn unused(
    files: &[SourceFile],
    world: World<'_>,
    machines: &[Compiled],
    found: &mut Vec<Diagnostic>,
) {
    let mut used = compile::Used::default();
    for compiled in machines {
        used.add(&compiled.machine);
    }
    let mut told = std::collections::BTreeSet::new();
    for file in files {
        let mut sink = Sink::new(file);
        if matches!(Role::of(&file.path), Role::Endpoints) {
            if let Some(root) = source::load(file, &mut Sink::new(file)) {
                compile::unused_endpoints(&root, world, &used, &mut sink);
            }
        } else if matches!(Role::of(&file.path), Role::Content | Role::Vouchers) {
            let (sources, pools) = world
                .templates
                .map_or_else(Default::default, Templates::named_sources);
            let named = match Role::of(&file.path) {
                Role::Content => ("content source", sources),
                _ => ("voucher pool", pools),
            };
            let root = source::load(file, &mut Sink::new(file));
            if let Some(root) = root.filter(|_| world.templates.is_some()) {
                compile::unused_names(&root, named, &mut sink);
            }
        } else if let Some(declares) = declares(file).filter(|d| told.insert(format!("{d:?}"))) {
            compile::unused(file, declares, &used, &mut sink);
        }
        found.extend(sink.finish());
    }
}

fn declares(file: &SourceFile) -> Option<Declares<'_>> {
    match Role::of(&file.path) {
        Role::Template => {
            let (name, _) = file.path.strip_prefix("templates/")?.rsplit_once('/')?;
            let template = !name.starts_with('_') && !SourceFile::is_binary(&file.path);
            template.then_some(Declares::Template(name))
        }
        Role::Segment(name) => Some(Declares::Segment(name)),
        Role::Fragment(name) => Some(Declares::Fragment(name)),
        Role::Event(name) => Some(Declares::Event(name)),
        _ => None,
    }
}

/// The folder of a journey's file, if it has one under `journeys/`.
fn folder(path: &str) -> Option<&str> {
    let (folder, _) = path.strip_prefix("journeys/")?.rsplit_once('/')?;
    folder.rsplit('/').next()
}

/// Reports a journey's name that another journey or another folder has.
fn check_name(name: &Word, file: &SourceFile, taken: Option<&Arc<str>>, sink: &mut Sink) {
    if let Some(other) = taken {
        sink.error(
            names::TAKEN_JOURNEY,
            name.span.clone(),
            format!("two journeys are called `{}`", name.text),
        )
        .labelled(format!("also in {other}"))
        .noted("customers' runs are kept by the journey's name: each needs its own");
    } else if let Some(folder) = folder(&file.path).filter(|f| *f != &*name.text) {
        sink.error(
            names::OTHER_FOLDER,
            name.span.clone(),
            format!("`{}` stands in the folder `{folder}`", name.text),
        )
        .labelled("not the name of the folder")
        .noted(format!(
            "a journey is found by its name: move it to journeys/{}/, or call it `{folder}`",
            name.text
        ))
        .replaced(name.span.clone(), folder);
    }
}

/// Places between letters: where escapes hide the exact bytes, a computed place may lie within one.
fn whole_letters(files: &[SourceFile], found: &mut [Diagnostic]) {
    let texts: BTreeMap<&str, &str> = files.iter().map(|f| (&*f.path, &*f.text)).collect();
    for diagnostic in found {
        let text = texts.get(&*diagnostic.file).copied().unwrap_or_default();
        snap(&mut diagnostic.span, text);
        for (span, _) in &mut diagnostic.also {
            snap(span, text);
        }
        for other in &mut diagnostic.elsewhere {
            let text = texts.get(&*other.file).copied().unwrap_or_default();
            snap(&mut other.span, text);
        }
        let whole = |(span, _): &(std::ops::Range<usize>, String)| text.get(span.clone()).is_some();
        diagnostic.replacement = diagnostic.replacement.take().filter(whole);
    }
}

/// Widens a place to whole letters of the text.
fn snap(span: &mut std::ops::Range<usize>, text: &str) {
    let (mut start, mut end) = (span.start.min(text.len()), span.end.min(text.len()));
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    end = end.max(start);
    while !text.is_char_boundary(end) {
        end += 1;
    }
    *span = start..end;
}

/// A journey that was read, in the making.
struct Parsed<'f> {
    file: &'f SourceFile,
    journey: Journey,
    sink: Sink,
}

/// Reads every journey, so that each can be checked beside all others.
fn parsed<'f>(
    files: &'f [SourceFile],
    fragments: &Fragments,
    found: &mut Vec<Diagnostic>,
) -> (Vec<Parsed<'f>>, Names) {
    let (mut parsed, mut known) = (Vec::new(), Names::default());
    let mut taken: BTreeMap<Arc<str>, Arc<str>> = BTreeMap::new();
    for file in of_role(files, |role| matches!(role, Role::Journey)) {
        let mut sink = Sink::new(file);
        let root = source::load(file, &mut sink);
        let journey = root.and_then(|root| {
            let mut reader = Reader::new(file, &mut sink).with(fragments);
            parse::journey(&root, &mut reader)
        });
        known.add(journey.as_ref());
        let Some(journey) = journey else {
            found.extend(sink.finish());
            continue;
        };
        if let Some(name) = &journey.name {
            check_name(name, file, taken.get(&name.text), &mut sink);
            taken.insert(name.text.clone(), file.path.clone());
        }
        parsed.push(Parsed {
            file,
            journey,
            sink,
        });
    }
    (parsed, known)
}

fn journeys(
    parsed: Vec<Parsed<'_>>,
    world: World<'_>,
    found: &mut Vec<Diagnostic>,
) -> Vec<Compiled> {
    let mut machines = Vec::new();
    for mut each in parsed {
        let machine = compile::journey(&each.journey, each.file, world, &mut each.sink);
        found.extend(each.sink.finish());
        machines.extend(machine.map(|machine| Compiled {
            machine,
            path: each.file.path.clone(),
            source: each.file.text.clone(),
        }));
    }
    machines
}

/// The tests beside journeys. Those of a journey with errors are read all the same.
fn tests(
    files: &[SourceFile],
    world: World<'_>,
    compiled: &[Compiled],
    complete: bool,
    found: &mut Vec<Diagnostic>,
) -> Vec<TestFile> {
    let by_name: BTreeMap<Arc<str>, Arc<Machine>> = compiled
        .iter()
        .map(|c| (c.machine.journey.clone(), c.machine.clone()))
        .collect();
    let mut tests = Vec::new();
    for file in files
        .iter()
        .filter(|f| matches!(Role::of(&f.path), Role::Tests))
    {
        let beside =
            |path: &str| matches!(Role::of(path), Role::Journey) && dir(path) == dir(&file.path);
        let machine = compiled
            .iter()
            .find(|c| beside(&c.path))
            .map(|c| &*c.machine);
        if !files.iter().any(|f| beside(&f.path)) {
            found.push(no_journey(file));
            continue;
        }
        let known = testing::Known {
            machine,
            machines: &by_name,
            complete,
            policies: world.policies,
            schemas: world.schemas,
            sources: world.sources,
        };
        let read = read(file, found, |root, r| testing::tests(root, &known, r));
        tests.extend(read.zip(machine).map(|(tests, machine)| TestFile {
            path: file.path.clone(),
            journey: machine.journey.clone(),
            tests,
        }));
    }
    tests
}

/// The folder of a file.
fn dir(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(dir, _)| dir)
}

fn no_journey(file: &SourceFile) -> Diagnostic {
    let mut sink = Sink::new(file);
    sink.error(
        test_codes::NO_JOURNEY,
        0..file.text.lines().next().map_or(0, str::len),
        "there is no journey beside these tests",
    )
    .noted(format!(
        "tests are about the journey in the same folder: {}/journey.yaml",
        dir(&file.path)
    ));
    sink.finish().remove(0)
}
