//! Calls of endpoints: decided by a turn, carried out by the engine, answered by an input.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    failure::Failure,
    ids::{CallId, RunId},
    value::Value,
};

/// A call that was decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// Which; the idempotency key towards the endpoint.
    pub id: CallId,
    /// When it was decided.
    pub at: Timestamp,
    /// The run that waits for it.
    pub run: RunId,
    /// Its journey.
    pub journey: Arc<str>,
    /// The step's id, declared or generated.
    pub step: Arc<str>,
    /// The endpoint's name.
    pub endpoint: Arc<str>,
    /// Whether a person is to take over, who hands back by an event.
    pub hand_over: bool,
    /// The `with` of the step, as decided.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub with: Value,
    /// By when a person should have done it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted_at: Option<Timestamp>,
    /// Nobody waits for the answer at or after this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// What became of a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Which.
    pub call: CallId,
    /// The run that waits for it.
    pub run: RunId,
    /// What came back, or why nothing will.
    pub outcome: Outcome,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The endpoint's answer; null where it had nothing to say.
    Answered(Value),
    /// It failed for good.
    Failed(Failure),
}
