//! Why a customer did not enter a journey.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{Evidence, Explanation, Tongue, say, told::Occasion};
use crate::{
    expr::{Expr, Root},
    ids::InputId,
    machine::{By, Change, Entry, Machine},
    trace::NotEntered,
    value::{Map, Value},
    waiting::Arm,
};

/// How many earlier refusals are told beside the last one.
const MOST_BEFORE: usize = 3;

/// An entry that did not take the customer.
#[derive(Clone, Debug)]
pub struct KeptOut {
    /// When.
    pub at: Timestamp,
    /// By what.
    pub occasion: Occasion,
    /// Which input.
    pub input: InputId,
    /// The fields of the event that would have let the customer in, if it was one.
    pub event: Option<Value>,
    /// Why.
    pub why: NotEntered,
    /// What of it, as it is written.
    pub what: Option<Arc<str>>,
    /// From when on it would have been let in.
    pub until: Option<Timestamp>,
}

/// Everything that the explanation of an entry is made of.
#[derive(Clone, Debug)]
pub struct EntryCase<'a> {
    /// What people call the journey.
    pub title: &'a str,
    /// What is published now; `None`: nothing of that name is.
    pub machine: Option<&'a Machine>,
    /// Since when the journey is paused, if it is.
    pub paused: Option<Timestamp>,
    /// When a date will let the customer in.
    pub expected: Option<Timestamp>,
    /// The refusals that are known, the newest first.
    pub kept_out: Vec<KeptOut>,
    /// The customer's traits as they are now.
    pub traits: &'a Map,
    /// How long inputs are kept; `None`: for ever.
    pub kept_for: Option<SignedDuration>,
}

/// Explains why a customer did not enter.
pub fn explain_entry(case: &EntryCase<'_>, tongue: &Tongue) -> Explanation {
    let last = case.kept_out.first();
    Explanation {
        language: tongue.language,
        sentence: sentence(case, tongue),
        rule: last.and_then(|last| last.what.clone()),
        evidence: evidence(case, tongue),
        next: next(case, tongue),
    }
}

fn why(kept_out: &KeptOut, tongue: &Tongue) -> String {
    let what = kept_out.what.as_deref();
    kept_out.why.of(what, kept_out.until, tongue)
}

fn sentence(case: &EntryCase<'_>, tongue: &Tongue) -> String {
    let title = tongue.quoted(case.title);
    if let Some(last) = case.kept_out.first() {
        let (at, why) = (tongue.moment(last.at), why(last, tongue));
        return say!(
            tongue,
            "Did not enter the journey {title} on {at}: {why}.",
            "Pas d’entrée dans le parcours {title} le {at} : {why}."
        );
    }
    if case.machine.is_none() {
        return say!(
            tongue,
            "Has not entered the journey {title}: none of that name is published.",
            "Pas d’entrée dans le parcours {title} : aucun de ce nom n’est publié."
        );
    }
    say!(
        tongue,
        "Has not entered the journey {title}: nothing that lets customers in has happened to this one.",
        "Pas d’entrée dans le parcours {title} : rien de ce qui y fait entrer n’est arrivé à ce client."
    )
}

fn evidence(case: &EntryCase<'_>, tongue: &Tongue) -> Vec<Evidence> {
    let mut lines = Vec::new();
    let mut refusals = case.kept_out.iter();
    if let Some(last) = refusals.next() {
        lines.push(occasion(last, tongue));
        lines.extend(values(last, case.traits, tongue));
    }
    for before in refusals.take(MOST_BEFORE) {
        let (at, occasion, why) = (
            tongue.moment(before.at),
            before.occasion.say(tongue),
            why(before, tongue),
        );
        lines.push(Evidence {
            input: Some(before.input),
            ..Evidence::from(say!(
                tongue,
                "Before that, {at}, {occasion}: {why}",
                "Auparavant, {at}, {occasion} : {why}"
            ))
        });
    }
    let entries = case.machine.map_or(&[][..], |m| &m.entries);
    lines.extend(
        entries
            .iter()
            .map(|entry| Evidence::from(way_in(entry, tongue))),
    );
    if let Some(since) = case.paused.map(|at| tongue.moment(at)) {
        lines.push(Evidence::from(say!(
            tongue,
            "The journey is paused since {since}: nobody enters",
            "Le parcours est en pause depuis le {since} : personne n’entre"
        )));
    }
    if let Some(kept) = case.kept_for.filter(|_| case.kept_out.is_empty()) {
        let span = tongue.span(kept);
        lines.push(Evidence::from(say!(
            tongue,
            "What happened is kept for {span}: what came before is not known",
            "Ce qui s’est passé est conservé {span} : ce qui précède n’est pas connu"
        )));
    }
    lines
}

fn occasion(last: &KeptOut, tongue: &Tongue) -> Evidence {
    let (at, occasion) = (tongue.moment(last.at), last.occasion.say(tongue));
    Evidence {
        input: Some(last.input),
        ..Evidence::from(say!(
            tongue,
            "It was {occasion}: {at}",
            "C’était {occasion} : {at}"
        ))
    }
}

/// What the condition or the key reads: fields as they were, traits as they are now.
fn values(last: &KeptOut, traits: &Map, tongue: &Tongue) -> Vec<Evidence> {
    let reads = matches!(last.why, NotEntered::Condition | NotEntered::NullKey);
    let what = last.what.as_deref().filter(|_| reads);
    let Some(read) = what.and_then(|what| Expr::parse(what).ok()) else {
        return Vec::new();
    };
    let mut lines: Vec<Evidence> = Vec::new();
    for (root, path, _) in read.paths() {
        let (from, now) = match root {
            Root::Event => match &last.event {
                Some(event) => (event.clone(), false),
                None => continue,
            },
            Root::Customer => (Value::Map(Arc::new(traits.clone())), true),
            _ => continue,
        };
        let value = path.iter().fold(from, |value, name| value.field(name));
        let name = format!("{}.{}", root.as_str(), path.join("."));
        let line = match (value.is_null(), now) {
            (true, false) => say!(
                tongue,
                "`{name}` had no value",
                "`{name}` n’avait pas de valeur"
            ),
            (false, false) => say!(tongue, "`{name}` was {value}", "`{name}` valait {value}"),
            (true, true) => say!(
                tongue,
                "`{name}` has no value now",
                "`{name}` n’a pas de valeur à présent"
            ),
            (false, true) => say!(
                tongue,
                "`{name}` is now {value}",
                "`{name}` vaut à présent {value}"
            ),
        };
        if lines.iter().all(|known| known.text != line) {
            lines.push(Evidence::from(line));
        }
    }
    lines
}

/// `Enters by cart.updated if `event.total >= 20``.
fn way_in(entry: &Entry, tongue: &Tongue) -> String {
    let by = match &entry.by {
        By::Event { name, .. } => {
            let what = Arm::new(Some(name), entry.condition.as_ref()).occurs(tongue);
            return say!(tongue, "Lets in: {what}", "Fait entrer : {what}");
        }
        By::Segment { name, change, .. } => match change {
            Change::Entered => say!(
                tongue,
                "coming into the segment {name}",
                "l’arrivée dans le segment {name}"
            ),
            Change::Left => say!(
                tongue,
                "leaving the segment {name}",
                "la sortie du segment {name}"
            ),
        },
        By::Schedule { cron, zone, .. } => say!(
            tongue,
            "the schedule `{cron}` ({zone})",
            "le calendrier `{cron}` ({zone})"
        ),
        By::Date { of, .. } => say!(
            tongue,
            "the date in `customer.{of}`",
            "la date de `customer.{of}`"
        ),
        By::Api => say!(
            tongue,
            "another journey, or the API",
            "un autre parcours, ou l’API"
        ),
    };
    match entry.condition.as_ref().map(Expr::source) {
        Some(condition) => say!(
            tongue,
            "Lets in: {by}, if `{condition}`",
            "Fait entrer : {by}, si `{condition}`"
        ),
        None => say!(tongue, "Lets in: {by}", "Fait entrer : {by}"),
    }
}

fn next(case: &EntryCase<'_>, tongue: &Tongue) -> Option<String> {
    if let Some(at) = case.expected.map(|at| tongue.moment(at)) {
        return Some(say!(
            tongue,
            "A date will let this customer in: {at}.",
            "Une date fera entrer ce client : {at}."
        ));
    }
    let last = case.kept_out.first()?;
    let until = last.until.map(|at| tongue.moment(at));
    Some(match (last.why, until) {
        (NotEntered::Again, Some(until)) => say!(
            tongue,
            "Possible again from {until}.",
            "De nouveau possible à partir du {until}."
        ),
        (NotEntered::Condition | NotEntered::NullKey, _) => say!(
            tongue,
            "It takes an event for which this is so.",
            "Il faut un événement pour lequel c’est le cas."
        ),
        (NotEntered::Inside, _) => say!(
            tongue,
            "Possible again once that run has left.",
            "De nouveau possible une fois ce passage terminé."
        ),
        (NotEntered::Paused, _) => say!(
            tongue,
            "The next such event enters once the journey goes on.",
            "Le prochain événement de ce genre fera entrer, une fois le parcours repris."
        ),
        _ => return None,
    })
}
