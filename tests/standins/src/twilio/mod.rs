//! Twilio's Programmable Messaging: texts.
//!
//! - Requests and answers: <https://www.twilio.com/docs/messaging/api/message-resource>, and the
//!   OpenAPI description in <https://github.com/twilio/twilio-oai>
//! - Errors: <https://www.twilio.com/docs/api/errors>, <https://www.twilio.com/docs/usage/twilios-response>
//! - Status callbacks: <https://www.twilio.com/docs/messaging/guides/track-outbound-message-status>
//! - Inbound messages: <https://www.twilio.com/docs/messaging/guides/webhook-request>
//! - Signatures: <https://www.twilio.com/docs/usage/webhooks/webhooks-security>
//!
//! No key makes a request idempotent: one that is made twice is two messages.

mod hooks;
#[cfg(test)]
mod tests;

use serde_json::json;

pub use self::hooks::{Inbound, Status, sign};
use crate::{
    Invalid, Provider, Read, Refusal, Reply, Request,
    check::nobody_knows,
    wire::{hex, is_e164, is_web_url, random},
};

/// The parameters that a message is created with, and the values of those that are words.
const PARAMETERS: [(&str, &[&str]); 23] = [
    ("To", &[]),
    ("From", &[]),
    ("MessagingServiceSid", &[]),
    ("Body", &[]),
    ("StatusCallback", &[]),
    ("ApplicationSid", &[]),
    ("MaxPrice", &[]),
    ("ProvideFeedback", &["true", "false"]),
    ("Attempt", &[]),
    ("ValidityPeriod", &[]),
    ("ForceDelivery", &["true", "false"]),
    ("ContentRetention", &["retain", "discard"]),
    ("AddressRetention", &["retain", "obfuscate"]),
    ("SmartEncoded", &["true", "false"]),
    ("PersistentAction", &[]),
    ("ShortenUrls", &["true", "false"]),
    ("ScheduleType", &["fixed"]),
    ("SendAt", &[]),
    ("SendAsMms", &["true", "false"]),
    ("ContentVariables", &[]),
    ("RiskCheck", &["enable", "disable"]),
    ("MediaUrl", &[]),
    ("ContentSid", &[]),
];
/// The longest body, in characters.
const LONGEST: usize = 1600;

/// An account at Twilio.
#[derive(Clone, Debug)]
pub struct Twilio {
    /// The account, and the user of HTTP Basic.
    pub account_sid: String,
    /// The password, and the key of signatures.
    pub auth_token: String,
}

impl Default for Twilio {
    fn default() -> Self {
        Self {
            account_sid: "AC0123456789abcdef0123456789abcdef".to_owned(),
            auth_token: "f0e1d2c3b4a5968778695a4b3c2d1e0f".to_owned(),
        }
    }
}

/// A text that was taken.
#[derive(Clone, Debug)]
pub struct Text {
    /// The message's SID.
    pub sid: String,
    /// For whom.
    pub to: String,
    /// The sender's number or name.
    pub from: Option<String>,
    /// The service that picks the sender.
    pub messaging_service_sid: Option<String>,
    /// The text.
    pub body: String,
    /// Where its statuses are wanted.
    pub status_callback: Option<String>,
    /// All fields of the form.
    pub form: Vec<(String, String)>,
    /// The request.
    pub request: Request,
}

impl Provider for Twilio {
    type Message = Text;

    fn read(&self, request: &Request) -> Result<Read<Text>, Invalid> {
        self.expect_place(request)?;
        let form = request.form();
        let field = |name: &str| {
            let mut fields = form.iter().filter(|(n, v)| n == name && !v.is_empty());
            fields.next().map(|(_, value)| value.clone())
        };
        let to = field("To").ok_or_else(|| bad(21604, "A 'To' phone number is required."))?;
        let channel = to.split_once(':').map_or("", |(channel, _)| channel);
        if !is_address(&to) {
            let message = format!("The 'To' number {to} is not a valid phone number.");
            return Err(bad(21211, &message));
        }
        let (from, service) = (field("From"), field("MessagingServiceSid"));
        match (&from, &service) {
            (None, None) => return Err(bad(21603, "A 'From' phone number is required.")),
            (_, Some(sid)) if !is_sid(sid, "MG") => {
                return Err(bad(21701, "The Messaging Service does not exist"));
            }
            (Some(from), _) if !is_sender(from, channel) => {
                let message = format!(
                    "The 'From' number {from} is not a valid phone number, shortcode, or \
                     alphanumeric sender ID."
                );
                return Err(bad(21212, &message));
            }
            _ => {}
        }
        let body = field("Body").unwrap_or_default();
        if body.is_empty() && field("MediaUrl").is_none() && field("ContentSid").is_none() {
            return Err(bad(21602, "Message body is required."));
        }
        if body.chars().count() > LONGEST {
            let message = "The concatenated message body exceeds the 1600 character limit.";
            return Err(bad(21617, message));
        }
        let status_callback = field("StatusCallback");
        if let Some(url) = status_callback.as_ref().filter(|url| !is_web_url(url)) {
            let message = format!("The 'StatusCallback' URL {url} is not a valid URL.");
            return Err(bad(21609, &message));
        }
        expect_values(&form)?;
        let known = |name: &str| PARAMETERS.iter().any(|(known, _)| *known == name);
        let names = form.iter().map(|(name, _)| name.clone());
        let remarks = nobody_knows(names.filter(|name| !known(name)));
        let message = Text {
            sid: format!("SM{}", hex(&random::<16>())),
            to,
            from,
            messaging_service_sid: service,
            body,
            status_callback,
            form,
            request: request.clone(),
        };
        Ok(Read::Message { message, remarks })
    }

    fn to(message: &Text) -> &str {
        &message.to
    }

    fn accept(&self, message: &Text) -> Reply {
        let now = jiff::Timestamp::now();
        let date = now.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string();
        let uri = format!("{}/{}", self.messages(), message.sid);
        let by_service = message.messaging_service_sid.is_some();
        let body = json!({
            "account_sid": self.account_sid,
            "api_version": "2010-04-01",
            "body": message.body,
            "date_created": date,
            "date_sent": null,
            "date_updated": date,
            "direction": "outbound-api",
            "error_code": null,
            "error_message": null,
            "from": message.from,
            "messaging_service_sid": message.messaging_service_sid,
            "num_media": "0",
            "num_segments": if by_service { "0" } else { "1" },
            "price": null,
            "price_unit": "USD",
            "sid": message.sid,
            "status": if by_service { "accepted" } else { "queued" },
            "subresource_uris": {"media": format!("{uri}/Media.json")},
            "to": message.to,
            "uri": format!("{uri}.json"),
        });
        Reply::json(201, &body)
    }

    fn refuse(&self, refusal: Refusal, message: &Text) -> Reply {
        match refusal {
            Refusal::ForGood => {
                let to = &message.to;
                let words = format!("The 'To' number {to} is not a valid phone number.");
                error(400, 21211, &words)
            }
            Refusal::ForNow => error(503, 20503, "Service is temporarily unavailable"),
            Refusal::Throttle(seconds) => {
                error(429, 20429, "Too Many Requests").retry_after(seconds)
            }
            Refusal::Deny => error(401, 20003, "Authenticate"),
            Refusal::NoCredit => {
                let words = format!("Account {} is not active", self.account_sid);
                error(403, 20005, &words)
            }
            Refusal::GoneAddress => error(400, 21610, "Attempt to send to unsubscribed recipient"),
        }
    }
}

impl Twilio {
    /// The path of the account's messages, without its ending.
    fn messages(&self) -> String {
        format!("/2010-04-01/Accounts/{}/Messages", self.account_sid)
    }

    /// The right credentials, resource and method.
    fn expect_place(&self, request: &Request) -> Result<(), Invalid> {
        let credentials = (self.account_sid.clone(), self.auth_token.clone());
        if request.basic() != Some(credentials) {
            let why = "HTTP Basic has not the account's SID and token".to_owned();
            let reply = error(401, 20003, "Authenticate")
                .header("www-authenticate", "Basic realm=\"Twilio API\"");
            return Err(Invalid { why, reply });
        }
        if request.path != format!("{}.json", self.messages()) {
            let words = format!("The requested resource {} was not found", request.path);
            let reply = error(404, 20404, &words);
            return Err(Invalid { why: words, reply });
        }
        if request.method != "POST" {
            let why = "the method must be POST".to_owned();
            let reply = error(405, 20004, "Method not allowed");
            return Err(Invalid { why, reply });
        }
        if request.content_type() != "application/x-www-form-urlencoded" {
            let why = format!("the body is said to be {:?}", request.content_type());
            let reply = error(415, 20415, "Unsupported Media Type");
            return Err(Invalid { why, reply });
        }
        Ok(())
    }
}

/// Parameters that are words have one of theirs, numbers are in their bounds.
fn expect_values(form: &[(String, String)]) -> Result<(), Invalid> {
    for (name, value) in form {
        let words = PARAMETERS.iter().find(|(known, _)| known == name);
        let words = words.map_or(&[][..], |(_, words)| *words);
        let wrong = match &**name {
            "ValidityPeriod" => !value.parse().is_ok_and(|n: u32| (1..=36_000).contains(&n)),
            "Attempt" => value.parse::<u32>().is_err(),
            "MaxPrice" => value.parse::<f64>().is_err(),
            "MediaUrl" => !is_web_url(value),
            "SendAt" => value.parse::<jiff::Timestamp>().is_err(),
            _ => !words.is_empty() && !words.contains(&&**value),
        };
        if wrong {
            return Err(bad(20001, &format!("{name} has an invalid value: {value}")));
        }
    }
    Ok(())
}

/// A number, alone or with its channel: `+33612345678`, `whatsapp:+33612345678`.
fn is_address(text: &str) -> bool {
    match text.split_once(':') {
        Some((channel, _)) if channel != "whatsapp" && channel != "messenger" => false,
        Some(("messenger", id)) => !id.is_empty(),
        Some((_, number)) => is_e164(number),
        None => is_e164(text),
    }
}

/// A number, a short code, or up to eleven letters, digits and spaces with a letter among them.
fn is_sender(text: &str, channel: &str) -> bool {
    if !channel.is_empty() {
        return text.starts_with(&format!("{channel}:"));
    }
    let short_code = (3..=8).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    let name = text.len() <= 11
        && text.bytes().any(|b| b.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b" _-+&".contains(&b));
    is_e164(text) || short_code || name
}

/// Two letters and 32 hexadecimal digits.
fn is_sid(text: &str, prefix: &str) -> bool {
    let digits = text.strip_prefix(prefix);
    digits.is_some_and(|d| d.len() == 32 && d.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn bad(code: u32, message: &str) -> Invalid {
    Invalid {
        why: message.to_owned(),
        reply: error(400, code, message),
    }
}

fn error(status: u16, code: u32, message: &str) -> Reply {
    let body = json!({
        "code": code,
        "message": message,
        "more_info": format!("https://www.twilio.com/docs/errors/{code}"),
        "status": status,
    });
    Reply::json(status, &body)
}
