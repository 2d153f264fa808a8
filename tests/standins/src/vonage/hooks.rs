//! What Vonage posts to us.

use ring::digest::{SHA256, digest};
use serde_json::{Value as Json, json};

use super::Vonage;
use crate::{
    Webhook, jwt,
    wire::{hex, now, random, uuid},
};

/// A message's new status.
#[derive(Clone, Debug, Default)]
pub struct Status<'a> {
    /// The message's name.
    pub message_uuid: &'a str,
    /// `submitted`, `delivered`, `rejected`, `undeliverable`.
    pub status: &'a str,
    /// For whom it was.
    pub to: &'a str,
    /// From whom.
    pub from: &'a str,
    /// What was handed over with it.
    pub client_ref: Option<&'a str>,
    /// The number of an error, and its words.
    pub error: Option<(u32, &'a str)>,
}

/// A message that somebody sent to one of our numbers.
#[derive(Clone, Debug, Default)]
pub struct Inbound<'a> {
    /// The message's name.
    pub message_uuid: &'a str,
    /// Who sent it, without a plus sign.
    pub from: &'a str,
    /// Our number.
    pub to: &'a str,
    /// The text.
    pub text: &'a str,
}

impl Vonage {
    /// A message-status web hook of version 1.
    pub fn status(&self, status: &Status<'_>) -> Webhook {
        let mut body = json!({
            "message_uuid": status.message_uuid,
            "to": status.to,
            "from": status.from,
            "timestamp": timestamp(),
            "status": status.status,
            "usage": {"currency": "EUR", "price": "0.0333"},
            "destination": {"network_code": "20801"},
            "channel": "sms",
            "sms": {"count_total": "1"},
        });
        if let Some(client_ref) = status.client_ref {
            body["client_ref"] = json!(client_ref);
        }
        if let Some((number, detail)) = status.error {
            body["error"] = json!({
                "type": format!("https://developer.vonage.com/api-errors/messages#{number}"),
                "title": number.to_string(),
                "detail": detail,
                "instance": hex(&random::<16>()),
            });
        }
        self.hook(&body)
    }

    /// An inbound-message web hook of version 1.
    pub fn inbound(&self, inbound: &Inbound<'_>) -> Webhook {
        let keyword = inbound.text.split_whitespace().next().unwrap_or_default();
        self.hook(&json!({
            "to": inbound.to,
            "from": inbound.from,
            "channel": "sms",
            "message_uuid": inbound.message_uuid,
            "timestamp": timestamp(),
            "usage": {"currency": "EUR", "price": "0.0050"},
            "message_type": "text",
            "text": inbound.text,
            "sms": {"num_messages": "1", "keyword": keyword.to_uppercase()},
            "origin": {"network_code": "20801"},
        }))
    }

    /// A web hook with a token that says who sent it, and a digest of what.
    fn hook(&self, body: &Json) -> Webhook {
        let mut hook = Webhook::json(body);
        let claims = json!({
            "iat": now(),
            "jti": uuid(),
            "iss": "Vonage",
            "payload_hash": hex(digest(&SHA256, &hook.body).as_ref()),
            "api_key": self.api_key,
            "application_id": "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab",
        });
        let token = jwt::hs256(&claims, self.signature_secret.as_bytes());
        hook.headers
            .push(("authorization", format!("Bearer {token}")));
        hook
    }
}

fn timestamp() -> String {
    let now = jiff::Timestamp::now();
    now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
