//! What a run waits for, as data and in words.

use std::sync::Arc;

use jiff::Timestamp;
use journey::{
    customer::{Pending, RunState},
    failure::Failure,
    ids::{CallId, MessageId},
    machine::{Node, Op},
    message::{Channel, Refusal},
};
use serde::Serialize;

/// What a run waits for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Waiting {
    /// Since when.
    pub since: Timestamp,
    /// Until when at the longest; `None`: for ever.
    pub until: Option<Timestamp>,
    /// For which event.
    pub event: Option<Arc<str>>,
    /// For which condition, as it is written.
    pub condition: Option<String>,
    /// A held send: the first refusal.
    pub held: Option<Refusal>,
    /// What else it waits for.
    pub on: Option<Awaited>,
}

/// What a step that talks, or that repeats others, waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Awaited {
    /// The answer to a question.
    Answer {
        /// On which channel it was asked.
        channel: Channel,
        /// By which message, the last one if it was repeated.
        message: MessageId,
        /// How often it was repeated.
        repeats: u32,
    },
    /// The end of another question on the same channel.
    Turn,
    /// An endpoint's answer.
    Call {
        /// Which call.
        call: CallId,
        /// The endpoint's name.
        endpoint: Arc<str>,
        /// Attempts that were begun.
        attempts: u16,
        /// The last failed attempt's error.
        error: Option<Failure>,
    },
    /// The end of a hand-over.
    HandOver {
        /// Which call: what `hand_over.ended` names.
        call: CallId,
        /// The endpoint's name.
        endpoint: Arc<str>,
        /// Attempts to reach it that were begun.
        attempts: u16,
        /// The last failed attempt's error.
        error: Option<Failure>,
    },
    /// The next round of a `repeat`.
    Round {
        /// Which, from 1.
        number: u32,
        /// How many there are at the most.
        times: u32,
    },
}

/// How far a call has come: attempts, and the last one's error.
pub(super) type Progress = (u16, Option<Failure>);

impl Waiting {
    /// What a run at that node waits for, if it waits. `progress`: of its call, if it has one.
    pub(super) fn of(
        state: &RunState,
        node: Option<&Node>,
        progress: Option<&Progress>,
    ) -> Option<Self> {
        let pending = state.pending.as_ref()?;
        let arms = match node.map(|node| &node.op) {
            Some(Op::WaitFor(wait)) => wait.arms.as_slice(),
            _ => &[],
        };
        let events = arms.iter().filter_map(|a| a.event.as_deref());
        let conditions = arms.iter().filter_map(|a| a.condition.as_ref());
        let conditions = conditions.map(journey::expr::Expr::source);
        let any = |words: Vec<&str>| (!words.is_empty()).then(|| words.join(" or "));
        Some(Self {
            since: pending.since,
            until: pending.until,
            event: any(events.collect()).map(Arc::from),
            condition: any(conditions.collect()),
            held: pending.held.clone(),
            on: node.and_then(|node| awaited(state, pending, node, progress)),
        })
    }

    /// In words, without a capital and without until when: `waits for vouchers to answer`.
    pub fn words(&self) -> String {
        if let Some(refusal) = &self.held {
            let mut why = refusal.clone();
            // Whoever says this says until when by itself.
            why.until = None;
            return format!("held: {}", why.sentence());
        }
        if let Some(on) = &self.on {
            return on.words();
        }
        match (&self.event, &self.condition) {
            (Some(event), Some(condition)) => format!("waits for {event} where {condition}"),
            (Some(event), None) => format!("waits for {event}"),
            (None, Some(condition)) => format!("waits until {condition}"),
            (None, None) => "waits for its time".into(),
        }
    }
}

impl Awaited {
    fn words(&self) -> String {
        match self {
            Self::Answer {
                channel, repeats, ..
            } => {
                let again = match repeats {
                    0 => String::new(),
                    1 => ", asked once more".to_owned(),
                    n => format!(", asked {n} times more"),
                };
                format!("waits for an answer by {channel}{again}")
            }
            Self::Turn => "waits until the question before it is answered".to_owned(),
            Self::Call {
                endpoint,
                attempts,
                error,
                ..
            } => format!(
                "waits for {endpoint} to answer{}",
                tried(*attempts, error.as_ref())
            ),
            Self::HandOver {
                endpoint,
                attempts,
                error,
                ..
            } => format!(
                "waits until {endpoint} hands back{}",
                tried(*attempts, error.as_ref())
            ),
            Self::Round { number, times } => format!("waits for round {number} of {times}"),
        }
    }
}

/// What went wrong so far, if something did.
fn tried(attempts: u16, error: Option<&Failure>) -> String {
    match (attempts, error) {
        (_, None) => String::new(),
        (0 | 1, Some(error)) => format!(" (1 try: {error})"),
        (n, Some(error)) => format!(" ({n} tries: {error})"),
    }
}

fn awaited(
    state: &RunState,
    pending: &Pending,
    node: &Node,
    progress: Option<&Progress>,
) -> Option<Awaited> {
    let (attempts, error) = progress.cloned().unwrap_or_default();
    match &node.op {
        Op::Ask(_) if pending.held.is_none() => Some(match pending.asked {
            Some(asked) => Awaited::Answer {
                channel: asked.channel,
                message: asked.message,
                repeats: asked.repeats,
            },
            None => Awaited::Turn,
        }),
        Op::Call(step) => Some(Awaited::Call {
            call: pending.call?,
            endpoint: step.endpoint.clone(),
            attempts,
            error,
        }),
        Op::HandOver(step) => Some(Awaited::HandOver {
            call: pending.call?,
            endpoint: step.endpoint.clone(),
            attempts,
            error,
        }),
        Op::Repeat(repeat) => Some(Awaited::Round {
            number: state.rounds.get(&node.id).map_or(1, |r| r.number + 1),
            times: repeat.times,
        }),
        _ => None,
    }
}
