//! The reference model: one customer's inputs, in their recorded order, through the pure code alone.
//! No database, no batches, no faults.

use std::collections::BTreeMap;

use journey::{
    advance::{self, Turn},
    customer::{Customer, PastSend, Run},
    input::Input,
    message::{Message, Reason},
    trace::Line,
};
use uuid::Uuid;

use super::watch::{Seen, Watch};

/// More messages than this are never in doubt at once.
const MAX_UNSURE: usize = 6;

/// What ought to be in the database of one customer.
#[derive(Debug)]
pub struct Played {
    pub customer: Customer,
    pub messages: BTreeMap<Uuid, Message>,
    /// Messages that ended without being sent, with why.
    pub ended: BTreeMap<Uuid, Reason>,
    pub runs_ended: BTreeMap<Uuid, Run>,
    /// Whether each call was cancelled.
    pub calls: BTreeMap<Uuid, bool>,
    pub consents: usize,
}

/// Plays a history.
///
/// # Errors
/// What differs from it, and where.
pub fn play(key: &str, history: Vec<(Input, Vec<Line>)>, watch: &Watch) -> Result<Played, String> {
    let mut played = Played {
        customer: Customer::new(key),
        messages: BTreeMap::new(),
        ended: BTreeMap::new(),
        runs_ended: BTreeMap::new(),
        calls: BTreeMap::new(),
        consents: 0,
    };
    for (number, (input, trace)) in history.into_iter().enumerate() {
        let seen = watch
            .seen(played.customer.id, input.id)
            .ok_or_else(|| format!("{key}: nobody saw input {number}: {input:?}"))?;
        let recorded = (input, trace);
        let turn = decide(&played.customer, &recorded, seen)
            .map_err(|other| differs(key, number, &recorded, &other))?;
        played.take(turn);
    }
    Ok(played)
}

/// The turn that is recorded, under one of the circumstances that may have been; else another.
fn decide(
    customer: &Customer,
    recorded: &(Input, Vec<Line>),
    seen: &Seen,
) -> Result<Turn, Box<Turn>> {
    let unsure: Vec<Uuid> = customer
        .sends
        .iter()
        .map(|s| s.message.0)
        .filter(|id| seen.unsure(*id))
        .collect();
    assert!(unsure.len() <= MAX_UNSURE, "too many messages in doubt");
    let mut other = None;
    for case in 0..1_usize << unsure.len() {
        let mut customer = customer.clone();
        for PastSend {
            message, queued, ..
        } in &mut customer.sends
        {
            if let Some(was) = seen.queued(message.0) {
                let place = unsure.iter().position(|id| *id == message.0);
                *queued = place.map_or(was, |place| case & (1 << place) != 0);
            }
        }
        let turn = advance::advance(&seen.world.world, customer, recorded.0.clone());
        if turn.effects.inputs.first() == Some(recorded) {
            return Ok(turn);
        }
        other.get_or_insert(turn);
    }
    Err(Box::new(other.expect("one case at least")))
}

fn differs(key: &str, number: usize, recorded: &(Input, Vec<Line>), other: &Turn) -> String {
    format!(
        "{key}: input {number} was decided otherwise than the model decides it\n  input: {:?}\n  recorded: {:?}\n  model: {:?}",
        recorded.0,
        recorded.1,
        other.effects.inputs.first().map(|(_, trace)| trace),
    )
}

impl Played {
    fn take(&mut self, turn: Turn) {
        let Turn { customer, effects } = turn;
        self.customer = customer;
        for message in effects.messages {
            if let Some(reason) = message.refused {
                self.ended.insert(message.id.0, reason);
            }
            self.messages.insert(message.id.0, message);
        }
        for send in effects.recalled {
            self.ended.insert(send.message.0, Reason::Recalled);
        }
        for settled in effects.settled {
            self.ended.insert(settled.message.0, settled.reason);
        }
        self.runs_ended
            .extend(effects.ended.into_iter().map(|run| (run.id.0, run)));
        self.calls
            .extend(effects.calls.into_iter().map(|call| (call.id.0, false)));
        self.calls
            .extend(effects.cancelled.into_iter().map(|id| (id.0, true)));
        self.consents += effects.consents.len();
    }
}
