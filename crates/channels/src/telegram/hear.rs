//! What Telegram tells: one update a call.

use jiff::Timestamp;
use journey::message::Channel;
use serde_json::{Value as Json, json};

use super::Telegram;
use crate::hear::{Heard, Hook, Report, Said, Unheard, What};

/// The header with the secret token.
const SECRET: &str = "x-telegram-bot-api-secret-token";

impl Telegram {
    pub(crate) fn hear(&self, hook: &Hook<'_>) -> Result<Heard, Unheard> {
        let secret = self.secret_token.as_ref().ok_or(Unheard::Nobody)?;
        if !hook.header(SECRET).is_some_and(|said| secret.is(said)) {
            return Err(Unheard::NotSigned);
        }
        let update: Json = serde_json::from_slice(hook.body)
            .map_err(|error| Unheard::Unreadable(format!("the update is no JSON: {error}")))?;
        let Some(id) = update["update_id"].as_i64() else {
            let words = "the update has no `update_id`";
            return Err(Unheard::Unreadable(words.to_owned()));
        };
        let told = told(&update);
        let report = told.map(|(what, at)| Report {
            id: id.to_string(),
            at,
            what,
        });
        Ok(Heard {
            reports: report.into_iter().collect(),
            answer: answer(&update),
        })
    }
}

/// What an update tells, and when it happened; nothing, where it is of a kind that does not concern us.
fn told(update: &Json) -> Option<(What, Option<Timestamp>)> {
    if let Some(message) = update.get("message") {
        let text = ["text", "caption"]
            .iter()
            .find_map(|field| message[field].as_str())?;
        // Other bots in a group are no customers.
        if message["from"]["is_bot"].as_bool() == Some(true) {
            return None;
        }
        let said = Said {
            channel: Channel::Chat,
            from: message["chat"]["id"].as_i64()?.to_string(),
            text: text.to_owned(),
            choice: None,
            name: name(&message["from"]),
            token: None,
        };
        return Some((What::Said(said), date(message)));
    }
    if let Some(query) = update.get("callback_query") {
        let data = query["data"].as_str()?;
        let message = &query["message"];
        let chat = message["chat"]["id"].as_i64();
        let said = Said {
            channel: Channel::Chat,
            from: chat.or(query["from"]["id"].as_i64())?.to_string(),
            text: pressed(message, data).unwrap_or(data).to_owned(),
            choice: Some(data.to_owned()),
            name: name(&query["from"]),
            token: None,
        };
        // Telegram does not say when a button was pressed.
        return Some((What::Said(said), None));
    }
    let change = update.get("my_chat_member")?;
    let status = change["new_chat_member"]["status"].as_str()?;
    let left = What::Left {
        channel: Channel::Chat,
        from: change["chat"]["id"].as_i64()?.to_string(),
    };
    matches!(status, "kicked" | "left").then(|| (left, date(change)))
}

/// A button spins until it is answered: Telegram takes the call of a method as a web hook's answer.
fn answer(update: &Json) -> Option<(&'static str, String)> {
    let id = update["callback_query"]["id"].as_str()?;
    let call = json!({"method": "answerCallbackQuery", "callback_query_id": id});
    Some(("application/json", call.to_string()))
}

/// What stands on the button with that data.
fn pressed<'u>(message: &'u Json, data: &str) -> Option<&'u str> {
    let rows = message["reply_markup"]["inline_keyboard"].as_array()?;
    let mut buttons = rows.iter().filter_map(Json::as_array).flatten();
    let button = buttons.find(|button| button["callback_data"].as_str() == Some(data))?;
    button["text"].as_str()
}

/// The first name, and the last if there is one.
fn name(user: &Json) -> Option<String> {
    let first = user["first_name"].as_str()?;
    let name = match user["last_name"].as_str() {
        Some(last) => format!("{first} {last}"),
        None => first.to_owned(),
    };
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

fn date(from: &Json) -> Option<Timestamp> {
    Timestamp::from_second(from["date"].as_i64()?).ok()
}
