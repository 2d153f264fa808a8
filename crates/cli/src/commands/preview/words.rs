//! The preview on the terminal.

use std::fmt::Write as _;

use journey::{content::Content, preview::Use, sms::Travel, value::Value};

use super::{Outcome, Preview, Variant};

/// All variants, one below the other.
pub fn text(preview: &Preview) -> String {
    let mut out = format!("{}\n", preview.template);
    // Writing into a string cannot fail.
    let _ = writeln!(out, "customer: {}", preview.sources.customer);
    let _ = writeln!(out, "with: {}", preview.sources.with);
    for variant in &preview.variants {
        let _ = writeln!(
            out,
            "\n── {} · {} {}",
            variant.channel,
            variant.locale,
            "─".repeat(40)
        );
        match &variant.outcome {
            Outcome::Content(content) => body(content, variant, &mut out),
            Outcome::Error(_) => out.push_str("cannot be filled in: see below\n"),
        }
    }
    let _ = writeln!(
        out,
        "\nall variants side by side: {}",
        preview.page.display()
    );
    out
}

fn body(content: &Content, variant: &Variant, out: &mut String) {
    let _ = match content {
        Content::Email {
            subject,
            preheader,
            text,
            ..
        } => {
            let _ = writeln!(out, "subject:   {subject}");
            if !preheader.is_empty() {
                let _ = writeln!(out, "preheader: {preheader}");
            }
            writeln!(out, "\n{text}")
        }
        Content::Sms { text } => {
            let travel = variant.sms.as_ref().map(travel).unwrap_or_default();
            writeln!(out, "{text}\n\n{travel}")
        }
        Content::Push { title, body, url } => {
            let _ = writeln!(out, "{title}\n{body}");
            url.iter().try_for_each(|url| writeln!(out, "→ {url}"))
        }
        Content::Chat { text, .. } => writeln!(out, "{text}"),
    };
}

/// `2 segments, 161 characters in GSM-7`, and what made it UCS-2.
pub fn travel(travel: &Travel) -> String {
    let segments = match travel.segments {
        1 => "1 segment".to_owned(),
        n => format!("{n} segments"),
    };
    let mut text = format!(
        "({segments}, {} characters in {}",
        travel.units,
        travel.encoding.as_str()
    );
    if !travel.because_of.is_empty() {
        let signs: Vec<String> = travel.because_of.iter().map(|c| format!("“{c}”")).collect();
        let _ = write!(text, ", because of {}", signs.join(" "));
    }
    text.push(')');
    text
}

/// What could not be filled in, and what the journeys give; empty if nothing is wrong.
pub fn wrong(preview: &Preview, uses: &[Use]) -> String {
    let mut out = String::new();
    for variant in &preview.variants {
        if let Outcome::Error(error) = &variant.outcome {
            let _ = writeln!(out, "error: {error}");
        }
    }
    if out.is_empty() {
        return out;
    }
    for one in uses.iter().take(10) {
        let names = match &one.with {
            Value::Map(map) => map.keys().map(|k| &**k).collect::<Vec<_>>().join(", "),
            _ => "nothing".to_owned(),
        };
        let _ = writeln!(
            out,
            "  = {} of {} passes on: {names}",
            one.step, one.journey
        );
    }
    if uses.is_empty() {
        out.push_str("  = no journey uses this template: say what it gets by --with\n");
    }
    out
}
