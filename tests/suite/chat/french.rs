//! The inbox in French: whole.

use super::*;
use crate::tongues::english_left;

/// What the shop calls things, and what was said.
const DATA: &[&str] = &[
    "value",
    "Talk to a person",
    "Ring back about the big order",
    "an order",
    "a return",
    "something else",
    "sold",
    "not reached",
    "Hello! A colleague will be with you in a moment.",
    "calls-back",
    "helps",
    "colleague",
    "support",
    "sales",
    "ring",
    "ana",
];

impl Place {
    async fn spoken(&self, path: &str, language: &str) -> String {
        let address = format!("http://{}{path}", self.address);
        let request = self.client.get(address).header("accept-language", language);
        request.send().await.unwrap().text().await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_english_is_left_in_the_inbox() {
    let place = inbox::place().await;
    let session = place.session(json!({})).await;
    place
        .says(session["token"].as_str().unwrap(), "Talk to a person")
        .await;
    place
        .does("ana", "call.wanted", json!({ "value": 4_000 }))
        .await;
    let items = place.waiting(2).await;
    let page = |item: &Value| {
        let word = |name: &str| item[name].as_str().unwrap().to_owned();
        format!("/inbox/{}/{}", word("customer"), word("call"))
    };
    let mut left = Vec::new();
    for path in ["/inbox".to_owned(), page(&items[0]), page(&items[1])] {
        let english = place.spoken(&path, "en").await;
        let french = place.spoken(&path, "fr").await;
        let words = english_left(&english, &french, DATA);
        left.extend(words.iter().map(|word| format!("{path}: {word}")));
    }
    assert!(left.is_empty(), "{}", left.join("\n"));
}
