//! Firebase Cloud Messaging by its HTTP API, version 1, and the tokens that Google gives for it.
//!
//! - Messages: <https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages>
//! - Errors: <https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode>,
//!   <https://firebase.google.com/docs/cloud-messaging/error-codes>
//! - Access tokens: <https://developers.google.com/identity/protocols/oauth2/service-account#httprest>
//!
//! A token is had at `POST /token`, as the service account's `token_uri` says. What is lower-case
//! in the documentation's samples (`"priority": "high"`) is taken in either case, and names in
//! either of the ways that the JSON of protocol buffers knows. No key makes a request idempotent.

mod oauth;
mod schema;
#[cfg(test)]
mod tests;

use std::sync::Mutex;

use serde_json::{Value as Json, json};

use self::oauth::{Access, Tokens};
use crate::{
    Invalid, Provider, Read, Refusal, Reply, Request,
    check::Fault,
    wire::{hex, random},
};

/// The kind of detail that names an error of FCM's own.
const FCM_ERROR: &str = "type.googleapis.com/google.firebase.fcm.v1.FcmError";
const BAD_REQUEST: &str = "type.googleapis.com/google.rpc.BadRequest";

/// A project at Firebase.
#[derive(Debug)]
pub struct Fcm {
    /// The project's id.
    pub project: String,
    tokens: Mutex<Tokens>,
}

impl Default for Fcm {
    fn default() -> Self {
        Self {
            project: "parcours-test".to_owned(),
            tokens: Mutex::default(),
        }
    }
}

/// A push message that was taken.
#[derive(Clone, Debug)]
pub struct Push {
    /// The name that FCM gave it.
    pub name: String,
    /// The registration token, the topic or the condition.
    pub to: String,
    /// The title, where there is a notification.
    pub title: Option<String>,
    /// The text, where there is a notification.
    pub body: Option<String>,
    /// The data, as it was sent along.
    pub data: Vec<(String, String)>,
    /// `message` as it came, with its names in `snake_case`.
    pub json: Json,
    /// The request.
    pub request: Request,
}

impl Provider for Fcm {
    type Message = Push;

    fn read(&self, request: &Request) -> Result<Read<Push>, Invalid> {
        if request.path == "/token" {
            return self.tokens().grant(self, request).map(Read::Answer);
        }
        let bearer = request.authorization("bearer").unwrap_or_default();
        match self.tokens().access(bearer) {
            Access::Granted => {}
            Access::Over => return Ok(Read::Answer(unauthenticated())),
            Access::Unknown => {
                let why = "the access token was never given".to_owned();
                let reply = unauthenticated();
                return Err(Invalid { why, reply });
            }
        }
        if request.path != format!("/v1/projects/{}/messages:send", self.project) {
            let why = format!("the project is {}", self.project);
            let words = "Permission denied on resource project";
            let reply = plain(403, "PERMISSION_DENIED", words);
            return Err(Invalid { why, reply });
        }
        if request.method != "POST" {
            let why = "the method must be POST".to_owned();
            return Err(Invalid {
                why,
                reply: Reply::empty(404),
            });
        }
        let json = request.object().map_err(|why| Invalid {
            why: format!("the body {why}"),
            reply: plain(400, "INVALID_ARGUMENT", "Invalid JSON payload received."),
        })?;
        let whole = schema::read(&json).map_err(malformed)?;
        let message = &whole["message"];
        let push = self.push(message, request)?;
        if whole["validate_only"] == json!(true) {
            let name = format!("projects/{}/messages/fake_message_id", self.project);
            return Ok(Read::Answer(Reply::json(200, &json!({"name": name}))));
        }
        Ok(Read::Message {
            message: push,
            remarks: Vec::new(),
        })
    }

    fn to(message: &Push) -> &str {
        &message.to
    }

    fn accept(&self, message: &Push) -> Reply {
        Reply::json(200, &json!({"name": message.name}))
    }

    fn refuse(&self, refusal: Refusal, _: &Push) -> Reply {
        match refusal {
            Refusal::ForGood => error("INVALID_ARGUMENT"),
            Refusal::ForNow => error("UNAVAILABLE"),
            Refusal::Throttle(seconds) => error("QUOTA_EXCEEDED").retry_after(seconds),
            Refusal::Deny | Refusal::NoCredit => unauthenticated(),
            Refusal::GoneAddress => error("UNREGISTERED"),
        }
    }
}

impl Fcm {
    /// The service account's file, for the stand-in at `url`.
    pub fn service_account(&self, url: &str) -> Json {
        json!({
            "type": "service_account",
            "project_id": self.project,
            "private_key_id": oauth::KEY_ID,
            "private_key": oauth::KEY,
            "client_email": self.client_email(),
            "client_id": "100000000000000000001",
            "auth_uri": "https://accounts.google.com/o/oauth2/auth",
            "token_uri": format!("{url}/token"),
            "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
            "universe_domain": "googleapis.com",
        })
    }

    /// The service account's name.
    pub fn client_email(&self) -> String {
        format!("parcours@{}.iam.gserviceaccount.com", self.project)
    }

    /// How many access tokens were given.
    pub fn tokens_given(&self) -> usize {
        self.tokens().given()
    }

    /// From now on, the access tokens that were given are over.
    pub fn expire_tokens(&self) {
        self.tokens().expire();
    }

    fn tokens(&self) -> std::sync::MutexGuard<'_, Tokens> {
        self.tokens.lock().expect("nobody panics with it")
    }

    /// What goes beyond the shape of a message.
    fn push(&self, message: &Json, request: &Request) -> Result<Push, Invalid> {
        let targets = ["token", "topic", "condition"];
        let targets = targets.map(|name| Some((name, message[name].as_str()?)));
        let mut targets = targets.into_iter().flatten();
        let (Some((kind, to)), None) = (targets.next(), targets.next()) else {
            let words = "Exactly one of token, topic or condition must be specified";
            return Err(refused(words));
        };
        let in_token = |b: u8| b.is_ascii_alphanumeric() || b"_-:.".contains(&b);
        if kind == "token" && (to.is_empty() || !to.bytes().all(in_token)) {
            let words = "The registration token is not a valid FCM registration token";
            return Err(refused(words));
        }
        let data = data(message)?;
        let most = if kind == "topic" { 2048 } else { 4096 };
        if schema::weight(message) > most {
            let words = format!("Android message is too big: more than {most} bytes");
            return Err(refused(&words));
        }
        let link = message["webpush"]["fcm_options"]["link"].as_str();
        if link.is_some_and(|link| !link.starts_with("https://")) {
            return Err(refused("The link of WebpushFcmOptions must be of HTTPS"));
        }
        let text = |name: &str| message["notification"][name].as_str().map(str::to_owned);
        Ok(Push {
            name: format!(
                "projects/{}/messages/0:{}",
                self.project,
                hex(&random::<12>())
            ),
            to: to.to_owned(),
            title: text("title"),
            body: text("body"),
            data,
            json: message.clone(),
            request: request.clone(),
        })
    }
}

fn data(message: &Json) -> Result<Vec<(String, String)>, Invalid> {
    let Some(data) = message["data"].as_object() else {
        return Ok(Vec::new());
    };
    let mut fields = Vec::with_capacity(data.len());
    for (name, value) in data {
        let reserved = ["google.", "gcm.notification."];
        if name == "from"
            || name == "message_type"
            || reserved.iter().any(|word| name.starts_with(word))
        {
            return Err(refused(&format!("Invalid data payload key: {name}")));
        }
        let value = value.as_str().unwrap_or_default();
        fields.push((name.clone(), value.to_owned()));
    }
    Ok(fields)
}

/// The answer with one of FCM's error codes: `UNREGISTERED`, `QUOTA_EXCEEDED`, …
pub fn error(code: &str) -> Reply {
    let (status, canonical, words) = match code {
        "UNREGISTERED" => (404, "NOT_FOUND", "Requested entity was not found."),
        "SENDER_ID_MISMATCH" => (403, "PERMISSION_DENIED", "SenderId mismatch"),
        "QUOTA_EXCEEDED" => (
            429,
            "RESOURCE_EXHAUSTED",
            "Quota exceeded for quota metric 'Send requests'",
        ),
        "UNAVAILABLE" => (503, "UNAVAILABLE", "The service is currently unavailable."),
        "INTERNAL" => (500, "INTERNAL", "Internal error encountered."),
        "THIRD_PARTY_AUTH_ERROR" => (
            401,
            "UNAUTHENTICATED",
            "Auth error from APNS or Web Push Service",
        ),
        _ => (
            400,
            "INVALID_ARGUMENT",
            "Request contains an invalid argument.",
        ),
    };
    of_fcm(status, canonical, words, code)
}

fn of_fcm(status: u16, canonical: &str, words: &str, code: &str) -> Reply {
    let details = json!([{"@type": FCM_ERROR, "errorCode": code}]);
    let error = json!({
        "code": status,
        "message": words,
        "status": canonical,
        "details": details,
    });
    Reply::json(status, &json!({"error": error}))
}

/// An error without details.
fn plain(status: u16, canonical: &str, words: &str) -> Reply {
    let error = json!({"code": status, "message": words, "status": canonical});
    Reply::json(status, &json!({"error": error}))
}

fn unauthenticated() -> Reply {
    let words = "Request had invalid authentication credentials. Expected OAuth 2 access token, \
                 login cookie or other valid authentication credential.";
    plain(401, "UNAUTHENTICATED", words).header("www-authenticate", "Bearer realm=\"fcm\"")
}

/// JSON that is not of the documented shape.
fn malformed(fault: Fault) -> Invalid {
    let violation = json!({"field": fault.field, "description": fault.problem});
    let why = fault.say();
    let error = json!({
        "code": 400,
        "message": format!("Invalid JSON payload received. {why}"),
        "status": "INVALID_ARGUMENT",
        "details": [{"@type": BAD_REQUEST, "fieldViolations": [violation]}],
    });
    let reply = Reply::json(400, &json!({"error": error}));
    Invalid { why, reply }
}

/// A message of the right shape that FCM would not take.
fn refused(words: &str) -> Invalid {
    Invalid {
        why: words.to_owned(),
        reply: of_fcm(400, "INVALID_ARGUMENT", words, "INVALID_ARGUMENT"),
    }
}
