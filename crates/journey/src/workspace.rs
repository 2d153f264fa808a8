//! The sources of a workspace, checked and compiled in one go.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    compile::{self, Names, World},
    diagnostic::{Diagnostic, Severity, SourceFile},
    diagnostics::{Sink, names, schemas as schema_codes, tests as test_codes},
    machine::Machine,
    parse::{self, Reader, ast::Word},
    policies::Policies,
    render::Templates,
    schema::{Schemas, schema},
    source,
    testing::{self, TestFile},
};

/// How to check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Whether sends need their templates.
    pub templates: TemplateCheck,
    /// Whether there are other journeys beside the files: what caps say of them is not checked.
    pub alone: bool,
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

/// What a file is for.
enum Role<'p> {
    Journey,
    Policies,
    Event(&'p str),
    Traits,
    Template,
    Tests,
    Other,
}

impl<'p> Role<'p> {
    fn of(path: &'p str) -> Self {
        let yaml = |p: &'p str| p.strip_suffix(".yaml").or_else(|| p.strip_suffix(".yml"));
        if path.starts_with("templates/") {
            return Self::Template;
        }
        match (yaml(path), path.strip_prefix("config/").and_then(yaml)) {
            (_, Some("policies")) => Self::Policies,
            (_, Some("traits")) => Self::Traits,
            (_, Some(config)) => config
                .strip_prefix("events/")
                .map_or(Self::Other, Self::Event),
            (Some(_), None) if path.starts_with("config/") => Self::Other,
            (Some(stem), None) if stem.rsplit('/').next() == Some("tests") => Self::Tests,
            (Some(_), None) => Self::Journey,
            _ => Self::Other,
        }
    }
}

/// Checks and compiles all sources: the workspace, or `None` where an error stands, and all
/// diagnostics, file by file in the order of `files`.
pub fn compile(files: &[SourceFile], options: &Options) -> (Option<Workspace>, Vec<Diagnostic>) {
    let mut found = Vec::new();
    let policies = policies(files, &mut found);
    let schemas = schemas(files, &mut found);
    let messages: Vec<SourceFile> = files
        .iter()
        .filter(|f| matches!(Role::of(&f.path), Role::Template))
        .cloned()
        .collect();
    let (templates, wrong) = Templates::compile(&messages, &policies.defaults.locale);
    found.extend(wrong);
    let world = World {
        policies: &policies,
        schemas: &schemas,
        templates: (options.templates == TemplateCheck::Required).then_some(&templates),
    };
    let mut names = Names::default();
    let machines = journeys(files, world, &mut names, &mut found);
    if !options.alone && names.complete() {
        strangers(files, &names, &mut found);
    }
    let complete = names.complete() && !options.alone;
    let tests = tests(files, world, &machines, complete, &mut found);
    let order: BTreeMap<&str, usize> = files
        .iter()
        .enumerate()
        .map(|(i, f)| (&*f.path, i))
        .collect();
    found.sort_by_key(|d| (order.get(&*d.file).copied(), d.span.start, d.span.end));
    let failed = found.iter().any(|d| d.severity == Severity::Error);
    let workspace = Workspace {
        machines,
        policies,
        schemas,
        templates,
        tests,
    };
    ((!failed).then_some(workspace), found)
}

/// Reads one file, if it is YAML; what is wrong goes to `found`.
fn read<T>(
    file: &SourceFile,
    found: &mut Vec<Diagnostic>,
    with: impl FnOnce(&source::Node, &mut Reader<'_>) -> T,
) -> Option<T> {
    let mut sink = Sink::new(file);
    let root = source::load(file, &mut sink);
    let result = root.map(|root| {
        with(
            &root,
            &mut Reader {
                file,
                sink: &mut sink,
            },
        )
    });
    found.extend(sink.finish());
    result
}

fn policies(files: &[SourceFile], found: &mut Vec<Diagnostic>) -> Policies {
    let Some(file) = files
        .iter()
        .find(|f| matches!(Role::of(&f.path), Role::Policies))
    else {
        return Policies::default();
    };
    // An unreadable file declares purposes that nobody knows: none of them is an error elsewhere.
    read(file, found, parse::policies).unwrap_or_else(|| Policies {
        purposes: BTreeMap::new(),
        ..Policies::default()
    })
}

fn schemas(files: &[SourceFile], found: &mut Vec<Diagnostic>) -> Schemas {
    let mut schemas = Schemas::default();
    for file in files {
        match Role::of(&file.path) {
            Role::Event(name) => {
                let twice = schemas.knows(name);
                let schema = read(file, found, |root, r| {
                    if twice {
                        r.sink
                            .error(
                                schema_codes::TAKEN_EVENT,
                                root.span.start..root.span.start,
                                format!("`{name}` is declared twice"),
                            )
                            .noted("one file per event: `NAME.yaml` or `NAME.yml`, not both");
                    }
                    schema(root, r)
                });
                schemas.declare(name, schema.unwrap_or_default());
            }
            Role::Traits => {
                if let Some(schema) = read(file, found, schema) {
                    schemas.declare_traits(schema);
                }
            }
            _ => {}
        }
    }
    schemas
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

fn journeys(
    files: &[SourceFile],
    world: World<'_>,
    known: &mut Names,
    found: &mut Vec<Diagnostic>,
) -> Vec<Compiled> {
    let mut machines = Vec::new();
    let mut taken: BTreeMap<Arc<str>, Arc<str>> = BTreeMap::new();
    for file in files
        .iter()
        .filter(|f| matches!(Role::of(&f.path), Role::Journey))
    {
        let machine = read(file, found, |root, r| {
            let journey = parse::journey(root, r);
            known.add(journey.as_ref());
            let journey = journey?;
            if let Some(name) = &journey.name {
                check_name(name, file, taken.get(&name.text), r.sink);
                taken.insert(name.text.clone(), file.path.clone());
            }
            compile::journey(&journey, file, world, r.sink)
        });
        if machine.is_none() {
            known.add(None);
        }
        machines.extend(machine.flatten().map(|machine| Compiled {
            machine,
            path: file.path.clone(),
            source: file.text.clone(),
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
