//! What WhatsApp tells: many things a call.

use jiff::Timestamp;
use journey::{failure::Failure, message::Channel};
use ring::hmac;
use serde_json::Value as Json;

use super::{
    WhatsApp,
    answer::{Kind, coded, kind, words},
};
use crate::{
    detail,
    hear::{Fate, Heard, Hook, Report, Said, Unheard, What},
};

/// The most that one call may tell: Meta puts up to 1,000 updates into one.
const MOST: usize = 4_000;
/// The longest challenge that is given back, in bytes.
const CHALLENGE: usize = 256;
/// The header with the signature.
const SIGNATURE: &str = "x-hub-signature-256";

impl WhatsApp {
    pub(crate) fn hear(&self, hook: &Hook<'_>) -> Result<Heard, Unheard> {
        if hook.body.is_empty() && hook.query("hub.mode").is_some() {
            return self.verified(hook);
        }
        let key = self.app_key.as_ref().ok_or(Unheard::Nobody)?;
        let signature = hook.header(SIGNATURE).and_then(signature);
        let signature = signature.ok_or(Unheard::NotSigned)?;
        hmac::verify(key, hook.body, &signature).map_err(|_| Unheard::NotSigned)?;
        let body: Json = serde_json::from_slice(hook.body)
            .map_err(|error| unreadable(format!("it is no JSON: {error}")))?;
        let Some(entries) = body["entry"].as_array() else {
            return Err(unreadable("it has no list `entry`".to_owned()));
        };
        let mut reports = Vec::new();
        for change in entries.iter().flat_map(|entry| list(&entry["changes"])) {
            if change["field"] != "messages" {
                continue;
            }
            let value = &change["value"];
            reports.extend(list(&value["statuses"]).iter().filter_map(became));
            // What is said to another number of the same app is no answer to ours.
            if value["metadata"]["phone_number_id"] == self.phone_number_id {
                let contacts = list(&value["contacts"]);
                let all = list(&value["messages"]).iter();
                reports.extend(all.filter_map(|message| said(message, contacts)));
            }
            if reports.len() > MOST {
                return Err(unreadable(format!("it tells more than {MOST} things")));
            }
        }
        Ok(reports.into())
    }

    /// Meta asks whether the web hook is ours.
    fn verified(&self, hook: &Hook<'_>) -> Result<Heard, Unheard> {
        let token = self.verify_token.as_ref().ok_or(Unheard::Nobody)?;
        let is_ours = hook.query("hub.verify_token").is_some_and(|t| token.is(t));
        if !is_ours || hook.query("hub.mode") != Some("subscribe") {
            return Err(Unheard::NotSigned);
        }
        let challenge = hook.query("hub.challenge").unwrap_or_default();
        let fits = (1..=CHALLENGE).contains(&challenge.len())
            && challenge.bytes().all(|b| b.is_ascii_graphic());
        if !fits {
            return Err(unreadable("`hub.challenge` is none".to_owned()));
        }
        Ok(Heard {
            reports: Vec::new(),
            answer: Some(("text/plain", challenge.to_owned())),
        })
    }
}

fn unreadable(words: String) -> Unheard {
    Unheard::Unreadable(words)
}

fn list(value: &Json) -> &[Json] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The bytes of `sha256=HEX`.
fn signature(header: &str) -> Option<Vec<u8>> {
    let hex = header.trim().strip_prefix("sha256=")?.as_bytes();
    let digit = |b: u8| char::from(b).to_digit(16);
    let byte = |pair: &[u8]| u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok();
    let pairs = hex.chunks_exact(2);
    match pairs.remainder() {
        [] => pairs.map(byte).collect(),
        _ => None,
    }
}

/// What became of a message. One without a token is none of ours.
fn became(status: &Json) -> Option<Report> {
    let token = status["biz_opaque_callback_data"].as_str()?;
    let (id, name) = (status["id"].as_str()?, status["status"].as_str()?);
    let fate = match name {
        "delivered" => Fate::Delivered,
        "read" => Fate::Opened,
        "failed" => failed(status),
        // It has left Meta, which the answer told; others are for media and calls.
        _ => return None,
    };
    Some(Report {
        id: format!("{id}:{name}"),
        at: at(status),
        what: What::Became {
            token: token.to_owned(),
            fate,
        },
    })
}

fn failed(status: &Json) -> Fate {
    let error = &status["errors"][0];
    let to = status["recipient_id"].as_str().unwrap_or_default();
    let code = error["code"].as_i64().unwrap_or_default();
    let told = words(error).map_or_else(|| format!("({code})"), |words| coded(code, words));
    let detail = Failure::from(&*detail::clean(&told, to));
    match kind(code) {
        Kind::OptedOut => Fate::Unsubscribed,
        // Meta does not say whether there is nobody, or only too old an app.
        Kind::Undeliverable => Fate::Bounced {
            permanent: false,
            detail,
        },
        _ => Fate::Failed { detail },
    }
}

/// What a customer wrote or pressed; nothing, where it has no words.
fn said(message: &Json, contacts: &[Json]) -> Option<Report> {
    let id = message["id"].as_str()?;
    let from = message["from"].as_str()?;
    let is_number =
        !from.is_empty() && from.len() <= 15 && from.bytes().all(|b| b.is_ascii_digit());
    if !is_number {
        return None;
    }
    let kind = message["type"].as_str()?;
    let content = &message[kind];
    let (text, choice) = match kind {
        "text" => (content["body"].as_str()?, None),
        "button" => {
            let (text, payload) = (content["text"].as_str()?, content["payload"].as_str());
            // A template whose buttons were given no payload says the words twice.
            (text, payload.filter(|payload| *payload != text))
        }
        "interactive" => {
            let reply = &content[content["type"].as_str()?];
            (reply["title"].as_str()?, Some(reply["id"].as_str()?))
        }
        "image" | "video" | "document" => (content["caption"].as_str()?, None),
        _ => return None,
    };
    let contact = contacts.iter().find(|c| c["wa_id"].as_str() == Some(from));
    let name = contact.and_then(|c| c["profile"]["name"].as_str());
    Some(Report {
        id: id.to_owned(),
        at: at(message),
        what: What::Said(Said {
            channel: Channel::Chat,
            from: format!("+{from}"),
            text: text.to_owned(),
            choice: choice.map(str::to_owned),
            name: name.map(str::to_owned),
            token: None,
        }),
    })
}

/// Meta writes seconds as a text.
fn at(from: &Json) -> Option<Timestamp> {
    let seconds = &from["timestamp"];
    let seconds = seconds
        .as_i64()
        .or_else(|| seconds.as_str()?.parse().ok())?;
    Timestamp::from_second(seconds).ok()
}
