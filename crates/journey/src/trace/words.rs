//! The facts of a trace, each in one English sentence.

use std::fmt::Write as _;

use super::{Fact, NotEntered};
use crate::message::{Reason, Refusal};

impl NotEntered {
    /// The reason in words.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Condition => "its `if` does not hold",
            Self::NullKey => "its `key` has no value",
            Self::Inside => "a run with this key is already inside",
            Self::Again => "`again` does not allow another entry yet",
            Self::Stale => "the event is older than `fresh` allows",
            Self::ExitHolds => "an exit condition already holds",
            Self::TooManyRuns => "the customer has too many open runs",
            Self::TooManyKeys => "the customer has entered it with too many different keys",
            Self::KeyTooLong => "its `key` is longer than 256 bytes",
            Self::NotInSegment => "the customer does not belong to the segment",
            Self::NotStartable => "no published journey of that name has an entry by `api`",
            Self::Paused => "the journey is paused",
        }
    }
}

impl Refusal {
    /// The refusal as a half sentence, with its rule and evidence.
    pub fn sentence(&self) -> String {
        let channel = self.channel;
        let rule = &self.rule;
        let mut text = match self.reason {
            Reason::Restricted => "the customer's processing is restricted".into(),
            Reason::NoConsent => format!("no consent for {rule} on {channel}"),
            Reason::Unreachable => format!("no address for {channel}"),
            Reason::SuppressionList => format!("the {channel} address is suppressed ({rule})"),
            Reason::Capped if **rule == *crate::policy::OWN_LIMIT => {
                "the customer's own limit is used up".to_owned()
            }
            Reason::Capped => format!("the cap {rule} is used up on {channel}"),
            Reason::Quiet => format!("quiet hours {rule} on {channel}"),
            Reason::CustomerPaused => "the customer has paused all messages".to_owned(),
            Reason::NotPersonalised => "the customer wants nothing personalised".to_owned(),
            Reason::ControlGroup => "the customer is in the control group".to_owned(),
            other => format!("{channel}: {other}"),
        };
        if !self.used_by.is_empty() {
            let n = self.used_by.len();
            let _ = write!(text, " by {n} message{}", if n == 1 { "" } else { "s" });
        }
        if let Some(until) = self.until {
            let _ = write!(text, ", until {until}");
        }
        if let Some(zone) = &self.zone {
            let _ = write!(text, " (hours of {zone})");
        }
        text
    }
}

fn joined(refusals: &[Refusal]) -> String {
    refusals
        .iter()
        .map(Refusal::sentence)
        .collect::<Vec<_>>()
        .join("; ")
}

impl Fact {
    /// The fact in one English sentence.
    pub fn sentence(&self) -> String {
        match self {
            Self::Entered { key } if key.is_empty() => "entered".into(),
            Self::Entered { key } => format!("entered with key {key}"),
            Self::NotEntered { why } => format!("did not enter: {}", why.sentence()),
            Self::Refreshed => "took the new event as its own".into(),
            Self::Waits { until, event, zone } => {
                let mut text = String::from("waits");
                if let Some(event) = event {
                    let _ = write!(text, " for {event}");
                }
                if let Some(until) = until {
                    let _ = write!(text, " until {until}");
                }
                if let Some(zone) = zone {
                    let _ = write!(text, " (hours of {zone})");
                }
                text
            }
            Self::Woke { matched: true } => "what it waited for came".into(),
            Self::Woke { matched: false } => "the wait is over".into(),
            Self::Chose { arm: Some(n) } => format!("condition {} holds", n + 1),
            Self::Chose { arm: None } => "no condition holds: else".into(),
            Self::Split { arm } => format!("arm {arm}"),
            Self::Set { name, value } => format!("set {name} to {value}"),
            Self::Sends {
                channel, refusals, ..
            } if refusals.is_empty() => {
                format!("decided to send by {channel}")
            }
            Self::Sends {
                channel, refusals, ..
            } => {
                format!(
                    "decided to send by {channel} (passed over: {})",
                    joined(refusals)
                )
            }
            Self::Suppressed {
                reason, refusals, ..
            } if refusals.is_empty() => {
                format!("not sent: {reason}")
            }
            Self::Suppressed { refusals, .. } => format!("not sent: {}", joined(refusals)),
            Self::Held { until, refusals } if refusals.iter().all(|r| r.until == Some(*until)) => {
                format!("held: {}", joined(refusals))
            }
            Self::Held { until, refusals } => {
                format!("held: {}; looked at again at {until}", joined(refusals))
            }
            Self::Recalled { .. } => "the queued message was taken back".into(),
            Self::Failed { reason, detail, .. } if detail.is_empty() => {
                format!("the message did not go: {reason}")
            }
            Self::Failed { reason, detail, .. } => {
                format!("the message did not go: {reason} ({detail})")
            }
            Self::Noted { what, .. } if &**what == "replied" => "the message was answered".into(),
            Self::Noted { what, .. } => format!("the message was {what}"),
            Self::Queued => "waits until the question before it is answered".into(),
            Self::Answered { answer } => format!("answered: {answer}"),
            Self::NotUnderstood { repeated: true } => {
                "the answer was not understood: the question is repeated".into()
            }
            Self::NotUnderstood { repeated: false } => "the answer was not understood".into(),
            Self::Stopped { channel } => {
                format!("asked for an end to all messages by {channel}")
            }
            Self::Calls {
                endpoint, until, ..
            } => match until {
                Some(until) => format!("calls {endpoint}, waits until {until}"),
                None => format!("calls {endpoint}"),
            },
            Self::CallAnswered { .. } => "the call was answered".into(),
            Self::CallFailed { why, .. } => format!("the call failed: {why}"),
            Self::HandedOver { .. } => "a person has taken over".into(),
            Self::HandedBack { .. } => "the person has handed back".into(),
            Self::Round { number } => format!("round {number}"),
            Self::RoundsOver { until: true } => "no more rounds: `until` holds".into(),
            Self::RoundsOver { until: false } => "all rounds are done".into(),
            Self::Emits { event } => format!("emits {event}"),
            Self::Starts { journey } => format!("starts {journey}"),
            Self::Stops { journey } => format!("stops {journey}"),
            Self::Expects { at: Some(at) } => format!("will enter at {at}"),
            Self::Expects { at: None } => "will not enter by date any more".into(),
            Self::Goal => "reached the goal".into(),
            Self::Moved { version, forgotten } if forgotten.is_empty() => {
                format!("moved to version {version}")
            }
            Self::Moved { version, forgotten } => format!(
                "moved to version {version}; forgot what has another type there: run.{}",
                forgotten.join(", run.")
            ),
            Self::Kept { version } => format!(
                "finishes on its version: version {version} does not have the step at which it stands"
            ),
            Self::Paused { since } => format!("paused since {since}: it stays where it is"),
            Self::Resumed { paused } => format!("goes on; it was paused since {paused}"),
            Self::Left { reason } => format!("left: {reason}"),
            Self::Profile { traits } => format!("traits changed: {}", traits.join(", ")),
            Self::Consent {
                purpose,
                channels,
                state,
            } => format!(
                "consent for {purpose} on {} is now {state}",
                channels
                    .iter()
                    .map(|c| c.as_str())
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
            Self::Preferences => "changed what they want to get, and how often".to_owned(),
            Self::Restricted { is: true } => {
                "their processing is restricted: what is known is kept, and nothing is sent".into()
            }
            Self::Restricted { is: false } => "their processing is not restricted any more".into(),
            Self::AddressSuppressed { channel, reason } => {
                format!("the {channel} address {reason}: it is not used any more")
            }
            Self::Ignored { why } => format!("no effect: {why}"),
        }
    }
}
