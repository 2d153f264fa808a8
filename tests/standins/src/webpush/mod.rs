//! A push service of the Web, and the browser behind it.
//!
//! - Requests and answers: RFC 8030, <https://www.rfc-editor.org/rfc/rfc8030>
//! - VAPID: RFC 8292, <https://www.rfc-editor.org/rfc/rfc8292>
//! - Encryption: RFC 8291 and RFC 8188, <https://www.rfc-editor.org/rfc/rfc8291>
//! - Error bodies, which the RFCs leave open, are Mozilla's:
//!   <https://mozilla-services.github.io/autopush-rs/errors.html>; so is the longest `TTL`
//!
//! A service cannot read what it carries, so that what the browser could not decrypt is taken all
//! the same; it is noted.

mod browser;
#[cfg(test)]
mod tests;

use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::json;

pub use self::browser::{Browser, Subscription, decrypt};
use crate::{
    Invalid, Provider, Read, Refusal, Reply, Request,
    jwt::Jwt,
    wire::{base64url, from_base64url, random},
};

/// The most that a message may have, in bytes.
const MOST: usize = 4096;
/// The longest that a message may be kept, in seconds: Mozilla's thirty days.
const LONGEST_KEPT: u64 = 2_592_000;
/// The longest that a VAPID token may be good for, in seconds.
const LONGEST: i64 = 24 * 60 * 60;

/// A push service with one browser.
#[derive(Debug, Default)]
pub struct WebPush {
    /// Who subscribed.
    pub browser: Browser,
    /// The public key that subscriptions are tied to, in base64url; without it, any key is right.
    pub application_server_key: Option<String>,
}

/// A message that was taken.
#[derive(Clone, Debug)]
pub struct Push {
    /// The message's name, at the end of its `Location`.
    pub id: String,
    /// The last part of the subscription's path.
    pub to: String,
    /// `TTL`, in seconds.
    pub ttl: u64,
    /// `Urgency`.
    pub urgency: Option<String>,
    /// `Topic`.
    pub topic: Option<String>,
    /// Whom the operator of the service would write to.
    pub subject: String,
    /// What the browser reads, if it can.
    pub plaintext: Option<Vec<u8>>,
    /// The request.
    pub request: Request,
}

impl Provider for WebPush {
    type Message = Push;

    fn read(&self, request: &Request) -> Result<Read<Push>, Invalid> {
        let (message, remarks) = self.push(request)?;
        Ok(Read::Message { message, remarks })
    }

    fn to(message: &Push) -> &str {
        &message.to
    }

    fn accept(&self, message: &Push) -> Reply {
        let origin = &message.request.origin;
        Reply::empty(201)
            .header("location", format!("{origin}/message/{}", message.id))
            .header("ttl", message.ttl.to_string())
    }

    fn refuse(&self, refusal: Refusal, _: &Push) -> Reply {
        match refusal {
            Refusal::ForGood => error(400, 110, "Invalid crypto keys specified"),
            Refusal::ForNow => error(503, 202, "Service is temporarily unavailable"),
            Refusal::Throttle(seconds) => {
                error(429, 201, "Too many messages for this subscription").retry_after(seconds)
            }
            Refusal::Deny | Refusal::NoCredit => error(401, 109, "Invalid VAPID authentication"),
            Refusal::GoneAddress => error(410, 106, "Subscription no longer valid"),
        }
    }
}

impl WebPush {
    /// The subscription of that name, for the stand-in at `url`.
    pub fn subscription(&self, url: &str, name: &str) -> Subscription {
        Subscription {
            endpoint: format!("{url}/push/{name}"),
            p256dh: base64url(&self.browser.public_key()),
            auth: base64url(&self.browser.auth(name)),
        }
    }

    /// The message, and remarks on it.
    fn push(&self, request: &Request) -> Result<(Push, Vec<String>), Invalid> {
        let name = request.path.strip_prefix("/push/").unwrap_or_default();
        if name.is_empty() || name.contains('/') {
            return Err(bad(404, 102, "Invalid endpoint"));
        }
        if request.method != "POST" {
            return Err(bad(405, 999, "The method must be POST"));
        }
        let subject = self.vapid(request)?;
        let digits = |text: &&str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let ttl = match request.header("ttl") {
            None => return Err(bad(400, 111, "Missing TTL header")),
            Some(text) => Some(text).filter(digits).and_then(|text| text.parse().ok()),
        };
        let ttl = ttl
            .filter(|ttl| *ttl <= LONGEST_KEPT)
            .ok_or_else(|| bad(400, 112, "Invalid TTL header"))?;
        let topic = request.header("topic");
        if topic.is_some_and(|topic| !is_topic(topic)) {
            return Err(bad(400, 113, "Invalid Topic header"));
        }
        let urgency = request.header("urgency");
        let urgencies = ["very-low", "low", "normal", "high"];
        if urgency.is_some_and(|urgency| !urgencies.contains(&urgency)) {
            return Err(bad(400, 111, "Invalid Urgency header"));
        }
        if request.body.len() > MOST {
            return Err(bad(413, 104, "Data payload too large"));
        }
        let mut push = Push {
            id: base64url(&random::<24>()),
            to: name.to_owned(),
            ttl,
            urgency: urgency.map(str::to_owned),
            topic: topic.map(str::to_owned),
            subject,
            plaintext: None,
            request: request.clone(),
        };
        // A message without content only wakes the browser up.
        if request.body.is_empty() {
            return Ok((push, Vec::new()));
        }
        if request.header("content-encoding") != Some("aes128gcm") {
            return Err(bad(400, 110, "The Content-Encoding must be aes128gcm"));
        }
        match self.browser.read(name, &request.body) {
            Ok(plaintext) => {
                push.plaintext = Some(plaintext);
                Ok((push, Vec::new()))
            }
            Err(why) => Ok((push, vec![format!("the browser cannot read it: {why}")])),
        }
    }

    /// Who sends it, where the token is signed with the key beside it.
    fn vapid(&self, request: &Request) -> Result<String, Invalid> {
        let Some(parameters) = request.authorization("vapid") else {
            return Err(bad(401, 109, "There is no VAPID authentication"));
        };
        let parameter = |name: &str| {
            let mut parts = parameters.split(',').map(str::trim);
            parts.find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
        };
        let wrong = |why: &str| Err(bad(401, 109, why));
        let (Some(token), Some(key)) = (parameter("t"), parameter("k")) else {
            return wrong("VAPID needs t and k");
        };
        let Some(jwt) = Jwt::parse(token).filter(|jwt| jwt.header["alg"] == "ES256") else {
            return wrong("t must be a JWT of ES256");
        };
        let Some(point) = from_base64url(key).filter(|k| k.len() == 65 && k[0] == 4) else {
            return wrong("k must be an uncompressed point of P-256");
        };
        let point = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
        if point.verify(&jwt.signed, &jwt.signature).is_err() {
            return wrong("t is not signed with k");
        }
        if self
            .application_server_key
            .as_deref()
            .is_some_and(|known| known != key)
        {
            return Err(bad(403, 109, "The subscription is tied to another key"));
        }
        if jwt.text("aud") != Some(&request.origin) {
            return wrong("aud must be the service's origin");
        }
        match jwt.age("exp") {
            Some(age) if age >= 0 => return wrong("the token expired"),
            Some(age) if age >= -LONGEST => {}
            _ => return wrong("exp must be within 24 hours"),
        }
        match jwt.text("sub") {
            Some(sub) if sub.starts_with("mailto:") || sub.starts_with("https:") => {
                Ok(sub.to_owned())
            }
            _ => wrong("sub must be mailto: or https:"),
        }
    }
}

/// Up to 32 characters of base64url.
fn is_topic(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

fn bad(status: u16, errno: u32, why: &str) -> Invalid {
    Invalid {
        why: why.to_owned(),
        reply: error(status, errno, why),
    }
}

/// An answer in Mozilla's form.
pub fn error(status: u16, errno: u32, message: &str) -> Reply {
    let words = match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        410 => "Gone",
        413 => "Payload Too Large",
        429 => "Too Many Requests",
        _ => "Service Unavailable",
    };
    let body = json!({
        "code": status,
        "errno": errno,
        "error": words,
        "message": message,
        "more_info": "http://autopush.readthedocs.io/en/latest/http.html#error-codes",
    });
    Reply::json(status, &body)
}
