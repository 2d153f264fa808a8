//! Telegram's Bot API.
//!
//! - Methods, types and answers: <https://core.telegram.org/bots/api>
//! - Formatting: <https://core.telegram.org/bots/api#formatting-options>
//! - Limits: <https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this>
//!
//! Methods are taken with a body of JSON alone. The words of errors are the ones that the service is
//! known to use, for the documentation leaves them open. Telegram ignores parameters that it does
//! not know; they are noted. No key makes a request idempotent.

mod format;
mod keyboard;
mod methods;
#[cfg(test)]
mod tests;
mod updates;

use std::sync::{Mutex, MutexGuard};

use serde_json::{Value as Json, json};

pub use self::{methods::Webhook as WebhookSettings, updates::Who};
use crate::{Invalid, Provider, Read, Refusal, Reply, Request};

/// A bot at Telegram.
#[derive(Debug)]
pub struct Telegram {
    /// The bot's token, with its id in front.
    pub token: String,
    state: Mutex<State>,
}

/// What the service remembers of the bot.
#[derive(Debug, Default)]
struct State {
    messages: i64,
    updates: i64,
    webhook: Option<WebhookSettings>,
    calls: Vec<(String, Json)>,
}

impl Default for Telegram {
    fn default() -> Self {
        Self {
            token: "123456789:AAF0x-TestTokenOfNobody_0123456789".to_owned(),
            state: Mutex::default(),
        }
    }
}

/// A message that was taken.
#[derive(Clone, Debug)]
pub struct Message {
    /// The message's number in its chat.
    pub message_id: i64,
    /// The chat: its id, or the name of a channel.
    pub to: String,
    /// The text.
    pub text: String,
    /// `HTML`, `MarkdownV2` or `Markdown`.
    pub parse_mode: Option<String>,
    /// The keyboard, if there is one.
    pub reply_markup: Option<Json>,
    /// The body.
    pub json: Json,
    /// The request.
    pub request: Request,
}

impl Provider for Telegram {
    type Message = Message;

    fn read(&self, request: &Request) -> Result<Read<Message>, Invalid> {
        let called = request.path.strip_prefix("/bot");
        let called = called.and_then(|rest| rest.split_once('/'));
        let Some((token, method)) = called else {
            return Err(bad(404, "Not Found"));
        };
        if token != self.token {
            return Err(bad(401, "Unauthorized"));
        }
        if !matches!(request.method.as_str(), "GET" | "POST") {
            return Err(bad(405, "Method Not Allowed"));
        }
        let json = match request.body.is_empty() {
            true => json!({}),
            false => request
                .object()
                .map_err(|why| bad(400, &format!("Bad Request: the body {why}")))?,
        };
        methods::call(self, method, &json, request)
    }

    fn to(message: &Message) -> &str {
        &message.to
    }

    fn accept(&self, message: &Message) -> Reply {
        Reply::json(200, &json!({"ok": true, "result": self.sent(message)}))
    }

    fn refuse(&self, refusal: Refusal, _: &Message) -> Reply {
        match refusal {
            Refusal::ForGood => error(400, "Bad Request: chat not found"),
            Refusal::ForNow => error(502, "Bad Gateway"),
            Refusal::Throttle(seconds) => throttled(seconds),
            Refusal::Deny | Refusal::NoCredit => error(401, "Unauthorized"),
            Refusal::GoneAddress => error(403, "Forbidden: bot was blocked by the user"),
        }
    }
}

impl Telegram {
    /// The web hook that the bot has set.
    pub fn webhook(&self) -> Option<WebhookSettings> {
        self.state().webhook.clone()
    }

    /// The methods that were called beside `sendMessage`, in order, and their parameters.
    pub fn calls(&self) -> Vec<(String, Json)> {
        self.state().calls.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics with it")
    }

    /// The bot, as a user.
    fn me(&self) -> Json {
        let id: i64 = self
            .token
            .split(':')
            .next()
            .unwrap_or_default()
            .parse()
            .unwrap_or(1);
        json!({"id": id, "is_bot": true, "first_name": "Parcours", "username": "parcours_bot"})
    }

    /// A message as its sender gets it back.
    fn sent(&self, message: &Message) -> Json {
        let chat = match message.to.parse::<i64>() {
            Ok(id) if id < 0 => json!({"id": id, "title": "Group", "type": "group"}),
            Ok(id) => json!({"id": id, "first_name": "Zoé", "type": "private"}),
            Err(_) => json!({"id": -1_001_234_567_890_i64, "title": message.to, "type": "channel"}),
        };
        let mut sent = json!({
            "message_id": message.message_id,
            "from": self.me(),
            "chat": chat,
            "date": crate::wire::now(),
            "text": message.text,
        });
        let markup = message.reply_markup.as_ref();
        if let Some(markup) = markup.filter(|markup| markup["inline_keyboard"].is_array()) {
            sent["reply_markup"] = markup.clone();
        }
        sent
    }
}

fn bad(code: u16, description: &str) -> Invalid {
    Invalid {
        why: description.to_owned(),
        reply: error(code, description),
    }
}

/// An answer that says what went wrong.
pub fn error(code: u16, description: &str) -> Reply {
    let body = json!({"ok": false, "error_code": code, "description": description});
    Reply::json(code, &body)
}

/// How long to wait is in the body alone.
fn throttled(seconds: Option<u32>) -> Reply {
    let Some(seconds) = seconds else {
        return error(429, "Too Many Requests");
    };
    let body = json!({
        "ok": false,
        "error_code": 429,
        "description": format!("Too Many Requests: retry after {seconds}"),
        "parameters": {"retry_after": seconds},
    });
    Reply::json(429, &body)
}
