//! Workflow commands of GitHub Actions: an annotation beside each line.

use std::fmt::Write as _;

use super::{place, severity, source};
use crate::diagnostic::{Diagnostic, SourceFile};

/// One workflow command per diagnostic: GitHub shows each beside its line. Lines and columns
/// count from 1, columns in characters.
pub fn github(found: &[Diagnostic], files: &[SourceFile]) -> String {
    let mut out = String::new();
    for d in found {
        let text = source(files, &d.file);
        let (start, end) = (place(text, d.span.start), place(text, d.span.end));
        // Writing into a string cannot fail.
        let _ = writeln!(
            out,
            "::{} file={},line={},col={},endLine={},endColumn={},title={}::{}",
            severity(d.severity),
            property(&d.file),
            start.line,
            start.column,
            end.line,
            end.column,
            property(d.code),
            data(&super::words(d)),
        );
    }
    out
}

/// As the runner reads what stands behind `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// As the runner reads what stands before it.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
