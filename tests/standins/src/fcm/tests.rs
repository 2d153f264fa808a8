use form_urlencoded::Serializer;
use ring::{rand::SystemRandom, signature::RSA_PKCS1_SHA256};
use serde_json::{Value as Json, json};

use super::{Fcm, error, oauth};
use crate::{Mood, Provider as _, StandIn, jwt, testing::Ask, wire::now};

fn claims(fcm: &StandIn<Fcm>) -> Json {
    json!({
        "iss": fcm.provider().client_email(),
        "scope": "https://www.googleapis.com/auth/firebase.messaging",
        "aud": format!("{}/token", fcm.url()),
        "iat": now(),
        "exp": now() + 3600,
    })
}

fn assertion(claims: &Json) -> String {
    let key = oauth::key();
    jwt::token("RS256", None, claims, |signed| {
        let mut signature = vec![0; key.public().modulus_len()];
        let random = SystemRandom::new();
        key.sign(&RSA_PKCS1_SHA256, &random, signed, &mut signature)
            .unwrap();
        signature
    })
}

fn ask_token(fcm: &StandIn<Fcm>, grant: &str, assertion: &str) -> Ask {
    let fields = [("grant_type", grant), ("assertion", assertion)];
    let body = Serializer::new(String::new()).extend_pairs(fields).finish();
    Ask::post(format!("{}/token", fcm.url()), body)
        .header("content-type", "application/x-www-form-urlencoded")
}

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

async fn token(fcm: &StandIn<Fcm>) -> String {
    let answer = ask_token(fcm, GRANT, &assertion(&claims(fcm))).send().await;
    assert_eq!(answer.status, 200);
    let said = answer.json();
    assert_eq!(said["token_type"], "Bearer");
    said["access_token"].as_str().unwrap().to_owned()
}

fn message() -> Json {
    json!({
        "token": "cXyZ0123_-:APA91bToken",
        "notification": {"title": "Été", "body": "Votre panier", "image": "https://example.com/i"},
        "data": {"message": "018f0000", "link": "https://example.com/cart"},
        "android": {
            "collapse_key": "cart",
            "ttl": "3.5s",
            "priority": "high",
            "notification": {"click_action": "OPEN", "channel_id": "news", "tag": "cart"},
        },
        "apns": {"headers": {"apns-priority": "10"}, "payload": {"aps": {"badge": 1}}},
        "webpush": {
            "headers": {"Urgency": "high"},
            "notification": {"actions": []},
            "fcmOptions": {"link": "https://example.com/cart"},
        },
    })
}

fn ask(fcm: &StandIn<Fcm>, token: &str, message: &Json) -> Ask {
    let project = &fcm.provider().project;
    let url = format!("{}/v1/projects/{project}/messages:send", fcm.url());
    Ask::json(url, &json!({"message": message})).header("authorization", format!("Bearer {token}"))
}

#[tokio::test]
async fn a_push_message_is_taken() {
    let fcm = Fcm::start().await;
    let token = token(&fcm).await;
    let answer = ask(&fcm, &token, &message()).send().await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    let pushes = fcm.accepted();
    let push = &pushes[0];
    assert_eq!(push.to, "cXyZ0123_-:APA91bToken");
    assert_eq!(push.title.as_deref(), Some("Été"));
    assert_eq!(push.data.len(), 2);
    assert_eq!(
        push.json["webpush"]["fcm_options"]["link"],
        "https://example.com/cart"
    );
    assert_eq!(answer.json(), json!({"name": push.name}));
    assert_eq!(fcm.violations(), Vec::<String>::new());
    assert_eq!((fcm.requests(), fcm.provider().tokens_given()), (2, 1));
}

#[tokio::test]
async fn what_is_wrong_is_refused_and_noted() {
    let fcm = Fcm::start().await;
    let token = token(&fcm).await;
    let cases = [
        ("token", Json::Null),
        ("token", json!("not a token")),
        ("topic", json!("news")),
        ("data", json!({"n": 1})),
        ("data", json!({"from": "x"})),
        ("data", json!({"google.x": "x"})),
        ("data", json!({"x": "x".repeat(4096)})),
        ("notification", json!({"text": "x"})),
        ("notification", json!({"title": 1})),
        ("android", json!({"ttl": 3})),
        ("android", json!({"ttl": "3"})),
        ("android", json!({"ttl": "2419201s"})),
        ("android", json!({"priority": "urgent"})),
        ("android", json!({"notification": {"channel": "x"}})),
        ("android", json!({"collapse_key": "a", "collapseKey": "b"})),
        (
            "webpush",
            json!({"fcm_options": {"link": "http://example.com"}}),
        ),
        ("webpush", json!({"headers": {"TTL": 15}})),
        ("apns", json!({"aps": {}})),
        ("to", json!("x")),
    ];
    for (n, (name, value)) in cases.into_iter().enumerate() {
        let mut message = message();
        message[name] = value;
        let answer = ask(&fcm, &token, &message).send().await;
        let said = answer.json();
        assert_eq!(answer.status, 400, "{message}");
        assert_eq!(said["error"]["status"], "INVALID_ARGUMENT");
        assert!(said["error"]["details"][0]["@type"].is_string());
        assert_eq!(fcm.violations().len(), n + 1);
    }
    let right = ask(&fcm, &token, &message());
    let mut elsewhere = right.clone();
    elsewhere.url = elsewhere.url.replace("parcours-test", "another");
    let cases = [
        (right.clone().without("authorization"), 401),
        (right.clone().header("authorization", "Bearer ya29.x"), 401),
        (elsewhere, 403),
        (right.header("content-type", "text/plain"), 400),
    ];
    for (ask, status) in cases {
        let answer = ask.send().await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.json()["error"]["code"], json!(status));
    }
    assert_eq!(fcm.accepted().len(), 0);
}

#[tokio::test]
async fn an_assertion_must_be_right() {
    let fcm = Fcm::start().await;
    let cases = [
        ("iss", json!("somebody@example.com"), "invalid_grant"),
        ("aud", json!("https://example.com/token"), "invalid_grant"),
        (
            "scope",
            json!("https://www.googleapis.com/auth/x"),
            "invalid_scope",
        ),
        ("exp", json!(now() + 3700), "invalid_grant"),
        ("exp", json!(now() - 1), "invalid_grant"),
        ("iat", json!(now() + 1000), "invalid_grant"),
        ("iat", Json::Null, "invalid_grant"),
    ];
    for (claim, value, error) in cases {
        let mut claims = claims(&fcm);
        claims[claim] = value;
        let answer = ask_token(&fcm, GRANT, &assertion(&claims)).send().await;
        assert_eq!(
            (answer.status, &answer.json()["error"]),
            (400, &json!(error)),
            "{claims}"
        );
    }
    let right = assertion(&claims(&fcm));
    let forged = right.replacen("eyJ", "eyK", 2);
    for wrong in [&*forged, "", "a.b.c"] {
        let answer = ask_token(&fcm, GRANT, wrong).send().await;
        assert_eq!(
            (answer.status, &answer.json()["error"]),
            (400, &json!("invalid_grant"))
        );
    }
    let answer = ask_token(&fcm, "password", &right).send().await;
    assert_eq!(answer.json()["error"], "unsupported_grant_type");
    assert_eq!(fcm.provider().tokens_given(), 0);
}

#[tokio::test]
async fn tokens_that_are_over_are_no_fault_of_the_client() {
    let fcm = Fcm::start().await;
    let old = token(&fcm).await;
    fcm.provider().expire_tokens();
    let answer = ask(&fcm, &old, &message()).send().await;
    assert_eq!(
        (answer.status, &answer.json()["error"]["status"]),
        (401, &json!("UNAUTHENTICATED"))
    );
    let new = token(&fcm).await;
    assert_eq!(ask(&fcm, &new, &message()).send().await.status, 200);
    assert_eq!(fcm.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn each_mood() {
    let fcm = Fcm::start().await;
    let token = token(&fcm).await;
    let cases = [
        (Mood::RefuseForGood, 400, json!("INVALID_ARGUMENT")),
        (Mood::RefuseForNow, 503, json!("UNAVAILABLE")),
        (
            Mood::Throttle {
                retry_after: Some(3),
            },
            429,
            json!("QUOTA_EXCEEDED"),
        ),
        (Mood::Deny, 401, Json::Null),
        (Mood::GoneAddress, 404, json!("UNREGISTERED")),
        (
            Mood::answer(error("SENDER_ID_MISMATCH")),
            403,
            json!("SENDER_ID_MISMATCH"),
        ),
        (Mood::answer(error("INTERNAL")), 500, json!("INTERNAL")),
        (
            Mood::answer(error("THIRD_PARTY_AUTH_ERROR")),
            401,
            json!("THIRD_PARTY_AUTH_ERROR"),
        ),
    ];
    for (mood, status, code) in cases {
        fcm.mood(mood);
        let answer = ask(&fcm, &token, &message()).send().await;
        let said = answer.json();
        assert_eq!(
            (answer.status, &said["error"]["details"][0]["errorCode"]),
            (status, &code)
        );
    }
    fcm.mood(Mood::Garble);
    assert_eq!(
        ask(&fcm, &token, &message()).send().await.json(),
        Json::Null
    );
    fcm.mood(Mood::AcceptAndHang);
    assert!(ask(&fcm, &token, &message()).hangs().await.is_none());
    assert_eq!(fcm.accepted().len(), 2);
}

#[test]
fn the_service_account_is_complete() {
    let account = Fcm::default().service_account("http://127.0.0.1:1");
    assert_eq!(account["token_uri"], "http://127.0.0.1:1/token");
    assert!(
        account["private_key"]
            .as_str()
            .unwrap()
            .starts_with("-----BEGIN PRIVATE KEY")
    );
}
