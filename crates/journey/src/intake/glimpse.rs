//! What can be told of a body that was refused: whose it may be, and what.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::ids::InputId;

/// What a body says of itself, as far as it can be read. Nothing of it is checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Glimpse {
    /// The producer's key of the customer.
    pub customer: Option<Arc<str>>,
    /// The event's name.
    pub name: Option<Arc<str>>,
    /// The id under which it would take effect once.
    pub id: Option<InputId>,
}

/// Looks at a body of any kind. Nothing is known of one that is no JSON object.
pub fn glimpse(body: &[u8]) -> Glimpse {
    let Ok(Json::Object(fields)) = serde_json::from_slice::<Json>(body) else {
        return Glimpse::default();
    };
    let said = |name: &str| fields.get(name).and_then(word);
    if fields.contains_key("specversion") {
        let data = fields.get("data");
        let user = || data.and_then(|data| word(data.get("userId")?));
        return Glimpse {
            customer: said("subject").or_else(user),
            name: said("type"),
            id: said("id")
                .zip(said("source"))
                .map(|(id, source)| InputId::of_event(&source, &id)),
        };
    }
    let call = said("type").filter(|call| &**call != "track");
    Glimpse {
        customer: said("userId").or_else(|| said("anonymousId")),
        name: said("event").or(call),
        id: said("messageId").map(|id| InputId::of_event("", &id)),
    }
}

/// A text, or a number that was meant as one.
fn word(json: &Json) -> Option<Arc<str>> {
    match json {
        Json::String(text) if !text.is_empty() => Some(Arc::from(&**text)),
        Json::Number(number) => Some(Arc::from(number.to_string())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(body: &str) -> (String, String, bool) {
        let seen = glimpse(body.as_bytes());
        let text = |text: Option<Arc<str>>| text.as_deref().unwrap_or("-").to_owned();
        (text(seen.customer), text(seen.name), seen.id.is_some())
    }

    #[test]
    fn a_body_that_is_refused_still_says_whose_it_is() {
        for (body, customer, name, id) in [
            (
                r#"{"userId":"ana","event":"x","messageId":"1"}"#,
                "ana",
                "x",
                true,
            ),
            (r#"{"userId":7,"type":"identify"}"#, "7", "identify", false),
            (r#"{"anonymousId":"a","type":"track"}"#, "a", "-", false),
            (
                r#"{"specversion":"2","id":"1","source":"s","type":"t","data":{"userId":"bo"}}"#,
                "bo",
                "t",
                true,
            ),
            (
                r#"{"specversion":"1.0","id":"1","subject":""}"#,
                "-",
                "-",
                false,
            ),
            ("[1]", "-", "-", false),
            ("{", "-", "-", false),
        ] {
            let expected = (customer.to_owned(), name.to_owned(), id);
            assert_eq!(seen(body), expected, "{body}");
        }
    }

    #[test]
    fn the_id_is_the_one_under_which_it_takes_effect() {
        let body = br#"{"type":"track","userId":"ana","event":"x","messageId":"m"}"#;
        let parsed = crate::intake::parse(body, jiff::Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(glimpse(body).id, Some(parsed.id));
    }
}
