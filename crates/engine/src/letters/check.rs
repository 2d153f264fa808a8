//! Whether a letter can be submitted, as it is or as somebody has edited it.

use jiff::Timestamp;
use journey::{
    input::Event,
    intake::{self, Cause, MAX_BODY, Parsed, Refused},
    schema::Schemas,
};
use store::EditedLetter;

/// Why an edited body is not taken. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.sentence)]
pub struct NotEdited(pub Cause);

/// Reads a body, and the schema that it has to fit. What does not say when it happened, happened at `at`.
pub(super) fn read(
    body: &[u8],
    schemas: &Schemas,
    at: Timestamp,
    now: Timestamp,
) -> Result<Parsed, Cause> {
    let mut parsed = intake::parse(body, now)?;
    // Nothing else is the very microsecond of the clock.
    if parsed.event.at.as_microsecond() == now.as_microsecond() {
        parsed.event.at = at.min(now);
    }
    fits(&parsed.event, schemas)?;
    Ok(parsed)
}

fn fits(event: &Event, schemas: &Schemas) -> Result<(), Cause> {
    if let Some(sentence) = schemas.refuse(event) {
        return Err(Cause::of_schema(sentence));
    }
    let bytes = intake::to_json(event).len();
    match bytes > MAX_BODY {
        true => Err(Refused::too_large(bytes).into()),
        false => Ok(()),
    }
}

/// A body that somebody puts beside that of a letter.
///
/// # Errors
/// It is no event, has a name that is ours, does not fit its schema, or is another event than the letter is: under another id it could take
/// effect a second time.
pub fn edited(
    original: &[u8],
    body: Vec<u8>,
    schemas: &Schemas,
    now: Timestamp,
) -> Result<EditedLetter, NotEdited> {
    let parsed = read(&body, schemas, now, now).map_err(NotEdited)?;
    // Whoever mends a letter writes an event down as a producer does.
    if let Some(refused) = intake::reserved(&parsed.event.name) {
        return Err(NotEdited(refused.into()));
    }
    let was = intake::glimpse(original).id;
    if was.is_some_and(|was| was != parsed.id) {
        let field = match parsed.event.source.is_empty() {
            true => "messageId",
            false => "id",
        };
        return Err(NotEdited(Cause {
            code: "another_event".to_owned(),
            field: Some(field.to_owned()),
            sentence: format!("`{field}` must stay as it was: by it the event takes effect once"),
        }));
    }
    Ok(EditedLetter {
        body,
        key: parsed.event.customer,
        event: parsed.id,
        name: parsed.event.name,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-01-05T10:00:00Z".parse().unwrap()
    }

    fn code(original: &str, body: &str) -> Result<(), String> {
        let body = body.as_bytes().to_vec();
        let edited = edited(original.as_bytes(), body, &Schemas::default(), now());
        edited.map(drop).map_err(|NotEdited(cause)| cause.code)
    }

    #[test]
    fn an_edited_letter_is_an_event_and_the_same_one() {
        let good = r#"{"type":"track","event":"x","userId":"ana","messageId":"1"}"#;
        let other = r#"{"type":"track","event":"x","userId":"ana","messageId":"2"}"#;
        assert_eq!(code("{", good), Ok(()));
        assert_eq!(code(r#"{"messageId":"1"}"#, good), Ok(()));
        assert_eq!(
            code(r#"{"messageId":"1"}"#, other),
            Err("another_event".into())
        );
        assert_eq!(code("{", "{"), Err("not_json".into()));
        let by_hand = good.replace("\"x\"", "\"support.action\"");
        assert_eq!(code("{", &by_hand), Err("reserved_event".into()));
    }

    #[test]
    fn what_does_not_say_when_it_happened_happened_before_it_was_put_aside() {
        let at = "2026-01-02T10:00:00Z".parse().unwrap();
        let body = r#"{"type":"track","event":"x","userId":"ana","messageId":"1"}"#;
        let read = |body: &str| read(body.as_bytes(), &Schemas::default(), at, now());
        assert_eq!(read(body).unwrap().event.at, at);
        let told = body.replace('}', r#","timestamp":"2026-01-04T10:00:00Z"}"#);
        let told = read(&told).unwrap().event.at;
        assert_eq!(told.to_string(), "2026-01-04T10:00:00Z");
    }
}
