//! What is looked at.

use std::collections::BTreeSet;

use mail_parser::{Message, MessageParser, MimeHeaders as _, decoders::html::html_to_text};

/// A mail that is judged.
pub struct Judged<'m> {
    raw: &'m [u8],
    mail: Message<'m>,
    html: String,
    /// What the HTML says.
    seen: String,
    text: String,
}

impl<'m> Judged<'m> {
    pub fn new(raw: &'m [u8]) -> Self {
        let mail = MessageParser::default().parse(raw).unwrap();
        let body = |html: bool| {
            let parts = mail.parts.iter().filter(|p| match html {
                true => p.is_text_html(),
                false => p.is_text() && !p.is_text_html(),
            });
            let mut texts = parts.filter_map(|p| p.text_contents());
            texts.next().unwrap_or_default().to_owned()
        };
        let (html, text) = (body(true), body(false));
        Self {
            raw,
            seen: seen(&html),
            mail,
            html,
            text,
        }
    }

    fn header(&self, name: &'static str) -> &str {
        self.mail.header_raw(name).unwrap_or_default().trim()
    }

    fn subject(&self) -> &str {
        self.mail.subject().unwrap_or_default()
    }
}

/// What a document says; what stands in another element is another word.
fn seen(html: &str) -> String {
    let html = without(&without(html, "<!--", "-->"), "<style", "</style>");
    html_to_text(&html.replace('<', " <"))
}

/// The text without what stands between two marks.
fn without(text: &str, open: &str, close: &str) -> String {
    let mut parts = text.split(open);
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        kept.push_str(part.split_once(close).map_or("", |(_, rest)| rest));
    }
    kept
}

/// The words of a text, without addresses.
fn words(text: &str) -> BTreeSet<String> {
    let words = text.split_whitespace().filter(|w| !w.contains("://"));
    let plain = |w: &str| {
        w.chars()
            .filter(|c| c.is_alphanumeric())
            .collect::<String>()
    };
    words
        .map(plain)
        .map(|w| w.to_lowercase())
        .filter(|w| w.len() > 2)
        .collect()
}

/// The part of the first one's words that the other has not.
fn missing(of: &str, in_: &str) -> f64 {
    let (of, others) = (words(of), words(in_));
    let missing = of.difference(&others).count();
    #[expect(clippy::cast_precision_loss, reason = "words of a mail")]
    let part = missing as f64 / of.len().max(1) as f64;
    part
}

/// The addresses of links with what they say.
fn links_of(html: &str) -> Vec<(&str, String)> {
    let parts = html.split("<a ").skip(1);
    parts
        .filter_map(|part| {
            let (_, rest) = part.split_once("href=\"")?;
            let (href, _) = rest.split_once('"')?;
            let (_, said) = part.split_once('>')?;
            Some((href, html_to_text(said.split("</a>").next()?)))
        })
        .collect()
}

pub type Rule = (&'static str, fn(&Judged<'_>) -> bool);

/// Each says whether the mail is as it should be.
pub const RULES: &[Rule] = &[
    (
        "what is hidden is so by `display` alone [FONT_INVIS_MSGID]",
        |m| {
            // The layout's lines and gaps are tiny as well, and say nothing.
            let html = m.html.replace(' ', "");
            let mut tiny = html.split("font-size:1px").skip(1);
            !tiny.any(|rest| {
                let inside = rest.split_once('>').map_or("", |(_, inside)| inside);
                inside.starts_with(char::is_alphanumeric)
            }) && !html.contains("color:transparent")
        },
    ),
    (
        "there is a subject, of a length that is shown [MISSING_SUBJECT]",
        |m| (1..=150).contains(&m.subject().trim().chars().count()),
    ),
    (
        "the subject does not shout [SUBJ_ALL_CAPS, PLING_PLING]",
        |m| {
            let subject = m.subject();
            subject != subject.to_uppercase() && !subject.contains("!!") && !subject.contains("$$")
        },
    ),
    ("there are both texts [MIME_HTML_ONLY]", |m| {
        !m.text.trim().is_empty() && !m.html.trim().is_empty()
    }),
    ("both say the same [MPART_ALT_DIFF]", |m| {
        missing(&m.text, &m.seen) < 0.3 && missing(&m.seen, &m.text) < 0.6
    }),
    (
        "it says more than pictures [HTML_IMAGE_ONLY, HTML_IMAGE_RATIO]",
        |m| m.html.matches("<img").count() * 60 <= m.seen.chars().count(),
    ),
    ("its date can be read [INVALID_DATE, MISSING_DATE]", |m| {
        m.mail.date().is_some_and(mail_parser::DateTime::is_valid)
            && m.header("Date").ends_with(" +0000")
    }),
    (
        "its id is of the sender's domain [MISSING_MID, INVALID_MSGID]",
        |m| {
            let id = m.header("Message-ID");
            let id = id.strip_prefix('<').and_then(|id| id.strip_suffix('>'));
            id.is_some_and(|id| id.ends_with("@shop.example") && !id.contains(char::is_whitespace))
        },
    ),
    (
        "whom it is from is who signs it, and that is one domain [DKIM_VALID_AU]",
        |m| {
            let signed = m.header("DKIM-Signature").replace(char::is_whitespace, "");
            let from = m
                .mail
                .from()
                .and_then(|f| f.first()?.address().map(str::to_owned));
            signed.contains(";d=shop.example;")
                && from.is_some_and(|f| f.ends_with("@shop.example"))
        },
    ),
    ("one click ends it [RFC 8058]", |m| {
        m.header("List-Unsubscribe").starts_with("<https://")
            && m.header("List-Unsubscribe-Post") == "List-Unsubscribe=One-Click"
            && m.header("DKIM-Signature")
                .replace(char::is_whitespace, "")
                .to_lowercase()
                .contains("list-unsubscribe-post")
    }),
    ("no line is longer than SMTP carries [RFC 5321]", |m| {
        let mut lines = m.raw.split(|b| *b == b'\n');
        lines
            .all(|line| line.len() <= 998 && !line[..line.len().saturating_sub(1)].contains(&b'\r'))
    }),
    (
        "it is ASCII on its way, and says how it is encoded [MIME_8BIT_HEADER]",
        |m| {
            let encodings = m
                .mail
                .parts
                .iter()
                .filter_map(|p| p.content_transfer_encoding());
            let mut known = encodings.map(str::to_lowercase);
            m.raw.is_ascii() && known.all(|e| ["7bit", "quoted-printable", "base64"].contains(&&*e))
        },
    ),
    ("it is a MIME mail [MIME_HEADER_CTYPE_ONLY]", |m| {
        m.header("MIME-Version") == "1.0"
    }),
    ("Gmail shows all of it", |m| m.html.len() < 102 * 1024),
    (
        "nothing runs in it, and nothing is asked [HTML_EMBEDS, T_HTML_ATTACH]",
        |m| {
            let html = m.html.to_lowercase();
            [
                "<script",
                "<form",
                "<iframe",
                "<object",
                "<embed",
                "javascript:",
                " onclick",
            ]
            .iter()
            .all(|odd| !html.contains(odd))
        },
    ),
    (
        "links are encrypted, and lead where they say [URI_HEX, phishing]",
        |m| {
            links_of(&m.html).iter().all(|(href, said)| {
                let host = |url: &str| url.split('/').nth(2).unwrap_or_default().to_owned();
                let claims = said.trim().starts_with("http");
                (href.starts_with("https://") || href.starts_with("mailto:"))
                    && (!claims || host(said.trim()) == host(href))
            })
        },
    ),
];
