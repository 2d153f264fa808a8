//! Why a message went or did not: a sentence to read aloud, the rule, the evidence, and what would
//! change it, in English and in French. Command line, API and console print these very texts.

mod caps;
mod ended;
mod entries;
mod evidence;
mod runs;
mod told;
mod tongue;
mod why;

use std::{collections::BTreeMap, str::FromStr, sync::Arc};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    customer::{ConsentState, Suppression},
    failure::Failure,
    ids::{InputId, MessageId},
    message::{Channel, Decision, Reason},
    policies::Policies,
    policy::Standing,
};

pub use caps::slowed;
pub(crate) use caps::{at_most, clause};
pub(crate) use ended::left_words;
pub use entries::{EntryCase, KeptOut, explain_entry};
pub(crate) use evidence::state_words;
pub use runs::{RunCase, explain_run};
pub use told::{Occasion, Told};
pub(crate) use tongue::say;
pub use tongue::{Language, Tongue};

/// How far a message has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "MessageStatus")]
pub enum Status {
    /// Decided to go; its turn has not come.
    Queued,
    /// Being handed over.
    Leased,
    /// The provider has it.
    Sent,
    /// It failed for good.
    Failed,
    /// A rule refused it.
    Suppressed,
    /// Its run left first.
    Recalled,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 6] = [
        Self::Queued,
        Self::Leased,
        Self::Sent,
        Self::Failed,
        Self::Suppressed,
        Self::Recalled,
    ];

    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Leased => "leased",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Suppressed => "suppressed",
            Self::Recalled => "recalled",
        }
    }
}

impl FromStr for Status {
    type Err = ();
    fn from_str(word: &str) -> Result<Self, ()> {
        let mut all = Self::ALL.into_iter();
        all.find(|status| status.as_str() == word).ok_or(())
    }
}

/// A message that used up a cap, or went with the same key before.
#[derive(Clone, Debug, PartialEq)]
pub struct Past {
    /// When it was decided.
    pub at: Timestamp,
    /// By which channel.
    pub channel: Arc<str>,
    /// By which journey.
    pub journey: Arc<str>,
    /// By which step.
    pub step: Arc<str>,
    /// How far it has come by now.
    pub status: Status,
}

/// What the customer had said of the purpose when it was looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Consented {
    /// Granted, granted and not confirmed, or withdrawn.
    pub state: ConsentState,
    /// Since when.
    pub at: Timestamp,
    /// In what way: `form`, `one_click`.
    pub how: Option<Arc<str>>,
    /// The event that said so.
    pub event: Option<Arc<str>>,
    /// The input that brought it.
    pub input: Option<InputId>,
}

/// Everything an explanation is made of.
#[derive(Clone, Debug)]
pub struct Case<'a> {
    /// How far it has come.
    pub status: Status,
    /// When it was decided.
    pub at: Timestamp,
    /// When it ended.
    pub done_at: Option<Timestamp>,
    /// By which channel; of a refused list, the first.
    pub channel: Channel,
    /// For which purpose.
    pub purpose: &'a str,
    /// By which journey.
    pub journey: &'a str,
    /// By which step.
    pub step: &'a str,
    /// Why it was not sent.
    pub reason: Option<Reason>,
    /// How often it was tried.
    pub attempt: i16,
    /// What went wrong with the last attempt.
    pub error: Option<&'a Failure>,
    /// When it is tried next, if it waits.
    pub due_at: Option<Timestamp>,
    /// What was decided; `None` if it is of another version.
    pub decision: Option<&'a Decision>,
    /// The messages that refusals name, as far as they are kept.
    pub past: BTreeMap<MessageId, Past>,
    /// Consent for the purpose by channel, as it was then.
    pub consents: BTreeMap<Channel, Consented>,
    /// Where it stands in the caps that count it now, if it is known.
    pub standings: Vec<Standing<'a>>,
    /// Addresses that are not used, as they are now.
    pub suppressed: &'a BTreeMap<Channel, Suppression>,
    /// The policies that hold now; what they do not name any more is not said.
    pub policies: &'a Policies,
    /// Why the run left, if it has.
    pub left: Option<&'a str>,
}

/// A line of evidence, and what it points to.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Evidence {
    /// The line.
    pub text: String,
    /// The message that it is about, if that is still kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageId>,
    /// The input that it is about, if that is still kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<InputId>,
}

impl From<String> for Evidence {
    fn from(text: String) -> Self {
        let (message, input) = (None, None);
        Self {
            text,
            message,
            input,
        }
    }
}

/// Why.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Explanation {
    /// In which language.
    pub language: Language,
    /// To read aloud.
    pub sentence: String,
    /// The name of the cap, of the quiet hours or of the purpose that decided it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<Arc<str>>,
    /// What shows that it is so.
    pub evidence: Vec<Evidence>,
    /// What would change it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl Explanation {
    /// As lines of text: the sentence, the evidence below it, and what would change it.
    pub fn text(&self) -> String {
        let mut lines = vec![self.sentence.clone()];
        lines.extend(self.evidence.iter().map(|e| format!("  - {}", e.text)));
        lines.extend(self.next.clone());
        lines.join("\n")
    }
}

/// Explains a decision. What dispatch had taken up was not refused by any of its refusals: those were
/// passed over.
pub fn explain(case: &Case<'_>, tongue: &Tongue) -> Explanation {
    let refusal = case
        .reason
        .filter(|_| case.attempt == 0)
        .and_then(|reason| case.refusals().iter().find(|r| r.reason == reason));
    let rule = refusal.map(|r| r.rule.clone());
    let rule = rule.or_else(|| {
        let asks = case.reason == Some(Reason::NoConsent);
        asks.then(|| Arc::from(case.purpose))
    });
    Explanation {
        language: tongue.language,
        sentence: why::sentence(case, refusal, tongue),
        rule,
        evidence: evidence::of(case, refusal, tongue),
        next: why::next(case, refusal, tongue),
    }
}
