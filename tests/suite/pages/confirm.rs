//! Double opt-in.

use axum::http::StatusCode;
use jiff::Timestamp;
use journey::{
    customer::ConsentState::{Granted, Unconfirmed, Withdrawn},
    links::LinkKind,
    message::Channel,
};
use parcours_tests::kit::events;
use serde_json::json;

use super::Shop;

async fn says(shop: &Shop, event: &str, id: &str) {
    let body = json!({ "purpose": "marketing", "channel": "email", "how": "form",
        "text": "Send me news", "version": "7", "proof": { "form": "footer" } });
    let body = events::track("ana", event, id, &body);
    events::take(&shop.engine, &[body], Timestamp::now()).await;
}

#[tokio::test]
async fn a_consent_is_confirmed_by_the_button_and_not_by_looking() {
    let shop = Shop::new().await;
    says(&shop, "consent.granted", "1").await;
    assert_eq!(
        shop.state("ana", "marketing", Channel::Email).await,
        Some(Unconfirmed)
    );
    let channel = Channel::Email;
    let way = format!("/c/{}", shop.link(LinkKind::Confirm { channel }, "ana"));
    let seen = shop.get(&way).await;
    assert!(seen.body.contains("News and offers") && seen.body.contains("Twice a month"));
    assert_eq!(
        shop.state("ana", "marketing", Channel::Email).await,
        Some(Unconfirmed)
    );
    assert_eq!(shop.post(&way, "").await.status, StatusCode::BAD_REQUEST);
    let done = shop.post(&way, "sure=yes").await;
    assert!(
        done.status == StatusCode::OK && done.body.contains("It is confirmed"),
        "{}",
        done.body
    );
    assert_eq!(
        shop.state("ana", "marketing", Channel::Email).await,
        Some(Granted)
    );
    assert_eq!(
        shop.records().await,
        ["granted marketing email confirmation"]
    );
}

/// A link is replayed after its owner has changed their mind: nothing comes back.
#[tokio::test]
async fn an_old_confirmation_brings_nothing_back_that_was_taken_back() {
    let shop = Shop::new().await;
    says(&shop, "consent.granted", "1").await;
    let channel = Channel::Email;
    let way = format!("/c/{}", shop.link(LinkKind::Confirm { channel }, "ana"));
    assert_eq!(shop.post(&way, "sure=yes").await.status, StatusCode::OK);
    says(&shop, "consent.withdrawn", "2").await;
    let again = shop.post(&way, "sure=yes").await;
    assert!(again.body.contains("nothing to confirm"), "{}", again.body);
    assert_eq!(
        shop.state("ana", "marketing", Channel::Email).await,
        Some(Withdrawn)
    );
}

/// GDPR art. 7(1): how, which text, which version, what proof; and of a statement that is too long,
/// what could be kept.
#[tokio::test]
async fn what_was_said_is_kept_as_it_was_said() {
    let shop = Shop::new().await;
    says(&shop, "consent.granted", "1").await;
    let long = json!({ "purpose": "feedback", "channels": ["sms", "sms", "email"], "how": "form",
        "text": "x".repeat(5_000), "version": 3, "proof": "y".repeat(9_000) });
    let long = events::track("ana", "consent.granted", "2", &long);
    events::take(&shop.engine, &[long], Timestamp::now()).await;
    let kept: Vec<String> = sqlx::query_scalar(
        "select concat_ws(' | ', state, purpose, channel, how, text, version, convert_from(proof, 'UTF8'))
         from consent order by at, purpose, channel",
    )
    .fetch_all(shop.rig.store.pool())
    .await
    .unwrap();
    assert_eq!(
        kept,
        [
            "unconfirmed | marketing | email | form | Send me news | 7 | {\"form\":\"footer\"}",
            "unconfirmed | feedback | email | form",
            "unconfirmed | feedback | sms | form",
        ]
    );
}
