//! The trace of a turn: what was decided and why, in the order in which it was.
//! It is what support reads, so every fact can be said in a sentence ([`Fact::sentence`]).

mod acted;
mod entries;
mod facts;
mod words;

pub(crate) use words::suppression;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    action::Asked,
    failure::Failure,
    ids::{CallId, MessageId, RunId},
    message::{Channel, Reason, Refusal},
    value::Value,
};

/// Why most events have no effect: no run, no entry and nothing of the profile asked for them. It
/// is all that is said of such an input, so the store keeps no line for it.
pub const NOTHING_LISTENED: &str = "nothing listened";

/// One fact, and the run it is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Line {
    /// The journey, if it is about one.
    #[serde(rename = "j", default, skip_serializing_if = "Option::is_none")]
    pub journey: Option<Arc<str>>,
    /// The run, if it is about one.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// The step's id, if it is about one.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Arc<str>>,
    /// What.
    #[serde(rename = "f")]
    pub fact: Fact,
}

/// What was decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// A run began.
    Entered {
        /// Its key; empty without one.
        key: Arc<str>,
    },
    /// An entry listened to this event and did not take the customer.
    NotEntered {
        /// Why.
        why: NotEntered,
        /// What of it, as it is written: the part of the condition, the key, the exit, the segment. At most
        /// 200 characters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        what: Option<Arc<str>>,
        /// From when on `again` allows another entry.
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            with = "crate::instant::optional"
        )]
        #[schemars(with = "Option<Timestamp>")]
        until: Option<Timestamp>,
    },
    /// The same key again replaced `run.event`.
    Refreshed,
    /// A step waits.
    Waits {
        /// Until when at the longest.
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            with = "crate::instant::optional"
        )]
        #[schemars(with = "Option<Timestamp>")]
        until: Option<Timestamp>,
        /// For which event.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        event: Option<Arc<str>>,
        /// The time zone that was used and where it comes from, if hours or days were asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        zone: Option<Arc<str>>,
    },
    /// A wait is over: its event or condition came (true), or its time did (false).
    Woke {
        /// Whether it was the event or condition.
        matched: bool,
    },
    /// A condition was decided: the number of the arm from 0, or `None` for `else`.
    Chose {
        /// Which arm.
        arm: Option<u32>,
    },
    /// A split was decided.
    Split {
        /// The arm's name.
        arm: Arc<str>,
    },
    /// A variable or trait was set.
    Set {
        /// `run.NAME` or `customer.NAME`.
        name: Arc<str>,
        /// The new value.
        value: Value,
    },
    /// A message was decided to go.
    Sends {
        /// Which.
        message: MessageId,
        /// By which channel.
        channel: Channel,
        /// Refusals that were passed over: other channels, or rules that `send` overrode.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        refusals: Vec<Refusal>,
    },
    /// A message was decided not to go.
    Suppressed {
        /// Which.
        message: MessageId,
        /// The first refusal's reason.
        reason: Reason,
        /// All refusals.
        refusals: Vec<Refusal>,
    },
    /// A send is held.
    Held {
        /// Until when at the longest.
        #[serde(with = "crate::instant")]
        #[schemars(with = "Timestamp")]
        until: Timestamp,
        /// Why: the first refusal.
        refusals: Vec<Refusal>,
    },
    /// A queued message was taken back because its run left.
    Recalled {
        /// Which.
        message: MessageId,
    },
    /// A message failed for good, or was stopped at dispatch.
    Failed {
        /// Which.
        message: MessageId,
        /// Why.
        reason: Reason,
        /// What went wrong.
        detail: Failure,
    },
    /// A receipt was noted: delivered, opened, clicked, replied.
    Noted {
        /// Which message.
        message: MessageId,
        /// What of it.
        what: Arc<str>,
    },
    /// The customer heeds messages again, and gets more of them.
    Heeds {
        /// At most so many.
        max: u32,
        /// In what time.
        per: SignedDuration,
    },
    /// A question waits until another one on its channel is answered (rule 29).
    Queued,
    /// A question was answered.
    Answered {
        /// What the answer was taken for.
        answer: Value,
    },
    /// An answer was not understood.
    NotUnderstood {
        /// Whether the question is repeated.
        repeated: bool,
    },
    /// A reply asked for an end to all messages on its channel.
    Stopped {
        /// Which channel.
        channel: Channel,
    },
    /// An endpoint is called.
    Calls {
        /// Which call.
        call: CallId,
        /// The endpoint's name.
        endpoint: Arc<str>,
        /// Until when an answer is waited for at the longest.
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            with = "crate::instant::optional"
        )]
        #[schemars(with = "Option<Timestamp>")]
        until: Option<Timestamp>,
    },
    /// An endpoint has answered.
    CallAnswered {
        /// Which call.
        call: CallId,
    },
    /// A call has failed for good.
    CallFailed {
        /// Which call.
        call: CallId,
        /// Why.
        why: Failure,
    },
    /// A person has taken over.
    HandedOver {
        /// By which call.
        call: CallId,
    },
    /// A person has handed back.
    HandedBack {
        /// By which call.
        call: CallId,
    },
    /// A round of a `repeat` began.
    Round {
        /// Which, from 1.
        number: u32,
    },
    /// The rounds are over: all were done, or `until` holds.
    RoundsOver {
        /// Whether `until` holds.
        until: bool,
    },
    /// An event of our own happens.
    Emits {
        /// Its name.
        event: Arc<str>,
    },
    /// Another journey is started.
    Starts {
        /// Which.
        journey: Arc<str>,
    },
    /// Another journey is stopped.
    Stops {
        /// Which.
        journey: Arc<str>,
    },
    /// A date entry will let the customer in at that moment, or does no longer.
    Expects {
        /// When; `None`: no more.
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            with = "crate::instant::optional"
        )]
        #[schemars(with = "Option<Timestamp>")]
        at: Option<Timestamp>,
    },
    /// The run reached its goal.
    Goal,
    /// The run moved to the same step of another version.
    Moved {
        /// Which version.
        version: u32,
        /// Variables that became null, for their type is another there.
        forgotten: Vec<Arc<str>>,
    },
    /// The run was to move to another version and did not: its step is gone there.
    Kept {
        /// Which version.
        version: u32,
    },
    /// Its journey is paused, and the run with it.
    Paused {
        /// Since when.
        #[serde(with = "crate::instant")]
        #[schemars(with = "Timestamp")]
        since: Timestamp,
    },
    /// It goes on.
    Resumed {
        /// Since when it was paused.
        #[serde(with = "crate::instant")]
        #[schemars(with = "Timestamp")]
        paused: Timestamp,
    },
    /// The run left.
    Left {
        /// Why.
        reason: Arc<str>,
    },
    /// Traits were changed by an event.
    Profile {
        /// Their names.
        traits: Vec<Arc<str>>,
    },
    /// A consent was changed by an event.
    Consent {
        /// For which purpose.
        purpose: Arc<str>,
        /// On which channels.
        channels: Vec<Channel>,
        /// What it is now: `granted`, `unconfirmed` or `withdrawn`.
        state: Arc<str>,
    },
    /// The customer chose something for themselves: a pause, a limit, nothing personal.
    Preferences,
    /// The customer is another whom the shop knows already: what is known of them was handed over, and nothing begins
    /// here any more.
    Merged {
        /// The other's key.
        into: Arc<str>,
    },
    /// The customer was merged into another before: it is for them.
    PassedOn {
        /// Their key.
        to: Arc<str>,
    },
    /// Another customer was merged into this one.
    TookOver {
        /// The other's key.
        from: Arc<str>,
        /// The traits that came from them.
        traits: Vec<Arc<str>>,
        /// How many of their messages caps count from now on.
        messages: u32,
    },
    /// A message to somebody who was merged into this customer did not arrive: caps count it no more.
    GivenBack {
        /// Which.
        message: MessageId,
    },
    /// The customer's processing is restricted, or is no longer.
    Restricted {
        /// Whether it is.
        is: bool,
    },
    /// An address bounced or complained, and is not used any more.
    AddressSuppressed {
        /// Of which channel.
        channel: Channel,
        /// `bounced` or `complained`.
        reason: Arc<str>,
    },
    /// The customer wrote from an address that had bounced: it is used again.
    AddressUsed {
        /// Of which channel.
        channel: Channel,
    },
    /// A person asked for something to be done; what comes of it follows.
    Acted {
        /// What.
        asked: Asked,
        /// Who: `user:ID`, `key:ID`, `cli`, `nobody`.
        by: Arc<str>,
        /// Why, in their words.
        reason: Arc<str>,
    },
    /// The input had no effect.
    Ignored {
        /// Why.
        why: Arc<str>,
    },
}

/// Why an entry did not take a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotEntered {
    /// Its condition did not hold.
    Condition,
    /// Its key was null (rule 15).
    NullKey,
    /// A run of this key is inside and `inside` is `ignore`.
    Inside,
    /// `again` does not allow it yet, or ever.
    Again,
    /// The event is older than `fresh` (rule 14).
    Stale,
    /// An exit's condition already holds (rule 11).
    ExitHolds,
    /// The customer has as many runs as one may have.
    TooManyRuns,
    /// `again` remembers as many keys of this customer as it may.
    TooManyKeys,
    /// The key is longer than 256 bytes.
    KeyTooLong,
    /// The customer does not belong to the segment, or does not any more.
    NotInSegment,
    /// Nothing can start the journey: it is not published, or has no entry for that.
    NotStartable,
    /// The journey is paused.
    Paused,
}
