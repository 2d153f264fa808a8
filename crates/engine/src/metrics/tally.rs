//! What a batch of turns did, counted once for the whole batch before it is committed.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use journey::{
    advance::Turn,
    input::InputKind,
    message::{Channel, Message, Reason, Refusal},
    trace::{Fact, Line},
};

/// Counts by journey.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct OfJourney {
    pub(super) entered: u64,
    pub(super) left: u64,
    pub(super) moved: u64,
    pub(super) goals: u64,
    pub(super) decided: BTreeMap<Channel, u64>,
}

/// What the turns of one batch did.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(super) inputs: BTreeMap<&'static str, u64>,
    pub(super) journeys: BTreeMap<Arc<str>, OfJourney>,
    pub(super) suppressed: BTreeMap<(Channel, Reason), u64>,
    pub(super) held: BTreeMap<Reason, u64>,
    pub(super) caps: BTreeMap<Arc<str>, u64>,
}

impl Tally {
    /// Counts what is about to be written.
    pub(crate) fn of(turns: &[Turn]) -> Self {
        let mut tally = Self::default();
        for turn in turns {
            for (input, lines) in &turn.effects.inputs {
                *tally.inputs.entry(kind(&input.kind)).or_default() += 1;
                lines.iter().for_each(|line| tally.line(line));
            }
            for message in &turn.effects.messages {
                tally.message(message);
            }
        }
        tally
    }

    fn line(&mut self, line: &Line) {
        match (&line.fact, &line.journey) {
            (Fact::Entered { .. }, Some(journey)) => self.journey(journey).entered += 1,
            (Fact::Left { .. }, Some(journey)) => self.journey(journey).left += 1,
            (Fact::Moved { .. }, Some(journey)) => self.journey(journey).moved += 1,
            (Fact::Goal, Some(journey)) => self.journey(journey).goals += 1,
            (Fact::Held { refusals, .. }, _) => {
                if let Some(first) = refusals.first() {
                    *self.held.entry(first.reason).or_default() += 1;
                }
                self.caps(refusals);
            }
            _ => {}
        }
    }

    fn message(&mut self, message: &Message) {
        match message.refused {
            None => {
                let journey = self.journey(&message.journey);
                *journey.decided.entry(message.channel).or_default() += 1;
            }
            Some(reason) => {
                let key = (message.channel, reason);
                *self.suppressed.entry(key).or_default() += 1;
            }
        }
        self.caps(&message.decision.refusals);
    }

    /// Each cap once a decision, on however many channels it refused.
    fn caps(&mut self, refusals: &[Refusal]) {
        let capped = refusals.iter().filter(|r| r.reason == Reason::Capped);
        let hit: BTreeSet<&Arc<str>> = capped.map(|r| &r.rule).collect();
        for cap in hit {
            match self.caps.get_mut(cap) {
                Some(count) => *count += 1,
                None => drop(self.caps.insert(cap.clone(), 1)),
            }
        }
    }

    fn journey(&mut self, name: &Arc<str>) -> &mut OfJourney {
        self.journeys.entry(name.clone()).or_default()
    }
}

/// What happened, as metrics call it.
fn kind(kind: &InputKind) -> &'static str {
    match kind {
        InputKind::Event(_) => "event",
        InputKind::Timer { .. } => "timer",
        InputKind::Receipt(_) => "receipt",
        InputKind::Date { .. } => "date",
        InputKind::Sweep(_) => "sweep",
        InputKind::Answer(_) => "answer",
        InputKind::Passage { .. } => "passage",
        InputKind::TakeOver(_) => "take_over",
    }
}
