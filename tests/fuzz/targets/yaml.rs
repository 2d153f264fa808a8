//! Whatever bytes stand in a journey, a fragment, a segment, the policies, the endpoints or a schema:
//! the compiler ends, every diagnostic points into its file, and what is accepted can be run.

#![no_main]

use std::sync::Arc;

use journey::{
    diagnostic::{Severity, SourceFile},
    diagnostics::render,
    workspace::{self, Options, TemplateCheck},
};
use libfuzzer_sys::fuzz_target;

const PATHS: [&str; 7] = [
    "journeys/demo/journey.yaml",
    "journeys/_fragments/part.yaml",
    "config/segments/gold.yaml",
    "config/policies.yaml",
    "config/endpoints.yaml",
    "config/events/cart.updated.yaml",
    "config/traits.yaml",
];

/// A journey that uses all the others.
const USER: &str = "journey: user\npurpose: marketing\nenter: { segment: gold }\nsteps:\n  - use: part\n    id: it\n    with: { a: run.event, b: 2d }\n  - call: desk\n  - { id: m, send: email, template: t }\n";

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(rest) else {
        return;
    };
    let path = PATHS[usize::from(*first) % PATHS.len()];
    let file = |path: &str, text: &str| SourceFile {
        path: Arc::from(path),
        text: Arc::from(text),
    };
    let files = [file(path, text), file("journeys/user/journey.yaml", USER)];
    let options = Options {
        templates: TemplateCheck::Ignored,
        alone: false,
        unused: false,
        short: None,
    };
    let (made, found) = workspace::compile(&files, &options);
    let failed = found.iter().any(|d| d.severity == Severity::Error);
    assert_eq!(made.is_none(), failed);
    for diagnostic in &found {
        let file = files.iter().find(|f| f.path == diagnostic.file);
        let text = &file.expect("a file of the workspace").text;
        assert!(text.get(diagnostic.span.clone()).is_some());
        let also = diagnostic.also.iter().map(|(span, _)| span);
        let replaced = diagnostic.replacement.iter().map(|(span, _)| span);
        for span in also.chain(replaced) {
            assert!(text.get(span.clone()).is_some());
        }
    }
    let _ = render::text(&found, &files, false);
    let _ = render::json(&found, &files);
    for compiled in made.into_iter().flat_map(|m| m.machines) {
        let machine = &compiled.machine;
        let again = journey::machine::Machine::from_content(&machine.content());
        assert_eq!(again.expect("can be read again").id, machine.id);
    }
});
