//! Web Push: RFC 8030, <https://www.rfc-editor.org/rfc/rfc8030>, with VAPID (RFC 8292) and encryption
//! for the browser (RFC 8291).
//!
//! The address is a browser's subscription as JSON, as `PushSubscription.toJSON()` gives it:
//! `{"endpoint": …, "keys": {"p256dh": …, "auth": …}}`. What the service worker is told is JSON as well:
//! `{id, title, body}`, with `url`, `image`, `tag`, `actions` (`{action, title, url}`) and `data` where
//! there are any. No key makes a request idempotent, but for a `Topic` while the browser is away. Push
//! services call nobody back.

mod browsers;
mod guard;
mod seal;
mod settings;
#[cfg(test)]
mod tests;
mod vapid;

use std::time::Duration;

use base64::{
    Engine as _,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use journey::{content::Push, failure::Failure};
use p256::PublicKey;
use reqwest::{
    Url,
    header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE},
};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

pub use self::browsers::{Browsers, LONGEST_SUBSCRIPTION};
pub use self::settings::{Urgency, WebPushSettings};
use self::vapid::Vapid;
use crate::{
    About, Outcome, Outgoing, Problem,
    guard::Reach,
    http::{Answer, Http, provider_id},
    push,
};

/// The adapter.
#[derive(Debug)]
pub(crate) struct WebPush {
    name: String,
    vapid: Vapid,
    urgency: Urgency,
    private_endpoints: bool,
    http: Http,
}

/// A subscription, as a browser gives it.
#[derive(Deserialize)]
struct Subscription {
    endpoint: String,
    keys: Keys,
}

#[derive(Deserialize)]
struct Keys {
    p256dh: String,
    auth: String,
}

/// The parts of a subscription.
struct Parts {
    endpoint: Url,
    key: PublicKey,
    auth: Vec<u8>,
}

impl WebPush {
    pub(crate) fn new(settings: &WebPushSettings) -> Result<Self, Problem> {
        let (seconds, ca_file) = (settings.timeout_seconds, settings.ca_file.as_deref());
        let http = Http::tuned(seconds, ca_file, |builder, tls| {
            let builder = builder.tls_backend_preconfigured(tls);
            match settings.private_endpoints {
                true => builder,
                false => builder.dns_resolver(Reach::default()),
            }
        })?;
        Ok(Self {
            name: settings.name.clone(),
            vapid: Vapid::new(&settings.private_key, &settings.subject)?,
            urgency: settings.urgency,
            private_endpoints: settings.private_endpoints,
            http,
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) async fn send(&self, message: &Outgoing<'_>, within: Duration) -> Outcome {
        match Box::pin(self.attempt(message, within)).await {
            Ok(outcome) | Err(outcome) => outcome,
        }
    }

    async fn attempt(&self, message: &Outgoing<'_>, within: Duration) -> Result<Outcome, Outcome> {
        let push = push::content(message)?;
        let parts = parts(message.to.as_bytes(), self.private_endpoints).map_err(unusable)?;
        let (endpoint, receiver, auth) = (parts.endpoint, parts.key, parts.auth);
        let plain = payload(message, push).to_string();
        if plain.len() > seal::MOST {
            return Err(push::too_large(plain.len(), seal::MOST));
        }
        let sealed = seal::seal(plain.as_bytes(), &receiver, &auth);
        let authorization = self.vapid.authorization(&endpoint);
        let (Some(sealed), Some(authorization)) = (sealed, authorization) else {
            let words = "there are no random numbers".into();
            return Err(Outcome::for_now(About::Trouble, Failure::Words { words }));
        };
        let client = self.http.client();
        let mut request = client
            .post(endpoint.clone())
            .header(AUTHORIZATION, authorization)
            .header(CONTENT_TYPE, "application/octet-stream")
            .header(CONTENT_ENCODING, "aes128gcm")
            .header("TTL", push::ttl(push))
            .header("Urgency", self.urgency.as_str());
        if let Some(collapse) = &push.collapse {
            request = request.header("Topic", collapse);
        }
        let request = request.body(sealed);
        let answer = self.http.ask(request, message.at, within).await;
        Ok(said(&answer.map_err(unanswered)?, endpoint.as_str()))
    }

    /// What browsers need to subscribe.
    pub(crate) fn browsers(&self) -> Browsers {
        Browsers::new(&self.vapid.public, self.private_endpoints)
    }
}

/// The parts of a subscription, or what is wrong with it.
fn parts(to: &[u8], private_endpoints: bool) -> Result<Parts, &'static str> {
    let subscription: Subscription =
        serde_json::from_slice(to).map_err(|_| "this is no subscription of a browser")?;
    let endpoint = Url::parse(&subscription.endpoint)
        .map_err(|_| "the endpoint of the subscription is no URL")?;
    if !private_endpoints && let Some(problem) = guard::problem(&endpoint) {
        return Err(problem);
    }
    let key = decode(&subscription.keys.p256dh).unwrap_or_default();
    let key = PublicKey::from_sec1_bytes(&key)
        .map_err(|_| "`p256dh` of the subscription is no public key")?;
    let auth = decode(&subscription.keys.auth).filter(|auth| auth.len() == 16);
    let auth = auth.ok_or("`auth` of the subscription has not 16 bytes")?;
    Ok(Parts {
        endpoint,
        key,
        auth,
    })
}

/// Base64url, with or without padding.
fn decode(text: &str) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &URL_SAFE,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    LENIENT.decode(text.trim()).ok()
}

fn unusable(words: &'static str) -> Outcome {
    let words = words.into();
    Outcome::for_good(Failure::AddressUnusable { words })
}

/// A name that leads into a private network is the subscription's fault, and no provider's. So is a host that
/// does not answer, which may be anybody's: others have other hosts, and may go.
fn unanswered(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::RefusedForNow {
            detail: Failure::Unreachable {
                words: Some(words), ..
            },
            ..
        } if *words == *guard::OWN_NETWORK => unusable(guard::OWN_NETWORK),
        Outcome::RefusedForNow {
            detail,
            retry_after,
            unclear,
            ..
        } => Outcome::RefusedForNow {
            detail,
            retry_after,
            about: About::Message,
            unclear,
        },
        outcome => outcome,
    }
}

/// What the service worker is told.
fn payload(message: &Outgoing<'_>, push: &Push) -> Json {
    let mut payload = Map::new();
    let mut put = |name: &str, value: Json| payload.insert(name.to_owned(), value);
    put("id", json!(message.id));
    put("title", json!(push.title));
    put("body", json!(push.body));
    let optional = [
        ("url", &push.url),
        ("image", &push.image),
        ("tag", &push.collapse),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            put(name, json!(value));
        }
    }
    if !push.actions.is_empty() {
        let actions = push.actions.iter().map(|action| {
            let mut button = json!({"action": action.name, "title": action.label});
            if let Some(url) = &action.url {
                button["url"] = json!(url);
            }
            button
        });
        put("actions", actions.collect());
    }
    if !push.data.is_empty() {
        put("data", json!(push.data));
    }
    Json::Object(payload)
}

/// What a push service's answer means (RFC 8030, sections 5 to 8); bodies are each service's own.
fn said(answer: &Answer, endpoint: &str) -> Outcome {
    if answer.status.is_success() {
        // 201 with the message's `Location`. Some services answer otherwise; the status says it.
        let name = answer.header("location").and_then(|l| l.rsplit('/').next());
        let provider_id = provider_id(name.map(|name| json!(name)).as_ref());
        return Outcome::Accepted { provider_id };
    }
    let words = ["message", "reason", "error"]
        .iter()
        .find_map(|name| answer.body.get(name)?.as_str());
    let detail = answer.failure(words, endpoint);
    match answer.status.as_u16() {
        404 | 410 => Outcome::gone(detail),
        429 => answer.hasty(detail),
        // Of the key's owner; Apple says so by 403.
        401 => no_vapid(answer, words, endpoint),
        403 if words == Some("BadJwtToken") => no_vapid(answer, words, endpoint),
        // Of this subscription: it is tied to another key.
        _ => answer.refused(detail),
    }
}

fn no_vapid(answer: &Answer, words: Option<&str>, endpoint: &str) -> Outcome {
    let what = "the push service does not accept private_key or subject";
    let words = words.map_or(what.to_owned(), |words| format!("{what}: {words}"));
    let detail = answer.failure(Some(&words), endpoint);
    Outcome::for_now(About::Trouble, detail)
}
