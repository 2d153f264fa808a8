//! How many messages came to what: counted where it happens, in the same transaction, so that the numbers are those of the rows.
//!
//! What a batch comes to is added up in the statement that writes it, and stands in `message_count` until [`crate::Store::fold_messages`]
//! adds it to `message_total`. A message counts on the day (UTC) on which it was decided, whenever the rest happened, so that
//! what became of a day's messages adds up: decided is what was sent, failed, was suppressed or recalled, and what still
//! waits. What is erased or no longer kept stays counted.

mod folding;
mod heard;

use jiff::Timestamp;
use journey::{
    failure::Failure,
    message::{Message, Reason},
    trace::{Fact, Line},
};

pub use heard::Heard;
pub(crate) use heard::{Told, heard};

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// A message was decided, whatever became of it.
    Decided,
    /// A rule refused, when it was decided or when it was to leave; the reason is [`journey::message::Reason`].
    Suppressed,
    /// Its run left first.
    Recalled,
    /// A send waited for a rule: how often, each time that it began to wait. It is no message yet.
    Held,
    /// A provider took it.
    Sent,
    /// It was refused for good, or out of tries; the reason is the kind of [`Failure`].
    Failed,
    /// Of those sent, how many the provider says have arrived.
    Delivered,
    /// How many were opened, however often. Who follows a link has opened.
    Opened,
    /// How often one was opened, in all.
    Opens,
    /// Of how many a link was followed.
    Clicked,
    /// How often a link was followed, in all.
    Clicks,
    /// How many were answered.
    Replied,
    /// How many did not arrive, and the address is not at fault.
    Undelivered,
    /// How many came back, for good.
    Bounced,
    /// How many were complained of.
    Complained,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Decided,
        Self::Suppressed,
        Self::Recalled,
        Self::Held,
        Self::Sent,
        Self::Failed,
        Self::Delivered,
        Self::Opened,
        Self::Opens,
        Self::Clicked,
        Self::Clicks,
        Self::Replied,
        Self::Undelivered,
        Self::Bounced,
        Self::Complained,
    ];

    /// Its word, as in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Decided => "decided",
            Self::Suppressed => "suppressed",
            Self::Recalled => "recalled",
            Self::Held => "held",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Delivered => "delivered",
            Self::Opened => "opened",
            Self::Opens => "opens",
            Self::Clicked => "clicked",
            Self::Clicks => "clicks",
            Self::Replied => "replied",
            Self::Undelivered => "undelivered",
            Self::Bounced => "bounced",
            Self::Complained => "complained",
        }
    }

    /// The outcome of that word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|o| o.as_str() == word)
    }
}

/// Which kind of failure ended a message, as a word: of tries that came to nothing, the last's.
pub fn failure_kind(failure: &Failure) -> String {
    let kept = serde_json::to_value(failure.last()).unwrap_or_default();
    let kind = kept.get("kind").and_then(serde_json::Value::as_str);
    kind.unwrap_or("words").to_owned()
}

/// Something of which a batch has so many: added up here, for the database takes ten times as long to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Count<'t> {
    /// Since the first of January 1970.
    pub(crate) day: i32,
    pub(crate) journey: &'t str,
    pub(crate) step: &'t str,
    pub(crate) channel: &'static str,
    pub(crate) outcome: &'static str,
    pub(crate) reason: &'static str,
}

impl<'t> Count<'t> {
    /// Of a message: that it was decided, and that it is not to go, if there is a reason.
    pub(crate) fn of_message(
        m: &'t Message,
        reason: Option<Reason>,
    ) -> impl Iterator<Item = Self> + use<'t> {
        let count = |outcome: Outcome, reason| Self {
            day: day(m.at),
            journey: &m.journey,
            step: &m.step,
            channel: m.channel.as_str(),
            outcome: outcome.as_str(),
            reason,
        };
        let ended = reason.map(|reason| match reason {
            Reason::Recalled => count(Outcome::Recalled, reason.as_str()),
            reason => count(Outcome::Suppressed, reason.as_str()),
        });
        [count(Outcome::Decided, "")].into_iter().chain(ended)
    }

    /// That a send is held, if the line says so.
    pub(crate) fn of_line(at: Timestamp, line: &'t Line) -> Option<Self> {
        let Fact::Held { refusals, .. } = &line.fact else {
            return None;
        };
        let first = refusals.first()?;
        Some(Self {
            day: day(at),
            journey: line.journey.as_deref()?,
            step: line.step.as_deref()?,
            channel: first.channel.as_str(),
            outcome: Outcome::Held.as_str(),
            reason: first.reason.as_str(),
        })
    }
}

/// Days (UTC) since the first of January 1970.
fn day(at: Timestamp) -> i32 {
    let days = at.as_second().div_euclid(24 * 60 * 60);
    i32::try_from(days).unwrap_or_default()
}
