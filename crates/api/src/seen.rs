//! A message as its reader sees it: in a mailbox, on a lock screen, in a conversation. The console and `parcours preview` show
//! the same. There is no script in it: what can be switched is a radio button.

use askama::Template;
use journey::{
    content::{Content, File, Push},
    sms,
};

use crate::i18n::{count, fill, say};

/// What [`Seen`] looks like; the page that it stands on brings its own besides.
pub const SEEN_STYLE: &str = include_str!("../static/seen.css");

/// A message on a page.
#[derive(Debug, Template)]
#[template(path = "seen/seen.html")]
pub struct Seen<'m> {
    /// Another one for each message of a page: letters, digits and `-`.
    pub id: &'m str,
    /// What it says.
    pub content: &'m Content,
    /// Who it comes from, as a mail says it: `Maison Tilleul <bonjour@shop.example>`, or a name or number.
    pub from: &'m str,
    /// Whom it goes to.
    pub to: &'m str,
    /// When it came, as a mailbox would say it.
    pub at: &'m str,
    /// Where a mail's HTML is, in a document of its own; empty: its text alone is shown.
    pub mail: &'m str,
    /// Where an answer is sent, if it asks a question that is open.
    pub reply: Option<&'m str>,
}

impl Seen<'_> {
    /// The name in `from`, or all of it.
    fn sender(&self) -> &str {
        let name = self.from.split('<').next().unwrap_or_default();
        let name = name.trim().trim_matches('"');
        match (name.is_empty(), self.sender_address()) {
            (true, Some(address)) => address,
            (true, None) => say("Your shop"),
            (false, _) => name,
        }
    }

    fn sender_address(&self) -> Option<&str> {
        let (_, rest) = self.from.split_once('<')?;
        Some(rest.trim_end_matches('>'))
    }

    fn initial(&self) -> String {
        let first = self.sender().chars().find(|c| c.is_alphanumeric());
        first.map_or_else(String::new, |c| c.to_uppercase().collect())
    }

    /// What is attached to a mail, each with its size in kB.
    fn attached(&self) -> Vec<(&str, usize)> {
        let Content::Email { files, .. } = self.content else {
            return Vec::new();
        };
        let attached = files.iter().filter(|file| file.cid.is_none());
        let sized = |file: &File| file.bytes.len().div_ceil(1024);
        attached.map(|file| (&*file.name, sized(file))).collect()
    }

    /// In how many segments a text message goes, from whom, and why.
    fn travels(&self, text: &str) -> String {
        let travel = sms::travel(text);
        let segments = u64::try_from(travel.segments).unwrap_or_default();
        let segments = count(segments, "{0} segment", "{0} segments");
        let characters = fill(
            "{0} characters in {1}",
            &[&travel.units, &travel.encoding.as_str()],
        );
        let signs: Vec<String> = travel.because_of.iter().map(quoted).collect();
        let because = match signs.is_empty() {
            true => String::new(),
            false => fill(", because of {0}", &[&signs.join(" ")]),
        };
        let from = fill("from {0}", &[&self.sender()]);
        format!("{segments} · {characters}{because} · {from}")
    }

    /// What a notification has that is not to be seen.
    fn facts(&self, push: &Push) -> Vec<String> {
        let mut facts: Vec<String> = Vec::new();
        facts.extend(push.url.iter().map(|url| fill("A tap opens {0}", &[url])));
        let acts = push.actions.iter();
        facts.extend(acts.map(|a| match &a.url {
            Some(url) => fill("“{0}” opens {1}", &[&a.label, url]),
            None => fill("“{0}” tells the app {1}", &[&a.label, &a.name]),
        }));
        facts.extend(
            push.collapse
                .iter()
                .map(|key| fill("Takes the place of an earlier one: {0}", &[key])),
        );
        facts.extend(push.ttl.map(|ttl| fill("Kept for {0} s", &[&ttl])));
        facts.extend(
            push.data
                .iter()
                .map(|(name, value)| fill("{0}: {1}", &[name, value])),
        );
        facts
    }
}

fn quoted(text: impl std::fmt::Display) -> String {
    fill("“{0}”", &[&text])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_has_a_name_and_perhaps_an_address() {
        let content = Content::Sms {
            text: "Hello".into(),
        };
        for (from, name, address, initial) in [
            (
                "Maison Tilleul <a@shop.example>",
                "Maison Tilleul",
                Some("a@shop.example"),
                "M",
            ),
            (
                "\"élan\" <b@shop.example>",
                "élan",
                Some("b@shop.example"),
                "É",
            ),
            (
                "<c@shop.example>",
                "c@shop.example",
                Some("c@shop.example"),
                "C",
            ),
            ("+33700000000", "+33700000000", None, "3"),
            ("", "Your shop", None, "Y"),
        ] {
            let seen = Seen {
                id: "x",
                content: &content,
                from,
                to: "you",
                at: "now",
                mail: "",
                reply: None,
            };
            assert_eq!(
                (seen.sender(), seen.sender_address(), &*seen.initial()),
                (name, address, initial)
            );
            assert!(
                seen.render()
                    .unwrap()
                    .contains("1 segment · 5 characters in GSM-7")
            );
        }
    }

    #[test]
    fn what_a_message_says_is_text_and_no_markup() {
        let hostile = "<script>x</script>\" onload=\"y".to_owned();
        let push = Push {
            title: hostile.clone(),
            body: hostile.clone(),
            image: Some(hostile.clone()),
            ..Push::default()
        };
        let all = [
            Content::Sms {
                text: hostile.clone(),
            },
            Content::Push(push),
            Content::Chat {
                text: hostile.clone(),
                options: Vec::new(),
                whatsapp: None,
            },
            Content::Email {
                subject: hostile.clone(),
                preheader: hostile.clone(),
                html: hostile.clone(),
                text: hostile.clone(),
                files: vec![File {
                    name: hostile.clone(),
                    media_type: "text/plain".into(),
                    bytes: Vec::new().into(),
                    cid: None,
                }],
            },
        ];
        for content in &all {
            let seen = Seen {
                id: "x",
                content,
                from: &hostile,
                to: &hostile,
                at: "now",
                mail: &hostile,
                reply: Some(&hostile),
            };
            let html = seen.render().unwrap();
            assert!(
                !html.contains("<script>") && !html.contains("\" onload"),
                "{html}"
            );
        }
    }
}
