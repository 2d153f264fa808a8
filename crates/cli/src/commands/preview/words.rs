//! The preview on the terminal.

use std::fmt::Write as _;

use journey::{
    content::{Content, File, Push},
    preview::Use,
    sms::Travel,
    value::Value,
};

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
            files,
            ..
        } => {
            let _ = writeln!(out, "subject:   {subject}");
            if !preheader.is_empty() {
                let _ = writeln!(out, "preheader: {preheader}");
            }
            if let Some(attached) = attached(files) {
                let _ = writeln!(out, "{attached}");
            }
            writeln!(out, "\n{text}")
        }
        Content::Sms { text } => {
            let travel = variant.sms.as_ref().map(travel).unwrap_or_default();
            writeln!(out, "{text}\n\n{travel}")
        }
        Content::Push(push) => {
            let _ = writeln!(out, "{}\n{}", push.title, push.body);
            let mut below = below(push).into_iter();
            below.try_for_each(|line| writeln!(out, "→ {line}"))
        }
        Content::Chat { text, .. } => writeln!(out, "{text}"),
    };
}

/// `attached:  terms.pdf (12 kB)`; `None` where nothing is.
pub fn attached(files: &[File]) -> Option<String> {
    let attached = files.iter().filter(|file| file.cid.is_none());
    let size = |file: &File| file.bytes.len().div_ceil(1024);
    let all: Vec<String> = attached
        .map(|file| format!("{} ({} kB)", file.name, size(file)))
        .collect();
    (!all.is_empty()).then(|| format!("attached:  {}", all.join(", ")))
}

/// What a notification has besides its title and body, a line each.
pub fn below(push: &Push) -> Vec<String> {
    let mut lines: Vec<String> = push.url.iter().cloned().collect();
    lines.extend(push.image.iter().map(|image| format!("image: {image}")));
    for action in &push.actions {
        let url = action.url.as_deref().unwrap_or(&action.name);
        lines.push(format!("[{}] {url}", action.label));
    }
    let data = push.data.iter();
    lines.extend(data.map(|(name, value)| format!("{name}: {value}")));
    lines.extend(push.collapse.iter().map(|key| format!("collapse: {key}")));
    lines.extend(push.ttl.map(|ttl| format!("ttl: {ttl} s")));
    lines
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
