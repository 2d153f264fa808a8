//! The mail itself: headers and both parts.

use std::time::SystemTime;

use journey::{content::Content, failure::Failure};
use lettre::{
    Message,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
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
    mail.multipart(MultiPart::alternative_plain_html(
        text.clone(),
        html.clone(),
    ))
    .map_err(|e| content(&e.to_string()))
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
