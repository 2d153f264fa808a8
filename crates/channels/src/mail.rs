//! What every mail has, whoever carries it: the sender, and the headers of our own.

use journey::failure::Failure;
use lettre::{Address, address::AddressError, message::Mailbox};

use crate::{Outgoing, Problem};

/// Whom mails come from.
#[derive(Debug)]
pub(crate) struct Sender {
    pub(crate) from: Mailbox,
    pub(crate) reply_to: Option<Mailbox>,
    list_domain: String,
    /// Who it is, where receivers count complaints by sender; none where the domain is too short for that.
    feedback: Option<String>,
}

/// The header that a mail's token stands in: a mail that comes back is known by it.
pub(crate) const REPORT: &str = "X-Parcours-Report";
/// How long a sender's name in `Feedback-ID` may be, by Gmail's rules
/// (<https://support.google.com/a/answer/6254652>).
const FEEDBACK: std::ops::RangeInclusive<usize> = 5..=15;

impl Sender {
    pub(crate) fn new(
        from: &str,
        reply_to: Option<&str>,
        list_domain: Option<&str>,
    ) -> Result<Self, Problem> {
        let from = mailbox("from", from)?;
        let reply_to = reply_to.map(|text| mailbox("reply_to", text)).transpose()?;
        let list_domain = label(list_domain.unwrap_or(from.email.domain()));
        let name = label(from.email.domain()).replace('.', "-");
        let name: String = name.chars().take(*FEEDBACK.end()).collect();
        let feedback = FEEDBACK.contains(&name.len()).then_some(name);
        Ok(Self {
            feedback,
            from,
            reply_to,
            list_domain,
        })
    }

    /// The domain of the sender's address.
    pub(crate) fn domain(&self) -> &str {
        self.from.email.domain()
    }

    /// The headers of our own, each value on one line of ASCII: what the mail is and belongs to, and how
    /// one click ends it (RFC 2919, RFC 2369, RFC 8058).
    pub(crate) fn headers(
        &self,
        message: &Outgoing<'_>,
    ) -> Result<Vec<(&'static str, String)>, Failure> {
        let list = format!("<{}.{}>", label(message.purpose), self.list_domain);
        let mut headers = vec![
            ("X-Parcours-Message", message.id.to_string()),
            ("List-Id", list),
        ];
        if let Some(report) = message.report {
            headers.push((REPORT, report.token.to_owned()));
        }
        if let Some(sender) = &self.feedback {
            let (journey, purpose) = (label(message.journey), label(message.purpose));
            let feedback = format!("{journey}:{purpose}:parcours:{sender}");
            headers.push(("Feedback-ID", feedback));
        }
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

/// The address that a mail goes to.
pub(crate) fn address(to: &str) -> Result<Address, Failure> {
    to.parse()
        .map_err(|e: AddressError| Failure::AddressUnusable {
            words: e.to_string().into(),
        })
}

/// Line breaks and other control characters become spaces: a subject is one line.
pub(crate) fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

fn mailbox(setting: &'static str, text: &str) -> Result<Mailbox, Problem> {
    if text.contains(char::is_control) {
        return Err((setting, "must be one line".to_owned()));
    }
    text.parse()
        .map_err(|e| (setting, format!("is no mail address: {e}")))
}

/// Whether it can stand between `<` and `>` in a header.
fn is_uri(text: &str) -> bool {
    text.bytes()
        .all(|b| b.is_ascii_graphic() && b != b'<' && b != b'>')
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
