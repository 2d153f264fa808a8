//! Values: names of things, words of a few, truth values, zones and days.

use jiff::tz::TimeZoneDatabase;

use super::{Completion, CompletionKind as Kind, Cursor, expression};
use crate::{
    grammar::{Known, Takes},
    ide::{facts::Declared, hover, outline::Node, symbol},
};

/// What could stand where a value stands.
pub(super) fn values(cursor: &Cursor<'_>, node: &Node, takes: &Takes) -> Vec<Completion> {
    let start = node.inner().map_or(node.span.start, |s| s.start);
    match takes {
        Takes::Either(all) => all.iter().flat_map(|t| values(cursor, node, t)).collect(),
        Takes::List(one) | Takes::OneOrMore(one) => values(cursor, node, one),
        Takes::Expression => expression::complete(cursor, node, true),
        Takes::Given | Takes::Until => given(cursor, node),
        Takes::Ref(found) => known(cursor, *found, start),
        Takes::OneOf(choices) => {
            let choice = |c: &crate::grammar::Choice| {
                cursor.offer(start, Kind::Value, c.name).with(c.about, "")
            };
            choices.iter().map(choice).collect()
        }
        Takes::Just(word) => vec![cursor.offer(start, Kind::Value, word)],
        Takes::Truth => words(cursor, start, &["true", "false"]),
        Takes::Day => words(
            cursor,
            start,
            &[
                "mon", "tue", "wed", "thu", "fri", "sat", "sun", "mon-fri", "mon-sat", "sat-sun",
            ],
        ),
        Takes::Zone => {
            let customer = cursor.offer(start, Kind::Value, "customer");
            let mut found = vec![customer.with(
                "the trait `timezone`, else the phone's country, else the default",
                "",
            )];
            found.extend(zones(cursor, start));
            found
        }
        Takes::ZoneName => zones(cursor, start),
        _ => Vec::new(),
    }
}

fn words(cursor: &Cursor<'_>, start: usize, words: &[&str]) -> Vec<Completion> {
    words
        .iter()
        .map(|w| cursor.offer(start, Kind::Value, w))
        .collect()
}

fn zones(cursor: &Cursor<'_>, start: usize) -> Vec<Completion> {
    let database = TimeZoneDatabase::bundled();
    let regional = database
        .available()
        .filter(|n| n.as_str().contains('/') && !n.as_str().starts_with("Etc/"));
    regional
        .map(|n| cursor.offer(start, Kind::Value, n.as_str()))
        .collect()
}

/// A value by rule 3: a path or a computation, as far as it looks like one.
fn given(cursor: &Cursor<'_>, node: &Node) -> Vec<Completion> {
    let raw = node.raw(cursor.text).unwrap_or_default();
    let computes = raw.starts_with('=');
    let typed = raw.replacen(super::MARK, "", 1);
    if computes || symbol::computed(&typed) || !typed.contains('.') {
        return expression::complete(cursor, node, computes);
    }
    Vec::new()
}

/// Everything of that kind that has a name.
pub(super) fn known(cursor: &Cursor<'_>, known: Known, start: usize) -> Vec<Completion> {
    let project = cursor.project;
    match known {
        Known::Event => {
            let offer = |(name, shape, _): (&str, &crate::ide::facts::Shape, _)| {
                let docs = hover::fields(shape);
                cursor.offer(start, Kind::Event, name).with("event", docs)
            };
            project.events().map(offer).collect()
        }
        Known::Template => {
            let offer = |(name, files): (&str, Vec<&std::sync::Arc<str>>)| {
                let variants = files.iter().filter_map(|f| f.rsplit_once('/')).map(|p| p.1);
                let list = variants.collect::<Vec<_>>().join(", ");
                cursor.offer(start, Kind::File, name).with(list, "")
            };
            project.templates().into_iter().map(offer).collect()
        }
        Known::Purpose => declared(cursor, start, project.purposes(), "purpose"),
        Known::Label => declared(cursor, start, project.labels(), "label"),
        Known::Endpoint => declared(cursor, start, project.endpoints(), "endpoint"),
        Known::Segment => stems(cursor, start, project.stems("config/segments/"), "segment"),
        Known::Fragment => stems(
            cursor,
            start,
            project.stems("journeys/_fragments/"),
            "fragment",
        ),
        Known::Journey => journeys(cursor, start),
        Known::Tag => {
            let tags = project.journeys().flat_map(|(_, j)| &j.tags);
            tags.map(|t| {
                cursor
                    .offer(start, Kind::Reference, &t.text)
                    .with("tag", "")
            })
            .collect()
        }
        Known::Step => steps(cursor, start),
        Known::Arm => arms(cursor, start),
        Known::Reason => {
            let reasons = project
                .journey_of(cursor.path)
                .map_or(&[][..], |j| &j.1.reasons);
            reasons
                .iter()
                .map(|r| cursor.offer(start, Kind::Value, &r.text))
                .collect()
        }
        Known::Parameter => parameters(cursor, start),
        Known::Trait => traits(cursor, start, ""),
        Known::TraitPath => traits(cursor, start, "customer."),
        Known::Target => [variables(cursor, start), traits(cursor, start, "customer.")].concat(),
        Known::Channel => crate::message::Channel::ALL
            .iter()
            .map(|c| cursor.offer(start, Kind::Value, c.as_str()))
            .collect(),
        _ => Vec::new(),
    }
}

/// The parameters of the fragment that the step around the cursor uses.
fn parameters(cursor: &Cursor<'_>, start: usize) -> Vec<Completion> {
    let step = cursor.way.iter().rev().nth(1).map(|l| l.node);
    let used = step.and_then(|s| s.get(cursor.text, "use")?.raw(cursor.text));
    let all = cursor.project.stems("journeys/_fragments/");
    let found = all.into_iter().find(|f| Some(f.0) == used);
    found.map_or_else(Vec::new, |f| expression::params(cursor, start, f.1))
}

fn declared(
    cursor: &Cursor<'_>,
    start: usize,
    all: Vec<(&Declared, &std::sync::Arc<str>)>,
    what: &str,
) -> Vec<Completion> {
    let offer = |(found, _): (&Declared, _)| {
        let docs = hover::code("yaml", &found.source);
        cursor
            .offer(start, Kind::Reference, &found.name.text)
            .with(what, docs)
    };
    all.into_iter().map(offer).collect()
}

fn stems(
    cursor: &Cursor<'_>,
    start: usize,
    all: Vec<(&str, &std::sync::Arc<str>)>,
    what: &str,
) -> Vec<Completion> {
    let offer = |(name, _): (&str, _)| cursor.offer(start, Kind::Reference, name).with(what, "");
    all.into_iter().map(offer).collect()
}

fn journeys(cursor: &Cursor<'_>, start: usize) -> Vec<Completion> {
    let offer = |facts: &crate::ide::facts::JourneyFacts| {
        let name = facts.name.as_ref()?;
        let title = facts.title.as_ref().map_or("", |t| &*t.text);
        Some(
            cursor
                .offer(start, Kind::Reference, &name.text)
                .with(title, ""),
        )
    };
    cursor
        .project
        .journeys()
        .filter_map(|(_, facts)| offer(facts))
        .collect()
}

fn steps(cursor: &Cursor<'_>, start: usize) -> Vec<Completion> {
    let steps = cursor
        .project
        .journey_of(cursor.path)
        .map_or(&[][..], |j| &j.1.steps);
    let offer = |s: &crate::ide::facts::StepFact| {
        cursor.offer(start, Kind::Step, &s.id.text).with(s.verb, "")
    };
    steps.iter().map(offer).collect()
}

/// The arms of the split that the field is called after.
fn arms(cursor: &Cursor<'_>, start: usize) -> Vec<Completion> {
    let pair = cursor.way.last().and_then(|l| l.node.pairs().get(l.child));
    let step = pair.and_then(|p| {
        cursor
            .project
            .step(cursor.path, &cursor.text[p.key.clone()])
    });
    let names = step.map_or(&[][..], |s| &s.names);
    names
        .iter()
        .map(|n| cursor.offer(start, Kind::Value, n))
        .collect()
}

fn traits(cursor: &Cursor<'_>, start: usize, root: &str) -> Vec<Completion> {
    let fields = cursor.project.traits().map_or(&[][..], |t| &t.0.fields);
    let offer = |(name, shape): &(std::sync::Arc<str>, crate::ide::facts::Shape)| {
        let label = format!("{root}{name}");
        cursor
            .offer(start, Kind::Field, &label)
            .with(&*shape.kind, hover::about(shape))
    };
    fields.iter().map(offer).collect()
}

fn variables(cursor: &Cursor<'_>, start: usize) -> Vec<Completion> {
    let variables = cursor.project.variables(cursor.path);
    let offer = |v: &crate::ide::facts::Named| {
        cursor.offer(start, Kind::Variable, &format!("run.{}", v.text))
    };
    variables.into_iter().map(offer).collect()
}
