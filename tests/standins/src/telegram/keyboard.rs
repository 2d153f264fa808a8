//! `reply_markup`: the four kinds that there are.

use serde_json::Value as Json;

use super::{bad, methods::expect};
use crate::{Invalid, check::Fields};

/// What a button below a message does, one of them.
const DOES: [&str; 10] = [
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
];
/// What a button below the keyboard asks for, at most one of them.
const ASKS: [&str; 6] = [
    "request_users",
    "request_chat",
    "request_contact",
    "request_location",
    "request_poll",
    "web_app",
];

pub(super) fn check(fields: &Fields<'_>) -> Result<(), Invalid> {
    let Ok(markup) = fields.need_object("reply_markup") else {
        return Err(bad(400, "Bad Request: object expected as reply markup"));
    };
    if markup.get("inline_keyboard").is_some() {
        expect(markup.only(&["inline_keyboard"]))?;
        return rows(&markup, "inline_keyboard", inline);
    }
    if markup.get("keyboard").is_some() {
        expect(markup.only(&[
            "keyboard",
            "is_persistent",
            "resize_keyboard",
            "one_time_keyboard",
            "input_field_placeholder",
            "selective",
        ]))?;
        for name in [
            "is_persistent",
            "resize_keyboard",
            "one_time_keyboard",
            "selective",
        ] {
            expect(markup.flag(name))?;
        }
        expect(markup.short("input_field_placeholder", 64))?;
        return rows(&markup, "keyboard", plain);
    }
    let only = |name: &str| markup.get(name) == Some(&Json::Bool(true));
    match only("remove_keyboard") || only("force_reply") {
        true => expect(markup.only(&[
            "remove_keyboard",
            "force_reply",
            "input_field_placeholder",
            "selective",
        ])),
        false => Err(bad(400, "Bad Request: reply markup is of no known kind")),
    }
}

fn rows(
    markup: &Fields<'_>,
    name: &str,
    button: impl Fn(&Json) -> Result<(), Invalid>,
) -> Result<(), Invalid> {
    for row in expect(markup.list(name))? {
        let Some(row) = row.as_array() else {
            return Err(bad(400, "Bad Request: a row of the keyboard is no array"));
        };
        row.iter().try_for_each(&button)?;
    }
    Ok(())
}

/// A button below a message.
fn inline(button: &Json) -> Result<(), Invalid> {
    let button = expect(Fields::of(button))?;
    let known = [&DOES[..], &["text", "icon_custom_emoji_id", "style"]].concat();
    expect(button.only(&known))?;
    expect(button.need_text("text"))?;
    if button.names().filter(|name| DOES.contains(name)).count() != 1 {
        let words = "Bad Request: text buttons are unallowed in the inline keyboard";
        return Err(bad(400, words));
    }
    let data = expect(button.text("callback_data"))?;
    if data.is_some_and(|data| !(1..=64).contains(&data.len())) {
        return Err(bad(400, "Bad Request: BUTTON_DATA_INVALID"));
    }
    if let Some(url) = expect(button.text("url"))? {
        let schemes = ["http", "https", "tg", "ton"];
        let parsed = url::Url::parse(url);
        if !parsed.is_ok_and(|url| schemes.contains(&url.scheme())) {
            let words = format!(
                "Bad Request: inline keyboard button URL '{url}' is invalid: Wrong HTTP URL"
            );
            return Err(bad(400, &words));
        }
    }
    Ok(())
}

/// A button below the keyboard, which may be its text alone.
fn plain(button: &Json) -> Result<(), Invalid> {
    if button.as_str().is_some_and(|text| !text.is_empty()) {
        return Ok(());
    }
    let button = expect(Fields::of(button))?;
    let known = [&ASKS[..], &["text", "icon_custom_emoji_id", "style"]].concat();
    expect(button.only(&known))?;
    expect(button.need_text("text"))?;
    match button.names().filter(|name| ASKS.contains(name)).count() {
        0 | 1 => Ok(()),
        _ => Err(bad(400, "Bad Request: a button asks for one thing")),
    }
}
