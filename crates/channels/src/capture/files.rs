//! The files of a mailbox: their names, what stands in them, and how they are written.

use std::{fs, io, path::Path};

use jiff::{Timestamp, tz::TimeZone};
use journey::{
    content::{Content, File},
    message::Channel,
};
use mail_parser::{Address, Message, MessageParser, MessagePart, MimeHeaders as _, PartType};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Captured, CapturedMessage, Parts, Summary};

/// `20260314T092653.123456Z`, which sorts by time.
const TIME: &str = "%Y%m%dT%H%M%S.%6fZ";
/// The length of a file's name without its ending: the time, a dash, 32 digits.
const STEM: usize = 23 + 1 + 32;
/// The longest line of a summary, in characters.
const LINE: usize = 200;

/// The two kinds of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Mail,
    Message,
}

impl Kind {
    fn ending(self) -> &'static str {
        match self {
            Self::Mail => ".eml",
            Self::Message => ".json",
        }
    }

    pub(super) fn of(name: &str) -> Self {
        if name.ends_with(".eml") {
            Self::Mail
        } else {
            Self::Message
        }
    }
}

/// A name taken apart: proof that it is one, and leads nowhere else.
pub(super) struct Name {
    pub(super) at: Timestamp,
    pub(super) id: Uuid,
}

/// The name of the message `id` that arrived at `at`.
pub(super) fn name(at: Timestamp, id: Uuid, kind: Kind) -> String {
    let at = at.to_zoned(TimeZone::UTC).strftime(TIME).to_string();
    format!("{at}-{}{}", id.simple(), kind.ending())
}

/// Takes a name apart; `None` for anything that [`name`] does not give.
pub(super) fn parse_name(text: &str) -> Option<Name> {
    let stem = text
        .strip_suffix(".eml")
        .or_else(|| text.strip_suffix(".json"))?;
    if stem.len() != STEM || !stem.is_ascii() {
        return None;
    }
    let (at, id) = stem.split_once('-')?;
    let at = jiff::civil::DateTime::strptime(TIME, at).ok()?;
    let at = at.to_zoned(TimeZone::UTC).ok()?.timestamp();
    let id = Uuid::try_parse(id).ok()?;
    (name(at, id, Kind::of(text)) == text).then_some(Name { at, id })
}

/// What a `.json` file holds.
#[derive(Serialize, Deserialize)]
struct Stored {
    deliveries: u32,
    #[serde(flatten)]
    message: CapturedMessage,
}

/// The bytes of a file for a message.
pub(super) fn message_bytes(
    message: &CapturedMessage,
    deliveries: u32,
) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec_pretty(&Stored {
        deliveries,
        message: message.clone(),
    })
}

/// The header lines that the mailbox puts above a mail, as mail servers do.
pub(super) fn mail_bytes(recipients: &[String], raw: &[u8], deliveries: u32) -> Vec<u8> {
    let to = recipients.join(", ");
    let mut bytes =
        format!("X-Parcours-Deliveries: {deliveries}\r\nDelivered-To: {to}\r\n").into_bytes();
    bytes.extend_from_slice(raw);
    bytes
}

/// A `.eml` file parted into the mailbox's header lines and the mail as it came.
fn part(file: &[u8]) -> (&[u8], &[u8]) {
    let mut ends = file.iter().enumerate().filter(|(_, b)| **b == b'\n');
    match ends.nth(1) {
        Some((end, _)) => file.split_at(end + 1),
        None => (&[], file),
    }
}

/// The id that our adapter gave a mail.
pub(super) fn message_id(raw: &[u8]) -> Option<Uuid> {
    let mail = MessageParser::default().parse_headers(raw)?;
    header(&mail, "X-Parcours-Message")?.parse().ok()
}

fn header(mail: &Message<'_>, name: &'static str) -> Option<String> {
    mail.header_raw(name).map(|value| value.trim().to_owned())
}

/// Reads a file's bytes back; `None` for what the mailbox did not write.
pub(super) fn read(name: &str, bytes: &[u8]) -> Option<Captured> {
    let at = parse_name(name)?.at;
    match Kind::of(name) {
        Kind::Mail => mail(name, at, bytes),
        Kind::Message => message(name, at, bytes),
    }
}

fn mail(name: &str, at: Timestamp, file: &[u8]) -> Option<Captured> {
    let (head, raw) = part(file);
    let head = MessageParser::default().parse_headers(head)?;
    let mail = MessageParser::default().parse(raw)?;
    let to = header(&head, "Delivered-To").unwrap_or_else(|| addresses(mail.to()));
    let summary = Summary {
        name: name.to_owned(),
        at,
        channel: Channel::Email,
        to,
        line: first_line(mail.subject().unwrap_or_default()),
        message: header(&mail, "X-Parcours-Message").and_then(|id| id.parse().ok()),
        deliveries: header(&head, "X-Parcours-Deliveries")?.parse().ok()?,
    };
    // `body_html` and `body_text` convert where a part is missing; only what was sent counts.
    let html = mail.html_bodies().find(|p| p.is_text_html());
    let text = mail
        .text_bodies()
        .find(|p| p.is_text() && !p.is_text_html());
    let parts = Parts::Mail {
        html: html.and_then(|p| p.text_contents()).map(str::to_owned),
        text: text.and_then(|p| p.text_contents()).map(str::to_owned),
        files: mail.attachments().filter_map(carried).collect(),
        raw: raw.to_vec(),
    };
    Some(Captured { summary, parts })
}

/// A file that goes along with a mail.
fn carried(part: &MessagePart<'_>) -> Option<File> {
    let bytes = match &part.body {
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => bytes.as_ref(),
        PartType::Text(text) | PartType::Html(text) => text.as_bytes(),
        _ => return None,
    };
    let media_type = part.content_type().map_or_else(
        || "application/octet-stream".to_owned(),
        |kind| match kind.subtype() {
            Some(subtype) => format!("{}/{subtype}", kind.ctype()),
            None => kind.ctype().to_owned(),
        },
    );
    Some(File {
        name: part.attachment_name().unwrap_or("unnamed").to_owned(),
        media_type,
        cid: part.content_id().map(str::to_owned),
        bytes: bytes.into(),
    })
}

fn addresses(list: Option<&Address<'_>>) -> String {
    let all = list.into_iter().flat_map(Address::iter);
    let all: Vec<&str> = all.filter_map(|a| a.address()).collect();
    all.join(", ")
}

fn message(name: &str, at: Timestamp, file: &[u8]) -> Option<Captured> {
    let stored: Stored = serde_json::from_slice(file).ok()?;
    let message = stored.message;
    let line = match &message.content {
        Content::Email { subject, .. } => subject,
        Content::Push(push) => &push.title,
        Content::Sms { text } | Content::Chat { text, .. } => text,
    };
    let summary = Summary {
        name: name.to_owned(),
        at,
        channel: message.channel,
        to: message.to.clone(),
        line: first_line(line),
        message: Some(message.id),
        deliveries: stored.deliveries,
    };
    let parts = Parts::Message(Box::new(message));
    Some(Captured { summary, parts })
}

fn first_line(text: &str) -> String {
    let line = text.lines().find(|l| !l.trim().is_empty());
    line.unwrap_or_default().trim().chars().take(LINE).collect()
}

/// Writes a file so that readers see all of it or nothing. The temporary name ends in `.part`,
/// which no listing takes for a message.
pub(super) fn write(dir: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let part = dir.join(format!("{name}.part"));
    fs::write(&part, bytes)?;
    fs::rename(&part, dir.join(name))
}
