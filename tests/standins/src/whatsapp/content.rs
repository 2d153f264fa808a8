//! What messages say, by their kind.

use serde_json::Value as Json;

use super::{Message, template, wa_id, wamid};
use crate::{
    Request,
    check::{Checked, Fields},
    wire::is_web_url,
};

const KINDS: [&str; 7] = [
    "text",
    "template",
    "interactive",
    "image",
    "video",
    "audio",
    "document",
];
/// What a message has beside its content.
const FIELDS: [&str; 6] = [
    "messaging_product",
    "recipient_type",
    "to",
    "type",
    "context",
    "biz_opaque_callback_data",
];

pub(super) fn message(fields: &Fields<'_>, json: &Json, request: &Request) -> Checked<Message> {
    fields.one_of("recipient_type", &["individual"])?;
    let to = fields.need_text("to")?;
    let Some(to) = wa_id(to) else {
        return Err(fields.fault("to", "is no phone number"));
    };
    let kind = fields.one_of("type", &KINDS)?.unwrap_or("text");
    fields.only(&[&FIELDS[..], &[kind]].concat())?;
    if let Some(context) = fields.object("context")? {
        context.only(&["message_id"])?;
        context.need_text("message_id")?;
    }
    let callback_data = fields.short("biz_opaque_callback_data", 512)?;
    let content = fields.need_object(kind)?;
    let mut message = Message {
        id: wamid(),
        to,
        kind: kind.to_owned(),
        text: None,
        template: None,
        parameters: Vec::new(),
        callback_data: callback_data.map(str::to_owned),
        json: json.clone(),
        request: request.clone(),
    };
    match kind {
        "text" => {
            content.only(&["body", "preview_url"])?;
            content.flag("preview_url")?;
            message.text = Some(content.need_short("body", 4096)?.to_owned());
        }
        "template" => {
            message.template = Some(content.need_text("name")?.to_owned());
            message.parameters = template::check(&content)?;
        }
        "interactive" => message.text = interactive(&content)?,
        kind => message.text = media(&content, kind)?,
    }
    Ok(message)
}

/// A message was read, and perhaps the answer is being typed.
pub(super) fn read_receipt(fields: &Fields<'_>) -> Checked<()> {
    fields.only(&[
        "messaging_product",
        "status",
        "message_id",
        "typing_indicator",
    ])?;
    fields.one_of("status", &["read"])?;
    fields.need_text("message_id")?;
    if let Some(typing) = fields.object("typing_indicator")? {
        typing.only(&["type"])?;
        typing.need_text("type")?;
        typing.one_of("type", &["text"])?;
    }
    Ok(())
}

/// Media that was uploaded or lies on the Web, and its caption.
pub(super) fn media(content: &Fields<'_>, kind: &str) -> Checked<Option<String>> {
    let known: &[&str] = match kind {
        "audio" => &["id", "link", "voice"],
        "document" => &["id", "link", "caption", "filename"],
        _ => &["id", "link", "caption"],
    };
    content.only(known)?;
    match (content.text("id")?, content.text("link")?) {
        (Some(_), None) => {}
        (None, Some(link)) if is_web_url(link) => {}
        (None, Some(_)) => return Err(content.fault("link", "must be a URL")),
        (None, None) => return Err(content.fault("id", "is missing")),
        (Some(_), Some(_)) => return Err(content.fault("link", "goes without an id")),
    }
    let caption = content.short("caption", 1024)?;
    Ok(caption.map(str::to_owned))
}

/// Something to press, and the text above it.
fn interactive(content: &Fields<'_>) -> Checked<Option<String>> {
    content.only(&["type", "header", "body", "footer", "action"])?;
    content.need_text("type")?;
    let kind = content.one_of("type", &["button", "list", "cta_url"])?;
    if let Some(header) = content.object("header")? {
        let kinds: &[&str] = match kind {
            Some("list") => &["text"],
            _ => &["text", "image", "video", "document"],
        };
        header.need_text("type")?;
        let kind = header.one_of("type", kinds)?.unwrap_or("text");
        header.only(&["type", kind])?;
        if kind == "text" {
            header.need_short("text", 60)?;
        } else {
            media(&header.need_object(kind)?, kind)?;
        }
    }
    let body = content.need_object("body")?;
    body.only(&["text"])?;
    let longest = if kind == Some("list") { 4096 } else { 1024 };
    let text = body.need_short("text", longest)?;
    if let Some(footer) = content.object("footer")? {
        footer.only(&["text"])?;
        footer.need_short("text", 60)?;
    }
    let action = content.need_object("action")?;
    match kind {
        Some("button") => buttons(&action)?,
        Some("list") => list(&action)?,
        _ => link(&action)?,
    }
    Ok(Some(text.to_owned()))
}

/// Up to three buttons to answer with.
fn buttons(action: &Fields<'_>) -> Checked<()> {
    action.only(&["buttons"])?;
    let buttons = action.objects("buttons")?;
    if buttons.is_empty() || buttons.len() > 3 {
        return Err(action.fault("buttons", "must be one to three"));
    }
    let mut seen = Vec::new();
    for button in &buttons {
        button.only(&["type", "reply"])?;
        button.need_text("type")?;
        button.one_of("type", &["reply"])?;
        let reply = button.need_object("reply")?;
        reply.only(&["id", "title"])?;
        let id = reply.need_short("id", 256)?;
        let title = reply.need_short("title", 20)?;
        if seen.contains(&id) || seen.contains(&title) {
            return Err(reply.fault("id", "or the title is there twice"));
        }
        seen.extend([id, title]);
    }
    Ok(())
}

/// A list of up to ten rows, in up to ten sections.
fn list(action: &Fields<'_>) -> Checked<()> {
    action.only(&["button", "sections"])?;
    action.need_short("button", 20)?;
    let sections = action.objects("sections")?;
    if sections.is_empty() || sections.len() > 10 {
        return Err(action.fault("sections", "must be one to ten"));
    }
    let mut ids = Vec::new();
    for section in &sections {
        section.only(&["title", "rows"])?;
        section.short("title", 24)?;
        if sections.len() > 1 {
            section.need_text("title")?;
        }
        let rows = section.objects("rows")?;
        if rows.is_empty() {
            return Err(section.fault("rows", "is missing"));
        }
        for row in &rows {
            row.only(&["id", "title", "description"])?;
            row.need_short("title", 24)?;
            row.short("description", 72)?;
            let id = row.need_short("id", 200)?;
            if ids.contains(&id) {
                return Err(row.fault("id", "is there twice"));
            }
            ids.push(id);
        }
    }
    match ids.len() {
        0..=10 => Ok(()),
        _ => Err(action.fault("sections", "may have ten rows in all")),
    }
}

/// A button with an address.
fn link(action: &Fields<'_>) -> Checked<()> {
    action.only(&["name", "parameters"])?;
    action.need_text("name")?;
    action.one_of("name", &["cta_url"])?;
    let parameters = action.need_object("parameters")?;
    parameters.only(&["display_text", "url"])?;
    parameters.need_short("display_text", 20)?;
    match is_web_url(parameters.need_text("url")?) {
        true => Ok(()),
        false => Err(parameters.fault("url", "must be a URL")),
    }
}
