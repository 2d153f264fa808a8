//! What support does to a customer, as the properties of one event ([`SUPPORT_ACTION`](crate::machine::SUPPORT_ACTION)).
//!
//! Whoever asks (the API, the console) submits it; the customer's turn decides it. The store adds to one that sends a
//! message again what is kept of that message, so that the recorded input alone says what was decided.

mod undone;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use undone::Undone;

use crate::{
    explain::Status,
    ids::{MachineId, MessageId, RunId},
    input::Event,
    machine::SUPPORT_ACTION,
    message::{Channel, Decision},
    value::{Map, Value},
};

/// The longest reason, in characters; what is longer is cut.
pub const MAX_REASON: usize = 500;
/// The longest word on who acts, in characters.
const MAX_BY: usize = 100;
/// The property under which the store puts what is kept of a message.
const KEPT: &str = "kept";

/// One action: what, by whom, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Action {
    /// What is to be done.
    #[serde(flatten)]
    pub act: Act,
    /// Who wants it: `user:ID`, `key:ID`, `cli`, `nobody` where nobody signs in.
    pub by: Arc<str>,
    /// Why, in their words: 1 to 500 characters.
    pub reason: Arc<str>,
}

/// What is to be done, and with what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Act {
    /// The run stays where it is until a person lets it go on.
    Pause {
        /// Which.
        run: RunId,
    },
    /// The run that a person has paused goes on.
    Resume {
        /// Which.
        run: RunId,
    },
    /// The run leaves its journey.
    Exit {
        /// Which.
        run: RunId,
    },
    /// What the run waits for is over, as if its time had come.
    Advance {
        /// Which.
        run: RunId,
    },
    /// The run goes on at the same step of another version of its journey.
    Move {
        /// Which.
        run: RunId,
        /// That version's number, for people.
        version: u32,
        /// That version's machine.
        to: MachineId,
    },
    /// A message that failed is decided anew, and filled in anew.
    Resend {
        /// Which.
        message: MessageId,
        /// What is kept of it: written by the store, whoever sent the event.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kept: Option<Box<Kept>>,
    },
    /// The customer wants nothing for that purpose any more.
    OptOut {
        /// The purpose.
        purpose: Arc<str>,
        /// On that channel; `None`: on all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        channel: Option<Channel>,
    },
}

/// A message as it was decided, and what has become of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// The run that decided it, open or over.
    pub run: RunId,
    /// Its journey.
    pub journey: Arc<str>,
    /// The step's id.
    pub step: Arc<str>,
    /// By which channel it was to go.
    pub channel: Channel,
    /// For which purpose.
    pub purpose: Arc<str>,
    /// What has become of it.
    pub status: Status,
    /// How it was decided.
    pub decision: Decision,
}

/// What was asked for, without what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ActionKind")]
pub enum Asked {
    /// See [`Act::Pause`].
    Pause,
    /// See [`Act::Resume`].
    Resume,
    /// See [`Act::Exit`].
    Exit,
    /// See [`Act::Advance`].
    Advance,
    /// See [`Act::Move`].
    Move,
    /// See [`Act::Resend`].
    Resend,
    /// See [`Act::OptOut`].
    OptOut,
}

impl Asked {
    /// Every one.
    pub const ALL: [Self; 7] = [
        Self::Pause,
        Self::Resume,
        Self::Exit,
        Self::Advance,
        Self::Move,
        Self::Resend,
        Self::OptOut,
    ];
}

impl Act {
    /// What it asks for.
    pub fn asked(&self) -> Asked {
        match self {
            Self::Pause { .. } => Asked::Pause,
            Self::Resume { .. } => Asked::Resume,
            Self::Exit { .. } => Asked::Exit,
            Self::Advance { .. } => Asked::Advance,
            Self::Move { .. } => Asked::Move,
            Self::Resend { .. } => Asked::Resend,
            Self::OptOut { .. } => Asked::OptOut,
        }
    }

    /// The run that it is about, if it is about one.
    pub fn run(&self) -> Option<RunId> {
        match self {
            Self::Pause { run }
            | Self::Resume { run }
            | Self::Exit { run }
            | Self::Advance { run }
            | Self::Move { run, .. } => Some(*run),
            Self::Resend { .. } | Self::OptOut { .. } => None,
        }
    }
}

impl Action {
    /// The action that an event asks for: `None` if it is another event, else the action, or why it cannot be read.
    pub fn of(event: &Event) -> Option<Result<Self, String>> {
        (*event.name == *SUPPORT_ACTION).then(|| Self::read(&event.properties))
    }

    fn read(properties: &Value) -> Result<Self, String> {
        let json = serde_json::to_value(properties).map_err(|e| e.to_string())?;
        let action: Self = serde_json::from_value(json).map_err(|e| e.to_string())?;
        if action.reason.trim().is_empty() {
            return Err("it gives no reason".into());
        }
        Ok(Self {
            by: cut(&action.by, MAX_BY),
            reason: cut(&action.reason, MAX_REASON),
            ..action
        })
    }

    /// The machine that deciding it takes, beside those of open runs.
    pub fn machine(event: &Event) -> Option<MachineId> {
        match Self::of(event)?.ok()?.act {
            Act::Move { to, .. } => Some(to),
            Act::Resend { kept, .. } => kept.map(|kept| kept.decision.machine),
            _ => None,
        }
    }

    /// The message that is to be sent again, if that is what an event asks for.
    pub fn resends(event: &Event) -> Option<MessageId> {
        match Self::of(event)?.ok()?.act {
            Act::Resend { message, .. } => Some(message),
            _ => None,
        }
    }

    /// Puts what is kept of the message into an event that is to send it again, in place of whatever stands there.
    ///
    /// # Errors
    /// None that a value of this type could cause.
    pub fn tell(event: &mut Event, kept: Option<&Kept>) -> serde_json::Result<()> {
        let mut map = event.properties.as_map().cloned().unwrap_or_default();
        map.remove(KEPT);
        if let Some(kept) = kept {
            let kept = Value::from(serde_json::to_value(kept)?);
            map.insert(Arc::from(KEPT), kept);
        }
        event.properties = Value::Map(Arc::new(map));
        Ok(())
    }

    /// The properties of the event.
    ///
    /// # Errors
    /// None that a value of this type could cause.
    pub fn properties(&self) -> serde_json::Result<serde_json::Value> {
        serde_json::to_value(self)
    }
}

/// Whether two events ask for the same, whatever the store has added.
pub fn is_same(a: &Value, b: &Value) -> bool {
    let asked = |value: &Value| {
        let mut map: Map = value.as_map().cloned().unwrap_or_default();
        map.remove(KEPT);
        map
    };
    asked(a) == asked(b)
}

fn cut(text: &str, most: usize) -> Arc<str> {
    match text.char_indices().nth(most) {
        Some((end, _)) => Arc::from(&text[..end]),
        None => Arc::from(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(act: Act) -> Action {
        Action {
            act,
            by: Arc::from("user:1"),
            reason: Arc::from("she called"),
        }
    }

    fn event(properties: serde_json::Value) -> Event {
        Event {
            customer: Arc::from("ana"),
            name: Arc::from(SUPPORT_ACTION),
            at: jiff::Timestamp::UNIX_EPOCH,
            properties: Value::from(properties),
            traits: Map::new(),
            message_id: Arc::from("1"),
            source: Arc::from(""),
        }
    }

    #[test]
    fn an_action_is_read_back() {
        let run = RunId(uuid::Uuid::from_u128(7));
        let all = [
            Act::Pause { run },
            Act::Move {
                run,
                version: 3,
                to: MachineId(uuid::Uuid::from_u128(8)),
            },
            Act::OptOut {
                purpose: Arc::from("marketing"),
                channel: Some(Channel::Sms),
            },
        ];
        for act in all.map(action) {
            let event = event(act.properties().unwrap());
            assert_eq!(Action::of(&event), Some(Ok(act)));
        }
    }

    #[test]
    fn what_cannot_be_read_says_why_and_what_is_too_long_is_cut() {
        let read = |json| Action::of(&event(json)).unwrap();
        let wrong = [
            serde_json::json!(null),
            serde_json::json!({ "action": "dance", "by": "b", "reason": "r" }),
            serde_json::json!({ "action": "pause", "by": "b", "reason": "r" }),
            serde_json::json!({ "action": "opt_out", "purpose": "p", "by": "b", "reason": "  " }),
        ];
        for json in wrong {
            assert!(read(json.clone()).is_err(), "{json}");
        }
        let long = "é".repeat(MAX_REASON + 1);
        let json =
            serde_json::json!({ "action": "opt_out", "purpose": "p", "by": "b", "reason": long });
        let reason = read(json).unwrap().reason;
        assert_eq!(reason.chars().count(), MAX_REASON);
    }
}
