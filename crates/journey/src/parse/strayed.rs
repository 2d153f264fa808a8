//! Words that have come loose from their step: a dash too many, or too little indentation.

use std::ops::Range;

use super::Reader;
use crate::{
    diagnostics::yaml,
    source::{Kind, Node, Pair, Span},
};

/// Words that only go with a verb.
const LOOSE: [&str; 2] = ["then", "else"];
/// Verbs that they go with.
const OWNERS: [&str; 6] = ["if", "wait_for", "choose", "ask", "call", "hand_over"];

/// The words inside a verb's value that cannot stand beside the verb.
fn inner(verb: &str) -> &'static [&'static str] {
    match verb {
        "repeat" => &["every", "times", "until", "steps"],
        "wait_for" => &["event", "within", "any", "if"],
        "wait" => &["for", "until", "offset", "at", "days", "zone", "missed"],
        _ => &[],
    }
}

/// A list of steps in which words that have come loose by a dash are back with their step.
pub(super) fn rejoined(items: &[Node], r: &mut Reader<'_>) -> Vec<Node> {
    let mut whole: Vec<Node> = Vec::with_capacity(items.len());
    for item in items {
        let owner = whole.last_mut().and_then(|last| match &mut last.kind {
            Kind::Map(pairs) => Some(pairs),
            _ => None,
        });
        match (&item.kind, owner) {
            (Kind::Map(loose), Some(pairs)) if is_loose(loose, pairs) => {
                report_loose(item, loose, pairs, r);
                pairs.extend(loose.iter().cloned());
            }
            _ => whole.push(item.clone()),
        }
    }
    whole
}

fn is_loose(loose: &[Pair], owner: &[Pair]) -> bool {
    let only = !loose.is_empty() && loose.iter().all(|p| LOOSE.contains(&&*p.name));
    let owns = owner.iter().any(|p| OWNERS.contains(&&*p.name));
    let free = loose.iter().all(|p| owner.iter().all(|o| o.name != p.name));
    only && owns && free
}

fn report_loose(item: &Node, loose: &[Pair], owner: &[Pair], r: &mut Reader<'_>) {
    let verb = owner.iter().find(|p| OWNERS.contains(&&*p.name));
    let (Some(word), Some(verb)) = (loose.first(), verb) else {
        return;
    };
    let before = r.file.text.get(..item.span.start).unwrap_or_default();
    let dash = before.trim_end().strip_suffix('-').map(str::len);
    let diagnostic = r
        .sink
        .error(
            yaml::ONE_VERB,
            word.name_span.clone(),
            format!("`{}` is no step of its own", word.name),
        )
        .labelled(format!("it belongs to the `{}` above", verb.name))
        .shown(verb.name_span.clone(), "this step")
        .noted("take its dash away: a dash begins the next step");
    if let Some(dash) = dash {
        diagnostic.replaced(dash..dash + 1, " ");
    }
}

/// A step in which words that belong inside its verb's value are there; `None`: none has strayed.
pub(super) fn inside(pairs: &[Pair], verb: &Pair, r: &mut Reader<'_>) -> Option<Vec<Pair>> {
    let Kind::Map(within) = &verb.value.kind else {
        return None;
    };
    let words = inner(&verb.name);
    let stray = |p: &&Pair| {
        words.contains(&&*p.name)
            && *p.name != *verb.name
            && within.iter().all(|w| w.name != p.name)
    };
    let strayed: Vec<&Pair> = pairs.iter().filter(stray).collect();
    if strayed.is_empty() {
        return None;
    }
    report_strayed(&strayed, verb, within, r);
    let mut value = verb.value.clone();
    if let Kind::Map(within) = &mut value.kind {
        within.extend(strayed.iter().map(|p| (*p).clone()));
    }
    let rest = pairs
        .iter()
        .filter(|p| !stray(p))
        .map(|p| match p.name == verb.name {
            true => Pair {
                value: value.clone(),
                ..p.clone()
            },
            false => p.clone(),
        });
    Some(rest.collect())
}

fn report_strayed(strayed: &[&Pair], verb: &Pair, within: &[Pair], r: &mut Reader<'_>) {
    let Some(first) = strayed.first() else { return };
    let names: Vec<String> = strayed.iter().map(|p| format!("`{}`", p.name)).collect();
    let (be, them) = match strayed.len() {
        1 => ("belongs", "it"),
        _ => ("belong", "them"),
    };
    let mended = indented(strayed, verb, within, &r.file.text);
    let diagnostic = r
        .sink
        .error(
            yaml::UNKNOWN_WORD,
            first.name_span.clone(),
            format!("{} {be} inside the `{}`", names.join(" and "), verb.name),
        )
        .labelled("stands beside it")
        .shown(verb.name_span.clone(), "inside this");
    match mended {
        Some((span, text)) => drop(
            diagnostic
                .noted(format!("indent {them} further"))
                .replaced(span, text),
        ),
        None => drop(diagnostic.noted(format!("write {them} between its braces"))),
    }
}

/// The lines of what has strayed, as far in as the words that are in their place; `None` where
/// those stand in braces, or other lines between.
fn indented(
    strayed: &[&Pair],
    verb: &Pair,
    within: &[Pair],
    text: &str,
) -> Option<(Range<usize>, String)> {
    if text.get(verb.value.span.clone())?.starts_with('{') {
        return None;
    }
    let column = |at: usize| at - text[..at].rfind('\n').map_or(0, |n| n + 1);
    let (first, last) = (strayed.first()?, strayed.last()?);
    let (here, there) = (
        column(first.name_span.start),
        column(within.first()?.name_span.start),
    );
    let more = " ".repeat(there.checked_sub(here)?);
    let span: Span = first.name_span.start - here..last.value.span.end;
    let lines: Vec<String> = text
        .get(span.clone())?
        .lines()
        .map(|line| match line.trim().is_empty() {
            true => line.to_owned(),
            false => format!("{more}{line}"),
        })
        .collect();
    Some((span, lines.join("\n")))
}
