//! Apple's Push Notification service, by its provider API over HTTP/2: with TLS, and without it
//! where the client speaks HTTP/2 from the first byte.
//!
//! - Requests: <https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns>
//! - Answers: <https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns>
//! - Tokens: <https://developer.apple.com/documentation/usernotifications/establishing-a-token-based-connection-to-apns>
//! - Payloads: <https://developer.apple.com/documentation/usernotifications/generating-a-remote-notification>
//!
//! Apple documents no answer to a payload that is no JSON or has no `aps`; it is noted, and refused
//! with `PayloadEmpty`. That a provider's token should last for twenty minutes is not enforced.

mod aps;
#[cfg(test)]
mod tests;

use ring::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
        UnparsedPublicKey,
    },
};
use rustls::pki_types::{PrivatePkcs8KeyDer, pem::PemObject as _};
use serde_json::{Value as Json, json};

use crate::{
    Invalid, Provider, Read, Refusal, Reply, Request,
    jwt::Jwt,
    wire::{is_uuid, uuid},
};

/// The key that provider tokens are signed with, as the `.p8` file that Apple hands out.
pub const KEY: &str = include_str!("../../fixtures/apns.p8");

/// What a notification may be.
const PUSH_TYPES: [&str; 11] = [
    "alert",
    "background",
    "controls",
    "location",
    "voip",
    "complication",
    "fileprovider",
    "mdm",
    "liveactivity",
    "pushtotalk",
    "widgets",
];

/// A developer's team at Apple.
#[derive(Clone, Debug)]
pub struct Apns {
    /// The team: the tokens' `iss`.
    pub team_id: String,
    /// The key: the tokens' `kid`.
    pub key_id: String,
    /// The bundle ids of its apps.
    pub topics: Vec<String>,
}

impl Default for Apns {
    fn default() -> Self {
        Self {
            team_id: "TEAM012345".to_owned(),
            key_id: "KEY0123456".to_owned(),
            topics: vec!["example.parcours.app".to_owned()],
        }
    }
}

/// A notification that was taken.
#[derive(Clone, Debug)]
pub struct Notification {
    /// `apns-id`, or the one that it was given.
    pub id: String,
    /// The device's token.
    pub to: String,
    /// `apns-topic`.
    pub topic: String,
    /// `apns-push-type`.
    pub push_type: String,
    /// `apns-priority`.
    pub priority: Option<u8>,
    /// `apns-expiration`, in seconds since 1970.
    pub expiration: Option<u64>,
    /// `apns-collapse-id`.
    pub collapse_id: Option<String>,
    /// The title of its alert.
    pub title: Option<String>,
    /// The text of its alert.
    pub body: Option<String>,
    /// The payload.
    pub json: Json,
    /// The request.
    pub request: Request,
}

impl Provider for Apns {
    type Message = Notification;

    const HTTP2_ONLY: bool = true;

    fn read(&self, request: &Request) -> Result<Read<Notification>, Invalid> {
        let id = request.header("apns-id").map(str::to_owned);
        let id = id.unwrap_or_else(uuid);
        match self.notification(&id, request) {
            Ok((message, remarks)) => Ok(Read::Message { message, remarks }),
            Err((reason, why)) => {
                let reply = error(reason).header("apns-id", id);
                let why = format!("{reason}: {why}");
                Err(Invalid { why, reply })
            }
        }
    }

    fn to(message: &Notification) -> &str {
        &message.to
    }

    fn accept(&self, message: &Notification) -> Reply {
        Reply::empty(200)
            .header("apns-id", &message.id)
            .header("apns-unique-id", uuid())
    }

    fn refuse(&self, refusal: Refusal, message: &Notification) -> Reply {
        let reply = match refusal {
            Refusal::ForGood => error("BadDeviceToken"),
            Refusal::ForNow => error("ServiceUnavailable"),
            Refusal::Throttle(seconds) => error("TooManyRequests").retry_after(seconds),
            Refusal::Deny | Refusal::NoCredit => error("InvalidProviderToken"),
            Refusal::GoneAddress => error("Unregistered"),
        };
        reply.header("apns-id", &message.id)
    }
}

/// Why it is refused, in Apple's word and in ours.
type Reason = (&'static str, String);

impl Apns {
    /// The notification, and remarks on it.
    fn notification(
        &self,
        id: &str,
        request: &Request,
    ) -> Result<(Notification, Vec<String>), Reason> {
        if request.method != "POST" {
            return Err(("MethodNotAllowed", "the method must be POST".to_owned()));
        }
        let Some(device) = request.path.strip_prefix("/3/device/") else {
            return Err(("BadPath", "the path must be /3/device/TOKEN".to_owned()));
        };
        self.expect_token(request)?;
        for name in request.headers.keys() {
            let several = request.headers.get_all(name).iter().count() > 1;
            if several && name.as_str().starts_with("apns-") {
                return Err(("DuplicateHeaders", format!("{name} is there twice")));
            }
        }
        expect_device(device)?;
        // Of the canonical ones, which have no capitals.
        if !is_uuid(id) || id.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(("BadMessageId", "apns-id must be a UUID".to_owned()));
        }
        let topic = request.header("apns-topic").unwrap_or_default();
        if topic.is_empty() {
            return Err(("MissingTopic", "apns-topic is missing".to_owned()));
        }
        let push_type = request.header("apns-push-type").unwrap_or_default();
        if !PUSH_TYPES.contains(&push_type) {
            let why = format!("apns-push-type is {push_type:?}");
            return Err(("InvalidPushType", why));
        }
        self.expect_topic(topic, push_type)?;
        let priority = priority(request, push_type)?;
        let expiration = number(request, "apns-expiration");
        let expiration = expiration.map_err(|why| ("BadExpirationDate", why))?;
        let collapse_id = request.header("apns-collapse-id");
        if collapse_id.is_some_and(|id| id.len() > 64) {
            let why = "apns-collapse-id is longer than 64 bytes".to_owned();
            return Err(("BadCollapseId", why));
        }
        let most = if push_type == "voip" { 5120 } else { 4096 };
        if request.body.len() > most {
            let why = format!("the payload is longer than {most} bytes");
            return Err(("PayloadTooLarge", why));
        }
        let json = serde_json::from_slice(&request.body).unwrap_or_default();
        let remarks = aps::check(&json, push_type).map_err(|why| ("PayloadEmpty", why))?;
        let alert = &json["aps"]["alert"];
        let text = |name: &str| alert[name].as_str().map(str::to_owned);
        let notification = Notification {
            id: id.to_owned(),
            to: device.to_owned(),
            topic: topic.to_owned(),
            push_type: push_type.to_owned(),
            priority,
            expiration,
            collapse_id: collapse_id.map(str::to_owned),
            title: text("title"),
            body: text("body").or_else(|| alert.as_str().map(str::to_owned)),
            json,
            request: request.clone(),
        };
        Ok((notification, remarks))
    }

    /// A token of the team, signed with its key within the last hour.
    fn expect_token(&self, request: &Request) -> Result<(), Reason> {
        let Some(token) = request.authorization("bearer") else {
            let why = "there is no bearer token".to_owned();
            return Err(("MissingProviderToken", why));
        };
        let invalid = |why: &str| Err(("InvalidProviderToken", why.to_owned()));
        let Some(jwt) = Jwt::parse(token) else {
            return invalid("it is no JWT");
        };
        if jwt.header["alg"] != "ES256" || jwt.header["kid"] != json!(self.key_id) {
            return invalid("its header must have ES256 and the key's id");
        }
        let key = key();
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.public_key());
        if key.verify(&jwt.signed, &jwt.signature).is_err() {
            return invalid("its signature is wrong");
        }
        if jwt.text("iss") != Some(&self.team_id) {
            return invalid("its issuer is not the team");
        }
        match jwt.age("iat") {
            None => invalid("it does not say when it was made"),
            Some(age) if age < -60 => invalid("it was made in the future"),
            Some(age) if age > 3600 => {
                let why = format!("it is {age} seconds old");
                Err(("ExpiredProviderToken", why))
            }
            Some(_) => Ok(()),
        }
    }

    /// One of the team's apps, with the ending that the push type asks for.
    fn expect_topic(&self, topic: &str, push_type: &str) -> Result<(), Reason> {
        let ending = match push_type {
            "controls" | "widgets" => ".push-type.",
            "location" => ".location-query",
            "voip" => ".voip",
            "complication" => ".complication",
            "fileprovider" => ".pushkit.fileprovider",
            "liveactivity" => ".push-type.liveactivity",
            "pushtotalk" => ".voip-ptt",
            _ => "",
        };
        let ending = match ending {
            ".push-type." => format!("{ending}{push_type}"),
            ending => ending.to_owned(),
        };
        let bundle = topic.strip_suffix(&*ending);
        match bundle.is_some_and(|bundle| self.topics.iter().any(|known| known == bundle)) {
            true => Ok(()),
            false => Err((
                "TopicDisallowed",
                format!("{topic} is no topic of the team"),
            )),
        }
    }
}

fn expect_device(token: &str) -> Result<(), Reason> {
    if token.is_empty() {
        let why = "the path has no device token".to_owned();
        return Err(("MissingDeviceToken", why));
    }
    let long_enough = token.len() >= 64 && token.len() <= 200 && token.len().is_multiple_of(2);
    match long_enough && token.bytes().all(|b| b.is_ascii_hexdigit()) {
        true => Ok(()),
        false => Err((
            "BadDeviceToken",
            "the device token is not in hexadecimal".to_owned(),
        )),
    }
}

fn priority(request: &Request, push_type: &str) -> Result<Option<u8>, Reason> {
    match request.header("apns-priority") {
        None => Ok(None),
        Some("10") if push_type == "background" => {
            let why = "a background notification has priority 5".to_owned();
            Err(("BadPriority", why))
        }
        Some("10") => Ok(Some(10)),
        Some("5") => Ok(Some(5)),
        Some("1") => Ok(Some(1)),
        Some(other) => Err(("BadPriority", format!("apns-priority is {other:?}"))),
    }
}

fn number(request: &Request, name: &str) -> Result<Option<u64>, String> {
    let value = request.header(name);
    let number = value.map(str::parse).transpose();
    number.map_err(|_| format!("{name} must be a number"))
}

fn key() -> EcdsaKeyPair {
    let key = PrivatePkcs8KeyDer::from_pem_slice(KEY.as_bytes()).expect("a key of ours");
    let random = SystemRandom::new();
    let key = key.secret_pkcs8_der();
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key, &random).expect("a key of ours")
}

/// The answer with one of Apple's reasons: `Unregistered`, `DeviceTokenNotForTopic`, …
pub fn error(reason: &str) -> Reply {
    let status = match reason {
        "ExpiredProviderToken" | "InvalidProviderToken" | "MissingProviderToken" => 403,
        "BadCertificate" | "BadCertificateEnvironment" | "Forbidden" => 403,
        "BadPath" => 404,
        "MethodNotAllowed" => 405,
        "Unregistered" | "ExpiredToken" => 410,
        "PayloadTooLarge" => 413,
        "TooManyRequests" | "TooManyProviderTokenUpdates" => 429,
        "InternalServerError" => 500,
        "ServiceUnavailable" | "Shutdown" => 503,
        _ => 400,
    };
    let mut body = json!({"reason": reason});
    if status == 410 {
        body["timestamp"] = json!(jiff::Timestamp::now().as_millisecond());
    }
    Reply::json(status, &body)
}
