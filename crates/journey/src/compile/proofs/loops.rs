//! Journeys that set each other off without end: one makes an event or starts another, that one
//! makes one again, and nothing on the whole way waits or asks.
//!
//! Only what is certain is followed: entries without a condition and a key, straight ways from the
//! first step to the end, and journeys that let everybody in again.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use super::flow::may_be_held;
use crate::{
    diagnostic::SourceFile,
    diagnostics::{Sink, flow},
    machine::Again,
    parse::ast::{Action, By, Journey, Step},
    source::Span,
};

/// What sets a journey off.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Spark {
    /// An event of that name.
    Event(Arc<str>),
    /// `start`, by the journey's name.
    Start(Arc<str>),
}

/// A journey that is over as soon as it has begun, and what it sets off meanwhile.
#[derive(Debug)]
pub struct Instant {
    name: Arc<str>,
    file: SourceFile,
    hears: BTreeSet<Spark>,
    makes: Vec<(Spark, Span)>,
}

/// What a journey does at once; `None` where it waits, or where that is not certain.
pub fn instant(journey: &Journey, file: &SourceFile) -> Option<Instant> {
    let name = journey.name.as_ref()?.text.clone();
    let leaves_by_itself = journey.exits.iter().any(|e| e.event.is_none());
    if journey.again != Again::Always || leaves_by_itself {
        return None;
    }
    let free = journey
        .entries
        .iter()
        .filter(|e| e.condition.is_none() && e.key.is_none());
    let hears = free.filter_map(|entry| match &entry.by {
        Some(By::Event(event, _)) => Some(Spark::Event(event.text.clone())),
        Some(By::Api) => Some(Spark::Start(name.clone())),
        _ => None,
    });
    let hears = hears.collect();
    let mut makes = Vec::new();
    straight(&journey.steps, None, &mut makes)?;
    Some(Instant {
        name,
        file: file.clone(),
        hears,
        makes,
    })
}

/// Follows steps that never wait and never part; `Some(true)`: they leave. `used`: where the
/// fragment around them is used.
fn straight(steps: &[Step], used: Option<&Span>, makes: &mut Vec<(Spark, Span)>) -> Option<bool> {
    for step in steps {
        let place = used.unwrap_or(&step.verb_span);
        match &step.action {
            Action::Emit(Some(event), _) => {
                makes.push((Spark::Event(event.text.clone()), place.clone()));
            }
            Action::Start(Some(journey), _) => {
                makes.push((Spark::Start(journey.text.clone()), place.clone()));
            }
            Action::Set(_) => {}
            Action::Send(send) if !may_be_held(send) => {}
            Action::Exit(_) => return Some(true),
            Action::Use(fragment) => {
                if straight(&fragment.steps, Some(place), makes)? {
                    return Some(true);
                }
            }
            _ => return None,
        }
    }
    Some(false)
}

/// Warns of each round once, where its first journey sets off the next.
pub fn check(journeys: &[Instant]) -> Vec<Sink> {
    let mut hears: BTreeMap<&Spark, Vec<usize>> = BTreeMap::new();
    for (i, journey) in journeys.iter().enumerate() {
        for spark in &journey.hears {
            hears.entry(spark).or_default().push(i);
        }
    }
    let (mut told, mut sinks) = (BTreeSet::new(), Vec::new());
    for start in 0..journeys.len() {
        if told.contains(&start) {
            continue;
        }
        if let Some(round) = back_to(start, journeys, &hears) {
            told.extend(round.iter().map(|(journey, _)| *journey));
            sinks.extend(report(&round, journeys));
        }
    }
    sinks
}

/// The shortest way from a journey back to itself: which journey sets off the next, by which of
/// what it makes.
fn back_to(
    start: usize,
    journeys: &[Instant],
    hears: &BTreeMap<&Spark, Vec<usize>>,
) -> Option<Vec<(usize, usize)>> {
    let mut from: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
    let mut open = VecDeque::from([start]);
    while let Some(here) = open.pop_front() {
        for (spark, (made, _)) in journeys[here].makes.iter().enumerate() {
            for &next in hears.get(made).into_iter().flatten() {
                if from.contains_key(&next) {
                    continue;
                }
                from.insert(next, (here, spark));
                if next != start {
                    open.push_back(next);
                    continue;
                }
                let mut round = vec![(here, spark)];
                while round[0].0 != start {
                    round.insert(0, *from.get(&round[0].0)?);
                }
                return Some(round);
            }
        }
    }
    None
}

fn report(round: &[(usize, usize)], journeys: &[Instant]) -> Option<Sink> {
    let (first, spark) = round.first()?;
    let journey = &journeys[*first];
    let (_, place) = &journey.makes[*spark];
    let mut sink = Sink::new(&journey.file);
    let message = match round.len() {
        1 => "this journey sets itself off without end".to_owned(),
        _ => "these journeys set each other off without end".to_owned(),
    };
    let way: Vec<String> = round
        .iter()
        .map(|(journey, spark)| said(&journeys[*journey], *spark))
        .collect();
    sink.error(flow::LOOP, place.clone(), message)
        .labelled("comes back here at once")
        .noted(format!("{}; and so on", way.join("; ")))
        .noted("nothing on this way waits, so that it stops only when 64 events, starts and changes have come of one input: wait on it, enter by an `if`, or let nobody in again so soon (`again: { after: 1d }`)")
        .warns();
    Some(sink)
}

fn said(journey: &Instant, spark: usize) -> String {
    match &journey.makes[spark].0 {
        Spark::Event(event) => format!("`{}` emits `{event}`", journey.name),
        Spark::Start(other) => format!("`{}` starts `{other}`", journey.name),
    }
}
