//! What a customer said of a consent, kept word for word: the proof that GDPR art. 7(1) asks for.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{customer::ConsentState, ids::InputId, input::Event, message::Channel, value::Value};

/// The longest text that was shown, in bytes.
pub const MAX_TEXT: usize = 4_000;
/// The longest of the short words: how, and which version.
pub const MAX_WORD: usize = 200;
/// The largest proof, in bytes of JSON.
pub const MAX_PROOF: usize = 8_000;

/// One statement on one purpose and channel. Never changed: a later one stands beside it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConsentRecord {
    /// The input that brought it.
    pub input: InputId,
    /// When.
    pub at: Timestamp,
    /// For which purpose.
    pub purpose: Arc<str>,
    /// On which channel.
    pub channel: Channel,
    /// Granted, granted and not confirmed, or withdrawn.
    pub state: ConsentState,
    /// The circumstances.
    #[serde(flatten)]
    pub said: Said,
}

/// The circumstances of a statement, as the event told them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Said {
    /// In what way: `form`, `import`, `keyword`, `one_click`, `preferences`, `support`, or a word
    /// of the producer's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub how: Option<Arc<str>>,
    /// The text that the customer saw or wrote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Arc<str>>,
    /// Which version of that text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Arc<str>>,
    /// What shows that it was so: a form's id, a signature, the page. Whatever the producer keeps.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub proof: Value,
}

/// PostgreSQL's text holds no NUL.
fn keeps(text: &str, longest: usize) -> bool {
    text.len() <= longest && !text.contains('\0')
}

impl Said {
    /// Said by a reply of these words.
    pub(crate) fn by_reply(how: &str, text: &str) -> Self {
        Self {
            how: Some(Arc::from(how)),
            text: keeps(text, MAX_TEXT).then(|| Arc::from(text)),
            ..Self::default()
        }
    }

    /// What the event says of them, and what had to be left out, in a sentence.
    pub(crate) fn of(event: &Event) -> (Self, Option<String>) {
        let mut wrong = Vec::new();
        let mut text = |name: &str, longest: usize| {
            let value = event.properties.field(name);
            match value.as_text() {
                Some(text) if keeps(text, longest) => Some(Arc::from(text)),
                None if value.is_null() => None,
                _ => {
                    wrong.push(format!("`{name}` is no text of at most {longest} bytes"));
                    None
                }
            }
        };
        let (how, version) = (text("how", MAX_WORD), text("version", MAX_WORD));
        let text = text("text", MAX_TEXT);
        let mut proof = event.properties.field("proof");
        let size = serde_json::to_vec(&proof).map_or(usize::MAX, |json| json.len());
        if size > MAX_PROOF {
            wrong.push(format!("`proof` has more than {MAX_PROOF} bytes"));
            proof = Value::Null;
        }
        let said = Self {
            how,
            text,
            version,
            proof,
        };
        let left_out = (!wrong.is_empty()).then(|| {
            format!(
                "the consent counts, and its record lacks what cannot be kept: {}",
                wrong.join("; ")
            )
        });
        (said, left_out)
    }
}
