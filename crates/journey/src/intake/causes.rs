//! Why events are dead letters: codes for programs, and a few words for people.

use super::Refused;
use crate::explain::Language;

/// Why an event is a dead letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// A code of [`Refused`], or one of those below; never changes its meaning.
    pub code: String,
    /// The path of the field at fault, such as `properties.total`, if it is one.
    pub field: Option<String>,
    /// One sentence, which quotes nothing that the event holds.
    pub sentence: String,
}

/// What has to be done about a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CauseClass {
    /// It is no event: its producer is at fault.
    Refused,
    /// It does not fit its declared schema: the producer or the schema is at fault.
    Schema,
    /// It is an event and was accepted, and the database or the turn cannot take it: we are at fault, or the
    /// customer's state is.
    Quarantined,
    /// A policy of RabbitMQ's took it out of its queue, or nobody has noted why.
    Broker,
}

impl CauseClass {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Refused, Self::Schema, Self::Quarantined, Self::Broker];

    /// Its word, as in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Schema => "schema",
            Self::Quarantined => "quarantined",
            Self::Broker => "broker",
        }
    }
}

impl Cause {
    /// It does not fit its schema.
    pub const SCHEMA: &'static str = "schema";
    /// It was accepted, and cannot be taken.
    pub const QUARANTINED: &'static str = "quarantined";
    /// RabbitMQ took it out of its queue.
    pub const BROKER: &'static str = "broker";
    /// Nobody has noted why.
    pub const UNKNOWN: &'static str = "unknown";

    /// It does not fit its schema, as [`crate::schema::Schemas::refuse`] says.
    pub fn of_schema(sentence: String) -> Self {
        Self {
            code: Self::SCHEMA.to_owned(),
            field: place(&sentence),
            sentence,
        }
    }

    /// It was accepted, and the database or the turn cannot take it.
    pub fn quarantined(sentence: String) -> Self {
        Self {
            code: Self::QUARANTINED.to_owned(),
            field: None,
            sentence,
        }
    }

    /// What has to be done about causes of that code.
    pub fn class(code: &str) -> CauseClass {
        match code {
            Self::SCHEMA => CauseClass::Schema,
            Self::QUARANTINED => CauseClass::Quarantined,
            Self::BROKER | Self::UNKNOWN => CauseClass::Broker,
            _ => CauseClass::Refused,
        }
    }

    /// A few words for a code, as the head of a group.
    pub fn words(code: &str, language: Language) -> &'static str {
        let (english, french) = match code {
            "not_json" => ("Not JSON", "Pas du JSON"),
            "not_utf8" => ("Not UTF-8 text", "Pas du texte UTF-8"),
            "too_large" => ("Too large", "Trop gros"),
            "too_deep" => ("Nested too deeply", "Imbrication trop profonde"),
            "too_many_fields" => ("Too many fields", "Trop de champs"),
            "number_out_of_range" => ("A number out of range", "Un nombre hors limites"),
            "missing" => ("A field is missing", "Un champ manque"),
            "empty" => ("A field is empty", "Un champ est vide"),
            "wrong_type" => ("A field of another type", "Un champ d’un autre type"),
            "too_long" => ("A field is too long", "Un champ est trop long"),
            "nul_character" | "control_character" => (
                "A character that cannot be kept",
                "Un caractère qui ne peut être conservé",
            ),
            "bad_timestamp" | "before_1970" => {
                ("A time that cannot be read", "Une date qui ne se lit pas")
            }
            "from_the_future" => ("From the future", "Venu du futur"),
            "unknown_type" | "unsupported_type" => ("A call that is not known", "Un appel inconnu"),
            "unsupported_version" | "unsupported_data" => (
                "A CloudEvent that is not understood",
                "Un CloudEvent qui n’est pas compris",
            ),
            "itself" => (
                "A customer merged into themselves",
                "Un client fusionné avec lui-même",
            ),
            Self::SCHEMA => ("Does not fit its schema", "Ne correspond pas à son schéma"),
            Self::QUARANTINED => (
                "Quarantined: accepted, but it cannot be taken",
                "En quarantaine\u{a0}: accepté, mais impossible à traiter",
            ),
            Self::BROKER => ("Taken out by RabbitMQ", "Retiré par RabbitMQ"),
            Self::UNKNOWN => ("Nobody has noted why", "Personne n’a noté pourquoi"),
            _ => ("Refused", "Refusé"),
        };
        match language {
            Language::English => english,
            Language::French => french,
        }
    }
}

impl From<Refused> for Cause {
    fn from(refused: Refused) -> Self {
        Self {
            code: refused.code.to_owned(),
            field: refused.field,
            sentence: refused.message,
        }
    }
}

/// The field that a sentence about a schema begins with, by its path in a Segment body.
fn place(sentence: &str) -> Option<String> {
    if let Some(rest) = sentence.strip_prefix("the trait `") {
        return Some(format!("traits.{}", rest.split_once('`')?.0));
    }
    let path = sentence.split(' ').next()?;
    match path.strip_prefix("event") {
        Some("") => Some("properties".to_owned()),
        Some(rest) if rest.starts_with(['.', '[']) => Some(format!("properties{rest}")),
        _ => Some(format!("traits.{}", path.strip_prefix("customer.")?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_of_a_sentence_about_a_schema() {
        for (sentence, field) in [
            (
                "event.total must be a number, and is text",
                Some("properties.total"),
            ),
            (
                "event.items[2].name is missing",
                Some("properties.items[2].name"),
            ),
            ("event must be an object", Some("properties")),
            ("customer.email must be text", Some("traits.email")),
            ("the trait `x` is not declared", Some("traits.x")),
            ("nothing of the kind", None),
        ] {
            assert_eq!(place(sentence).as_deref(), field, "{sentence}");
        }
    }

    #[test]
    fn what_has_to_be_done_follows_from_the_code() {
        assert_eq!(Cause::class("missing"), CauseClass::Refused);
        for class in CauseClass::ALL.into_iter().skip(1) {
            assert_eq!(Cause::class(class.as_str()), class);
        }
    }
}
