//! Mails that come back: notifications of delivery (RFC 3464) and complaints (RFC 5965).
//!
//! They arrive at the sender's address, hours later and from anywhere, and are passed on to us as they are. What they are about
//! stands in the token that each mail takes along in a header of its own, and that comes back with the mail's headers; it is
//! signed, so that only who has had the mail can report on it.

use jiff::Timestamp;
use journey::failure::Failure;
use mail_parser::{Message, MessageParser, MimeHeaders as _, PartType};
use ring::digest::{SHA256, digest};

use crate::{Fate, Heard, Hook, Report, Unheard, What, detail, mail::REPORT};

/// The longest token.
const LONGEST: usize = 200;
/// How deep mails within mails are looked into.
const DEPTH: usize = 4;

/// What a mail that came back tells; nothing where it is any other mail.
pub(super) fn hear(hook: &Hook<'_>) -> Result<Heard, Unheard> {
    let Some(mail) = MessageParser::default().parse(hook.body) else {
        return Err(Unheard::Unreadable("the body is no mail".to_owned()));
    };
    let kind = mail
        .content_type()
        .and_then(|kind| kind.attribute("report-type"));
    let report = match kind.map(str::to_ascii_lowercase).as_deref() {
        Some("delivery-status") => part(&mail, "message", "delivery-status").map(|t| delivery(&t)),
        Some("feedback-report") => part(&mail, "message", "feedback-report").map(|t| feedback(&t)),
        _ => None,
    };
    let (Some(Some(fate)), Some(token)) = (report, token(&mail, DEPTH)) else {
        return Ok(Heard::default());
    };
    let at = mail
        .date()
        .and_then(|date| Timestamp::from_second(date.to_timestamp()).ok());
    let id = digest(&SHA256, hook.body).as_ref()[..16]
        .iter()
        .fold(String::new(), |id, byte| format!("{id}{byte:02x}"));
    let what = What::Became { token, fate };
    Ok(vec![Report { id, at, what }].into())
}

/// The text of the first part of that type.
fn part(mail: &Message<'_>, kind: &str, subtype: &str) -> Option<String> {
    let found = mail.parts.iter().find(|part| {
        part.content_type().is_some_and(|c| {
            c.ctype().eq_ignore_ascii_case(kind)
                && c.subtype().is_some_and(|s| s.eq_ignore_ascii_case(subtype))
        })
    })?;
    let bytes = match &found.body {
        PartType::Text(text) => text.as_bytes(),
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => bytes,
        // Its fields may be taken for the headers of a mail.
        PartType::Message(inner) => &inner.raw_message,
        _ => return None,
    };
    Some(String::from_utf8_lossy(bytes).into_owned())
}

/// The fields of a report, in order, unfolded: names in small letters. Blocks are one for the mail and one for each recipient.
fn fields(text: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = found.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            found.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    found
}

fn field<'f>(fields: &'f [(String, String)], name: &str) -> Option<&'f str> {
    let found = fields.iter().find(|(n, _)| n == name);
    found.map(|(_, value)| &**value)
}

/// What became of the mail, by the action and status of its one recipient; `None` while it is still tried.
fn delivery(text: &str) -> Option<Fate> {
    let fields = fields(text);
    let action = field(&fields, "action")?.to_ascii_lowercase();
    match &*action {
        "failed" => {}
        "delivered" | "relayed" | "expanded" => return Some(Fate::Delivered),
        _ => return None,
    }
    let status = field(&fields, "status").unwrap_or_default();
    let status = status.split_whitespace().next().unwrap_or_default();
    let to = field(&fields, "final-recipient").and_then(|to| to.split_once(';'));
    let to = to.map_or("", |(_, to)| to.trim());
    let said = field(&fields, "diagnostic-code").unwrap_or(status);
    let detail = Failure::from(&*detail::clean(said, to));
    Some(match address_is_at_fault(status) {
        Some(permanent) => Fate::Bounced { permanent, detail },
        None => Fate::Failed { detail },
    })
}

/// Whether the address is at fault, by the enhanced status (RFC 3463), and whether the next mail would fail as well.
fn address_is_at_fault(status: &str) -> Option<bool> {
    let mut numbers = status.split('.').map(|n| n.parse::<u16>().ok());
    let class = numbers.next()??;
    let (subject, what) = (numbers.next()??, numbers.next()??);
    match (class, subject, what) {
        // The sender's address.
        (_, 1, 7 | 8) => None,
        (5, 1, _) | (5, 2, 1) => Some(true),
        // A full mailbox, or one that takes nothing so large; an address that is out of order for now.
        (_, 1 | 2, _) => Some(false),
        _ => None,
    }
}

/// What a receiver says of a mail that was marked by its reader.
fn feedback(text: &str) -> Option<Fate> {
    let fields = fields(text);
    let kind = field(&fields, "feedback-type")?.to_ascii_lowercase();
    match &*kind {
        "abuse" | "fraud" | "virus" => Some(Fate::Complained),
        "opt-out" | "opt-out-list" => Some(Fate::Unsubscribed),
        _ => None,
    }
}

/// The token of the mail that came back: whole, or its headers alone, in whichever part.
fn token(mail: &Message<'_>, depth: usize) -> Option<String> {
    for part in mail.parts.iter().rev() {
        let found = match &part.body {
            PartType::Message(inner) if depth > 0 => {
                let own = inner.header_raw(REPORT).and_then(word);
                own.or_else(|| token(inner, depth - 1))
            }
            PartType::Text(text) | PartType::Html(text) => in_text(text),
            PartType::Binary(bytes) | PartType::InlineBinary(bytes) => {
                in_text(&String::from_utf8_lossy(bytes))
            }
            _ => None,
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

fn in_text(text: &str) -> Option<String> {
    let fields = fields(text);
    word(field(&fields, &REPORT.to_ascii_lowercase())?)
}

/// Letters, digits, `-` and `_`; what is none of these is where the line was folded.
fn word(value: &str) -> Option<String> {
    let letters = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let word: String = value.chars().filter(letters).collect();
    (!word.is_empty() && word.len() <= LONGEST).then_some(word)
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::{Fate, Heard, Hook, Unheard, What, hear};
    use crate::testing::at;

    fn heard(mail: &str) -> Result<Heard, Unheard> {
        hear(&Hook {
            url: "https://my.shop.example/v1/providers/smtp",
            query: &[],
            headers: &HeaderMap::new(),
            body: mail.replace('\n', "\r\n").as_bytes(),
            at: at("2026-03-14T09:26:53Z"),
        })
    }

    fn notification(action: &str, status: &str, original: &str) -> String {
        format!(
            "From: MAILER-DAEMON@mx.example\nTo: news@shop.example\nDate: Sat, 14 Mar 2026 09:00:00 +0000\nMIME-Version: 1.0\n\
             Content-Type: multipart/report; report-type=\"delivery-status\"; boundary=\"b\"\n\n\
             --b\nContent-Type: text/plain\n\nSorry. X-Parcours-Report is no header here.\n\n\
             --b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\nArrival-Date: Sat, 14 Mar 2026 08:59:00 +0000\n\n\
             Final-Recipient: rfc822; ada@example.com\nAction: {action}\nStatus: {status}\n\
             Diagnostic-Code: smtp; 550 {status} <ada@example.com>\n  no such user\n\n--b\n{original}\n--b--\n"
        )
    }

    const WHOLE: &str = "Content-Type: message/rfc822\n\nFrom: news@shop.example\nSubject: Teas\nX-Parcours-Report: abc-DEF_1\n\nHello\n";
    const HEADERS: &str = "Content-Type: text/rfc822-headers\n\nFrom: news@shop.example\nX-Parcours-Report: abc-DE\n F_1\nSubject: Teas\n";

    fn fate(mail: &str) -> Option<Fate> {
        let mut reports = heard(mail).unwrap().reports;
        assert!(reports.len() <= 1);
        let report = reports.pop()?;
        assert_eq!(report.at, Some(at("2026-03-14T09:00:00Z")));
        assert_eq!(report.id.len(), 32);
        let What::Became { token, fate } = report.what else {
            panic!("{report:?}");
        };
        assert_eq!(token, "abc-DEF_1");
        Some(fate)
    }

    #[test]
    fn a_notification_says_whose_fault_it_is() {
        for original in [WHOLE, HEADERS] {
            for (action, status, expected) in [
                ("failed", "5.1.1", Some(Some(true))),
                ("failed", "5.1.10", Some(Some(true))),
                ("failed", "5.2.1", Some(Some(true))),
                ("Failed", "5.2.2", Some(Some(false))),
                ("failed", "4.2.2", Some(Some(false))),
                ("failed", "4.4.7", Some(None)),
                ("failed", "5.7.1", Some(None)),
                ("failed", "5.1.8", Some(None)),
                ("failed", "what", Some(None)),
                ("delayed", "4.4.7", None),
            ] {
                let got = fate(&notification(action, status, original));
                let permanent = got.as_ref().map(|fate| match fate {
                    Fate::Bounced { permanent, detail } => {
                        let said = detail.to_string();
                        assert!(
                            said.contains("no such user") && !said.contains("ada@"),
                            "{said}"
                        );
                        Some(*permanent)
                    }
                    Fate::Failed { .. } => None,
                    other => panic!("{other:?}"),
                });
                assert_eq!(permanent, expected, "{action} {status}");
            }
            let arrived = fate(&notification("delivered", "2.0.0", original));
            assert_eq!(arrived, Some(Fate::Delivered));
        }
    }

    #[test]
    fn a_complaint_is_told_from_other_feedback() {
        let complaint = |kind: &str| {
            format!(
                "From: fbl@mx.example\nDate: Sat, 14 Mar 2026 09:00:00 +0000\nMIME-Version: 1.0\n\
                 Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n\
                 --b\nContent-Type: text/plain\n\nThis is an email abuse report.\n\
                 --b\nContent-Type: message/feedback-report\n\nFeedback-Type: {kind}\nUser-Agent: SomeGenerator/1.0\nVersion: 1\n\n\
                 --b\n{WHOLE}\n--b--\n"
            )
        };
        assert_eq!(fate(&complaint("abuse")), Some(Fate::Complained));
        assert_eq!(fate(&complaint("opt-out")), Some(Fate::Unsubscribed));
        assert_eq!(fate(&complaint("not-spam")), None);
    }

    #[test]
    fn any_other_mail_tells_nothing() {
        let without = notification("failed", "5.1.1", "Content-Type: text/plain\n\nnothing\n");
        for mail in [
            &*without,
            "Subject: Out of office\nX-Parcours-Report: abc\n\nI am away.\n",
            "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n--b\n\nread\n--b--\n",
        ] {
            assert_eq!(heard(mail), Ok(Heard::default()), "{mail}");
        }
        assert!(matches!(heard(""), Err(Unheard::Unreadable(_))));
    }
}
