//! Numbers, dates and mail addresses, as people write them: alone, or in a sentence that has one of them.

use std::sync::Arc;

use jiff::civil::Date;

use super::normal;
use crate::value::Value;

/// The months, without accents, as they are written in English and French.
const MONTHS: [&[&str]; 12] = [
    &["january", "jan", "janvier", "janv"],
    &["february", "feb", "fevrier", "fevr"],
    &["march", "mar", "mars"],
    &["april", "apr", "avril", "avr"],
    &["may", "mai"],
    &["june", "jun", "juin"],
    &["july", "jul", "juillet", "juil"],
    &["august", "aug", "aout"],
    &["september", "sep", "sept", "septembre"],
    &["october", "oct", "octobre"],
    &["november", "nov", "novembre"],
    &["december", "dec", "decembre"],
];

/// A number: `9`, `9,5`, `it is 4711`. `9 / 10` is none.
pub(super) fn number(text: &str, min: Option<f64>, max: Option<f64>) -> Option<Value> {
    let text = match plain(text) {
        Some(whole) => whole,
        None => {
            let digit = |word: &&str| word.contains(|c: char| c.is_ascii_digit());
            plain(alone(text.split_whitespace().filter(digit))?)?
        }
    };
    let number: f64 = text.parse().ok()?;
    let inside = min.is_none_or(|m| number >= m) && max.is_none_or(|m| number <= m);
    let value = text
        .parse()
        .map_or_else(|_| Value::number(number), Value::Int);
    inside.then_some(value)
}

/// A finite number, with a point.
fn plain(text: &str) -> Option<String> {
    let text = text.replace(',', ".");
    let text = text.trim_matches(|c: char| {
        matches!(
            c,
            '.' | '!' | '?' | ';' | ':' | '(' | ')' | '#' | '"' | '«' | '»'
        )
    });
    let number: f64 = text.parse().ok()?;
    let digits = text.contains(|c: char| c.is_ascii_digit());
    (digits && number.is_finite()).then(|| text.to_owned())
}

/// A date: `2026-05-17`, `17.5.2026` or `17/05/2026` (the day first, as in Europe), `17 mai 2026`, `May 17th, 2026`.
pub(super) fn date(text: &str) -> Option<Date> {
    let in_digits = || {
        alone(
            text.split_whitespace()
                .filter(|word| digits(word).is_some()),
        )
    };
    digits(text)
        .or_else(|| digits(in_digits()?))
        .or_else(|| named(text))
}

fn digits(text: &str) -> Option<Date> {
    let text = text.trim_matches(|c: char| !c.is_ascii_digit());
    if let Ok(date) = text.parse() {
        return Some(date);
    }
    let parts: Vec<&str> = text.split(['/', '.', '-', ' ']).collect();
    let [day, month, year] = parts.as_slice() else {
        return None;
    };
    if year.len() != 4 {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// With the month's name: one, a day and a year, in whatever order.
fn named(text: &str) -> Option<Date> {
    let text = normal(text);
    let words = || text.split(' ');
    let month = alone(words().filter(|word| month(word).is_some()))?;
    let ordinal = |word: &str| {
        let end = word
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(word.len());
        let (number, rest) = word.split_at(end);
        let known = matches!(rest, "" | "st" | "nd" | "rd" | "th" | "er");
        (known && (1..=2).contains(&number.len())).then(|| number.parse::<i8>().ok())?
    };
    let day = alone(words().filter(|word| ordinal(word).is_some()))?;
    let year = alone(words().filter(|word| word.len() == 4 && word.parse::<i16>().is_ok()))?;
    Date::new(year.parse().ok()?, self::month(month)?, ordinal(day)?).ok()
}

fn month(word: &str) -> Option<i8> {
    let at = MONTHS.iter().position(|names| names.contains(&word))?;
    i8::try_from(at + 1).ok()
}

/// Something of the form of a mail address.
pub(super) fn email(text: &str) -> Option<Arc<str>> {
    let word = alone(text.split_whitespace().filter(|word| word.contains('@')))?;
    let word = word.trim_matches(|c: char| {
        matches!(
            c,
            '<' | '>' | '(' | ')' | ',' | ';' | ':' | '.' | '!' | '?' | '"' | '\''
        )
    });
    let (user, host) = word.rsplit_once('@')?;
    let good = !user.is_empty()
        && !user.contains('@')
        && host.contains('.')
        && !host.starts_with('.')
        && word.len() <= 254
        && !word.contains(|c: char| c.is_control() || c == ',');
    good.then(|| Arc::from(word))
}

/// The only one.
fn alone<T>(mut words: impl Iterator<Item = T>) -> Option<T> {
    let first = words.next();
    first.filter(|_| words.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_stands_alone_or_in_a_sentence() {
        let number = |text: &str| number(text, Some(0.0), Some(9_999.0));
        for (text, value) in [
            ("9", Value::Int(9)),
            ("9,5", Value::Float(9.5)),
            ("c’est le 4711 !", Value::Int(4711)),
            ("My order is #4711.", Value::Int(4711)),
        ] {
            assert_eq!(number(text), Some(value), "{text}");
        }
        for text in [
            "10000",
            "-1",
            "nine",
            "NaN",
            "inf",
            "9/10",
            "4 or 5",
            "12h",
            "A4711",
            "infinity 2",
            "",
        ] {
            let expected = (text == "infinity 2").then_some(Value::Int(2));
            assert_eq!(number(text), expected, "{text}");
        }
    }

    #[test]
    fn a_date_is_read_as_people_write_it() {
        let day = Some(Date::constant(2026, 5, 17));
        for text in [
            "2026-05-17",
            "17/05/2026",
            "17.5.2026",
            "le 17/05/2026, merci",
            "17 mai 2026",
            "dimanche 17 mai 2026",
            "May 17th, 2026",
            "17. Mai 2026",
        ] {
            assert_eq!(date(text), day, "{text}");
        }
        assert_eq!(date("1er août 2026"), Some(Date::constant(2026, 8, 1)));
        for text in [
            "31/02/2026",
            "17 mai",
            "mai 2026",
            "17/05/26",
            "du 17/05/2026 au 18/05/2026",
            "soon",
        ] {
            assert_eq!(date(text), None, "{text}");
        }
    }

    #[test]
    fn an_address_is_found_in_a_sentence() {
        for (text, found) in [
            ("ana@shop.example", "ana@shop.example"),
            ("My address: <ana@shop.example>.", "ana@shop.example"),
        ] {
            assert_eq!(email(text).as_deref(), Some(found));
        }
        for text in ["ana", "@b.c", "a@b", "a@.d", "a@b.c or d@e.f", "a@b@c.d"] {
            assert_eq!(email(text), None, "{text}");
        }
    }
}
