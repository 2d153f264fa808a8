//! The mail itself: headers, both texts, pictures and attachments.

use std::time::SystemTime;

use journey::{
    content::{Content, File},
    failure::Failure,
};
use lettre::{
    Message,
    message::{
        Attachment, Body, Mailbox, MultiPart, SinglePart,
        header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue},
    },
};

use crate::{
    Outgoing,
    mail::{Sender, address, one_line},
};

/// The mail for `message`, or why there can be none.
pub(super) fn compose(sender: &Sender, message: &Outgoing<'_>) -> Result<Message, Failure> {
    let Content::Email {
        subject,
        html,
        text,
        files,
        ..
    } = message.content
    else {
        return Err(content("it is no mail"));
    };
    let mut mail = Message::builder()
        .from(sender.from.clone())
        .to(Mailbox::new(None, address(message.to)?))
        .subject(one_line(subject))
        .date(SystemTime::from(message.at))
        .message_id(Some(format!("<{}@{}>", message.id, sender.domain())));
    if let Some(reply_to) = &sender.reply_to {
        mail = mail.reply_to(reply_to.clone());
    }
    for (name, value) in sender.headers(message)? {
        mail = mail.raw_header(ascii(name, value));
    }
    mail.multipart(body(text, html, files)?)
        .map_err(|e| content(&e.to_string()))
}

/// Both texts; where the HTML shows pictures, they stand beside it; what is attached stands behind all that (RFC 2046, 2387, 2392).
fn body(text: &str, html: &str, files: &[File]) -> Result<MultiPart, Failure> {
    let (shown, attached): (Vec<&File>, Vec<&File>) =
        files.iter().partition(|file| file.cid.is_some());
    let plain = SinglePart::plain(text.to_owned());
    let html = SinglePart::html(html.to_owned());
    let texts = MultiPart::alternative().singlepart(plain);
    let mut all = match shown.is_empty() {
        true => texts.singlepart(html),
        false => {
            let mut related = MultiPart::related().singlepart(html);
            for file in shown {
                related = related.singlepart(part(file)?);
            }
            texts.multipart(related)
        }
    };
    if !attached.is_empty() {
        all = MultiPart::mixed().multipart(all);
        for file in attached {
            all = all.singlepart(part(file)?);
        }
    }
    Ok(all)
}

fn part(file: &File) -> Result<SinglePart, Failure> {
    let bytes = file.bytes.to_vec();
    let media_type = ContentType::parse(&file.media_type).map_err(|e| content(&e.to_string()))?;
    let name = one_line(&file.name);
    let part = match &file.cid {
        Some(cid) => Attachment::new_inline_with_name(cid.clone(), name),
        None => Attachment::new(name),
    };
    // Base64, also of a text: a calendar and a table stay as they are, byte for byte.
    let body = Body::new_with_encoding(bytes, ContentTransferEncoding::Base64)
        .map_err(|_| content("a file cannot be encoded"))?;
    Ok(part.body(body, media_type))
}

fn content(words: &str) -> Failure {
    let words = words.into();
    Failure::Content { words }
}

/// The value as it is: encoding or folding would break ids and links. Callers give ASCII only.
fn ascii(name: &'static str, value: String) -> HeaderValue {
    let name = HeaderName::new_from_ascii_str(name);
    HeaderValue::dangerous_new_pre_encoded(name, value.clone(), value)
}
