//! What the files beside the journeys declare.

use std::{collections::BTreeMap, sync::Arc};

use super::role::{Role, of_role};
use crate::{
    compile,
    diagnostic::{Diagnostic, SourceFile},
    diagnostics::{Sink, schemas as schema_codes},
    endpoints::Endpoints,
    parse::{self, Fragments, Reader},
    policies::{Label, Policies},
    schema::{Schemas, schema},
    segments::Segments,
    source,
    sources::Sources,
    vouchers::Pools,
};

/// Reads one file, if it is YAML; what is wrong goes to `found`.
pub(super) fn read<T>(
    file: &SourceFile,
    found: &mut Vec<Diagnostic>,
    with: impl FnOnce(&source::Node, &mut Reader<'_>) -> T,
) -> Option<T> {
    let mut sink = Sink::new(file);
    let root = source::load(file, &mut sink);
    let result = root.map(|root| with(&root, &mut Reader::new(file, &mut sink)));
    found.extend(sink.finish());
    result
}

pub(super) fn policies(files: &[SourceFile], found: &mut Vec<Diagnostic>) -> Policies {
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

pub(super) fn schemas(
    files: &[SourceFile],
    labels: &BTreeMap<Arc<str>, Label>,
    found: &mut Vec<Diagnostic>,
) -> Schemas {
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
                    schema(root, labels, r)
                });
                schemas.declare(name, schema.unwrap_or_default());
            }
            Role::Traits => {
                if let Some(schema) = read(file, found, |root, r| schema(root, labels, r)) {
                    schemas.declare_traits(schema);
                }
            }
            _ => {}
        }
    }
    schemas
}

pub(super) fn segments(
    files: &[SourceFile],
    schemas: &Schemas,
    found: &mut Vec<Diagnostic>,
) -> Segments {
    let mut segments = Segments::default();
    for file in files {
        let Role::Segment(name) = Role::of(&file.path) else {
            continue;
        };
        let condition = read(file, found, |root, r| {
            let formula = parse::segment(root, r)?;
            compile::segment(&formula, schemas, r);
            Some(formula.expr)
        });
        segments.declare(name, condition.flatten());
    }
    segments
}

pub(super) fn endpoints(
    files: &[SourceFile],
    labels: &BTreeMap<Arc<str>, Label>,
    found: &mut Vec<Diagnostic>,
) -> Endpoints {
    of_role(files, |role| matches!(role, Role::Endpoints))
        .next()
        .and_then(|file| read(file, found, |root, r| parse::endpoints(root, labels, r)))
        .unwrap_or_default()
}

pub(super) fn sources(
    files: &[SourceFile],
    labels: &BTreeMap<Arc<str>, Label>,
    found: &mut Vec<Diagnostic>,
) -> Sources {
    of_role(files, |role| matches!(role, Role::Content))
        .next()
        .and_then(|file| read(file, found, |root, r| parse::sources(root, labels, r)))
        .unwrap_or_default()
}

pub(super) fn vouchers(files: &[SourceFile], found: &mut Vec<Diagnostic>) -> Pools {
    of_role(files, |role| matches!(role, Role::Vouchers))
        .next()
        .and_then(|file| read(file, found, parse::vouchers))
        .unwrap_or_default()
}

pub(super) fn fragments(files: &[SourceFile], found: &mut Vec<Diagnostic>) -> Fragments {
    let mut fragments = Fragments::default();
    for file in files {
        let Role::Fragment(name) = Role::of(&file.path) else {
            continue;
        };
        if let Some(fragment) = read(file, found, |root, r| parse::fragment(root, name, r)) {
            fragments.declare(name, fragment);
        }
    }
    fragments
}
