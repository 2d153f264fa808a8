//! The links of a message: what its template prints and its headers say.

use std::{borrow::Cow, collections::BTreeSet, sync::Arc};

use jiff::Timestamp;
use journey::{
    content::Push,
    ids::{CustomerId, MessageId},
    links::{Key, LONGEST_URL, Link, LinkKind},
    message::Channel,
    policies::Track,
    short, track,
    value::{Map, Value},
};
use store::{Leased, ShortLink, Store};

use crate::{Error, Links};

/// Where the pages of customers are, below [`Links::base`].
pub const UNSUBSCRIBE: &str = "/u/";
/// See [`UNSUBSCRIBE`].
pub const PREFERENCES: &str = "/p/";
/// See [`UNSUBSCRIBE`].
pub const CONFIRM: &str = "/c/";

/// See [`UNSUBSCRIBE`].
pub const PUSH: &str = "/push/";

/// Where links of mails lead past us.
pub const CLICK: &str = "/l/";
/// Where the picture is by which a mail is known to be shown.
pub const OPEN: &str = "/o/";
/// Where short forms of addresses lead past us, below [`Links::short_base`].
pub const SHORT: &str = "/s/";
/// Where providers call, below [`Links::base`]; their name follows.
pub const PROVIDERS: &str = "/v1/providers/";

/// The largest notification whose taps lead past us, in bytes as JSON: what push services carry, less what they need besides.
const LARGEST: usize = Push::MOST - 256;

/// Makes links.
#[derive(Clone, Debug)]
pub struct Linker {
    settings: Links,
    /// Where providers call, whole.
    providers: String,
    key: Key,
}

/// For whom and in which message links are made.
#[derive(Clone, Copy, Debug)]
pub struct Sent<'m> {
    /// Whose message.
    pub customer: CustomerId,
    /// The message.
    pub message: MessageId,
    /// Its purpose.
    pub purpose: &'m Arc<str>,
    /// Its channel.
    pub channel: Channel,
}

/// The ways to unsubscribe that a mail's headers name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsubscribe {
    /// Takes a POST without a question (RFC 8058).
    pub url: String,
    /// Takes a mail (RFC 2369), if there is such an address.
    pub mailto: Option<String>,
}

impl Linker {
    /// Signs with the secrets of the settings, else with the one that the database keeps.
    pub(crate) async fn start(
        settings: Links,
        store: &Store,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let key = if settings.secrets.is_empty() {
            Key::new(&[store.secret("links", now).await?])
        } else {
            Key::new(&settings.secrets)
        };
        let key = key.map_err(|error| Error::Setting(format!("links.secrets: {error}")))?;
        Ok(Self::of(settings, key))
    }

    /// One whose links nobody believes, for previews.
    pub fn sample(settings: Links) -> Self {
        Self::of(settings, Key::sample())
    }

    fn of(settings: Links, key: Key) -> Self {
        let providers = format!("{}{PROVIDERS}", settings.base);
        Self {
            settings,
            providers,
            key,
        }
    }

    /// Where providers call: their name follows.
    pub fn providers(&self) -> &str {
        &self.providers
    }

    /// What a provider names a message by when it reports what became of it.
    pub(crate) fn report(&self, leased: &Leased, now: Timestamp) -> String {
        let message = &leased.message;
        let channel = message.channel;
        let kind = LinkKind::Report { channel };
        let link = Link::new(kind, leased.customer.id, message.id, now);
        self.key.sign(&link)
    }

    /// What links are signed with.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// `links` as templates see it.
    pub fn links(&self, sent: Sent<'_>, now: Timestamp) -> Map {
        let channel = sent.channel;
        let confirm = self.word(LinkKind::Confirm { channel }, sent, now);
        let push = self.word(LinkKind::Push { channel }, sent, now);
        Map::from([
            (Arc::from("push"), Value::text(self.at(PUSH, &push))),
            (
                Arc::from("unsubscribe"),
                Value::text(self.unsubscribe(sent, now).url),
            ),
            (
                Arc::from("preferences"),
                Value::text(self.preferences(sent, now)),
            ),
            (
                Arc::from("confirm"),
                Value::text(self.at(CONFIRM, &confirm)),
            ),
        ])
    }

    /// The ways out of such messages.
    pub fn unsubscribe(&self, sent: Sent<'_>, now: Timestamp) -> Unsubscribe {
        let kind = LinkKind::Unsubscribe {
            purpose: sent.purpose.clone(),
            channel: sent.channel,
        };
        let word = self.word(kind, sent, now);
        let mailto = self.settings.mailto.as_ref();
        Unsubscribe {
            mailto: mailto.map(|to| format!("mailto:{to}?subject=unsubscribe%20{word}")),
            url: match &self.settings.unsubscribe {
                Some(own) => filled(own, sent, &word),
                None => self.at(UNSUBSCRIBE, &word),
            },
        }
    }

    /// The mail as it goes to a customer of whom it is told what they do with it. Links to pages of ours are not led past
    /// us again, and an address that is too long stays as it is.
    pub fn tracked(
        &self,
        html: &str,
        track: &BTreeSet<Track>,
        sent: Sent<'_>,
        now: Timestamp,
    ) -> String {
        let channel = sent.channel;
        let mut html = Cow::Borrowed(html);
        if track.contains(&Track::Clicks) {
            let past = |url: &str| {
                let ours = url
                    .strip_prefix(&*self.settings.base)
                    .is_some_and(|rest| rest.starts_with('/'));
                let kind = LinkKind::Click {
                    channel,
                    url: Arc::from(url),
                };
                let led = !ours && url.len() <= LONGEST_URL;
                led.then(|| self.at(CLICK, &self.word(kind, sent, now)))
            };
            html = Cow::Owned(track::links(&html, past));
        }
        if track.contains(&Track::Opens) {
            let word = self.word(LinkKind::Open { channel }, sent, now);
            html = Cow::Owned(track::pixel(&html, &self.at(OPEN, &word)));
        }
        html.into_owned()
    }

    /// The notification with taps that lead past us; `None` where none does, or it would be larger than push services carry.
    /// Links to pages of ours are not led past us again, and an address that is too long stays as it is.
    pub fn tracked_push(&self, push: &Push, sent: Sent<'_>, now: Timestamp) -> Option<Push> {
        let channel = sent.channel;
        let mut led = push.clone();
        let urls = led.actions.iter_mut().filter_map(|a| a.url.as_mut());
        for url in urls.chain(&mut led.url) {
            let ours = url.strip_prefix(&*self.settings.base);
            let ours = ours.is_some_and(|rest| rest.starts_with('/'));
            if url.starts_with("https://") && !ours && url.len() <= LONGEST_URL {
                let to = Arc::from(&**url);
                let kind = LinkKind::Click { channel, url: to };
                *url = self.at(CLICK, &self.word(kind, sent, now));
            }
        }
        (led != *push && led.bytes() <= LARGEST).then_some(led)
    }

    /// The text with short forms of its addresses, and what they stand for: of those that are longer, where the settings
    /// want that, and where it is told who follows them (`told`) of all. The code of a page of ours does not depend on its
    /// signature, which is another in each attempt.
    pub fn shortened(&self, text: &str, told: bool, sent: Sent<'_>) -> (String, Vec<ShortLink>) {
        let mut links: Vec<ShortLink> = Vec::new();
        if !self.settings.short && !told {
            return (text.to_owned(), links);
        }
        let base = format!("{}{SHORT}", self.settings.short_base);
        let short = short::addresses(text, |url| {
            let page = url.strip_prefix(&*self.settings.base);
            let page = page.and_then(|rest| rest.strip_prefix('/')?.split('/').next());
            let longer = url.len() > self.settings.short_form();
            let wanted = longer || (told && page.is_none());
            if !wanted || url.len() > short::LONGEST_URL || links.len() >= short::MOST {
                return None;
            }
            let code = self.key.code(sent.message, page.unwrap_or(url));
            let short = format!("{base}{code}");
            if links.iter().all(|link| link.code != code) {
                links.push(ShortLink {
                    code,
                    url: url.to_owned(),
                    // What is done on our own pages says itself.
                    told: told && page.is_none(),
                });
            }
            Some(short)
        });
        (short, links)
    }

    fn preferences(&self, sent: Sent<'_>, now: Timestamp) -> String {
        let channel = sent.channel;
        let word = self.word(LinkKind::Preferences { channel }, sent, now);
        match &self.settings.preferences {
            Some(own) => filled(own, sent, &word),
            None => self.at(PREFERENCES, &word),
        }
    }

    fn word(&self, kind: LinkKind, sent: Sent<'_>, now: Timestamp) -> String {
        let link = Link::new(kind, sent.customer, sent.message, now);
        self.key.sign(&link)
    }

    fn at(&self, page: &str, word: &str) -> String {
        format!("{}{page}{word}", self.settings.base)
    }
}

fn filled(own: &str, sent: Sent<'_>, word: &str) -> String {
    own.replace("{customer}", &sent.customer.to_string())
        .replace("{message}", &sent.message.to_string())
        .replace("{purpose}", sent.purpose)
        .replace("{token}", word)
}
