//! From the queue into the database: kept first, acknowledged then, so that a kill in between loses nothing, and what
//! comes again is known by its id.

use std::sync::Arc;

use broker::{DeadLetter, Letterbox};
use jiff::Timestamp;
use journey::{
    ids::{CustomerId, LetterId},
    intake::{self, Cause},
    schema::Schemas,
};
use store::{LetterBounds, NewLetter};

use crate::{Engine, Error};

/// What became of a batch of dead letters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// Those that were taken from the queue.
    pub letters: usize,
    /// Those of them that nobody knew.
    pub new: u64,
    /// Those that had been submitted again or discarded, and are open again.
    pub again: u64,
}

impl Engine {
    /// Moves the oldest letters of the queue into the database. None: the queue is empty.
    ///
    /// # Errors
    /// If the database or the broker is away; the letters come again.
    pub async fn letters_once(
        &self,
        letterbox: &mut Letterbox,
        now: Timestamp,
    ) -> Result<Moved, Error> {
        let settings = &self.settings;
        let taken = letterbox.take(settings.letter_batch, settings.letter_bytes);
        let Some(taken) = taken.await? else {
            return Ok(Moved::default());
        };
        let loaded = self.loaded();
        let letters = taken.letters.iter();
        let letters: Vec<_> = letters.map(|l| letter(l, &loaded.schemas, now)).collect();
        let kept = self.store.keep_letters(&letters, now).await?;
        letterbox.settle(taken).await?;
        let moved = Moved {
            letters: letters.len(),
            new: kept.new,
            again: kept.again,
        };
        if kept.new + kept.again > 0 {
            tracing::warn!(new = kept.new, again = kept.again, "there are dead letters");
        }
        Ok(moved)
    }

    /// Takes away what is beyond the bounds.
    ///
    /// # Errors
    /// If the database is away.
    pub async fn trim_letters_once(&self, now: Timestamp) -> Result<u64, Error> {
        let bounds = LetterBounds {
            letters: self.settings.letters_kept,
            bytes: self.settings.letters_bytes,
            age: self.settings.letters_age,
        };
        let (gone, open) = self.store.trim_letters(&bounds, now).await?;
        if open > 0 {
            tracing::warn!(
                open,
                "dead letters that nobody dealt with are no longer kept"
            );
        }
        Ok(gone)
    }
}

fn letter(letter: &DeadLetter, schemas: &Schemas, now: Timestamp) -> NewLetter {
    let glimpse = intake::glimpse(&letter.body);
    let at = letter.at.and_then(|at| i64::try_from(at).ok());
    let at = at.and_then(|at| Timestamp::from_second(at).ok());
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let routing_key = letter.routing_key.as_deref().filter(|key| !key.is_empty());
    // An id alone may be many customers'.
    let event = glimpse.id.filter(|_| glimpse.customer.is_some());
    let id = match (&glimpse.customer, event) {
        (Some(key), Some(event)) => LetterId::of_event(CustomerId::of(key), event),
        _ => {
            let message_id = letter.message_id.as_deref().unwrap_or_default();
            LetterId::of_bytes(routing_key.unwrap_or_default(), message_id, &letter.body)
        }
    };
    NewLetter {
        id,
        key: glimpse.customer,
        routing_key: routing_key.map(Arc::from),
        event,
        name: glimpse.name,
        at: at.unwrap_or(now).min(now),
        cause: cause(letter, schemas, now),
        exchange: text(&letter.exchange),
        queue: text(&letter.queue),
        content_type: text(&letter.content_type),
        message_id: text(&letter.message_id),
        headers: letter.headers.clone(),
        body: letter.body.to_vec(),
    }
}

/// As it was noted; of a letter without a code, what its body says of it now.
fn cause(letter: &DeadLetter, schemas: &Schemas, now: Timestamp) -> Cause {
    let sentence = letter.reason.clone();
    let noted = |code: &str| Cause {
        code: code.to_owned(),
        field: letter.field.clone(),
        sentence: sentence.clone(),
    };
    if let Some(code) = &letter.code {
        return noted(code);
    }
    if letter.by_broker {
        return Cause {
            sentence: format!("RabbitMQ took it out of its queue: {sentence}"),
            ..noted(Cause::BROKER)
        };
    }
    if sentence.is_empty() {
        return Cause {
            sentence: "nobody has noted why".to_owned(),
            ..noted(Cause::UNKNOWN)
        };
    }
    match intake::parse(&letter.body, now) {
        Err(refused) if refused.message == sentence => refused.into(),
        Err(_) => noted(Cause::UNKNOWN),
        Ok(parsed) if schemas.refuse(&parsed.event).as_ref() == Some(&sentence) => {
            Cause::of_schema(sentence)
        }
        Ok(_) => noted(Cause::UNKNOWN),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dead(body: &str, reason: &str) -> DeadLetter {
        DeadLetter {
            body: body.to_owned().into(),
            reason: reason.to_owned(),
            ..DeadLetter::default()
        }
    }

    #[test]
    fn a_letter_of_an_earlier_version_is_given_the_code_that_its_body_has() {
        let now = "2026-01-05T10:00:00Z".parse().unwrap();
        let code = |letter: &DeadLetter| cause(letter, &Schemas::default(), now).code;
        assert_eq!(code(&dead("", "the body is empty")), "not_json");
        let event = r#"{"type":"track","event":"x","userId":"ana","messageId":"1"}"#;
        assert_eq!(code(&dead(event, "something that was noted")), "unknown");
        assert_eq!(code(&dead(event, "")), "unknown");
        let taken = DeadLetter {
            by_broker: true,
            ..dead(event, "delivery_limit")
        };
        assert_eq!(code(&taken), "broker");
        let noted = DeadLetter {
            code: Some("quarantined".to_owned()),
            ..dead(event, "x")
        };
        assert_eq!(code(&noted), "quarantined");
    }

    #[test]
    fn a_letter_is_the_same_however_often_it_comes() {
        let now = "2026-01-05T10:00:00Z".parse().unwrap();
        let of = |body: &str, key: Option<&str>, at| {
            let letter = DeadLetter {
                routing_key: key.map(str::to_owned),
                at: Some(at),
                ..dead(body, "x")
            };
            super::letter(&letter, &Schemas::default(), now)
        };
        let event = r#"{"type":"track","event":"x","userId":"ana","messageId":"1"}"#;
        let as_passed_on = r#"{"event":"x","messageId":"1","type":"track","userId":"ana"}"#;
        let (first, again) = (of(event, Some("ana"), 1), of(as_passed_on, Some("ana"), 2));
        assert_eq!(first.id, again.id);
        assert!(first.event.is_some());
        let broken = of("{", Some("ana"), 1);
        assert_eq!(broken.id, of("{", Some("ana"), 2).id);
        assert_ne!(broken.id, of("{", Some("bo"), 1).id);
        assert_eq!(broken.event, None);
    }
}
