//! What is asked for, and what is answered.

use journey::{action::MAX_REASON, ids::InputId, message::Channel};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why something is done.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ActionReason {
    /// Why, for colleagues: 1 to 500 characters. It stands in the customer's timeline and in the audit log.
    #[schemars(length(min = 1, max = MAX_REASON))]
    pub reason: String,
}

/// To which version a run is moved.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MoveToVersion {
    /// The version's number, from 1: one of the run's journey.
    pub version: u32,
    /// Why, for colleagues: 1 to 500 characters. It stands in the customer's timeline and in the audit log.
    #[schemars(length(min = 1, max = MAX_REASON))]
    pub reason: String,
}

/// What a customer wants no more.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OptOutOf {
    /// A purpose of `config/policies.yaml` that needs a consent.
    pub purpose: String,
    /// On that channel; on all if there is none.
    pub channel: Option<Channel>,
    /// Why, for colleagues: 1 to 500 characters. It stands in the customer's timeline, in the record of the consent and in the
    /// audit log.
    #[schemars(length(min = 1, max = MAX_REASON))]
    pub reason: String,
}

/// What was asked for is on its way. What comes of it is answered by `GET /v1/customers/{key}/inputs/{id}`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ActionAsked {
    /// The input that it becomes.
    pub id: InputId,
    /// The id under which it was submitted: the `Idempotency-Key` behind `action:`, or one of our own.
    pub message_id: String,
}
