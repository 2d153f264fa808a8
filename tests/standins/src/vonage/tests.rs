use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::{
    digest::{SHA256, digest},
    hmac,
};
use serde_json::{Value as Json, json};

use super::{Inbound, Status, Vonage};
use crate::{Mood, Provider as _, StandIn, jwt::Jwt, testing::Ask, wire::hex};

fn body() -> Json {
    json!({
        "message_type": "text",
        "text": "Votre code : 123",
        "to": "33612345678",
        "from": "Parcours",
        "channel": "sms",
        "client_ref": "018f0000-0000-7000-8000-000000000001",
    })
}

fn ask(vonage: &StandIn<Vonage>, body: &Json) -> Ask {
    let provider = vonage.provider();
    let basic = STANDARD.encode(format!("{}:{}", provider.api_key, provider.api_secret));
    Ask::json(format!("{}/v1/messages", vonage.url()), body)
        .header("authorization", format!("Basic {basic}"))
}

#[tokio::test]
async fn a_text_is_taken() {
    let vonage = Vonage::start().await;
    let answer = ask(&vonage, &body()).send().await;
    assert_eq!(answer.status, 202);
    let texts = vonage.accepted();
    assert_eq!(texts[0].to, "33612345678");
    assert_eq!(texts[0].text, "Votre code : 123");
    assert_eq!(
        answer.json(),
        json!({"message_uuid": texts[0].message_uuid})
    );
    assert_eq!(vonage.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_wrong_is_refused_and_noted() {
    let vonage = Vonage::start().await;
    let cases = [
        ("to", json!("+33612345678")),
        ("to", json!("0612345678")),
        ("to", json!(33_612_345_678_u64)),
        ("to", Json::Null),
        ("from", json!("A name that is too long")),
        ("from", json!("+33700000001")),
        ("from", Json::Null),
        ("text", json!("")),
        ("text", json!("x".repeat(1001))),
        ("channel", json!("mms")),
        ("message_type", json!("image")),
        ("client_ref", json!("x".repeat(101))),
        ("webhook_url", json!("parcours.example")),
        ("webhook_version", json!("v2")),
        ("ttl", json!(1)),
        ("sms", json!({"encoding": "auto"})),
        ("callback", json!("https://parcours.example")),
    ];
    for (n, (name, value)) in cases.into_iter().enumerate() {
        let mut body = body();
        body[name] = value;
        let answer = ask(&vonage, &body).send().await;
        assert_eq!(answer.status, 422, "{body}");
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json")
        );
        let said = answer.json();
        let field = said["invalid_parameters"][0]["name"].as_str().unwrap();
        assert!(field.starts_with(name), "{said}");
        assert_eq!(vonage.violations().len(), n + 1);
    }
    let right = ask(&vonage, &body());
    let mut elsewhere = right.clone();
    elsewhere.url = elsewhere.url.replace("v1", "v0.1");
    let cases = [
        (right.clone().without("authorization"), 401),
        (elsewhere, 404),
        (right.header("content-type", "text/plain"), 422),
    ];
    for (ask, status) in cases {
        assert_eq!(ask.send().await.status, status);
    }
    assert_eq!(vonage.accepted().len(), 0);
}

#[tokio::test]
async fn each_mood() {
    let vonage = Vonage::start().await;
    let cases = [
        (Mood::RefuseForGood, 422),
        (Mood::GoneAddress, 422),
        (Mood::RefuseForNow, 500),
        (Mood::Throttle { retry_after: None }, 429),
        (Mood::Deny, 401),
        (Mood::NoCredit, 402),
    ];
    for (mood, status) in cases {
        vonage.mood(mood.clone());
        let answer = ask(&vonage, &body()).send().await;
        assert_eq!(answer.status, status, "{mood:?}");
        let said = answer.json();
        for name in ["type", "title", "detail", "instance"] {
            assert!(said[name].is_string(), "{said}");
        }
    }
    vonage.mood(Mood::Garble);
    assert_eq!(ask(&vonage, &body()).send().await.json(), Json::Null);
    vonage.mood(Mood::AcceptAndHang);
    assert!(ask(&vonage, &body()).hangs().await.is_none());
    assert_eq!(vonage.accepted().len(), 2);
}

#[test]
fn hooks_are_signed() {
    let vonage = Vonage::default();
    let status = vonage.status(&Status {
        message_uuid: "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab",
        status: "rejected",
        to: "33612345678",
        from: "Parcours",
        client_ref: Some("1"),
        error: Some((1380, "Invalid number")),
    });
    let inbound = vonage.inbound(&Inbound {
        message_uuid: "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ac",
        from: "33612345678",
        to: "33700000001",
        text: "stop it",
    });
    for hook in [&status, &inbound] {
        let token = hook.header("authorization").unwrap();
        let jwt = Jwt::parse(token.strip_prefix("Bearer ").unwrap()).unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, vonage.signature_secret.as_bytes());
        hmac::verify(&key, &jwt.signed, &jwt.signature).unwrap();
        let hash = hex(digest(&SHA256, &hook.body).as_ref());
        assert_eq!(jwt.text("payload_hash"), Some(&*hash));
        assert_eq!(jwt.text("api_key"), Some(&*vonage.api_key));
    }
    let body: Json = serde_json::from_slice(&status.body).unwrap();
    assert_eq!(body["status"], "rejected");
    assert_eq!(body["error"]["title"], "1380");
    let body: Json = serde_json::from_slice(&inbound.body).unwrap();
    assert_eq!(body["sms"]["keyword"], "STOP");
}
