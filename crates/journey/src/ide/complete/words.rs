//! Words of the language, and names of the author's own that stand before a colon.

use super::{Completion, CompletionKind, Cursor, names};
use crate::{
    grammar::{Context, Known, Takes, Word},
    ide::{
        hover,
        outline::{Level, Node, Pair},
        walk,
    },
};

/// What could stand where the name of a field stands.
pub(super) fn keys(cursor: &Cursor<'_>, pair: &Pair) -> Vec<Completion> {
    let Some((last, way)) = cursor.way.split_last() else {
        return Vec::new();
    };
    let Some(takes) = walk::along(cursor.text, cursor.file, way) else {
        return Vec::new();
    };
    fields(cursor, &takes, Some(last), pair.key.start, pair.colon)
}

/// What could stand alone on its line: a field, an item, or a value.
pub(super) fn block(cursor: &Cursor<'_>, node: &Node, takes: &Takes) -> Vec<Completion> {
    let start = node.span.start;
    if matches!(takes, Takes::Steps) {
        let step = walk::step();
        let step = step
            .as_ref()
            .map_or_else(Vec::new, |s| fields(cursor, s, None, start, false));
        return step.into_iter().map(|c| item(cursor, c)).collect();
    }
    let mut found = fields(cursor, takes, None, start, false);
    found.extend(names::values(cursor, node, takes));
    found
}

/// The same behind a dash.
fn item(cursor: &Cursor<'_>, completion: Completion) -> Completion {
    let insert = format!("- {}", completion.insert.trim_start_matches(cursor.lead));
    completion.inserting(insert)
}

/// The fields that a map may have and does not have yet.
fn fields(
    cursor: &Cursor<'_>,
    takes: &Takes,
    level: Option<&Level<'_>>,
    start: usize,
    colon: bool,
) -> Vec<Completion> {
    let pairs = level.map_or(&[][..], |l| l.node.pairs());
    let others = pairs
        .iter()
        .enumerate()
        .filter(|(i, _)| Some(*i) != level.map(|l| l.child));
    let present: Vec<&str> = others.map(|(_, p)| &cursor.text[p.key.clone()]).collect();
    let mut found = Vec::new();
    for context in contexts(takes) {
        found.extend(of_context(cursor, context, &present, start, colon));
    }
    if let Some(known) = walk::named(takes) {
        found.extend(of_names(cursor, known, &present, start, colon));
    }
    if matches!(takes, Takes::GivenMap) {
        found.extend(passed_on(cursor, &present, start, colon));
        found.extend(of_names(cursor, Known::Parameter, &present, start, colon));
    }
    found
}

fn contexts(takes: &Takes) -> Vec<&'static Context> {
    match takes {
        Takes::Fields(context) => vec![context],
        Takes::Either(all) => all.iter().flat_map(contexts).collect(),
        Takes::OneOrMore(one) => contexts(one),
        other => other.fields().into_iter().collect(),
    }
}

fn of_context(
    cursor: &Cursor<'_>,
    context: &'static Context,
    present: &[&str],
    start: usize,
    colon: bool,
) -> Vec<Completion> {
    let mut words = context.offers(present);
    // Any form of a step has an id, which is written first.
    let id = context.word("id", present);
    if let Some(id) = id.filter(|_| !words.iter().any(|w| w.name == "id")) {
        words.push(id);
    }
    let missing = words.into_iter().filter(|w| !present.contains(&w.name));
    let mut offered: Vec<&Word> = missing.collect();
    offered.sort_by_key(|w| !w.required());
    let offer = |word: &Word| {
        cursor
            .offer(start, CompletionKind::Word, word.name)
            .with(word.takes.say(), hover::word(word))
            .inserting(field(cursor, word.name, colon, opens(&word.takes)))
    };
    offered.into_iter().map(offer).collect()
}

/// Whether what follows stands on the lines below.
fn opens(takes: &Takes) -> bool {
    matches!(takes, Takes::Steps | Takes::List(_) | Takes::Named { .. })
}

fn field(cursor: &Cursor<'_>, name: &str, colon: bool, opens: bool) -> String {
    let lead = cursor.lead;
    match (colon, opens) {
        (true, _) => format!("{lead}{name}"),
        (false, true) => format!("{lead}{name}:"),
        (false, false) => format!("{lead}{name}: "),
    }
}

fn of_names(
    cursor: &Cursor<'_>,
    known: Known,
    present: &[&str],
    start: usize,
    colon: bool,
) -> Vec<Completion> {
    let all = names::known(cursor, known, start);
    let missing = all.into_iter().filter(|c| !present.contains(&&*c.label));
    let with_colon = |c: Completion| {
        let insert = field(cursor, &c.label, colon, false);
        c.inserting(insert)
    };
    missing.map(with_colon).collect()
}

/// The names that the template of a send reads.
fn passed_on(cursor: &Cursor<'_>, present: &[&str], start: usize, colon: bool) -> Vec<Completion> {
    let step = cursor.way.iter().rev().nth(1).map(|l| l.node);
    let template = step.and_then(|s| s.get(cursor.text, "template")?.raw(cursor.text));
    let wanted = template
        .map(|t| super::template::wanted(cursor.project, t))
        .unwrap_or_default();
    let missing = wanted
        .into_iter()
        .filter(|name| !present.contains(&name.as_str()));
    let offer = |name: String| {
        cursor
            .offer(start, CompletionKind::Variable, &name)
            .with("the template names it", "")
            .inserting(field(cursor, &name, colon, false))
    };
    missing.map(offer).collect()
}
