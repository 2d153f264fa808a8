//! Declarations that a new journey needs: events, traits, endpoints, purposes.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    Addition, Paste, Plan,
    insert::{self, Block},
    locales::Locales,
    place::{ENDPOINTS, PURPOSES, Place, TRAITS},
};
use crate::gallery::{self, Needs};

/// Traits that every new workspace declares: who somebody is, and where messages go.
const BASE: [&str; 11] = [
    "email",
    "phone",
    "push_token",
    "push_tokens",
    "chat_id",
    "first_name",
    "last_name",
    "country",
    "locale",
    "timezone",
    "do_not_disturb",
];

/// Purposes of a workspace that declares none.
const BUILT_IN: [&str; 2] = ["marketing", "service"];

/// Traits that are named in what was gathered.
#[derive(Clone, Debug, Default)]
pub(super) struct Traits(BTreeSet<String>);

impl Traits {
    /// Notes every `customer.NAME` of a text.
    pub(super) fn seen_in(&mut self, text: &str) {
        for (at, word) in text.match_indices("customer.") {
            let rest = &text[at + word.len()..];
            let end = rest
                .find(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'))
                .unwrap_or(rest.len());
            self.0.insert(rest[..end].to_owned());
        }
    }
}

/// The schema of an event. A workspace whose journeys use the event without a schema keeps doing
/// so: ours may not have the fields that they name.
pub(super) fn event(name: &str, place: &Place, plan: &mut Plan) {
    let path = format!("config/events/{name}.yaml");
    let Some(text) = gallery::file(&path) else {
        return;
    };
    if place.has(&path) || !place.names_event(name) {
        plan.create(place, path, text);
    }
}

/// The traits, where the workspace declares any: in one that declares none, declaring some would
/// make all others unknown.
pub(super) fn traits(seen: &Traits, place: &Place, plan: &mut Plan) {
    let wanted = |name: &str| seen.0.contains(name) || (place.is_fresh() && BASE.contains(&name));
    let ours: Vec<Block> = of_gallery(TRAITS, wanted);
    if place.is_fresh() {
        plan.create(place, TRAITS.0, file(TRAITS, &ours));
    } else if let Some(text) = place.text(TRAITS.0) {
        let declared = gallery::data(text);
        if declared["properties"].is_object() {
            add(TRAITS, ours, text, plan);
        }
    }
}

/// The endpoints.
pub(super) fn endpoints(needs: &Needs, place: &Place, plan: &mut Plan) {
    let ours = of_gallery(ENDPOINTS, |name| needs.endpoints.contains(name));
    match place.text(ENDPOINTS.0) {
        _ if ours.is_empty() => {}
        Some(text) => add(ENDPOINTS, ours, text, plan),
        None => plan.create(place, ENDPOINTS.0, file(ENDPOINTS, &ours)),
    }
}

/// The policies of a new workspace, or the purposes that an existing one lacks.
pub(super) fn policies(needs: &Needs, locales: &Locales, place: &Place, plan: &mut Plan) {
    let whole = gallery::file(PURPOSES.0).unwrap_or_default();
    if place.is_fresh() {
        let text = whole.replace("locale: fr", &format!("locale: {}", locales.first()));
        plan.create(place, PURPOSES.0, text);
        return;
    }
    let text = place.text(PURPOSES.0);
    if let Some(text) = text.filter(|text| gallery::data(text)["purposes"].is_object()) {
        let wanted = of_gallery(PURPOSES, |name| needs.purposes.contains(name));
        return add(PURPOSES, wanted, text, plan);
    }
    // What holds without a word about purposes has to be said once there is one.
    let ours = of_gallery(PURPOSES, |name| {
        needs.purposes.contains(name) && !BUILT_IN.contains(&name)
    });
    if ours.is_empty() {
        return;
    }
    let all = declared_and(&ours);
    if text.is_some() {
        paste(PURPOSES, &all, plan);
    } else {
        let text = format!("purposes:\n{}", insert::indented(&all, 2));
        plan.create(place, PURPOSES.0, text);
    }
}

/// The purposes that hold where none are declared, and these.
fn declared_and(ours: &[Block]) -> Vec<Block> {
    let built_in = "marketing: { consent: opt_in }\nservice: { consent: none }\n";
    let mut all = insert::blocks(built_in, None);
    all.extend_from_slice(ours);
    all
}

/// Blocks of a file of the gallery.
fn of_gallery((path, under): (&str, Option<&str>), wanted: impl Fn(&str) -> bool) -> Vec<Block> {
    let text = gallery::file(path).unwrap_or_default();
    let mut blocks = insert::blocks(text, under);
    blocks.retain(|block| wanted(&block.name));
    blocks
}

/// A file of the gallery with these blocks only.
fn file((path, under): (&str, Option<&str>), blocks: &[Block]) -> String {
    let head = insert::head(gallery::file(path).unwrap_or_default(), under);
    let by = if under.is_some() { 2 } else { 0 };
    let gap = if under.is_some() { "" } else { "\n" };
    head + gap + &insert::indented(blocks, by)
}

/// Adds the blocks that a file of the workspace lacks, or has them pasted.
fn add(at: (&str, Option<&str>), mut blocks: Vec<Block>, text: &str, plan: &mut Plan) {
    let there = gallery::data(text);
    let names = at.1.map_or(&there, |under| &there[under]);
    blocks.retain(|block| names.get(&block.name).is_none_or(Value::is_null));
    if blocks.is_empty() {
        plan.kept.insert(at.0.to_owned());
        return;
    }
    match insert::insert(text, at.1, &blocks) {
        Some(after) => plan.additions.push(Addition {
            path: at.0.to_owned(),
            names: blocks.into_iter().map(|b| b.name).collect(),
            text: after,
            before: text.to_owned(),
        }),
        None => paste(at, &blocks, plan),
    }
}

fn paste((path, under): (&str, Option<&str>), blocks: &[Block], plan: &mut Plan) {
    plan.pasted.push(Paste {
        path: path.to_owned(),
        under: under.map(str::to_owned),
        text: insert::indented(blocks, if under.is_some() { 2 } else { 0 }),
    });
}
