//! What a mail must be.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value as Json;

use super::{Postmark, Trouble, address};
use crate::{
    Request,
    check::{Fault, Fields},
    wire::uuid,
};

/// What is known of a mail.
const FIELDS: [&str; 15] = [
    "From",
    "To",
    "Cc",
    "Bcc",
    "Subject",
    "Tag",
    "HtmlBody",
    "TextBody",
    "ReplyTo",
    "Metadata",
    "Headers",
    "TrackOpens",
    "TrackLinks",
    "Attachments",
    "MessageStream",
];
/// The most recipients, of all kinds.
const RECIPIENTS: usize = 50;
/// The longest body, in bytes.
const BODY: usize = 5 * 1024 * 1024;
/// The longest mail with what is attached to it, in bytes.
const WHOLE: usize = 10 * 1024 * 1024;
/// What is not to be attached.
const FORBIDDEN: &str = " vbs exe bin bat chm com cpl crt hlp hta inf ins isp jse lnk mdb pcd pif \
                         reg scr sct shs vbe vba wsf wsh wsl msc msi msp mst ";

/// A mail that was taken.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The name that Postmark gave it.
    pub message_id: String,
    /// The sender, as it was written.
    pub from: String,
    /// The addresses of `To`.
    pub to: Vec<String>,
    /// The subject.
    pub subject: String,
    /// The body in HTML.
    pub html: Option<String>,
    /// The body in plain text.
    pub text: Option<String>,
    /// Where answers go.
    pub reply_to: Option<String>,
    /// The headers of its own.
    pub headers: Vec<(String, String)>,
    /// What it is tagged with.
    pub tag: Option<String>,
    /// What is handed back with its events.
    pub metadata: Vec<(String, String)>,
    /// The stream that it goes by.
    pub stream: String,
    /// What is attached to it.
    pub attachments: Vec<Attachment>,
    /// The body.
    pub json: Json,
    /// The request.
    pub request: Request,
}

/// Something attached to a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// The file's name.
    pub name: String,
    /// The kind of content.
    pub content_type: String,
    /// The content.
    pub content: Vec<u8>,
    /// The id that the HTML names it by.
    pub content_id: Option<String>,
}

/// The mail, and what of it nobody knows.
pub(super) fn read(
    postmark: &Postmark,
    json: &Json,
    request: &Request,
) -> Result<(Mail, Vec<String>), Trouble> {
    let fields = Fields::of(json).map_err(incompatible)?;
    let text = |name: &str| fields.text(name).map_err(incompatible);
    let owned = |name: &str| text(name).map(|text| text.map(str::to_owned));
    let from = text("From")?.unwrap_or_default();
    let sender = addresses("From", from)?;
    if sender.len() != 1 || from.len() > 255 {
        return Err((300, format!("Invalid 'From' address: '{from}'.")));
    }
    confirmed(postmark, &sender[0])?;
    let to = addresses("To", text("To")?.unwrap_or_default())?;
    let mut recipients = to.len();
    for name in ["Cc", "Bcc"] {
        if let Some(list) = text(name)?.filter(|list| !list.is_empty()) {
            recipients += addresses(name, list)?.len();
        }
    }
    if recipients > RECIPIENTS {
        return Err((
            300,
            "Maximum of 50 recipients allowed per email message.".to_owned(),
        ));
    }
    let reply_to = owned("ReplyTo")?;
    if let Some(list) = reply_to.as_deref().filter(|list| !list.is_empty()) {
        addresses("ReplyTo", list)?;
    }
    fields.short("Subject", 2000).map_err(invalid)?;
    fields.short("Tag", 1000).map_err(invalid)?;
    let (html, plain) = (owned("HtmlBody")?, owned("TextBody")?);
    let there = |body: &Option<String>| body.as_ref().is_some_and(|body| !body.is_empty());
    if !there(&html) && !there(&plain) {
        return Err((
            300,
            "Provide either email TextBody or HtmlBody or both.".to_owned(),
        ));
    }
    for body in [&html, &plain].into_iter().flatten() {
        if body.len() > BODY {
            return Err((300, "The bodies may have 5 MB each.".to_owned()));
        }
    }
    if request.body.len() > WHOLE {
        return Err((300, "A mail may have 10 MB.".to_owned()));
    }
    fields.flag("TrackOpens").map_err(incompatible)?;
    let ways = ["None", "HtmlAndText", "HtmlOnly", "TextOnly"];
    fields.one_of("TrackLinks", &ways).map_err(invalid)?;
    let stream = text("MessageStream")?.unwrap_or("outbound");
    if !postmark.streams.iter().any(|known| known == stream) {
        let words = "The 'MessageStream' provided does not exist on this server.";
        return Err((1235, words.to_owned()));
    }
    let mut unknown = fields.unknown(&FIELDS);
    let mail = Mail {
        message_id: uuid(),
        from: from.to_owned(),
        to,
        subject: text("Subject")?.unwrap_or_default().to_owned(),
        html,
        text: plain,
        reply_to,
        headers: headers(&fields, &mut unknown)?,
        tag: owned("Tag")?,
        metadata: metadata(&fields)?,
        stream: stream.to_owned(),
        attachments: attachments(&fields, &mut unknown)?,
        json: json.clone(),
        request: request.clone(),
    };
    Ok((mail, unknown))
}

/// The addresses of a field, of which there is at least one.
fn addresses(name: &str, list: &str) -> Result<Vec<String>, Trouble> {
    if list.trim().is_empty() {
        let words = match name {
            "To" => "Zero recipients specified".to_owned(),
            name => format!("Invalid '{name}' address: ''."),
        };
        return Err((300, words));
    }
    address::list(list).ok_or_else(|| (300, format!("Invalid '{name}' address: '{list}'.")))
}

/// The sender is one that the account may send for.
fn confirmed(postmark: &Postmark, sender: &str) -> Result<(), Trouble> {
    let domain = sender.rsplit('@').next().unwrap_or_default();
    let domains = &postmark.sender_domains;
    if domains.is_empty() || domains.iter().any(|d| d.eq_ignore_ascii_case(domain)) {
        return Ok(());
    }
    let words = format!(
        "The 'From' address you supplied ({sender}) is not a Sender Signature on your account. \
         Please add and confirm this address in order to be able to use it in the 'From' field of \
         your messages."
    );
    Err((400, words))
}

fn headers(
    fields: &Fields<'_>,
    unknown: &mut Vec<String>,
) -> Result<Vec<(String, String)>, Trouble> {
    let mut headers = Vec::new();
    for header in fields.objects("Headers").map_err(incompatible)? {
        unknown.extend(header.unknown(&["Name", "Value"]));
        let name = header.need_text("Name").map_err(invalid)?;
        let value = header.need_text("Value").map_err(invalid)?;
        if !name.bytes().all(|b| b.is_ascii_graphic() && b != b':') || value.contains(['\r', '\n'])
        {
            return Err((300, format!("The header '{name}' is not one of a mail.")));
        }
        headers.push((name.to_owned(), value.to_owned()));
    }
    Ok(headers)
}

fn metadata(fields: &Fields<'_>) -> Result<Vec<(String, String)>, Trouble> {
    let Some(metadata) = fields.object("Metadata").map_err(incompatible)? else {
        return Ok(Vec::new());
    };
    let metadata = metadata.texts().map_err(incompatible)?;
    let long =
        |(name, value): &(&str, &str)| name.chars().count() > 20 || value.chars().count() > 80;
    if metadata.len() > 10 || metadata.iter().any(long) {
        let words = "Metadata may have 10 fields, with names of 20 and values of 80 characters.";
        return Err((300, words.to_owned()));
    }
    let owned = metadata.into_iter();
    Ok(owned.map(|(n, v)| (n.to_owned(), v.to_owned())).collect())
}

fn attachments(fields: &Fields<'_>, unknown: &mut Vec<String>) -> Result<Vec<Attachment>, Trouble> {
    let known = ["Name", "Content", "ContentType", "ContentID"];
    let mut attachments = Vec::new();
    for attachment in fields.objects("Attachments").map_err(incompatible)? {
        unknown.extend(attachment.unknown(&known));
        let name = attachment.need_text("Name").map_err(invalid)?;
        let ending = name.rsplit('.').next().unwrap_or_default();
        if FORBIDDEN.contains(&format!(" {} ", ending.to_lowercase())) {
            return Err((411, format!("Forbidden attachment type: {ending}")));
        }
        let content = attachment.need_text("Content").map_err(invalid)?;
        let content = STANDARD.decode(content).map_err(|_| {
            let words = format!("The content of the attachment '{name}' is no base64.");
            (300, words)
        })?;
        let content_id = attachment.text("ContentID").map_err(incompatible)?;
        attachments.push(Attachment {
            name: name.to_owned(),
            content_type: attachment
                .need_text("ContentType")
                .map_err(invalid)?
                .to_owned(),
            content,
            content_id: content_id.map(str::to_owned),
        });
    }
    Ok(attachments)
}

/// JSON of another shape.
fn incompatible(fault: Fault) -> Trouble {
    (403, format!("Incompatible JSON: {}", fault.say()))
}

fn invalid(fault: Fault) -> Trouble {
    (300, format!("Invalid email request: {}", fault.say()))
}
