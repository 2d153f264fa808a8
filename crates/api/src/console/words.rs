//! What the database says, in the words of a page.

use std::fmt;

use askama::FastWritable;
use jiff::{Timestamp, tz::TimeZone};
use store::read::InputName;

use crate::i18n::{Language, language, say};

/// Months as a page writes them in French.
const MOIS: [&str; 12] = [
    "janv.", "févr.", "mars", "avril", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.",
    "déc.",
];

/// An instant as a `<time>` element.
#[derive(Clone, Copy, Debug)]
pub(crate) struct When(pub Timestamp);

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = moment(self.0);
        write!(
            f,
            "<time datetime=\"{0}\" title=\"{0}\">{text}</time>",
            self.0
        )
    }
}

/// Made of digits, letters and our own tags alone.
impl askama::filters::HtmlSafe for When {}

impl FastWritable for When {
    fn write_into(
        &self,
        dest: &mut dyn fmt::Write,
        _values: &dyn askama::Values,
    ) -> askama::Result<()> {
        Ok(write!(dest, "{self}")?)
    }
}

/// A sentence in which what authors write stands in backquotes, as HTML: that becomes `<code>`.
pub(crate) fn marked(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    let mut parts = text.split('`').peekable();
    let mut inside = false;
    while let Some(part) = parts.next() {
        // A backquote without its other half is one.
        let closes = inside && parts.peek().is_some();
        if inside {
            html.push_str(if closes { "<code>" } else { "`" });
        }
        for c in part.chars() {
            match c {
                '&' => html.push_str("&#38;"),
                '<' => html.push_str("&#60;"),
                '>' => html.push_str("&#62;"),
                '"' => html.push_str("&#34;"),
                '\'' => html.push_str("&#39;"),
                c => html.push(c),
            }
        }
        if closes {
            html.push_str("</code>");
        }
        inside = !inside;
    }
    html
}

/// `5 Jan 2026, 10:00 UTC`, `5 janv. 2026, 10:00 UTC`.
pub(crate) fn moment(at: Timestamp) -> String {
    if language() == Language::English {
        return at.strftime("%-d %b %Y, %H:%M UTC").to_string();
    }
    let local = at.to_zoned(TimeZone::UTC);
    let month = usize::try_from(local.month()).unwrap_or(1) - 1;
    format!(
        "{} {} {}",
        local.day(),
        MOIS[month.min(11)],
        local.strftime("%Y, %H:%M UTC")
    )
}

/// `Monday 5 January 2026`, `lundi 5 janvier 2026`.
pub(crate) fn day(at: Timestamp) -> String {
    let locale = match language() {
        Language::English => "en-gb",
        Language::French => "fr",
    };
    capital(&journey::render::full_date(
        at.to_zoned(TimeZone::UTC).date(),
        locale,
    ))
}

/// `10:00:05`.
pub(crate) fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%S").to_string()
}

/// A sentence of the trace as a page says it: a capital first, instants as people read them.
pub(crate) fn sentence(text: &str) -> String {
    let words: Vec<String> = text
        .split(' ')
        .map(|word| {
            let core = word.trim_end_matches([',', ';', ')', ':']);
            match core.parse::<Timestamp>() {
                Ok(at) if core.len() >= 20 => format!("{}{}", moment(at), &word[core.len()..]),
                _ => word.to_owned(),
            }
        })
        .collect();
    capital(&words.join(" "))
}

pub(crate) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

/// `no_consent` as `No consent`. A word of an author's stays as it is.
pub(crate) fn reason(word: &str) -> String {
    let known = match word {
        "restricted" => say("Processing restricted"),
        "no_consent" => say("No consent"),
        "unreachable" => say("No address"),
        "suppression_list" => say("Address suppressed"),
        "bounced" => say("Bounced"),
        "complained" => say("Complained of"),
        "role_address" => say("Address of a function"),
        "capped" => say("Frequency cap used up"),
        "quiet" => say("Quiet hours"),
        "expired" => say("Expired before it could go"),
        "recalled" => say("Taken back: the customer left"),
        "failed" => say("Refused by the provider"),
        "unrenderable" => say("Template could not be rendered"),
        "already_sent" => say("Already sent"),
        "customer_paused" => say("Customer paused"),
        "not_personalised" => say("Not personalised"),
        "control_group" => say("Control group"),
        "merged" => say("Merged"),
        "migrated" => say("Migrated"),
        "stopped" => say("Stopped"),
        "completed" => say("Completed"),
        "restarted" => say("Restarted"),
        "missed" => say("Missed"),
        other => return capital(&other.replace('_', " ")),
    };
    known.into()
}

/// `address_gone` as people say it: the kind of a [`journey::failure::Failure`].
pub(crate) fn failure(kind: &str) -> String {
    let known = match kind {
        "restricted" => say("Processing restricted"),
        "consent_taken_back" => say("Consent taken back"),
        "chosen" => say("The customer’s choice"),
        "suppressed" | "listed" => say("Address suppressed"),
        "erased" => say("Customer erased"),
        "only_to" => say("Not one of the addresses of this trial"),
        "expired" => say("Expired before it could go"),
        "address_gone" => say("Address gone"),
        "address_unusable" => say("Address of no use"),
        "template" => say("Template could not be rendered"),
        "no_provider" => say("No provider for the channel"),
        "content" => say("Content cannot be handed over"),
        "unsubscribe_link" => say("Link to unsubscribe is no URL"),
        "slow" => say("No answer in time"),
        "unreachable" => say("Not reached"),
        "lets_nobody_in" => say("Sign-in refused"),
        "http" => say("Refused (HTTP)"),
        "smtp" => say("Refused (SMTP)"),
        "answer" => say("Answer of no use"),
        "secret" => say("Secret missing or wrong"),
        "source" => say("No content from its source"),
        "parameter" => say("Source cannot be asked"),
        "no_vouchers" => say("No vouchers left"),
        "gave_up" => say("Out of tries"),
        other => return capital(&other.replace('_', " ")),
    };
    known.into()
}

/// `sms` as `SMS`.
pub(crate) fn channel(word: &str) -> String {
    match word {
        "email" => say("E-mail").into(),
        "sms" => "SMS".into(),
        "push" => say("Push").into(),
        other => capital(other),
    }
}

/// `bounced` as people say it: why an address is not used.
pub(crate) fn suppression(word: &str) -> &str {
    match word {
        "bounced" => say("bounced"),
        "complained" => say("complained of"),
        "role_address" => say("an address of a role"),
        other => other,
    }
}

/// What came, where it is no event: those have names.
pub(crate) fn input(kind: InputName, name: &str) -> &str {
    match kind {
        InputName::Event => name,
        InputName::Timer => say("Time had come"),
        InputName::Receipt => say("News of a message"),
        InputName::Passage => say("A new version was published"),
        InputName::Date => say("A date had come"),
        InputName::Sweep => say("Its turn had come"),
        InputName::Answer => say("News of a call"),
        InputName::TakeOver => say("News of a merged customer"),
    }
}

/// How a call stands.
pub(crate) fn call_status(word: &str) -> &'static str {
    match word {
        "queued" => say("Queued"),
        "leased" => say("Being made"),
        "open" => say("In the inbox"),
        "answered" => say("Answered"),
        "failed" => say("Failed"),
        "cancelled" => say("Cancelled"),
        _ => say("Unknown"),
    }
}

/// `leased` as `Being sent`.
pub(crate) fn status(word: &str) -> &'static str {
    match word {
        "queued" => say("Queued"),
        "leased" => say("Being sent"),
        "sent" => say("Sent"),
        "failed" => say("Failed"),
        "suppressed" => say("Held back"),
        "recalled" => say("Taken back"),
        _ => say("Unknown"),
    }
}

/// The colour of a status: `good`, `bad`, `warn` or `calm`.
pub(crate) fn tone(status: &str) -> &'static str {
    match status {
        "sent" => "good",
        "failed" => "bad",
        "suppressed" | "recalled" => "warn",
        _ => "calm",
    }
}

/// 12345 as `12,345`, in French with narrow spaces that do not break.
pub(crate) fn number(n: u64) -> String {
    let separator = match language() {
        Language::English => ',',
        Language::French => '\u{202f}',
    };
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(separator);
        }
        out.push(digit);
    }
    out
}

/// Thousandths as percent with one digit behind the point: 63 is `6.3`, in French `6,3`.
pub(crate) fn tenths(mille: u64) -> String {
    let point = match language() {
        Language::English => '.',
        Language::French => ',',
    };
    format!("{}{point}{}", mille / 10, mille % 10)
}

/// `12 %`, with one digit more where it is small; of nothing, nothing.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    match (part * 1_000 + whole / 2).checked_div(whole) {
        None => String::new(),
        Some(mille) if part > 0 && mille < 100 => format!("{} %", tenths(mille)),
        Some(mille) => format!("{} %", (mille + 5) / 10),
    }
}

/// A value as a page shows it: text without quotes, the rest as JSON.
pub(crate) fn value(value: &journey::value::Value) -> String {
    value.to_key().unwrap_or_else(|| "—".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_within_a_sentence_become_readable() {
        assert_eq!(
            sentence("waits for a until 2026-01-05T09:00:00Z, then on"),
            "Waits for a until 5 Jan 2026, 09:00 UTC, then on"
        );
        assert_eq!(sentence(""), "");
        assert_eq!(sentence("élan"), "Élan");
    }

    #[test]
    fn what_authors_write_is_code_and_nothing_is_markup() {
        assert_eq!(
            marked("`a < 'b'` does not <hold>"),
            "<code>a &#60; &#39;b&#39;</code> does not &#60;hold&#62;"
        );
        assert_eq!(marked("a ` b"), "a ` b");
        assert_eq!(marked(""), "");
    }

    #[test]
    fn numbers_have_separators() {
        assert_eq!(
            [0, 999, 1000, 1_234_567].map(number),
            ["0", "999", "1,000", "1,234,567"]
        );
    }

    #[test]
    fn every_reason_has_words() {
        for reason_word in journey::message::Reason::ALL {
            let words = reason(reason_word.as_str());
            assert!(!words.contains('_') && words.len() > 5, "{words}");
        }
        assert_eq!(reason("asked_for_peace"), "Asked for peace");
    }
}
