//! In which language, and on whose clock.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    customer::Customer,
    message::Channel,
    policies::Defaults,
    render::local::{self, Style},
    time,
};

/// A language that explanations are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Language {
    /// English, the day before the month.
    #[default]
    #[serde(rename = "en")]
    English,
    /// French.
    #[serde(rename = "fr")]
    French,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 2] = [Self::English, Self::French];

    /// Its ISO 639-1 code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::French => "fr",
        }
    }

    /// The language of a locale: `fr`, `fr-CA`, `fr_FR.UTF-8`. `None`: none that is spoken here.
    pub fn of(locale: &str) -> Option<Self> {
        let word = locale.trim().split(['-', '_', '.', '@']).next()?;
        Self::ALL
            .into_iter()
            .find(|l| l.as_str().eq_ignore_ascii_case(word))
    }

    /// The one that an `Accept-Language` likes best of those spoken here.
    pub fn accepted(header: &str) -> Option<Self> {
        let mut best: Option<(f32, Self)> = None;
        for part in header.split(',').take(32) {
            let (tag, weight) = part.split_once(";q=").unwrap_or((part, "1"));
            let weight: f32 = weight.trim().parse().unwrap_or(0.0);
            let Some(language) = Self::of(tag) else {
                continue;
            };
            if weight > 0.0 && best.is_none_or(|(most, _)| weight > most) {
                best = Some((weight, language));
            }
        }
        best.map(|(_, language)| language)
    }
}

/// How instants are written.
#[derive(Clone, Debug)]
enum Clock {
    /// As RFC 3339, in UTC.
    Plain,
    /// On a wall clock; its zone is named if it is not the default one.
    Wall(TimeZone, Option<Arc<str>>),
}

/// A language, and the clock by which times are said.
#[derive(Clone, Debug)]
pub struct Tongue {
    /// Which language.
    pub language: Language,
    clock: Clock,
}

impl Tongue {
    /// With instants as RFC 3339 in UTC: for logs, tests and simulations, which know no customer.
    pub fn plain(language: Language) -> Self {
        let clock = Clock::Plain;
        Self { language, clock }
    }

    /// With times on the customer's clock; the zone is named where it is not the default one.
    pub fn local(language: Language, customer: &Customer, defaults: &Defaults) -> Self {
        let zoned = time::of_customer(customer, defaults);
        let name = (zoned.name != defaults.zone).then_some(zoned.name);
        let clock = Clock::Wall(zoned.zone, name);
        Self { language, clock }
    }

    /// With instants on the clock of a zone.
    pub fn on_the_clock(language: Language, zone: TimeZone) -> Self {
        let clock = Clock::Wall(zone, None);
        Self { language, clock }
    }

    /// A moment: `Tuesday 6 January 2026, 09:00`, `mardi 6 janvier 2026 à 9 h`.
    pub fn moment(&self, at: Timestamp) -> String {
        let Clock::Wall(zone, name) = &self.clock else {
            return at.to_string();
        };
        let local = zone.to_datetime(at);
        let mut text = match self.language {
            Language::English => format!(
                "{}, {}",
                local::date(local, Style::Full, "en-gb"),
                self.time(local.time())
            ),
            Language::French => format!(
                "{} à {}",
                local::date(local, Style::Full, "fr"),
                self.time(local.time())
            ),
        };
        if let Some(name) = name {
            text.push_str(&format!(" ({name})"));
        }
        text
    }

    /// A time of the day: `09:00`, `9 h`, `9 h 05`.
    pub fn time(&self, at: jiff::civil::Time) -> String {
        match self.language {
            Language::English => format!("{:02}:{:02}", at.hour(), at.minute()),
            Language::French if at.minute() == 0 => format!("{}\u{a0}h", at.hour()),
            Language::French => format!("{}\u{a0}h\u{a0}{:02}", at.hour(), at.minute()),
        }
    }

    /// `7 days`, `24 heures`: in the largest unit that fits without a rest.
    pub fn span(&self, span: SignedDuration) -> String {
        let seconds = span.as_secs();
        // A day alone is better said in hours: caps count them, not calendar days.
        let (n, unit) = match seconds {
            s if s % 86_400 == 0 && s > 86_400 => (s / 86_400, ["day", "jour"]),
            s if s % 3_600 == 0 => (s / 3_600, ["hour", "heure"]),
            s if s % 60 == 0 => (s / 60, ["minute", "minute"]),
            s => (s, ["second", "seconde"]),
        };
        let word = unit[self.language as usize];
        let plural = if self.is_one(n) { "" } else { "s" };
        format!("{n} {word}{plural}")
    }

    /// Whether a number takes the singular: 1 in English, 0 and 1 in French.
    fn is_one(&self, n: i64) -> bool {
        n == 1 || (n == 0 && self.language == Language::French)
    }

    /// `1 message`, `3 messages`: the same word in both languages.
    pub fn messages(&self, n: usize) -> String {
        let one = self.is_one(i64::try_from(n).unwrap_or(i64::MAX));
        format!("{n} message{}", if one { "" } else { "s" })
    }

    /// `1st`, `12th`, `1er`, `2e`.
    pub fn nth(&self, n: usize) -> String {
        let ending = match (self.language, n % 10, n % 100) {
            (Language::French, ..) if n == 1 => "er",
            (Language::French, ..) => "e",
            (Language::English, _, 11..=13) => "th",
            (Language::English, 1, _) => "st",
            (Language::English, 2, _) => "nd",
            (Language::English, 3, _) => "rd",
            (Language::English, ..) => "th",
        };
        format!("{n}{ending}")
    }

    /// `1 try`, `3 essais`.
    pub(crate) fn tries(&self, n: u16) -> String {
        let word = ["try", "essai"][self.language as usize];
        match (self.is_one(i64::from(n)), self.language) {
            (true, _) => format!("{n} {word}"),
            (false, Language::English) => format!("{n} tries"),
            (false, Language::French) => format!("{n} {word}s"),
        }
    }

    /// A channel within a sentence.
    pub fn channel(&self, channel: Channel) -> &'static str {
        match (channel, self.language) {
            (Channel::Email, _) => "e-mail",
            (Channel::Sms, _) => "SMS",
            (Channel::Push, Language::English) => "push notification",
            (Channel::Push, Language::French) => "notification push",
            (Channel::Chat, _) => "chat",
        }
    }

    /// A name in the quotation marks of the language.
    pub fn quoted(&self, name: &str) -> String {
        match self.language {
            Language::English => format!("“{name}”"),
            Language::French => format!("«\u{a0}{name}\u{a0}»"),
        }
    }

    /// Of the two wordings, the one in this language. French gets the fixed spaces of its
    /// punctuation here, so that no line begins with a colon.
    pub(crate) fn say(
        &self,
        english: impl FnOnce() -> String,
        french: impl FnOnce() -> String,
    ) -> String {
        match self.language {
            Language::English => english(),
            Language::French => french()
                .replace(" : ", "\u{a0}: ")
                .replace(" ; ", "\u{a0}; "),
        }
    }
}

/// One sentence in every language: both are compiled, so none can be missing, and none can lack a
/// value that it names.
macro_rules! say {
    ($tongue:expr, $english:literal, $french:literal) => {
        $tongue.say(|| format!($english), || format!($french))
    };
}
pub(crate) use say;
