//! Text messages by Twilio: delivered, bounced, and STOP.

use axum::http::StatusCode;
use channels::{AdapterSettings, Secret, Settings, TwilioSettings};
use parcours_tests::kit::{Workspace, python};
use serde_json::json;
use standins::{
    Provider as _, StandIn, Twilio, Webhook,
    twilio::{Inbound, Status},
};

use super::Place;

const POLICIES: &str = "purposes:
  marketing: { consent: opt_in }
defaults: { locale: en }
";
const SENDS: &str = "purpose: marketing
enter: { event: go, again: always }
steps:
  - { id: text, send: sms, template: text }
";
const FROM: &str = "+15005550006";

async fn shop() -> (Place, StandIn<Twilio>) {
    let twilio = Twilio::start().await;
    let there = twilio.provider();
    let settings = TwilioSettings {
        url: twilio.url().to_owned(),
        ..TwilioSettings::new(&there.account_sid, Secret::new(&there.auth_token), FROM)
    };
    let settings = Settings {
        sms: AdapterSettings::Twilio(settings).into(),
        ..Settings::default()
    };
    let workspace = Workspace::new()
        .file("config/policies.yaml", POLICIES)
        .sms("text", "Teas are here\n")
        .journey("texts", SENDS);
    (Place::new(&workspace, &settings).await, twilio)
}

async fn known(place: &Place, key: &str, phone: &str) {
    place
        .is(key, json!({ "phone": phone, "country": "FR" }))
        .await;
    let consent = json!({ "purpose": "marketing", "channel": "sms", "how": "form" });
    place.does(key, "consent.granted", consent).await;
}

/// What Twilio calls, and the path of it that reaches us.
fn callback(url: &str) -> &str {
    &url[url.find("/v1/").unwrap()..]
}

#[tokio::test]
async fn a_text_message_is_delivered_and_another_bounces() {
    let (place, twilio) = shop().await;
    known(&place, "ana", "06 12 34 56 78").await;
    known(&place, "bo", "+33 6 39 98 01 82").await;
    for (key, status, error_code, then) in [
        ("ana", "delivered", None, "message.delivered"),
        ("bo", "undelivered", Some(30_005), "message.bounced"),
    ] {
        place.does(key, "go", json!({})).await;
        place.dispatch().await;
        let sent = twilio.accepted().pop().unwrap();
        let url = sent.status_callback.clone().unwrap();
        let hook = twilio.provider().status(
            &url,
            &Status {
                sid: &sent.sid,
                status,
                to: &sent.to,
                from: FROM,
                error_code,
            },
        );
        // Twice: it is told again where the answer was lost.
        for _ in 0..2 {
            let (answer, body) = place.told(callback(&url), &hook).await;
            assert_eq!(answer, StatusCode::OK, "{body}");
        }
        assert_eq!(
            place.happened(key).await,
            ["consent.granted", "go", then],
            "{key}"
        );
    }
    assert_eq!(twilio.violations(), Vec::<String>::new());
    assert_eq!(twilio.accepted()[0].to, "+33612345678");
    place.does("bo", "go", json!({})).await;
    place.dispatch().await;
    assert_eq!(twilio.accepted().len(), 2, "nobody writes to it any more");
}

/// The promise of the law: STOP holds for whoever has that number, at once, and START gives it back.
#[tokio::test]
async fn promise_3_stop_is_heard_by_everybody_with_that_number() {
    let (place, twilio) = shop().await;
    for key in ["ana", "family"] {
        known(&place, key, "+33 6 12 34 56 78").await;
    }
    let url = format!("{}/v1/providers/twilio", place.engine.settings().links.base);
    for (sid, body, goes) in [("SM1", "Stop!", 0), ("SM2", "START", 2)] {
        let sid = format!("{sid}{}", "0".repeat(31));
        let hook = twilio.provider().inbound(
            &url,
            &Inbound {
                sid: &sid,
                from: "+33612345678",
                to: FROM,
                body,
                opt_out_type: None,
            },
        );
        let (status, answer) = place.told(callback(&url), &hook).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        assert!(answer.contains("<Response"), "{answer}");
        let before = twilio.accepted().len();
        for key in ["ana", "family"] {
            place.does(key, "go", json!({})).await;
        }
        place.dispatch().await;
        assert_eq!(twilio.accepted().len() - before, goes, "{body}");
    }
}

/// Twilio's own library (`twilio` of PyPI) signs a call as Twilio does: we believe it, and the stand-in signs the same.
#[tokio::test]
async fn a_call_that_twilios_own_library_signs_is_believed() {
    const SCRIPT: &str = "import sys, json
from twilio.request_validator import RequestValidator
token, url, fields = sys.argv[1:]
print(RequestValidator(token).compute_signature(url, dict(json.loads(fields))), end='')";
    let Some(python) = python::with("twilio.request_validator") else {
        return;
    };
    let (place, twilio) = shop().await;
    known(&place, "ana", "+33 6 12 34 56 78").await;
    let url = format!(
        "{}/v1/providers/twilio?é=1&b=2 3",
        place.engine.settings().links.base
    );
    let url = url.replace('é', "%C3%A9").replace(' ', "%20");
    let sid = format!("SM{}", "1".repeat(32));
    let fields = [
        ("AccountSid", twilio.provider().account_sid.clone()),
        ("Body", "Où est ma commande ? 1+1=2 & more".to_owned()),
        ("From", "+33612345678".to_owned()),
        ("MessageSid", sid),
        ("NumMedia", "0".to_owned()),
        ("To", FROM.to_owned()),
    ];
    let told = json!(fields).to_string();
    let token = twilio.provider().auth_token.clone();
    let signed = python::said(&python, SCRIPT, &[&token, &url, &told]);
    let signed = String::from_utf8(signed).unwrap();
    assert_eq!(signed, standins::twilio::sign(&url, &fields, &token));
    let pairs = fields.iter().map(|(name, value)| (*name, value.as_str()));
    let call = |signature: String| Webhook {
        headers: vec![
            (
                "content-type",
                "application/x-www-form-urlencoded".to_owned(),
            ),
            ("x-twilio-signature", signature),
        ],
        body: form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs.clone())
            .finish()
            .into_bytes(),
    };
    let forged = signed.replace(
        &signed[..1],
        if signed.starts_with('A') { "B" } else { "A" },
    );
    let (status, _) = place.told(callback(&url), &call(forged)).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let (status, answer) = place.told(callback(&url), &call(signed)).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(
        place.happened("ana").await,
        ["consent.granted", "message.replied"]
    );
}
