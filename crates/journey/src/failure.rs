//! Why a message did not arrive, or a call was not answered: typed, so that support reads our own words in
//! their language, and quoted where the words are somebody else's.

use std::{fmt, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    explain::{Language, Tongue},
    message::Channel,
    render::RenderError,
};

mod words;

/// What went wrong. Names no address and no customer, and quotes no content.
///
/// Kept as JSON: `{"kind":"http","status":503,"words":"try later"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Failure {
    /// Processing was restricted before it was handed over.
    Restricted,
    /// The consent was taken back before it was handed over.
    ConsentTakenBack,
    /// The customer chose so before it was handed over: a pause, nothing personal.
    Chosen,
    /// The address is not used any more: `bounced`, `complained`, `role_address`.
    Suppressed {
        /// Why.
        why: Arc<str>,
    },
    /// Whose address it was has been erased, and nobody has consented with it since.
    Erased,
    /// The address is on the suppression list, and nobody has consented with it since.
    Listed,
    /// Messages go to a few addresses only here, for trying things out, and this is none of them.
    OnlyTo,
    /// It waited in the queue for longer than `expires`.
    Expired,
    /// The address is gone.
    AddressGone,
    /// The address is none that the channel could use.
    AddressUnusable {
        /// What is wrong with it, in a library's words.
        words: Arc<str>,
    },
    /// The template could not be filled in.
    Template(RenderError),
    /// Nobody is configured to carry the channel.
    NoProvider {
        /// Which channel.
        channel: Channel,
    },
    /// What was made from the template cannot be handed over as it is.
    Content {
        /// What is wrong with it, in a library's words.
        words: Arc<str>,
    },
    /// The link to unsubscribe is no URL: a matter of the settings.
    UnsubscribeLink,
    /// It was asked, and did not answer in time.
    Slow {
        /// Who.
        whom: Whom,
        /// How long it was waited for.
        seconds: u64,
    },
    /// No connection, or no answer on it.
    Unreachable {
        /// Who.
        whom: Whom,
        /// The network's words, if it had any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        words: Option<Arc<str>>,
    },
    /// The mail server does not let us in: a matter of the settings.
    LetsNobodyIn {
        /// The server's words.
        words: Arc<str>,
    },
    /// An HTTP status that is no success.
    Http {
        /// Who answered so.
        whom: Whom,
        /// The status.
        status: u16,
        /// The provider's words, if it had any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        words: Option<Arc<str>>,
    },
    /// What the mail server said.
    Smtp {
        /// Its code: 400 to 499 for now, 500 to 599 for good.
        code: u16,
        /// Its words.
        words: Arc<str>,
    },
    /// An endpoint's answer that cannot be used: what is wrong with it, in words.
    Answer {
        /// What is wrong with it.
        words: Arc<str>,
    },
    /// A secret that calls are signed with is not set, or cannot be used.
    Secret {
        /// The environment variable.
        name: Arc<str>,
        /// What is wrong with it; `None`: it is not set.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        words: Option<Arc<str>>,
    },
    /// What a call is to tell cannot be written as JSON.
    NoJson,
    /// Nobody waits for the answer any more.
    TooLate,
    /// The endpoint is not configured any more, or has no address.
    NoEndpoint {
        /// Its name.
        name: Arc<str>,
    },
    /// It leads into a private network, which the settings do not allow.
    OwnNetwork {
        /// The host.
        host: Arc<str>,
    },
    /// The settings name the hosts that may be called, and it is none of them.
    NotAllowed {
        /// The host.
        host: Arc<str>,
    },
    /// A source of content gave no answer.
    Source {
        /// Its name.
        name: Arc<str>,
        /// Why.
        why: Box<Failure>,
    },
    /// A parameter that a source cannot be asked with: empty, far too long, or one that leads elsewhere.
    Parameter {
        /// Its name.
        name: Arc<str>,
    },
    /// A pool of vouchers has none left.
    NoVouchers {
        /// Its name.
        pool: Arc<str>,
    },
    /// An answer that the database cannot keep.
    Unkept,
    /// A test says that it fails.
    Staged,
    /// The last of several tries failed.
    GaveUp {
        /// How many there were.
        tries: u16,
        /// Why the last failed.
        last: Box<Failure>,
    },
    /// Words of somebody else's, of whom no more is known.
    Words {
        /// As they came.
        words: Arc<str>,
    },
}

/// The longest that is kept, in bytes of JSON.
const MOST: usize = 2_000;
/// How much is kept of what is longer, in characters; one takes 6 bytes at most.
const MOST_CUT: usize = 300;

/// Who was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Whom {
    /// The provider of the channel.
    Provider,
    /// The mail server.
    MailServer,
    /// The endpoint of a call.
    Endpoint,
}

impl Failure {
    /// As it is kept in a column of text: at most 2,000 bytes of JSON, without NUL. What is longer is kept
    /// as the beginning of its English words.
    pub fn kept(&self) -> String {
        // There is no key in it that is no text.
        let json = serde_json::to_string(self).unwrap_or_default();
        if json.len() <= MOST {
            return json;
        }
        let cut: String = self.to_string().chars().take(MOST_CUT).collect();
        Self::from(&*format!("{cut}…")).kept()
    }

    /// From a column of text; what is none of ours are somebody's words.
    pub fn read(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_else(|_| Self::from(text))
    }

    /// Why the last try failed, if there were several.
    #[must_use]
    pub fn last(&self) -> &Self {
        match self {
            Self::GaveUp { last, .. } => last,
            other => other,
        }
    }
}

impl From<&str> for Failure {
    fn from(words: &str) -> Self {
        let words = Arc::from(words);
        Self::Words { words }
    }
}

/// In English.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.say(&Tongue::plain(Language::English)))
    }
}

#[cfg(test)]
mod tests {
    use super::{Failure, Whom};

    #[test]
    fn what_is_kept_is_read_as_it_was() {
        let failure = Failure::GaveUp {
            tries: 3,
            last: Box::new(Failure::Http {
                whom: Whom::Provider,
                status: 503,
                words: Some("later".into()),
            }),
        };
        assert_eq!(Failure::read(&failure.kept()), failure);
        assert_eq!(
            failure.last().kept(),
            r#"{"kind":"http","whom":"provider","status":503,"words":"later"}"#
        );
        for text in [
            "550 5.1.1 no such user",
            "{\"kind\":\"novel\"}",
            "\"listed\"",
            "",
        ] {
            assert_eq!(Failure::read(text), Failure::from(text));
        }
        for letter in ["é", "\0", "\u{10ffff}"] {
            let kept = Failure::from(&*letter.repeat(9_000)).kept();
            assert!(kept.len() <= 2_000 && !kept.contains('\0'), "{kept}");
            let read = Failure::read(&kept).to_string();
            assert!(read.contains(letter) && read.contains('…'), "{read}");
        }
    }
}
