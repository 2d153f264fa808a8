//! What a run waits for, as data and in words.

use std::sync::Arc;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    customer::{Pending, RunState},
    explain::{Tongue, say},
    expr::Expr,
    failure::Failure,
    ids::{CallId, MessageId},
    machine::{Node, Op},
    message::{Channel, Refusal},
    trace::Fact,
};

/// What a run waits for.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Waiting {
    /// Since when.
    pub since: Timestamp,
    /// Until when at the longest; `None`: for ever.
    pub until: Option<Timestamp>,
    /// For what: the first of these that comes.
    pub arms: Vec<Arm>,
    /// A held send: the first refusal.
    pub held: Option<Refusal>,
    /// What else it waits for.
    pub on: Option<Awaited>,
}

/// An event or a condition that is waited for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Arm {
    /// The event, or none where a condition alone decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<Arc<str>>,
    /// Only if this holds, as it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<Arc<str>>,
}

impl Arm {
    /// With a condition as it is written.
    pub fn new(event: Option<&Arc<str>>, condition: Option<&Expr>) -> Self {
        Self {
            event: event.cloned(),
            condition: condition.map(|c| Arc::from(c.source())),
        }
    }
}

/// What a step that talks, or that repeats others, waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
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
pub type Progress = (u16, Option<Failure>);

impl Waiting {
    /// What a run at that node waits for, if it waits. `progress`: of its call, if it has one.
    pub fn of(state: &RunState, node: Option<&Node>, progress: Option<&Progress>) -> Option<Self> {
        let pending = state.pending.as_ref()?;
        let arms = match node.map(|node| &node.op) {
            Some(Op::WaitFor(wait)) => wait.arms.as_slice(),
            _ => &[],
        };
        Some(Self {
            since: pending.since,
            until: pending.until,
            arms: arms
                .iter()
                .map(|arm| Arm::new(arm.event.as_ref(), arm.condition.as_ref()))
                .collect(),
            held: pending.held.clone(),
            on: node.and_then(|node| awaited(state, pending, node, progress)),
        })
    }

    /// In words, without a capital and without until when: `waits for vouchers to answer`.
    pub fn say(&self, tongue: &Tongue) -> String {
        if let Some(refusal) = &self.held {
            let mut why = refusal.clone();
            // Whoever says this says until when by itself.
            why.until = None;
            let why = why.say(tongue);
            return say!(tongue, "held: {why}", "retenu : {why}");
        }
        if let Some(on) = &self.on {
            return on.say(tongue);
        }
        let arms: Vec<String> = self.arms.iter().map(|arm| arm.say(tongue)).collect();
        if arms.is_empty() {
            return say!(tongue, "waits for its time", "attend son heure");
        }
        let arms = tongue.say(|| arms.join(" or "), || arms.join(" ou "));
        say!(tongue, "waits for {arms}", "attend {arms}")
    }
}

impl Arm {
    /// What happens when it does: `order.placed if …`, or a condition.
    pub(crate) fn occurs(&self, tongue: &Tongue) -> String {
        match (&self.event, &self.condition) {
            (None, Some(condition)) => format!("`{condition}`"),
            _ => self.say(tongue),
        }
    }

    fn say(&self, tongue: &Tongue) -> String {
        match (&self.event, &self.condition) {
            (Some(event), Some(condition)) => say!(
                tongue,
                "{event} if `{condition}`",
                "{event} si `{condition}`"
            ),
            (Some(event), None) => event.to_string(),
            (None, condition) => {
                let condition = condition.as_deref().unwrap_or_default();
                say!(
                    tongue,
                    "`{condition}` to hold",
                    "que `{condition}` soit rempli"
                )
            }
        }
    }
}

impl Awaited {
    fn say(&self, tongue: &Tongue) -> String {
        match self {
            Self::Answer {
                channel, repeats, ..
            } => {
                let by = tongue.channel(*channel);
                let again = match repeats {
                    0 => String::new(),
                    1 => say!(tongue, ", asked once more", ", question reposée une fois"),
                    n => say!(
                        tongue,
                        ", asked {n} times more",
                        ", question reposée {n} fois"
                    ),
                };
                say!(
                    tongue,
                    "waits for an answer by {by}{again}",
                    "attend une réponse par {by}{again}"
                )
            }
            Self::Turn => Fact::Queued.say(tongue),
            Self::Call {
                endpoint,
                attempts,
                error,
                ..
            } => {
                let tried = tried(*attempts, error.as_ref(), tongue);
                say!(
                    tongue,
                    "waits for {endpoint} to answer{tried}",
                    "attend la réponse de {endpoint}{tried}"
                )
            }
            Self::HandOver {
                endpoint,
                attempts,
                error,
                ..
            } => {
                let tried = tried(*attempts, error.as_ref(), tongue);
                say!(
                    tongue,
                    "waits until {endpoint} hands back{tried}",
                    "attend que {endpoint} rende la main{tried}"
                )
            }
            Self::Round { number, times } => say!(
                tongue,
                "waits for round {number} of {times}",
                "attend le tour {number} sur {times}"
            ),
        }
    }
}

/// What went wrong so far, if something did.
fn tried(attempts: u16, error: Option<&Failure>, tongue: &Tongue) -> String {
    let Some(error) = error.map(|error| error.say(tongue)) else {
        return String::new();
    };
    let tries = tongue.tries(attempts.max(1));
    say!(
        tongue,
        ", after {tries}: {error}",
        ", après {tries} : {error}"
    )
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
