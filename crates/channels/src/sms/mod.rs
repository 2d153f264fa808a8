//! What the providers of text messages share: numbers, and whom a message comes from.
//!
//! The rules of the countries' numbering plans are those of Google's libphonenumber. They are read once,
//! by the first message, and not on a thread that others wait for.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use journey::{content::Content, failure::Failure};
use phonenumber::{
    country::Id,
    metadata::{DATABASE, Descriptor, Metadata},
};
use tokio::sync::OnceCell;

use crate::{Outgoing, Problem};

/// The longest text that is looked at as a number, in bytes: the longest number has 15 digits.
const LONGEST: usize = 64;
/// The longest name that stands in for a sender's number.
const LONGEST_NAME: usize = 11;

/// A number that texts can be sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Number {
    /// As E.164 has it, with its plus sign.
    pub(crate) e164: String,
    /// The country that it belongs to (ISO 3166-1, two letters), if that can be told.
    country: Option<String>,
}

impl Number {
    /// Its digits alone.
    pub(crate) fn digits(&self) -> &str {
        self.e164.strip_prefix('+').unwrap_or(&self.e164)
    }
}

/// The text of a message and the number that it goes to.
///
/// # Errors
/// Why nobody needs to be asked.
pub(crate) async fn text_and_number<'a>(
    message: &Outgoing<'a>,
) -> Result<(&'a str, Number), Failure> {
    let Content::Sms { text } = message.content else {
        let words = "it is no text message".into();
        return Err(Failure::Content { words });
    };
    rules_are_read().await;
    let number = number(message.to, message.country)?;
    Ok((text, number))
}

/// Waits until the rules are in memory, which takes some milliseconds once.
async fn rules_are_read() {
    static READ: OnceCell<()> = OnceCell::const_new();
    let read = || async {
        let reading = tokio::task::spawn_blocking(|| DATABASE.by_id("FR").is_some());
        // Where the task is not run, the first look at the rules reads them.
        let _ = reading.await;
    };
    READ.get_or_init(read).await;
}

/// The number that `text` is for a customer of that country.
///
/// Only its length is held against the numbering plan: ranges of numbers are opened all the time, and
/// the rules in this binary age.
fn number(text: &str, country: Option<&str>) -> Result<Number, Failure> {
    let dialled = digits(text).ok_or_else(|| unusable("it is no telephone number"))?;
    let home: Option<Id> = country.and_then(|c| c.to_ascii_uppercase().parse().ok());
    // The library drops the trunk prefix of the given country from numbers of all countries, so it is
    // told the country of national numbers only.
    let abroad = match dialled.starts_with('+') {
        true => Some(dialled.clone()),
        false => home.and_then(|home| dialled_from(home, &dialled)),
    };
    let parsed = match (&abroad, home) {
        (Some(number), _) => phonenumber::parse(None, number),
        (None, Some(home)) => phonenumber::parse(Some(home), &dialled),
        (None, None) => {
            let words = "it has no country code, and the customer's country is not known";
            return Err(unusable(words));
        }
    };
    let parsed = parsed.map_err(|error| unusable(&error.to_string()))?;
    let code = parsed.code().value();
    let plans = DATABASE.by_code(&code).unwrap_or_default();
    let fits = |national: &str| plans.iter().any(|plan| is_as_long(plan, national));
    // What stands behind a country's code is the number as it is, but for trunk prefixes that some write
    // there: the library takes beginnings that look like one for one, as of Russia's 800.
    let as_it_is = abroad.and_then(|n| n.strip_prefix(&format!("+{code}")).map(str::to_owned));
    let as_it_is = as_it_is.filter(|national| !national.starts_with('0') && fits(national));
    let national = as_it_is.unwrap_or_else(|| parsed.national().to_string());
    if !fits(&national) {
        return Err(unusable("no number of its country is that long"));
    }
    // Of a number that is in no plan yet, the customer's own country is as good as any with its code.
    let shares_code = |home: &Id| plans.iter().any(|plan| plan.id() == home.as_ref());
    let country = parsed.country().id().or(home.filter(shares_code));
    Ok(Number {
        e164: format!("+{code}{national}"),
        country: country.map(|id| id.as_ref().to_owned()),
    })
}

/// Its digits, after a plus sign if it has one; `None` where it holds what no number is written with.
fn digits(text: &str) -> Option<String> {
    let text = text.trim();
    if text.len() > LONGEST {
        return None;
    }
    let mut digits = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        match c {
            '+' if at == 0 => digits.push(c),
            '0'..='9' => digits.push(c),
            '-' | '.' | '/' | '(' | ')' | '\u{2010}'..='\u{2015}' => {}
            c if c.is_whitespace() => {}
            _ => return None,
        }
    }
    Some(digits)
}

/// A number with what is dialled before numbers abroad (`00`, `011`) in that country, with a plus sign
/// instead.
fn dialled_from(home: Id, digits: &str) -> Option<String> {
    let prefix = DATABASE.by_id(home.as_ref())?.international_prefix()?;
    let found = prefix.find(digits).filter(|found| found.start() == 0)?;
    let rest = &digits[found.end()..];
    (!rest.starts_with('0')).then(|| format!("+{rest}"))
}

/// Whether the plan has numbers of that length, of a kind that may get texts.
fn is_as_long(plan: &Metadata, national: &str) -> bool {
    let all = plan.descriptors();
    let kinds = [
        all.mobile(),
        all.fixed_line(),
        all.voip(),
        all.personal_number(),
        all.pager(),
        all.uan(),
        all.toll_free(),
    ];
    let mut lengths = kinds
        .into_iter()
        .flatten()
        .flat_map(Descriptor::possible_length);
    lengths.any(|length| usize::from(*length) == national.len())
}

fn unusable(words: &str) -> Failure {
    let words = words.into();
    Failure::AddressUnusable { words }
}

/// Whom messages come from, by the country of the number that they go to.
#[derive(Debug)]
pub(crate) struct Senders {
    by_country: BTreeMap<String, String>,
    otherwise: Option<String>,
}

impl Senders {
    /// # Errors
    /// If one of them is no sender, or a country is none.
    pub(crate) fn new(
        by_country: &BTreeMap<String, String>,
        otherwise: Option<&str>,
    ) -> Result<Self, Problem> {
        for (country, sender) in by_country {
            if country.parse::<Id>().is_err() {
                let problem =
                    format!("has `{country}`, which is no country by its two letters, as `FR`");
                return Err(("senders", problem));
            }
            if !is_sender(sender) {
                return Err(("senders", format!("has `{sender}`, which {NO_SENDER}")));
            }
        }
        if let Some(sender) = otherwise.filter(|sender| !is_sender(sender)) {
            return Err(("from", format!("is `{sender}`, which {NO_SENDER}")));
        }
        Ok(Self {
            by_country: by_country.clone(),
            otherwise: otherwise.map(str::to_owned),
        })
    }

    /// The sender of messages to this number; `None` where nothing says who.
    pub(crate) fn of(&self, number: &Number) -> Option<&str> {
        let country = number.country.as_ref();
        let sender = country.and_then(|country| self.by_country.get(country));
        sender.or(self.otherwise.as_ref()).map(|s| &**s)
    }
}

const NO_SENDER: &str = "is no number as `+33612345678`, no short code, and no name of up to 11 \
                         letters, digits and spaces with a letter";

/// A number with its plus sign, a short code, or a name that carriers show.
fn is_sender(text: &str) -> bool {
    let all_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if let Some(digits) = text.strip_prefix('+') {
        return (7..=15).contains(&digits.len()) && all_digits(digits);
    }
    if all_digits(text) {
        return (3..=8).contains(&text.len());
    }
    text.len() <= LONGEST_NAME
        && text.trim() == text
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b' ')
        && text.bytes().any(|b| b.is_ascii_alphabetic())
}
