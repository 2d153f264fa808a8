//! The sources of a workspace, checked and compiled in one go.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    compile::{self, World},
    diagnostic::{Diagnostic, Severity, SourceFile},
    diagnostics::{Sink, names, schemas as schema_codes},
    machine::Machine,
    parse::{self, Reader},
    policies::Policies,
    render::Templates,
    schema::{Schemas, schema},
    source,
};

/// How to check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Whether sends need their templates.
    pub templates: TemplateCheck,
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
            (Some(stem), None)
                if stem.rsplit('/').next() != Some("tests") && !path.starts_with("config/") =>
            {
                Self::Journey
            }
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
    let machines = journeys(files, world, &mut found);
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

fn journeys(files: &[SourceFile], world: World<'_>, found: &mut Vec<Diagnostic>) -> Vec<Compiled> {
    let mut machines = Vec::new();
    let mut taken: BTreeMap<Arc<str>, Arc<str>> = BTreeMap::new();
    for file in files
        .iter()
        .filter(|f| matches!(Role::of(&f.path), Role::Journey))
    {
        let machine = read(file, found, |root, r| {
            let journey = parse::journey(root, r)?;
            if let Some(name) = &journey.name {
                if let Some(other) = taken.get(&name.text) {
                    r.sink
                        .error(
                            names::TAKEN_JOURNEY,
                            name.span.clone(),
                            format!("two journeys are called `{}`", name.text),
                        )
                        .labelled(format!("also in {other}"))
                        .noted(
                            "customers' runs are kept by the journey's name: each needs its own",
                        );
                }
                taken.insert(name.text.clone(), file.path.clone());
            }
            compile::journey(&journey, file, world, r.sink)
        });
        machines.extend(machine.flatten().map(|machine| Compiled {
            machine,
            path: file.path.clone(),
            source: file.text.clone(),
        }));
    }
    machines
}
