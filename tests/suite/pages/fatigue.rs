//! Where people read that a customer gets fewer messages than others, and why.

use api::Look;
use axum::{
    body::Body,
    http::{Request, header},
};
use jiff::{SignedDuration, Timestamp};
use parcours_tests::kit::events;
use serde_json::{Value, json};

use super::{POLICIES, Shop};

const FATIGUE: &str = "fatigue: { max: 2, per: 7d, after: 1, channels: [sms], rest: 30d }\n";
const SLOWED: &str = "The customer has not responded to the last message, and so gets at most 1 message in 7 days instead of 2.";
const RALENTI: &str = "Le client n’a pas réagi au dernier message, et reçoit donc au plus 1 message en 7 jours au lieu de 2.";

/// A row of what is known: the value, and what it is used for.
fn row<'p>(page: &'p str, name: &str) -> Option<&'p str> {
    let (_, rest) = page.split_once(&format!(">{name}</th>"))?;
    rest.split_once("</tr>").map(|r| r.0)
}

impl Shop {
    async fn goes(&self, id: &str, at: Timestamp) {
        let body = events::track("ana", "go", id, &json!({}));
        assert_eq!(events::take(&self.engine, &[body], at).await, 1);
    }

    async fn data(&self, path: &str, language: &str) -> Value {
        let request = Request::get(path).header(header::ACCEPT_LANGUAGE, language);
        let answer = self.ask(request.body(Body::empty()).unwrap()).await;
        serde_json::from_str(&answer.body).unwrap()
    }

    async fn heeds(&self) {
        let query = "select id from message where reason is null order by at limit 1";
        let id: uuid::Uuid = sqlx::query_scalar(query)
            .fetch_one(self.rig.store.pool())
            .await
            .unwrap();
        let opened = json!({ "message_id": id });
        let opened = events::track("ana", "message.opened", "opened", &opened);
        assert_eq!(
            events::take(&self.engine, &[opened], Timestamp::now()).await,
            1
        );
    }
}

#[tokio::test]
async fn a_slow_pace_is_told_to_support_and_to_the_customer_in_their_languages() {
    let shop = Shop::under(Look::default(), &format!("{POLICIES}{FATIGUE}")).await;
    shop.customer("ana").await;
    let own = format!("/p/{}", shop.preferences("ana"));
    let unheeded = "Messages in a row that you did not open or answer";
    assert_eq!(
        row(&shop.get(&own).await.body, unheeded),
        None,
        "nothing is kept yet"
    );

    shop.goes("1", Timestamp::now() - SignedDuration::from_hours(48))
        .await;
    let english = shop.data("/v1/customers/ana", "en").await;
    assert_eq!(english["slowed"]["sentence"], SLOWED);
    assert_eq!(
        (&english["slowed"]["max"], &english["slowed"]["full"]),
        (&json!(1), &json!(2))
    );
    let french = shop.data("/v1/customers/ana", "fr").await;
    assert_eq!(french["slowed"]["sentence"], RALENTI);
    let page = shop.get("/customers/ana?lang=en").await.body;
    assert!(page.contains(SLOWED), "{page}");
    let page = shop.get("/customers/ana?lang=fr").await.body;
    assert!(page.contains(&RALENTI.replace('\'', "&#39;")), "{page}");

    let page = shop.get(&own).await.body;
    let known = row(&page, unheeded).unwrap();
    assert!(known.contains(">1<"), "{known}");
    assert!(
        known.contains("how often we write to you: 1 message in 7 days at the most for now"),
        "{known}"
    );

    // What was decided is explained as it was then, whatever the customer has done since.
    shop.goes("2", Timestamp::now()).await;
    shop.heeds().await;
    let refused = "select id from message where reason = 'capped'";
    let refused: uuid::Uuid = sqlx::query_scalar(refused)
        .fetch_one(shop.rig.store.pool())
        .await
        .unwrap();
    for (language, not_sent, told) in [
        ("en", "Not sent: ", SLOWED),
        ("fr", "Non envoyé\u{a0}: ", RALENTI),
    ] {
        let why = shop
            .data(&format!("/v1/messages/{refused}/why?lang={language}"), "en")
            .await;
        let mut told = told.to_owned();
        told[..1].make_ascii_lowercase();
        assert_eq!(why["sentence"], format!("{not_sent}{told}"));
        assert_eq!(why["rule"], "fatigue");
        assert_eq!(
            why["evidence"].as_array().unwrap().len(),
            2,
            "the decision, and what was counted: {why}"
        );
    }
    let english = shop.data("/v1/customers/ana", "en").await;
    assert_eq!(english.get("slowed"), None, "{english}");
    assert!(
        !shop
            .get("/customers/ana?lang=en")
            .await
            .body
            .contains(SLOWED)
    );
    let page = shop.get(&own).await.body;
    let known = row(&page, unheeded).unwrap();
    assert!(
        known.contains(">0<") && known.contains("how often we write to you<"),
        "{known}"
    );

    let complaint = events::track("ana", "message.complained", "spam", &json!({}));
    assert_eq!(
        events::take(&shop.engine, &[complaint], Timestamp::now()).await,
        1
    );
    let page = shop.get(&own).await.body;
    let upset = row(&page, "When you took a consent back or reported a message");
    assert!(upset.unwrap().contains("1 message in 7 days"), "{page}");
}
