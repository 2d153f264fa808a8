//! Short forms of addresses in text messages.

use std::time::Duration;

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use engine::Links;
use jiff::{SignedDuration, Timestamp};
use journey::ids::CustomerId;
use parcours_tests::kit::{self, Answer, Rig, Workspace, events};
use serde_json::json;
use store::Cutoffs;
use tokio_util::sync::CancellationToken;

use super::Shop;

const POLICIES: &str = "purposes:
  marketing: { consent: opt_out, track: clicks }
  service: { consent: none }
defaults: { locale: en }
";

const LONG: &str = "https://shop.example/teas/green?from=the-newsletter-of-november&kind=sencha";
const TEXT: &str = "Teas: https://shop.example/teas/green?from=the-newsletter-of-november&kind=sencha. \
    Twice: https://shop.example/teas/green?from=the-newsletter-of-november&kind=sencha, https://t.example/a or {{ links.unsubscribe }}\n";

async fn shop(short: bool) -> Shop {
    let send = |name: &str, purpose: &str| {
        format!(
            "purpose: {purpose}\nenter: {{ event: {name}, again: always }}\nsteps:\n  \
             - {{ id: text, send: sms, template: text }}\n  - {{ wait: 30d }}\n"
        )
    };
    let workspace = Workspace::new()
        .file("config/policies.yaml", POLICIES)
        .sms("text", TEXT)
        .journey("go", &send("go", "marketing"))
        .journey("paid", &send("paid", "service"));
    let rig = Rig::new(&workspace).await;
    let settings = engine::Settings {
        links: Links {
            base: "https://my.shop.example".into(),
            short,
            short_base: "https://s.example".into(),
            ..Links::default()
        },
        ..kit::quick()
    };
    let engine = rig.engine(settings).await;
    Shop::of(rig, engine)
}

impl Shop {
    /// The text that the event brings.
    async fn text(&self, key: &str, event: &str) -> String {
        let before = self.rig.provider.taken().len();
        self.happens(key, event).await;
        self.sent(before).await
    }

    async fn sent(&self, before: usize) -> String {
        let stop = CancellationToken::new();
        self.engine.dispatch_once(&stop).await.unwrap();
        let taken = self.rig.provider.taken();
        assert_eq!(taken.len(), before + 1);
        let text = &taken[before].body["content"]["text"];
        text.as_str().unwrap().to_owned()
    }

    async fn is(&self, key: &str) {
        let traits = json!({ "phone": "+33639980181" });
        let body = events::identify(key, &format!("{key}-i"), &traits);
        events::take(&self.engine, &[body], Timestamp::now()).await;
    }

    async fn clicks(&self, key: &str) -> Vec<String> {
        sqlx::query_scalar("select name from input where customer = $1 and name like 'message.%'")
            .bind(CustomerId::of(key).0)
            .fetch_all(self.rig.store.pool())
            .await
            .unwrap()
    }

    async fn kept(&self) -> i64 {
        self.rig.count("select count(*) from short_link").await
    }
}

/// The codes in a text, in their order.
fn codes(text: &str) -> Vec<&str> {
    let parts = text.split("https://s.example/s/").skip(1);
    parts.map(|part| &part[..10]).collect()
}

#[tokio::test]
async fn what_is_longer_gets_a_short_form_that_leads_where_the_long_one_did() {
    let shop = shop(true).await;
    shop.is("bo").await;
    let text = shop.text("bo", "paid").await;
    let found = codes(&text);
    assert_eq!(found.len(), 3, "{text}");
    assert_eq!(found[0], found[1], "the same address has the same code");
    assert!(text.len() < 160, "{text}");
    assert!(
        text.contains(", https://t.example/a or "),
        "what is short already stays: {text}"
    );
    let led = shop.get(&format!("/s/{}", found[0])).await;
    assert_eq!(
        (led.status, &led.headers[header::LOCATION]),
        (StatusCode::FOUND, &LONG.parse().unwrap())
    );
    assert_eq!(led.headers[header::CACHE_CONTROL], "no-store");
    assert!(!led.headers.contains_key(header::SET_COOKIE));
    let led = shop.get(&format!("/s/{}", found[2])).await;
    let to = led.headers[header::LOCATION].to_str().unwrap();
    let page = to.strip_prefix("https://my.shop.example").unwrap();
    assert_eq!(shop.get(page).await.status, StatusCode::OK, "{page}");
    // Nobody was asked, so nobody is told of.
    assert!(shop.clicks("bo").await.is_empty());
    for wrong in [
        "0123456789",
        "x",
        "https:%2F%2Fevil.example",
        &format!("{}x", found[0]),
    ] {
        let gone = shop.get(&format!("/s/{wrong}")).await;
        assert_eq!(gone.status, StatusCode::NOT_FOUND, "{wrong}");
        assert!(!gone.headers.contains_key(header::LOCATION));
    }
}

#[tokio::test]
async fn a_click_is_told_once_of_whoever_said_yes() {
    let shop = shop(false).await;
    shop.is("bo").await;
    let plain = shop.text("bo", "go").await;
    assert!(
        plain.contains(LONG) && plain.contains("https://t.example/a"),
        "{plain}"
    );
    assert_eq!(shop.kept().await, 0);
    shop.customer("ana").await;
    let text = shop.text("ana", "go").await;
    let found = codes(&text);
    assert_eq!(found.len(), 4, "to be told of, all of them: {text}");
    let head = Request::head(format!("/s/{}", found[0])).body(Body::empty());
    assert_eq!(shop.ask(head.unwrap()).await.status, StatusCode::FOUND);
    assert!(shop.clicks("ana").await.is_empty());
    for _ in 0..2 {
        shop.get(&format!("/s/{}", found[0])).await;
        // What is done on our own page says itself.
        shop.get(&format!("/s/{}", found[3])).await;
    }
    assert_eq!(shop.clicks("ana").await, ["message.clicked"]);
}

#[tokio::test]
async fn a_message_that_is_tried_again_says_the_same_and_its_codes_go_with_its_customer() {
    let shop = shop(true).await;
    shop.is("bo").await;
    shop.rig.provider.script([Answer::Refuse(500)]);
    shop.happens("bo", "paid").await;
    let stop = CancellationToken::new();
    let again = "the message is tried again";
    kit::eventually(Duration::from_secs(20), again, async || {
        shop.engine.dispatch_once(&stop).await.unwrap();
        shop.rig.provider.posts().len() == 2
    })
    .await;
    let posts = shop.rig.provider.posts();
    let text = |at: usize| {
        let text = &posts[at].body["content"]["text"];
        text.as_str().unwrap().to_owned()
    };
    let first = text(0);
    assert_eq!(text(1), first);
    assert_eq!(shop.kept().await, 2);
    let code = codes(&first)[0].to_owned();
    // They are a part of what is held, and of what is kept for a while.
    let export = shop
        .rig
        .reader()
        .export("bo", Timestamp::now())
        .await
        .unwrap();
    assert!(json!(export).to_string().contains(&code));
    let retire = async |days: i64| {
        let now = Timestamp::now() + SignedDuration::from_hours(24 * days);
        let cutoffs = Cutoffs {
            messages: Some(now),
            ..Cutoffs::default()
        };
        let rest = SignedDuration::ZERO;
        let page = shop.rig.store.retire(&cutoffs, 100, rest, now).await;
        page.unwrap().unwrap();
        shop.kept().await
    };
    // A month they stay, however short messages are kept.
    assert_eq!(retire(30).await, 2);
    assert_eq!(retire(32).await, 0);
    assert_eq!(
        shop.get(&format!("/s/{code}")).await.status,
        StatusCode::NOT_FOUND
    );
    let again = shop.text("bo", "go").await;
    let erased = shop
        .rig
        .store
        .erase(CustomerId::of("bo"), Timestamp::now())
        .await;
    assert_eq!(erased.unwrap().unwrap().rows.get("short_link"), Some(&2));
    let gone = shop.get(&format!("/s/{}", codes(&again)[0])).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
}
