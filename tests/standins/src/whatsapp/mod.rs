//! WhatsApp's Cloud API.
//!
//! - Messages: <https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages>
//! - Templates: <https://developers.facebook.com/docs/whatsapp/cloud-api/guides/send-message-templates>
//! - Errors: <https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes>
//! - Web hooks: <https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/components>,
//!   <https://developers.facebook.com/docs/graph-api/webhooks/getting-started#validate-payloads>
//!
//! Whoever wrote to us within 24 hours may be written to freely, anybody else by template alone:
//! the stand-in knows them by the web hooks that it made ([`WhatsApp::inbound`]). Meta tells a
//! message outside of that window at once or by a web hook; here it is at once, unless
//! [`WhatsApp::tells_late`]. The status of HTTP is no guide: 130429 comes with 400.
//! No key makes a request idempotent.

mod content;
mod hooks;
mod template;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value as Json, json};

pub use self::{
    hooks::{Inbound, Said, Status},
    template::Template,
};
use crate::{
    Invalid, Provider, Read, Refusal, Reply, Request,
    check::{Fault, Fields},
    wire::{hex, is_digits_of_e164, now, random},
};

/// How long a conversation stays open, in seconds.
const WINDOW: i64 = 24 * 60 * 60;

/// A business's number at Meta.
#[derive(Debug)]
pub struct WhatsApp {
    /// The number's id.
    pub phone_number_id: String,
    /// The token of the system's user.
    pub access_token: String,
    /// The app's secret: the key of signatures.
    pub app_secret: String,
    /// The templates that were approved.
    pub templates: Vec<Template>,
    /// Whether a message outside of the window is taken, and only a web hook would tell that it
    /// failed.
    pub tells_late: bool,
    /// When a recipient last wrote to us.
    last_inbound: Mutex<HashMap<String, i64>>,
}

impl Default for WhatsApp {
    fn default() -> Self {
        Self {
            phone_number_id: "106540352242922".to_owned(),
            access_token: "EAAJB0TestTokenOfNobody".to_owned(),
            app_secret: "0123456789abcdef0123456789abcdef".to_owned(),
            templates: vec![
                Template::new("hello_world", "en_US", 0),
                Template::new("cart_reminder", "fr", 2),
            ],
            tells_late: false,
            last_inbound: Mutex::default(),
        }
    }
}

/// A message that was taken.
#[derive(Clone, Debug)]
pub struct Message {
    /// The name that WhatsApp gave it.
    pub id: String,
    /// For whom, without a plus sign.
    pub to: String,
    /// `text`, `template`, `interactive`, …
    pub kind: String,
    /// The text: of the message, of an interactive one's body, of media's caption.
    pub text: Option<String>,
    /// The template's name.
    pub template: Option<String>,
    /// The texts that were put into the template's body.
    pub parameters: Vec<String>,
    /// What is handed back with its statuses.
    pub callback_data: Option<String>,
    /// The body.
    pub json: Json,
    /// The request.
    pub request: Request,
}

impl Provider for WhatsApp {
    type Message = Message;

    fn read(&self, request: &Request) -> Result<Read<Message>, Invalid> {
        self.expect_place(request)?;
        let json = request.object().map_err(|why| Invalid {
            why: format!("the body {why}"),
            reply: error(400, 100, "Invalid parameter", &format!("The body {why}")),
        })?;
        let fields = Fields::of(&json).map_err(wrong)?;
        fields.need_text("messaging_product").map_err(wrong)?;
        fields
            .one_of("messaging_product", &["whatsapp"])
            .map_err(wrong)?;
        if fields.get("status").is_some() {
            content::read_receipt(&fields).map_err(wrong)?;
            return Ok(Read::Answer(Reply::json(200, &json!({"success": true}))));
        }
        let message = content::message(&fields, &json, request).map_err(wrong)?;
        if let Some(reply) = self.unfit(&fields, &message)? {
            return Ok(Read::Answer(reply));
        }
        Ok(Read::Message {
            message,
            remarks: Vec::new(),
        })
    }

    fn to(message: &Message) -> &str {
        &message.to
    }

    fn accept(&self, message: &Message) -> Reply {
        let mut sent = json!({"id": message.id});
        if message.template.is_some() {
            sent["message_status"] = json!("accepted");
        }
        let body = json!({
            "messaging_product": "whatsapp",
            "contacts": [{"input": message.json["to"], "wa_id": message.to}],
            "messages": [sent],
        });
        Reply::json(200, &body)
    }

    fn refuse(&self, refusal: Refusal, _: &Message) -> Reply {
        match refusal {
            Refusal::ForGood => {
                let details = "Message failed to send because it does not comply with the policy.";
                error(
                    403,
                    368,
                    "Temporarily blocked for policies violations",
                    details,
                )
            }
            Refusal::ForNow => {
                let details = "A service is temporarily unavailable.";
                error(500, 131_016, "Service unavailable", details)
            }
            Refusal::Throttle(seconds) => {
                let details = "Cloud API message throughput has been reached.";
                error(400, 130_429, "Rate limit hit", details).retry_after(seconds)
            }
            Refusal::Deny => denied(),
            Refusal::NoCredit => {
                let details = "Message failed to send because there were one or more errors \
                               related to your payment method.";
                error(400, 131_042, "Business eligibility payment issue", details)
            }
            Refusal::GoneAddress => {
                let details = "Message Undeliverable.";
                error(400, 131_026, "Message undeliverable", details)
            }
        }
    }
}

impl WhatsApp {
    /// From now on, this recipient has not written to us for long.
    pub fn close_window(&self, to: &str) {
        self.last_inbound().remove(to);
    }

    fn last_inbound(&self) -> MutexGuard<'_, HashMap<String, i64>> {
        self.last_inbound.lock().expect("nobody panics with it")
    }

    fn is_open(&self, to: &str) -> bool {
        let last = self.last_inbound().get(to).copied();
        last.is_some_and(|last| now() - last < WINDOW)
    }

    /// The right token, object, version and method.
    fn expect_place(&self, request: &Request) -> Result<(), Invalid> {
        if request.authorization("bearer") != Some(&self.access_token) {
            let why = "the bearer token is not the account's".to_owned();
            return Err(Invalid {
                why,
                reply: denied(),
            });
        }
        let mut parts = request.path.split('/').skip(1);
        let (version, number, edge) = (parts.next(), parts.next(), parts.next());
        let version = version.and_then(|v| v.strip_prefix('v')?.strip_suffix(".0"));
        let version = version.and_then(|v| v.parse::<u32>().ok());
        let found = version.is_some_and(|version| version >= 13)
            && number == Some(&self.phone_number_id)
            && edge == Some("messages")
            && parts.next().is_none();
        if !found || request.method != "POST" {
            let words = format!(
                "Unsupported {} request. Object with ID '{}' does not exist, cannot be loaded due \
                 to missing permissions, or does not support this operation",
                request.method.as_str().to_lowercase(),
                number.unwrap_or_default()
            );
            let reply = graph_error(400, "GraphMethodException", 100, &words, None);
            return Err(Invalid { why: words, reply });
        }
        Ok(())
    }

    /// Why a well-formed message does not fit what is known: an answer where the client could not
    /// know, a fault where it should have.
    fn unfit(&self, fields: &Fields<'_>, message: &Message) -> Result<Option<Reply>, Invalid> {
        if message.kind != "template" {
            if self.is_open(&message.to) || self.tells_late {
                return Ok(None);
            }
            let details = "Message failed to send because more than 24 hours have passed since \
                           the customer last replied to this number.";
            return Ok(Some(error(400, 131_047, "Re-engagement message", details)));
        }
        let template = fields.need_object("template").map_err(wrong)?;
        let name = template.need_text("name").map_err(wrong)?;
        let language = template.need_object("language").map_err(wrong)?;
        let code = language.need_text("code").map_err(wrong)?;
        let mut known = self.templates.iter();
        let Some(known) = known.find(|t| t.name == name && t.language == code) else {
            let details = format!("template name ({name}) does not exist in {code}");
            let words = "Template name does not exist in the translation";
            return Ok(Some(error(404, 132_001, words, &details)));
        };
        let (said, wanted) = (message.parameters.len(), known.parameters);
        if said != wanted {
            let details = format!(
                "body: number of localizable_params ({said}) does not match the expected number \
                 of params ({wanted})"
            );
            let words = "Number of parameters does not match the expected number of params";
            let reply = error(400, 132_000, words, &details);
            return Err(Invalid {
                why: details,
                reply,
            });
        }
        Ok(None)
    }
}

fn wrong(fault: Fault) -> Invalid {
    let (code, title) = match &*fault.problem {
        "is missing" | "is empty" => (131_008, "Required parameter is missing"),
        "is not known" => (100, "Invalid parameter"),
        _ => (131_009, "Parameter value is not valid"),
    };
    let why = match code {
        100 => format!("Unexpected key {:?}", fault.field),
        _ => fault.say(),
    };
    let reply = error(400, code, title, &why);
    Invalid { why, reply }
}

fn denied() -> Reply {
    let words = "Invalid OAuth access token - Cannot parse access token";
    let reply = graph_error(401, "OAuthException", 190, words, None);
    let challenge = format!("OAuth \"Facebook Platform\" \"invalid_token\" \"{words}\"");
    reply.header("www-authenticate", challenge)
}

/// The answer with one of WhatsApp's codes.
pub fn error(status: u16, code: u32, title: &str, details: &str) -> Reply {
    let words = format!("(#{code}) {title}");
    graph_error(status, "OAuthException", code, &words, Some(details))
}

fn graph_error(status: u16, kind: &str, code: u32, words: &str, details: Option<&str>) -> Reply {
    let mut error = json!({
        "message": words,
        "type": kind,
        "code": code,
        "fbtrace_id": format!("A{}", hex(&random::<11>())),
    });
    if let Some(details) = details {
        error["error_data"] = json!({"messaging_product": "whatsapp", "details": details});
    }
    Reply::json(status, &json!({"error": error}))
}

/// The name of a message.
fn wamid() -> String {
    format!("wamid.{}", STANDARD.encode(random::<33>()))
}

/// Digits alone, for a number that may have a plus sign, spaces, dashes and brackets.
fn wa_id(to: &str) -> Option<String> {
    let digits: String = to.chars().filter(|c| !" +-()".contains(*c)).collect();
    is_digits_of_e164(&digits).then_some(digits)
}
