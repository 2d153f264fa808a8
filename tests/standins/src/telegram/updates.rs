//! What Telegram posts to us.

use serde_json::{Value as Json, json};

use super::Telegram;
use crate::{
    Webhook,
    wire::{hex, now, random},
};

/// A person who talks to the bot, in a chat of the same id.
#[derive(Clone, Copy, Debug)]
pub struct Who<'a> {
    /// Their id.
    pub id: i64,
    /// Their first name.
    pub first_name: &'a str,
    /// Their language, if the app told.
    pub language_code: Option<&'a str>,
}

impl Who<'_> {
    fn user(&self) -> Json {
        let mut user = json!({
            "id": self.id,
            "is_bot": false,
            "first_name": self.first_name,
        });
        if let Some(code) = self.language_code {
            user["language_code"] = json!(code);
        }
        user
    }

    fn chat(&self) -> Json {
        json!({"id": self.id, "first_name": self.first_name, "type": "private"})
    }
}

impl Telegram {
    /// Somebody wrote to the bot. What begins with a slash is a command.
    pub fn message(&self, who: &Who<'_>, text: &str) -> Webhook {
        let message_id = self.next_message();
        let mut message = json!({
            "message_id": message_id,
            "from": who.user(),
            "chat": who.chat(),
            "date": now(),
            "text": text,
        });
        if text.starts_with('/') {
            let command = text.split_whitespace().next().unwrap_or_default();
            let length = command.encode_utf16().count();
            let entity = json!({"type": "bot_command", "offset": 0, "length": length});
            message["entities"] = json!([entity]);
        }
        self.update("message", message)
    }

    /// Somebody pressed a button below a message of the bot's.
    pub fn callback_query(&self, who: &Who<'_>, message_id: i64, data: &str) -> Webhook {
        let query = json!({
            "id": format!("{}", u64::from_be_bytes(random()) >> 1),
            "from": who.user(),
            "message": {
                "message_id": message_id,
                "from": self.me(),
                "chat": who.chat(),
                "date": now(),
                "text": "…",
            },
            "chat_instance": hex(&random::<8>()),
            "data": data,
        });
        self.update("callback_query", query)
    }

    /// Somebody blocked the bot, or let it back in.
    pub fn blocked(&self, who: &Who<'_>, blocked: bool) -> Webhook {
        let member = |blocked: bool| match blocked {
            true => json!({"user": self.me(), "status": "kicked", "until_date": 0}),
            false => json!({"user": self.me(), "status": "member"}),
        };
        let change = json!({
            "chat": who.chat(),
            "from": who.user(),
            "date": now(),
            "old_chat_member": member(!blocked),
            "new_chat_member": member(blocked),
        });
        self.update("my_chat_member", change)
    }

    fn next_message(&self) -> i64 {
        let mut state = self.state();
        state.messages += 1;
        state.messages
    }

    fn update(&self, kind: &str, content: Json) -> Webhook {
        let mut state = self.state();
        state.updates += 1;
        let mut update = json!({"update_id": 100_000 + state.updates});
        update[kind] = content;
        let mut hook = Webhook::json(&update);
        let secret = state.webhook.as_ref().and_then(|w| w.secret_token.clone());
        if let Some(secret) = secret {
            let name = "x-telegram-bot-api-secret-token";
            hook.headers.push((name, secret));
        }
        hook
    }
}
