use ring::rand::SystemRandom;
use serde_json::{Value as Json, json};

use super::{Apns, error, key};
use crate::{Mood, Provider as _, StandIn, jwt, testing::Ask, wire::now};

const DEVICE: &str = "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0";
const ID: &str = "018f0000-0000-7000-8000-000000000001";

fn token(kid: &str, claims: &Json) -> String {
    let sign = |signed: &[u8]| {
        let signature = key().sign(&SystemRandom::new(), signed).unwrap();
        signature.as_ref().to_vec()
    };
    jwt::token("ES256", Some(kid), claims, sign)
}

fn payload() -> Json {
    json!({
        "aps": {
            "alert": {"title": "Été", "body": "Votre panier"},
            "badge": 1,
            "sound": "default",
            "thread-id": "cart",
            "mutable-content": 1,
        },
        "link": "https://example.com/cart",
    })
}

fn ask(apns: &StandIn<Apns>, payload: &Json) -> Ask {
    let claims = json!({"iss": "TEAM012345", "iat": now()});
    let mut ask = Ask::post(
        format!("{}/3/device/{DEVICE}", apns.url()),
        payload.to_string(),
    )
    .header(
        "authorization",
        format!("bearer {}", token("KEY0123456", &claims)),
    )
    .header("apns-topic", "example.parcours.app")
    .header("apns-push-type", "alert")
    .header("apns-priority", "10")
    .header("apns-expiration", "0")
    .header("apns-collapse-id", "cart")
    .header("apns-id", ID);
    ask.http2 = true;
    ask
}

#[tokio::test]
async fn a_notification_is_taken_with_tls_and_without() {
    for apns in [Apns::start().await, Apns::start_tls().await] {
        let answer = ask(&apns, &payload()).send().await;
        assert_eq!((answer.status, answer.body.len()), (200, 0));
        assert_eq!(answer.header("apns-id"), Some(ID));
        let taken = apns.accepted();
        assert_eq!((&*taken[0].to, &*taken[0].id), (DEVICE, ID));
        assert_eq!(taken[0].title.as_deref(), Some("Été"));
        assert_eq!(
            (taken[0].priority, taken[0].expiration),
            (Some(10), Some(0))
        );
        assert_eq!(apns.violations(), Vec::<String>::new());
        let answer = ask(&apns, &payload()).without("apns-id").send().await;
        assert!(crate::wire::is_uuid(answer.header("apns-id").unwrap()));
    }
}

#[tokio::test]
async fn what_is_wrong_is_refused_and_noted() {
    let apns = Apns::start().await;
    let right = ask(&apns, &payload());
    let at = |path: &str| {
        let mut ask = right.clone();
        ask.url = format!("{}{path}", apns.url());
        ask
    };
    let bearer = |kid: &str, claims: Json| {
        let token = token(kid, &claims);
        right
            .clone()
            .header("authorization", format!("bearer {token}"))
    };
    let mut method = right.clone();
    method.method = "PUT";
    let mut twice = right.clone();
    twice.headers.push(("apns-topic", "another".to_owned()));
    let forged = format!("{}A", right.headers[0].1);
    let long = json!({"aps": {"alert": "x".repeat(4096)}});
    let cases = [
        (method, 405, "MethodNotAllowed"),
        (at("/2/device"), 404, "BadPath"),
        (at("/3/device/"), 400, "MissingDeviceToken"),
        (at("/3/device/token"), 400, "BadDeviceToken"),
        (
            right.clone().without("authorization"),
            403,
            "MissingProviderToken",
        ),
        (
            right.clone().header("authorization", "bearer x"),
            403,
            "InvalidProviderToken",
        ),
        (
            right.clone().header("authorization", forged),
            403,
            "InvalidProviderToken",
        ),
        (
            bearer("ANOTHER", json!({"iss": "TEAM012345", "iat": now()})),
            403,
            "InvalidProviderToken",
        ),
        (
            bearer("KEY0123456", json!({"iss": "X", "iat": now()})),
            403,
            "InvalidProviderToken",
        ),
        (
            bearer("KEY0123456", json!({"iss": "TEAM012345"})),
            403,
            "InvalidProviderToken",
        ),
        (
            bearer(
                "KEY0123456",
                json!({"iss": "TEAM012345", "iat": now() - 3700}),
            ),
            403,
            "ExpiredProviderToken",
        ),
        (twice, 400, "DuplicateHeaders"),
        (right.clone().header("apns-id", "1"), 400, "BadMessageId"),
        (
            right.clone().header("apns-id", ID.replace('f', "F")),
            400,
            "BadMessageId",
        ),
        (right.clone().without("apns-topic"), 400, "MissingTopic"),
        (
            right.clone().header("apns-topic", "another"),
            400,
            "TopicDisallowed",
        ),
        (
            right.clone().without("apns-push-type"),
            400,
            "InvalidPushType",
        ),
        (
            right.clone().header("apns-push-type", "loud"),
            400,
            "InvalidPushType",
        ),
        (
            right.clone().header("apns-push-type", "background"),
            400,
            "BadPriority",
        ),
        (
            right.clone().header("apns-priority", "7"),
            400,
            "BadPriority",
        ),
        (
            right.clone().header("apns-expiration", "soon"),
            400,
            "BadExpirationDate",
        ),
        (
            right.clone().header("apns-collapse-id", "x".repeat(65)),
            400,
            "BadCollapseId",
        ),
        (ask(&apns, &long), 413, "PayloadTooLarge"),
        (ask(&apns, &json!({"alert": "x"})), 400, "PayloadEmpty"),
    ];
    for (n, (ask, status, reason)) in cases.into_iter().enumerate() {
        let answer = ask.send().await;
        assert_eq!(
            (answer.status, answer.json()),
            (status, json!({"reason": reason}))
        );
        assert_eq!(apns.violations().len(), n + 1, "{reason}");
    }
    assert_eq!(apns.accepted().len(), 0);
}

#[tokio::test]
async fn what_shows_nothing_is_noted_though_not_minded() {
    let apns = Apns::start().await;
    let cases = [
        json!({"alert": {"titel": "x"}}),
        json!({"alert": {"title": 1}}),
        json!({"alert": "x", "badge": "1"}),
        json!({"alert": "x", "interruption-level": "loud"}),
        json!({"alert": "x", "relevance-score": 2}),
        json!({"alert": "x", "url": "x"}),
        json!({"category": "x"}),
    ];
    for (n, aps) in cases.into_iter().enumerate() {
        assert_eq!(ask(&apns, &json!({"aps": aps})).send().await.status, 200);
        assert_eq!(apns.violations().len(), n + 1, "{aps}");
    }
}

#[tokio::test]
async fn each_mood() {
    let apns = Apns::start().await;
    let cases = [
        (Mood::RefuseForGood, 400, "BadDeviceToken"),
        (Mood::RefuseForNow, 503, "ServiceUnavailable"),
        (Mood::Throttle { retry_after: None }, 429, "TooManyRequests"),
        (Mood::Deny, 403, "InvalidProviderToken"),
        (Mood::GoneAddress, 410, "Unregistered"),
        (
            Mood::answer(error("ExpiredProviderToken")),
            403,
            "ExpiredProviderToken",
        ),
        (
            Mood::answer(error("InternalServerError")),
            500,
            "InternalServerError",
        ),
    ];
    for (mood, status, reason) in cases {
        apns.mood(mood);
        let answer = ask(&apns, &payload()).send().await;
        let said = answer.json();
        assert_eq!((answer.status, &said["reason"]), (status, &json!(reason)));
        assert_eq!(said["timestamp"].is_i64(), status == 410);
    }
    apns.mood(Mood::Garble);
    assert_ne!(ask(&apns, &payload()).send().await.body.len(), 0);
    apns.mood(Mood::AcceptAndHang);
    assert!(ask(&apns, &payload()).hangs().await.is_none());
    assert_eq!(apns.accepted().len(), 2);
    assert_eq!(apns.violations(), Vec::<String>::new());
}
