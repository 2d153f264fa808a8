//! SARIF 2.1.0, as code scanning on GitHub and editors read it.

use std::{collections::BTreeMap, fmt::Write as _, ops::Range};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{place, severity, source};
use crate::{
    diagnostic::{Diagnostic, SourceFile},
    diagnostics::page,
};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// One run with a result for each diagnostic, and the pages of their codes as rules. Paths are
/// relative URIs; lines and columns count from 1, columns in code points.
pub fn sarif(found: &[Diagnostic], files: &[SourceFile]) -> String {
    let codes: BTreeMap<&str, usize> = {
        let mut codes: Vec<&str> = found.iter().map(|d| d.code).collect();
        codes.sort_unstable();
        codes.dedup();
        codes
            .into_iter()
            .enumerate()
            .map(|(at, code)| (code, at))
            .collect()
    };
    let mut seen = BTreeMap::new();
    let results: Vec<Value> = found
        .iter()
        .map(|d| result(d, files, &codes, &mut seen))
        .collect();
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "parcours",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": codes.keys().map(|code| rule(code)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    // Plain data with text keys always serialises.
    serde_json::to_string_pretty(&log).unwrap_or_default()
}

/// A code with its page: the first line is its title, the first paragraph says what it is about.
fn rule(code: &str) -> Value {
    let page = page(code).unwrap_or_default().trim();
    let mut parts = page.splitn(3, "\n\n");
    let head = parts.next().unwrap_or_default();
    let title = head.split_once(": ").map_or(code, |(_, title)| title);
    let about = parts.next().filter(|p| !p.is_empty()).unwrap_or(title);
    json!({
        "id": code,
        "name": code,
        "shortDescription": { "text": title },
        "fullDescription": { "text": about },
        "help": { "text": page, "markdown": page },
        "defaultConfiguration": { "level": "error" },
        "properties": { "tags": ["journeys"], "precision": "very-high" },
    })
}

fn result<'d>(
    d: &'d Diagnostic,
    files: &[SourceFile],
    codes: &BTreeMap<&str, usize>,
    seen: &mut BTreeMap<(&'d str, &'d str, String), u32>,
) -> Value {
    let text = source(files, &d.file);
    let mut result = json!({
        "ruleId": d.code,
        "ruleIndex": codes.get(d.code),
        "level": severity(d.severity),
        "message": { "text": super::words(d) },
        "locations": [{ "physicalLocation": location(&d.file, text, &d.span) }],
        "partialFingerprints": { "primaryLocationLineHash": fingerprint(d, text, seen) },
    });
    let here = d
        .also
        .iter()
        .map(|(span, label)| (location(&d.file, text, span), label));
    let elsewhere = d.elsewhere.iter().map(|other| {
        let text = source(files, &other.file);
        (location(&other.file, text, &other.span), &other.label)
    });
    let related: Vec<Value> = here
        .chain(elsewhere)
        .enumerate()
        .map(|(at, (place, label))| {
            json!({ "id": at, "physicalLocation": place, "message": { "text": label } })
        })
        .collect();
    if !related.is_empty() {
        result["relatedLocations"] = related.into();
    }
    if let Some((span, instead)) = &d.replacement {
        let written = text.get(span.clone()).unwrap_or_default();
        result["fixes"] = json!([{
            "description": { "text": format!("write `{instead}` instead of `{written}`") },
            "artifactChanges": [{
                "artifactLocation": { "uri": uri(&d.file) },
                "replacements": [{
                    "deletedRegion": region(text, span),
                    "insertedContent": { "text": instead },
                }],
            }],
        }]);
    }
    result
}

fn location(file: &str, text: &str, span: &Range<usize>) -> Value {
    json!({ "artifactLocation": { "uri": uri(file) }, "region": region(text, span) })
}

fn region(text: &str, span: &Range<usize>) -> Value {
    let (start, end) = (place(text, span.start), place(text, span.end));
    json!({
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    })
}

/// What tells a result from others and stays the same when lines above it come and go: the code,
/// the file, the line's text, and the how manieth it is with these.
fn fingerprint<'d>(
    d: &'d Diagnostic,
    text: &str,
    seen: &mut BTreeMap<(&'d str, &'d str, String), u32>,
) -> String {
    let at = place(text, d.span.start).line;
    let line = text
        .lines()
        .nth(at - 1)
        .unwrap_or_default()
        .trim()
        .to_owned();
    let mut hash = Sha256::new();
    for part in [d.code, &d.file, &line] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let nth = seen.entry((d.code, &d.file, line)).or_insert(0);
    *nth += 1;
    let mut out = String::new();
    for byte in hash.finalize().iter().take(8) {
        // Writing into a string cannot fail.
        let _ = write!(out, "{byte:02x}");
    }
    format!("{out}:{nth}")
}

/// A path as a relative URI.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
