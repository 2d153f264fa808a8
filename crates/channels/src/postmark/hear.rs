//! What Postmark posts to us. It signs nothing: user and password of HTTP Basic say who calls.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use journey::{failure::Failure, message::Channel};
use ring::{hmac, rand::SystemRandom};
use serde::Serialize;
use serde_json::Value as Json;

use super::PostmarkSettings;
use crate::{Fate, Heard, Hook, Problem, Report, Unheard, What, detail};

/// The longest value of a field of metadata, in characters.
const LONGEST: usize = 80;

/// The message's token, for Postmark to hand back: a value may be shorter than it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Metadata {
    report: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    report_more: String,
}

impl Metadata {
    pub(super) fn of(token: &str) -> Self {
        // Tokens are ASCII.
        let (report, more) = token.split_at_checked(LONGEST).unwrap_or((token, ""));
        Self {
            report: report.to_owned(),
            report_more: more.to_owned(),
        }
    }

    fn token(body: &Json) -> Option<String> {
        let metadata = body.get("Metadata")?;
        let text = |name: &str| metadata.get(name).and_then(Json::as_str);
        let token = format!("{}{}", text("report")?, text("report_more").unwrap_or(""));
        Some(token).filter(|token| !token.is_empty())
    }
}

/// Who may tell us something: user and password, compared in constant time.
pub(super) struct Caller {
    key: hmac::Key,
    expected: hmac::Tag,
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Caller {
    /// Nobody, where the settings name nobody.
    pub(super) fn new(settings: &PostmarkSettings) -> Result<Option<Self>, Problem> {
        let (user, password) = match (&settings.hook_user, &settings.hook_password) {
            (None, None) => return Ok(None),
            (Some(user), Some(password)) => (user, password.expose()),
            (Some(_), None) => return Err(("hook_password", "is missing".to_owned())),
            (None, Some(_)) => return Err(("hook_user", "is missing".to_owned())),
        };
        if user.is_empty() || user.contains(':') {
            let problem = "must be there, and has no colon in HTTP Basic".to_owned();
            return Err(("hook_user", problem));
        }
        if password.is_empty() {
            return Err(("hook_password", "is empty".to_owned()));
        }
        // A key of this process, under which both sides have the same length.
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new())
            .map_err(|_| ("hook_password", "finds no randomness here".to_owned()))?;
        let expected = hmac::sign(&key, format!("{user}:{password}").as_bytes());
        Ok(Some(Self { key, expected }))
    }

    fn is(&self, hook: &Hook<'_>) -> bool {
        let header = hook.header("authorization").unwrap_or_default();
        let Some((scheme, credentials)) = header.split_once(' ') else {
            return false;
        };
        let Ok(credentials) = STANDARD.decode(credentials.trim()) else {
            return false;
        };
        let same = hmac::verify(&self.key, &credentials, self.expected.as_ref()).is_ok();
        same && scheme.eq_ignore_ascii_case("basic")
    }
}

pub(super) fn hear(caller: &Caller, hook: &Hook<'_>) -> Result<Heard, Unheard> {
    if !caller.is(hook) {
        return Err(Unheard::NotSigned);
    }
    let body: Json = serde_json::from_slice(hook.body)
        .map_err(|error| Unheard::Unreadable(format!("the body is no JSON: {error}")))?;
    let told = Told(&body);
    let kind = told.needed("RecordType")?;
    let token = Metadata::token(&body);
    let (id, at, fate) = match kind {
        "Delivery" => (told.id("delivery", "")?, "DeliveredAt", Fate::Delivered),
        "Bounce" => match bounced(&told)? {
            Some(fate) => (told.number("bounce")?, "BouncedAt", fate),
            None => return Ok(Heard::default()),
        },
        "SpamComplaint" => (told.number("complaint")?, "BouncedAt", Fate::Complained),
        "Open" => (told.id("open", "ReceivedAt")?, "ReceivedAt", Fate::Opened),
        "Click" => {
            let url = told.needed("OriginalLink")?.to_owned();
            let id = told.id("click", "ReceivedAt")?;
            (id, "ReceivedAt", Fate::Clicked { url })
        }
        // Of bounces and complaints the other hooks tell, and what we did at Postmark is no news.
        "SubscriptionChange" if told.ends_by_the_recipient() => {
            let from = told.needed("Recipient")?.to_owned();
            let at = told.needed("ChangedAt")?;
            // It may be about a stream and no mail.
            let about = told.text("MessageID").unwrap_or(&from);
            let id = format!("{about}:unsubscribe:{at}");
            if token.is_none() {
                let channel = Channel::Email;
                let what = What::Left { channel, from };
                return Ok(vec![told.report(id, "ChangedAt", what)].into());
            }
            (id, "ChangedAt", Fate::Unsubscribed)
        }
        _ => return Ok(Heard::default()),
    };
    // Without one it is a mail of somebody else's, who has the same server.
    let Some(token) = token else {
        return Ok(Heard::default());
    };
    let what = What::Became { token, fate };
    Ok(vec![told.report(id, at, what)].into())
}

/// <https://postmarkapp.com/developer/api/bounce-api#bounce-types>
fn bounced(told: &Told<'_>) -> Result<Option<Fate>, Unheard> {
    let kind = told.needed("Type")?;
    let to = told.text("Email").unwrap_or_default();
    let words = format!("{kind}: {}", told.text("Details").unwrap_or_default());
    let detail = Failure::from(&*detail::clean(words.trim_end_matches(": "), to));
    let bounced = |permanent| Fate::Bounced {
        permanent,
        detail: detail.clone(),
    };
    Ok(Some(match kind {
        "HardBounce" | "BadEmailAddress" | "ManuallyDeactivated" => bounced(true),
        "SoftBounce"
        | "Transient"
        | "DnsError"
        | "AddressChange"
        | "ChallengeVerification"
        | "Unknown" => bounced(false),
        "SpamComplaint" => Fate::Complained,
        "Unsubscribe" => Fate::Unsubscribed,
        // Somebody is away, or subscribes: the mail arrived.
        "AutoResponder" | "Subscribe" | "OpenRelayTest" => return Ok(None),
        // Taken for spam or a virus, blocked, against a policy: the address is not at fault.
        _ => Fate::Failed { detail },
    }))
}

/// One piece of news.
struct Told<'a>(&'a Json);

impl<'a> Told<'a> {
    fn text(&self, name: &str) -> Option<&'a str> {
        self.0.get(name).and_then(Json::as_str)
    }

    fn needed(&self, name: &str) -> Result<&'a str, Unheard> {
        let missing = || Unheard::Unreadable(format!("`{name}` is missing, or no text"));
        self.text(name).ok_or_else(missing)
    }

    /// Of a mail, and of a moment where there may be several.
    fn id(&self, kind: &str, moment: &str) -> Result<String, Unheard> {
        let of = self.needed("MessageID")?;
        Ok(match moment {
            "" => format!("{of}:{kind}"),
            moment => format!("{of}:{kind}:{}", self.needed(moment)?),
        })
    }

    /// Postmark's number of a bounce or a complaint.
    fn number(&self, kind: &str) -> Result<String, Unheard> {
        let number = self.0.get("ID").and_then(Json::as_u64);
        let missing = || Unheard::Unreadable("`ID` is missing, or no number".to_owned());
        Ok(format!("{kind}:{}", number.ok_or_else(missing)?))
    }

    fn ends_by_the_recipient(&self) -> bool {
        let suppressed = self.0.get("SuppressSending").and_then(Json::as_bool);
        suppressed == Some(true)
            && self.text("SuppressionReason") == Some("ManualSuppression")
            && self.text("Origin") == Some("Recipient")
    }

    fn report(&self, id: String, at: &str, what: What) -> Report {
        let at = self.text(at).and_then(|at| at.parse::<Timestamp>().ok());
        Report { id, at, what }
    }
}
