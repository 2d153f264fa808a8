//! A test that failed.

use std::fmt::Write as _;

use super::{Look, standing, timeline};
use crate::{
    diagnostic::SourceFile,
    diagnostics::render,
    testing::{
        Verdict,
        judge::{Failure, Row, Stands},
    },
};

/// Every failure at its place in `tests.yaml`, expected beside found, and then the whole timeline
/// with the difference marked.
pub fn failed(verdict: &Verdict, files: &[SourceFile], look: Look) -> String {
    let mut out = String::new();
    for failure in &verdict.failures {
        let found = std::slice::from_ref(&failure.diagnostic);
        out.push_str(&render::text(found, files, look.colour));
        out.push_str(&rows(failure, look));
        out.push('\n');
    }
    let played = &verdict.played;
    let _ = writeln!(
        out,
        "  What happened to {}, on the clock of {}:\n",
        look.bold(&played.key),
        played.zone.explained()
    );
    let marked = |fact: &_| verdict.failures.iter().any(|f| f.marks(fact));
    out.push_str(&timeline(played, look, &marked));
    out.push('\n');
    out.push_str(&standing(played, look));
    out
}

/// Expected and found as one list. What is wrong with a list of one stands at its place already.
fn rows(failure: &Failure, look: Look) -> String {
    let mut out = String::new();
    if failure.rows.len() < 2 {
        return out;
    }
    let _ = writeln!(out, "\n  {}", legend(&failure.rows));
    for Row { stands, text } in &failure.rows {
        let line = match stands {
            Stands::Both => format!("    {text}"),
            Stands::Differs => look.red(&format!("  ~ {text}")),
            Stands::Missing => look.red(&format!("  - {text}")),
            Stands::Extra => look.green(&format!("  + {text}")),
        };
        let _ = writeln!(out, "{line}");
    }
    out
}

/// What the signs mean, as far as they are used.
fn legend(rows: &[Row]) -> String {
    let has = |stands| rows.iter().any(|r| r.stands == stands);
    let mut parts = Vec::new();
    if has(Stands::Missing) {
        parts.push("- expected, and missing");
    }
    if has(Stands::Extra) {
        parts.push("+ found, and not expected");
    }
    if has(Stands::Differs) {
        parts.push("~ found, and different");
    }
    format!("{}:", parts.join("   "))
}
