//! What WhatsApp posts to us.

use ring::hmac;
use serde_json::{Value as Json, json};

use super::{WhatsApp, wamid};
use crate::{
    Webhook,
    wire::{hex, now},
};

/// A message's new status.
#[derive(Clone, Copy, Debug, Default)]
pub struct Status<'a> {
    /// The message's name.
    pub id: &'a str,
    /// `sent`, `delivered`, `read`, `failed`.
    pub status: &'a str,
    /// For whom it was, without a plus sign.
    pub to: &'a str,
    /// What was handed over with it.
    pub callback_data: Option<&'a str>,
    /// The code of an error, and its title: 131026, 131047, 131049, 131050, …
    pub error: Option<(u32, &'a str)>,
}

/// A message that somebody sent to our number.
#[derive(Clone, Copy, Debug)]
pub struct Inbound<'a> {
    /// Who, without a plus sign.
    pub from: &'a str,
    /// Their name, as they gave it.
    pub name: &'a str,
    /// What.
    pub said: Said<'a>,
    /// The message of ours that it answers.
    pub context: Option<&'a str>,
}

/// What somebody wrote, or pressed.
#[derive(Clone, Copy, Debug)]
pub enum Said<'a> {
    /// A text.
    Text(&'a str),
    /// A button of an interactive message: its id and title.
    Button(&'a str, &'a str),
    /// A row of a list: its id and title.
    Row(&'a str, &'a str),
    /// A quick reply of a template: its payload and text.
    QuickReply(&'a str, &'a str),
}

impl WhatsApp {
    /// A message's status changed.
    pub fn status(&self, status: &Status<'_>) -> Webhook {
        let mut said = json!({
            "id": status.id,
            "status": status.status,
            "timestamp": now().to_string(),
            "recipient_id": status.to,
        });
        if let Some(data) = status.callback_data {
            said["biz_opaque_callback_data"] = json!(data);
        }
        match status.error {
            Some((code, title)) => {
                said["errors"] = json!([{
                    "code": code,
                    "title": title,
                    "message": title,
                    "error_data": {"details": title},
                    "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
                }]);
            }
            None => {
                said["pricing"] = json!({
                    "billable": true,
                    "pricing_model": "PMP",
                    "category": "utility",
                    "type": "regular",
                });
            }
        }
        self.hook(json!({"statuses": [said]}))
    }

    /// Somebody wrote to our number, and may be answered freely for 24 hours.
    pub fn inbound(&self, inbound: &Inbound<'_>) -> Webhook {
        let from = inbound.from.to_owned();
        self.last_inbound().insert(from, now());
        let (kind, content) = match inbound.said {
            Said::Text(body) => ("text", json!({"body": body})),
            Said::Button(id, title) => {
                let reply = json!({"id": id, "title": title});
                let content = json!({"type": "button_reply", "button_reply": reply});
                ("interactive", content)
            }
            Said::Row(id, title) => {
                let reply = json!({"id": id, "title": title, "description": ""});
                let content = json!({"type": "list_reply", "list_reply": reply});
                ("interactive", content)
            }
            Said::QuickReply(payload, text) => {
                ("button", json!({"payload": payload, "text": text}))
            }
        };
        let mut message = json!({
            "from": inbound.from,
            "id": wamid(),
            "timestamp": now().to_string(),
            "type": kind,
        });
        message[kind] = content;
        if let Some(id) = inbound.context {
            message["context"] = json!({"from": DISPLAYED, "id": id});
        }
        self.hook(json!({
            "contacts": [{"profile": {"name": inbound.name}, "wa_id": inbound.from}],
            "messages": [message],
        }))
    }

    /// The query of the request that asks whether a web hook is ours.
    pub fn verification(&self, verify_token: &str, challenge: &str) -> String {
        form_urlencoded::Serializer::new(String::new())
            .append_pair("hub.mode", "subscribe")
            .append_pair("hub.challenge", challenge)
            .append_pair("hub.verify_token", verify_token)
            .finish()
    }

    fn hook(&self, mut value: Json) -> Webhook {
        value["messaging_product"] = json!("whatsapp");
        value["metadata"] = json!({
            "display_phone_number": DISPLAYED,
            "phone_number_id": self.phone_number_id,
        });
        let mut hook = Webhook::json(&json!({
            "object": "whatsapp_business_account",
            "entry": [{
                "id": "102290129340398",
                "changes": [{"value": value, "field": "messages"}],
            }],
        }));
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.app_secret.as_bytes());
        let signature = hex(hmac::sign(&key, &hook.body).as_ref());
        let header = ("x-hub-signature-256", format!("sha256={signature}"));
        hook.headers.push(header);
        hook
    }
}

/// The number, as people see it.
const DISPLAYED: &str = "33700000001";
