//! Telegram's Bot API.
//!
//! - `sendMessage`, `sendChatAction` and their answers: <https://core.telegram.org/bots/api#making-requests>
//! - Updates and their secret token: <https://core.telegram.org/bots/api#setwebhook>
//!
//! Texts go out without a `parse_mode`: nothing that a customer wrote can break them. A question's offers are
//! buttons below it. Nothing makes a request idempotent: a message whose answer was lost may come twice.

mod answer;
mod hear;
mod settings;
#[cfg(test)]
mod tests;

use std::time::Duration;

use journey::{
    content::{Content, Offer},
    failure::Failure,
};
use serde_json::{Value as Json, json};
use tokio::time::Instant;

pub use self::settings::TelegramSettings;
use crate::{
    Outcome, Outgoing, Problem,
    http::{self, Http},
    offers::{label, numbered},
    settings::Secret,
};

/// The longest text, in characters.
const LONGEST: usize = 4096;
/// The longest `callback_data`, in bytes.
const LONGEST_DATA: usize = 64;
/// The longest that the typing indicator may hold a message up.
const TYPING: Duration = Duration::from_secs(2);

/// The adapter.
#[derive(Debug)]
pub(crate) struct Telegram {
    name: String,
    url: String,
    token: Secret,
    secret_token: Option<Secret>,
    typing: bool,
    http: Http,
}

impl Telegram {
    pub(crate) fn new(settings: &TelegramSettings) -> Result<Self, Problem> {
        let url = http::url("url", &settings.url)?;
        if !is_token(settings.token.expose()) {
            let problem = "must be a bot's id, a colon and its key, as BotFather gave it";
            return Err(("token", problem.to_owned()));
        }
        let secret = settings.secret_token.as_ref();
        if secret.is_some_and(|s| !is_secret(s.expose())) {
            let problem = "must be 1 to 256 letters A-Z and a-z, digits, `_` and `-`: Telegram takes no other";
            return Err(("secret_token", problem.to_owned()));
        }
        Ok(Self {
            name: settings.name.clone(),
            url: url.as_str().trim_end_matches('/').to_owned(),
            token: settings.token.clone(),
            secret_token: settings.secret_token.clone(),
            typing: settings.typing,
            http: Http::new(settings.timeout_seconds, settings.ca_file.as_deref())?,
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) async fn send(&self, message: &Outgoing<'_>, within: Duration) -> Outcome {
        let body = match body(message.to, message.content) {
            Ok(body) => body,
            Err(words) => {
                let words = words.into();
                return Outcome::for_good(Failure::Content { words });
            }
        };
        let start = Instant::now();
        if self.typing {
            // Whatever comes of it, the message goes.
            let action = json!({"chat_id": chat(message.to), "action": "typing"});
            let request = self.call("sendChatAction", &action);
            let longest = TYPING.min(within / 4);
            let _ = self.http.ask(request, message.at, longest).await;
        }
        let left = within.saturating_sub(start.elapsed());
        let request = self.call("sendMessage", &body);
        match self.http.ask(request, message.at, left).await {
            Ok(answer) => answer::said(&answer, message.to),
            Err(outcome) => outcome,
        }
    }

    /// A request whose address holds the token: it is never kept, nor printed.
    fn call(&self, method: &str, body: &Json) -> reqwest::RequestBuilder {
        let url = format!("{}/bot{}/{method}", self.url, self.token.expose());
        self.http.client().post(url).json(body)
    }
}

/// The parameters of `sendMessage`, or why there can be none.
fn body(to: &str, content: &Content) -> Result<Json, String> {
    let Content::Chat { text, options, .. } = content else {
        return Err("it is no chat message".to_owned());
    };
    // A name that is too long for a button's data can still be typed.
    let as_buttons = options.iter().all(|o| o.name.len() <= LONGEST_DATA);
    let text = match as_buttons {
        true => text.clone(),
        false => numbered(text, options),
    };
    let length = text.chars().count();
    if length > LONGEST {
        return Err(format!(
            "the text has {length} characters, and Telegram takes {LONGEST}"
        ));
    }
    let mut body = json!({"chat_id": chat(to), "text": text});
    if as_buttons && !options.is_empty() {
        let rows: Vec<Json> = options.iter().map(row).collect();
        body["reply_markup"] = json!({"inline_keyboard": rows});
    }
    Ok(body)
}

/// One button across the whole width: labels are texts.
fn row(offer: &Offer) -> Json {
    json!([{"text": label(offer), "callback_data": offer.name}])
}

/// A chat's id is a number; channels have names as well.
fn chat(to: &str) -> Json {
    let to = to.trim();
    to.parse::<i64>().map_or_else(|_| json!(to), |id| json!(id))
}

fn is_token(token: &str) -> bool {
    let Some((id, key)) = token.split_once(':') else {
        return false;
    };
    let in_key = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    !id.is_empty()
        && id.bytes().all(|b| b.is_ascii_digit())
        && !key.is_empty()
        && key.bytes().all(in_key)
}

fn is_secret(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    (1..=256).contains(&text.len()) && text.bytes().all(allowed)
}
