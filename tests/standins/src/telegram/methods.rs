//! The methods that a bot calls, and what they demand.

use serde_json::{Value as Json, json};

use super::{Message, Telegram, bad, format, keyboard};
use crate::{
    Invalid, Read, Reply, Request,
    check::{Checked, Fault, Fields, nobody_knows},
};

/// The longest text, in characters.
const LONGEST: usize = 4096;
const SEND: [&str; 17] = [
    "business_connection_id",
    "chat_id",
    "message_thread_id",
    "direct_messages_topic_id",
    "text",
    "parse_mode",
    "entities",
    "link_preview_options",
    "disable_notification",
    "protect_content",
    "allow_paid_broadcast",
    "message_effect_id",
    "suggested_post_parameters",
    "reply_parameters",
    "reply_markup",
    // Of earlier versions, and still taken.
    "disable_web_page_preview",
    "reply_to_message_id",
];
const ACTION: [&str; 4] = [
    "business_connection_id",
    "chat_id",
    "message_thread_id",
    "action",
];
const ACTIONS: [&str; 11] = [
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
];
const SET: [&str; 7] = [
    "url",
    "certificate",
    "ip_address",
    "max_connections",
    "allowed_updates",
    "drop_pending_updates",
    "secret_token",
];
const ANSWER: [&str; 5] = [
    "callback_query_id",
    "text",
    "show_alert",
    "url",
    "cache_time",
];

/// What a bot set with `setWebhook`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Where its updates are posted.
    pub url: String,
    /// What comes along, in `X-Telegram-Bot-Api-Secret-Token`.
    pub secret_token: Option<String>,
    /// The kinds of updates that it wants; with none, all but a few.
    pub allowed_updates: Vec<String>,
}

/// One call.
pub(super) fn call(
    telegram: &Telegram,
    method: &str,
    json: &Json,
    request: &Request,
) -> Result<Read<Message>, Invalid> {
    let fields = Fields::of(json).map_err(wrong)?;
    let done = |result: Json, fields: &Fields<'_>, known: &[&str]| {
        // What is ignored here is worth a refusal: nobody would hear of it otherwise.
        fields.only(known).map_err(wrong)?;
        let name = method.to_owned();
        telegram.state().calls.push((name, json.clone()));
        Ok(Read::Answer(result_of(&result)))
    };
    match &*method.to_ascii_lowercase() {
        "sendmessage" => {
            let message = message(telegram, &fields, request)?;
            let remarks = nobody_knows(fields.unknown(&SEND));
            Ok(Read::Message { message, remarks })
        }
        "sendchataction" => {
            chat(&fields)?;
            fields.need_text("action").map_err(wrong)?;
            if fields.one_of("action", &ACTIONS).is_err() {
                return Err(bad(400, "Bad Request: wrong parameter action in request"));
            }
            done(json!(true), &fields, &ACTION)
        }
        "answercallbackquery" => {
            fields.need_text("callback_query_id").map_err(|_| {
                let words = "Bad Request: query is too old and response timeout expired or query \
                             ID is invalid";
                bad(400, words)
            })?;
            if fields.short("text", 200).is_err() {
                return Err(bad(400, "Bad Request: MESSAGE_TOO_LONG"));
            }
            fields.flag("show_alert").map_err(wrong)?;
            fields.int("cache_time").map_err(wrong)?;
            done(json!(true), &fields, &ANSWER)
        }
        "setwebhook" => {
            let webhook = webhook(&fields)?;
            let set = !webhook.url.is_empty();
            telegram.state().webhook = set.then_some(webhook);
            done(json!(true), &fields, &SET)
        }
        "deletewebhook" => {
            telegram.state().webhook = None;
            done(json!(true), &fields, &["drop_pending_updates"])
        }
        "getwebhookinfo" => {
            let url = telegram.webhook().map(|webhook| webhook.url);
            let info = json!({
                "url": url.unwrap_or_default(),
                "has_custom_certificate": false,
                "pending_update_count": 0,
            });
            done(info, &fields, &[])
        }
        "getme" => done(telegram.me(), &fields, &[]),
        _ => Err(bad(404, "Not Found")),
    }
}

fn message(
    telegram: &Telegram,
    fields: &Fields<'_>,
    request: &Request,
) -> Result<Message, Invalid> {
    let to = chat(fields)?;
    let text = fields.text("text").map_err(wrong)?.unwrap_or_default();
    if text.trim().is_empty() {
        return Err(bad(400, "Bad Request: message text is empty"));
    }
    let modes = ["HTML", "MarkdownV2", "Markdown"];
    let parse_mode = fields.one_of("parse_mode", &modes);
    let parse_mode = parse_mode.map_err(|_| bad(400, "Bad Request: unsupported parse_mode"))?;
    let shown = match parse_mode {
        Some("HTML") => format::html(text),
        Some("MarkdownV2") => format::markdown(text),
        _ => Ok(text.chars().count()),
    };
    let shown = shown.map_err(|why| {
        let words = format!("Bad Request: can't parse entities: {why}");
        bad(400, &words)
    })?;
    if shown > LONGEST {
        return Err(bad(400, "Bad Request: message is too long"));
    }
    for name in [
        "disable_notification",
        "protect_content",
        "allow_paid_broadcast",
    ] {
        fields.flag(name).map_err(wrong)?;
    }
    fields.object("link_preview_options").map_err(wrong)?;
    fields.object("reply_parameters").map_err(wrong)?;
    let reply_markup = fields.get("reply_markup");
    if reply_markup.is_some() {
        keyboard::check(fields)?;
    }
    let mut state = telegram.state();
    state.messages += 1;
    Ok(Message {
        message_id: state.messages,
        to,
        text: text.to_owned(),
        parse_mode: parse_mode.map(str::to_owned),
        reply_markup: reply_markup.cloned(),
        json: request.json(),
        request: request.clone(),
    })
}

/// The chat: a number, a number in a string, or the name of a channel.
fn chat(fields: &Fields<'_>) -> Result<String, Invalid> {
    match fields.get("chat_id") {
        None => Err(bad(400, "Bad Request: chat_id is empty")),
        Some(Json::Number(id)) if id.is_i64() => Ok(id.to_string()),
        Some(Json::String(id))
            if id.parse::<i64>().is_ok() || id.len() > 1 && id.starts_with('@') =>
        {
            Ok(id.clone())
        }
        Some(_) => Err(bad(400, "Bad Request: chat not found")),
    }
}

fn webhook(fields: &Fields<'_>) -> Result<Webhook, Invalid> {
    let bad_hook = |why: &str| bad(400, &format!("Bad Request: bad webhook: {why}"));
    let url = fields.text("url").map_err(wrong)?.unwrap_or_default();
    if !url.is_empty() {
        let parsed = url::Url::parse(url).map_err(|_| bad_hook("invalid webhook URL specified"))?;
        if parsed.scheme() != "https" {
            return Err(bad_hook("An HTTPS URL must be provided for webhook"));
        }
        if !matches!(parsed.port_or_known_default(), Some(80 | 88 | 443 | 8443)) {
            let why = "Webhook can be set up only on ports 80, 88, 443 or 8443";
            return Err(bad_hook(why));
        }
    }
    let secret_token = fields.text("secret_token").map_err(wrong)?;
    let fits = |secret: &str| {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        (1..=256).contains(&secret.len()) && secret.bytes().all(allowed)
    };
    if secret_token.is_some_and(|secret| !fits(secret)) {
        return Err(bad(
            400,
            "Bad Request: secret token contains unallowed characters",
        ));
    }
    let most = fields.int("max_connections").map_err(wrong)?;
    if most.is_some_and(|most| !(1..=100).contains(&most)) {
        return Err(bad_hook("max_connections must be from 1 to 100"));
    }
    let updates = fields.list("allowed_updates").map_err(wrong)?;
    let updates: Option<Vec<_>> = updates
        .iter()
        .map(|u| u.as_str().map(str::to_owned))
        .collect();
    Ok(Webhook {
        url: url.to_owned(),
        secret_token: secret_token.map(str::to_owned),
        allowed_updates: updates
            .ok_or_else(|| bad(400, "Bad Request: can't parse allowed_updates"))?,
    })
}

/// JSON of another shape than the method has.
pub(super) fn wrong(fault: Fault) -> Invalid {
    bad(400, &format!("Bad Request: {}", fault.say()))
}

/// The same for a value that is not needed further.
pub(super) fn expect<T>(checked: Checked<T>) -> Result<T, Invalid> {
    checked.map_err(wrong)
}

fn result_of(result: &Json) -> Reply {
    Reply::json(200, &json!({"ok": true, "result": result}))
}
