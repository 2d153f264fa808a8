//! Names and addresses are hidden also where they are quoted: in messages, conversations, timelines and explanations.

use ::api::access;
use jiff::Timestamp;
use parcours_tests::kit::events;
use serde_json::{Value, json};

use crate::contract::{Place, place};

/// What is known of Ana, as she and the journeys quote it, and what she says of others.
const SECRETS: [&str; 5] = [
    "ana@shop.example",
    "Ana",
    "+33612345600",
    "bob@else.example",
    "+33 6 98 76 54 32",
];

/// The cookie of somebody with that role.
async fn session(place: &Place, role: &str) -> String {
    let (store, now) = (place.rig.store.access(), Timestamp::now());
    let email = format!("{role}@shop.example");
    let user = store.add_user(&email, "", &[role.to_owned()], now).await;
    let token = access::token().unwrap();
    let hash = access::hash_of(&token);
    store
        .open_session(&hash, user.unwrap().unwrap(), now)
        .await
        .unwrap();
    format!("parcours={token}")
}

async fn text(place: &Place, cookie: &str, path: &str) -> String {
    let asked = place.client.get(format!("{}{path}", place.url()));
    let answer = asked.header("cookie", cookie).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.text().await.unwrap()
}

/// Everywhere that Ana may be quoted, each with what it must quote to who may read it.
async fn pages(place: &Place, cookie: &str) -> Vec<(String, &'static str)> {
    let json = async |path: &str| -> Value {
        serde_json::from_str(&text(place, cookie, path).await).unwrap()
    };
    let messages = json("/v1/messages?customer=ana").await;
    let message = messages["items"][0]["id"].as_str().unwrap().to_owned();
    let timeline = json("/v1/customers/ana/timeline").await;
    let mut entries = timeline["items"].as_array().unwrap().iter();
    let reply = entries.find(|e| e["name"] == "message.replied").unwrap();
    let reply = reply["id"].as_str().unwrap().to_owned();
    let call: uuid::Uuid = sqlx::query_scalar(
        "select c.id from call c join customer u on u.id = c.customer where u.key = 'ana'",
    )
    .fetch_one(place.rig.store.pool())
    .await
    .unwrap();
    let item = format!("{}/{call}", journey::ids::CustomerId::of("ana"));
    [
        ("/v1/customers/ana".to_owned(), "ana@shop.example"),
        ("/v1/customers/ana/timeline".to_owned(), "bob@else.example"),
        (
            "/v1/customers/ana/journeys/special/why".to_owned(),
            "ana@shop.example",
        ),
        (format!("/v1/messages/{message}"), "ana@shop.example"),
        (format!("/v1/messages/{message}/why"), ""),
        (format!("/v1/inbox/{item}"), "bob@else.example"),
        ("/v1/inbox".to_owned(), "+33 6 98 76 54 32"),
        ("/customers/ana".to_owned(), "ana@shop.example"),
        (format!("/customers/ana/inputs/{reply}"), "bob@else.example"),
        (
            "/customers/ana/journey?name=special".to_owned(),
            "ana@shop.example",
        ),
        (format!("/messages/{message}"), "ana@shop.example"),
        (format!("/inbox/{item}"), "bob@else.example"),
        (format!("/inbox/{item}/talk"), "bob@else.example"),
    ]
    .into()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_need_not_read_names_and_addresses_does_not_read_them_quoted_either() {
    let place = place().await;
    let said = json!({
        "channel": "sms", "text": "I am Ana: write to Ana@shop.example or bob@else.example, or call +33612345600",
    });
    let reply = events::track("ana", "message.replied", "said", &said);
    assert_eq!(
        events::take(&place.engine, &[reply], Timestamp::now()).await,
        1
    );
    let support = session(&place, "support").await;
    let admin = session(&place, "admin").await;
    for (path, quoted) in pages(&place, &support).await {
        let whole = text(&place, &support, &path).await;
        assert!(whole.contains(quoted), "{path}: {whole}");
        let hidden = text(&place, &admin, &path).await.to_lowercase();
        for secret in SECRETS {
            let secret = secret.to_lowercase();
            // Her key is no address, and stands in many places; her name is the same word.
            let found = match &*secret {
                "ana" => hidden.contains("i am ana"),
                other => hidden.contains(other),
            };
            assert!(!found, "{path} tells {secret}: {hidden}");
        }
    }
}
