//! What is taken from browsers, what a tap tells, and what the shop's own pages get.

use axum::http::{StatusCode, header};
use channels::Settings;
use jiff::Timestamp;
use parcours_tests::kit::events;
use serde_json::{Value, json};
use standins::{Provider as _, WebPush};
use tokio_util::sync::CancellationToken;

use super::{shop, shop_with};

#[tokio::test]
async fn only_a_subscription_by_a_link_of_this_kind_is_taken() {
    let service = WebPush::start().await;
    let shop = shop(&service).await;
    shop.customer("ana").await;
    let browser = service.provider().subscription(service.url(), "ana");
    let keys = json!({ "p256dh": browser.p256dh, "auth": browser.auth });
    let subscription =
        json!({ "endpoint": browser.endpoint, "expirationTime": null, "keys": keys });
    let subscribe = json!({ "subscribe": subscription }).to_string();
    let way = shop.push("ana");

    for (path, body, expected) in [
        ("/push/x", &*subscribe, StatusCode::NOT_FOUND),
        (
            &*format!("/push/{}", shop.preferences("ana")),
            &subscribe,
            StatusCode::NOT_FOUND,
        ),
        (&*shop.push("bo"), &subscribe, StatusCode::NOT_FOUND),
        (&way, "", StatusCode::BAD_REQUEST),
        (&way, "{}", StatusCode::BAD_REQUEST),
        (&way, "[]", StatusCode::BAD_REQUEST),
        (
            &way,
            "{\"subscribe\": {\"endpoint\": \"https://push.example\"}}",
            StatusCode::BAD_REQUEST,
        ),
        (
            &way,
            &format!("{{\"subscribe\": \"{}\"}}", "x".repeat(5_000)),
            StatusCode::BAD_REQUEST,
        ),
    ] {
        let answer = shop.post(path, body).await;
        assert_eq!(
            answer.status, expected,
            "{path} {body:.60}: {}",
            answer.body
        );
        assert_eq!(shop.devices("ana").await, Value::Null);
    }
    // Twice is once; the shop's own page may ask.
    for _ in 0..2 {
        let answer = shop.post(&way, &subscribe).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.body);
        assert_eq!(answer.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
        assert!(!answer.headers.contains_key(header::SET_COOKIE));
    }
    assert_eq!(shop.devices("ana").await.as_array().map(Vec::len), Some(1));
    let away = json!({ "unsubscribe": subscription }).to_string();
    assert_eq!(shop.post(&way, &away).await.status, StatusCode::NO_CONTENT);
    assert_eq!(shop.devices("ana").await, Value::Null);
    // Looking changes nothing, and a page in a frame is none.
    let page = shop.get(&way).await;
    assert_eq!(page.status, StatusCode::OK);
    let policy = page.headers[header::CONTENT_SECURITY_POLICY]
        .to_str()
        .unwrap();
    assert!(
        policy.contains("script-src 'self'") && policy.contains("frame-ancestors 'none'"),
        "{policy}"
    );
    assert!(!page.body.contains("<script>"), "{}", page.body);
    assert_eq!(shop.devices("ana").await, Value::Null);
}

#[tokio::test]
async fn a_tap_in_a_browser_is_told_of_whoever_said_yes_and_apps_are_left_alone() {
    let service = WebPush::start().await;
    let shop = shop(&service).await;
    let base = &shop.engine.settings().links.base;
    for key in ["ana", "bo"] {
        shop.customer(key).await;
        let browser = service.provider().subscription(service.url(), key);
        let keys = json!({ "p256dh": browser.p256dh, "auth": browser.auth });
        let subscription = json!({ "endpoint": browser.endpoint, "keys": keys });
        let body = json!({ "subscribe": subscription }).to_string();
        shop.post(&shop.push(key), &body).await;
    }
    let yes = json!({ "purpose": "marketing", "channels": ["push"], "how": "form" });
    let yes = events::track("ana", "consent.granted", "ana-push", &yes);
    events::take(&shop.engine, &[yes], Timestamp::now()).await;
    for (key, event) in [("ana", "news"), ("ana", "go"), ("bo", "news")] {
        shop.happens(key, event).await;
        let stop = CancellationToken::new();
        shop.engine.dispatch_once(&stop).await.unwrap();
    }
    let shown: Vec<Value> = service
        .accepted()
        .iter()
        .map(|push| serde_json::from_slice(push.plaintext.as_ref().unwrap()).unwrap())
        .collect();
    let url = |at: usize| shown[at]["url"].as_str().unwrap().to_owned();
    // What needs no consent, and who has not been asked, is not followed.
    for plain in [1, 2] {
        assert_eq!(url(plain), "https://shop.example/teas");
    }
    let led = url(0);
    let way = led.strip_prefix(&**base).unwrap();
    assert!(way.starts_with("/l/"), "{led}");
    let button = shown[0]["actions"][0]["url"].as_str().unwrap();
    assert!(
        button.starts_with(&format!("{base}/l/")) && button != led,
        "{button}"
    );
    assert_eq!(
        shown[0]["actions"][1],
        json!({ "action": "later", "title": "Remind me" })
    );
    for _ in 0..2 {
        let on = shop.get(way).await;
        assert_eq!(on.headers[header::LOCATION], "https://shop.example/teas");
    }
    let told = "select count(*) from input where name = 'message.clicked'";
    assert_eq!(shop.rig.count(told).await, 1);
}

#[tokio::test]
async fn a_page_of_the_shop_gets_its_customers_links() {
    let shop = shop_with(&Settings::default()).await;
    shop.customer("ana").await;
    let links = shop.get("/v1/customers/ana/links").await;
    let links: Value = serde_json::from_str(&links.body).unwrap();
    let base = &shop.engine.settings().links.base;
    for (name, page) in [("push", "/push/"), ("preferences", "/p/")] {
        let way = links[name].as_str().unwrap().strip_prefix(&**base).unwrap();
        assert!(way.starts_with(page), "{way}");
        assert_eq!(shop.get(way).await.status, StatusCode::OK);
    }
    let nobody = shop.get("/v1/customers/zoe/links").await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn without_a_provider_the_page_says_so_and_scripts_carry_no_key() {
    let shop = shop_with(&Settings::default()).await;
    shop.customer("ana").await;
    let page = shop.get(&shop.push("ana")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.body.contains("no notifications here yet"),
        "{}",
        page.body
    );
    assert!(page.body.contains("href=\"/p/"));
    for script in ["worker", "subscribe", "page"] {
        let answer = shop.get(&format!("/push/{script}.js")).await;
        assert_eq!(
            answer.headers[header::CONTENT_TYPE],
            "text/javascript; charset=utf-8"
        );
        assert_eq!(
            answer.headers["cross-origin-resource-policy"],
            "cross-origin"
        );
        assert!(!answer.body.contains("@KEY@"));
    }
    let body = json!({ "subscribe": {} }).to_string();
    assert_eq!(
        shop.post(&shop.push("ana"), &body).await.status,
        StatusCode::BAD_REQUEST
    );
}
