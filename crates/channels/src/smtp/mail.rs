//! The mail itself: headers and both parts.

use std::time::SystemTime;

use journey::{content::Content, failure::Failure};
use lettre::{
    Address, Message,
    address::AddressError,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
};

use super::settings::SmtpSettings;
use crate::{Outgoing, Problem};

/// Whom mails come from.
#[derive(Debug)]
pub(super) struct Sender {
    from: Mailbox,
    reply_to: Option<Mailbox>,
    list_domain: String,
}

impl Sender {
    pub(super) fn new(settings: &SmtpSettings) -> Result<Self, Problem> {
        let from = mailbox("from", &settings.from)?;
        let reply_to = settings.reply_to.as_deref();
        let reply_to = reply_to.map(|text| mailbox("reply_to", text)).transpose()?;
        let list_domain = settings.list_domain.as_deref();
        let list_domain = label(list_domain.unwrap_or(from.email.domain()));
        Ok(Self {
            from,
            reply_to,
            list_domain,
        })
    }

    /// The domain of the sender's address.
    pub(super) fn domain(&self) -> &str {
        self.from.email.domain()
    }

    /// The mail for `message`, or why there can be none.
    pub(super) fn compose(&self, message: &Outgoing<'_>) -> Result<Message, Failure> {
        let Content::Email {
            subject,
            html,
            text,
            ..
        } = message.content
        else {
            return Err(content("it is no mail"));
        };
        let to: Address =
            message
                .to
                .parse()
                .map_err(|e: AddressError| Failure::AddressUnusable {
                    words: e.to_string().into(),
                })?;
        let mut mail = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(one_line(subject))
            .date(SystemTime::from(message.at))
            .message_id(Some(format!("<{}@{}>", message.id, self.domain())));
        if let Some(reply_to) = &self.reply_to {
            mail = mail.reply_to(reply_to.clone());
        }
        for (name, value) in self.headers(message)? {
            mail = mail.raw_header(ascii(name, value));
        }
        mail.multipart(MultiPart::alternative_plain_html(
            text.clone(),
            html.clone(),
        ))
        .map_err(|e| content(&e.to_string()))
    }

    /// The headers of our own, each value on one line of ASCII.
    fn headers(&self, message: &Outgoing<'_>) -> Result<Vec<(&'static str, String)>, Failure> {
        let list = format!("<{}.{}>", label(message.purpose), self.list_domain);
        let mut headers = vec![
            ("X-Parcours-Message", message.id.to_string()),
            ("List-Id", list),
        ];
        if let Some(locale) = message.locale {
            headers.push(("Content-Language", label(&locale.replace('_', "-"))));
        }
        if let Some(url) = message.unsubscribe_url {
            let all = [Some(url), message.unsubscribe_mailto];
            if !all.into_iter().flatten().all(is_uri) {
                return Err(Failure::UnsubscribeLink);
            }
            let mailto = message.unsubscribe_mailto;
            let also = mailto.map_or_else(String::new, |to| format!(", <{to}>"));
            headers.push(("List-Unsubscribe", format!("<{url}>{also}")));
            let one_click = "List-Unsubscribe=One-Click".to_owned();
            headers.push(("List-Unsubscribe-Post", one_click));
        }
        Ok(headers)
    }
}

fn content(words: &str) -> Failure {
    let words = words.into();
    Failure::Content { words }
}

/// Whether it can stand between `<` and `>` in a header.
fn is_uri(text: &str) -> bool {
    text.bytes()
        .all(|b| b.is_ascii_graphic() && b != b'<' && b != b'>')
}

fn mailbox(setting: &'static str, text: &str) -> Result<Mailbox, Problem> {
    if text.contains(char::is_control) {
        return Err((setting, "must be one line".to_owned()));
    }
    text.parse()
        .map_err(|e| (setting, format!("is no mail address: {e}")))
}

/// The value as it is: encoding or folding would break ids and links. Callers give ASCII only.
fn ascii(name: &'static str, value: String) -> HeaderValue {
    let name = HeaderName::new_from_ascii_str(name);
    HeaderValue::dangerous_new_pre_encoded(name, value.clone(), value)
}

/// A name as part of a header: letters, digits, dots and dashes of ASCII.
fn label(name: &str) -> String {
    name.chars()
        .map(|c| match c {
            '.' | '-' => c,
            c if c.is_ascii_alphanumeric() => c,
            _ => '-',
        })
        .collect()
}

/// Line breaks and other control characters become spaces: a subject is one line.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
