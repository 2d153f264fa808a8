//! The web-hook adapter against a small HTTP server.

use std::{net::SocketAddr, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use journey::{
    failure::{Failure, Whom},
    message::Channel,
};
use serde_json::{Value as Json, json};

use crate::{
    About, AdapterSettings, Channels, Outcome, Outgoing, Secret, Settings, WebhookSettings,
    capture::CapturedMessage,
    testing::{http, https, id, outgoing, sms},
};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn settings(server: SocketAddr) -> WebhookSettings {
    WebhookSettings {
        secret: Some(Secret::new(SECRET)),
        bearer: Some(Secret::new("token")),
        timeout_seconds: 20,
        concurrency: 4,
        ..WebhookSettings::new("texts", format!("http://{server}/send"))
    }
}

fn channels(settings: WebhookSettings) -> Channels {
    Channels::new(&Settings {
        sms: AdapterSettings::Webhook(settings).into(),
        ..Settings::default()
    })
    .unwrap()
}

fn answer(status: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\n{headers}Connection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

async fn outcome(answer: Vec<u8>) -> Outcome {
    let (server, _) = http(answer).await;
    let content = sms();
    channels(settings(server))
        .send(&outgoing(1, Channel::Sms, "+33612345678", &content))
        .await
}

/// HMAC-SHA256 from its definition (RFC 2104), so that the signature is not checked by the code
/// that made it.
fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let sha = |parts: [&[u8]; 2]| ring::digest::digest(&ring::digest::SHA256, &parts.concat());
    let pad = |with: u8| -> Vec<u8> {
        (0..64)
            .map(|i| key.get(i).copied().unwrap_or(0) ^ with)
            .collect()
    };
    let inner = sha([&pad(0x36), message]);
    sha([&pad(0x5c), inner.as_ref()]).as_ref().to_vec()
}

#[tokio::test]
async fn the_request_is_signed_and_says_everything() {
    let (server, seen) = http(answer("202 Accepted", "", r#"{"id":"SM1"}"#)).await;
    let content = sms();
    let channels = channels(settings(server));
    assert_eq!(channels.serves(Channel::Sms), Some("texts"));
    let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let sent = channels
        .send(&Outgoing {
            traceparent: Some(traceparent),
            ..outgoing(5, Channel::Sms, "+33612345678", &content)
        })
        .await;
    let provider_id = Some("SM1".to_owned());
    assert_eq!(sent, Outcome::Accepted { provider_id });

    let request = seen.lock().unwrap().pop().unwrap();
    assert!(
        request.head.starts_with("POST /send HTTP/1.1\r\n"),
        "{}",
        request.head
    );
    let message_id = id(5).to_string();
    assert_eq!(request.header("idempotency-key"), Some(&*message_id));
    assert_eq!(request.header("webhook-id"), Some(&*message_id));
    assert_eq!(request.header("webhook-timestamp"), Some("1773480413"));
    assert_eq!(request.header("authorization"), Some("Bearer token"));
    assert_eq!(request.header("traceparent"), Some(traceparent));
    let key = STANDARD.decode(&SECRET["whsec_".len()..]).unwrap();
    let signed = [
        format!("{message_id}.1773480413.").as_bytes(),
        &request.body,
    ]
    .concat();
    let expected = format!("v1,{}", STANDARD.encode(hmac(&key, &signed)));
    assert_eq!(request.header("webhook-signature"), Some(&*expected));
    let body: Json = serde_json::from_slice(&request.body).unwrap();
    let expected = json!({
        "id": message_id, "channel": "sms", "to": "+33612345678", "purpose": "news",
        "journey": "abandoned-cart", "locale": "fr",
        "content": {"channel": "sms", "text": "Votre code : 123"},
    });
    assert_eq!(body, expected);
    let captured = CapturedMessage::from_webhook(&request.body).unwrap();
    assert_eq!((captured.id, captured.content), (id(5), content));
}

#[tokio::test]
async fn statuses_decide() {
    let table = [
        ("200 OK", Some(true)),
        ("204 No Content", Some(true)),
        ("301 Moved Permanently", Some(false)),
        ("400 Bad Request", Some(false)),
        ("401 Unauthorized", Some(false)),
        ("404 Not Found", Some(false)),
        ("422 Unprocessable Entity", Some(false)),
        ("408 Request Timeout", None),
        ("425 Too Early", None),
        ("429 Too Many Requests", None),
        ("500 Internal Server Error", None),
        ("503 Service Unavailable", None),
    ];
    for (status, expected) in table {
        let got = outcome(answer(status, "Location: http://127.0.0.1:1/\r\n", "")).await;
        let verdict = match &got {
            Outcome::Accepted { .. } => Some(true),
            Outcome::RefusedForGood { .. } => Some(false),
            Outcome::RefusedForNow { .. } => None,
        };
        assert_eq!(verdict, expected, "{status}: {got:?}");
    }
}

/// Whom a refusal for now is about, and whether the message may be with the provider all the same.
#[tokio::test]
async fn a_refusal_says_whom_it_is_about_and_what_is_certain() {
    use About::{Haste, Message, Trouble};
    let table = [
        ("408 Request Timeout", "", Message, false),
        ("425 Too Early", "", Message, false),
        ("429 Too Many Requests", "", Haste, false),
        ("429 Too Many Requests", "Retry-After: 9\r\n", Haste, false),
        (
            "503 Service Unavailable",
            "Retry-After: 9\r\n",
            Haste,
            false,
        ),
        ("503 Service Unavailable", "", Trouble, true),
        ("500 Internal Server Error", "", Trouble, true),
        (
            "500 Internal Server Error",
            "Retry-After: 9\r\n",
            Haste,
            true,
        ),
        ("504 Gateway Timeout", "", Trouble, true),
    ];
    for (status, header, about, unclear) in table {
        let got = outcome(answer(status, header, "")).await;
        let Outcome::RefusedForNow {
            about: got_about,
            unclear: got_unclear,
            ..
        } = got
        else {
            panic!("{status}: {got:?}");
        };
        assert_eq!(
            (got_about, got_unclear),
            (about, unclear),
            "{status} {header}"
        );
        assert_eq!(
            got.is_not_me(),
            !unclear && about != Message,
            "{status} {header}"
        );
    }
}

#[tokio::test]
async fn retry_after_is_obeyed_in_both_forms() {
    let table = [
        ("Retry-After: 120\r\n", Some(120)),
        ("Retry-After: Sat, 14 Mar 2026 09:27:53 GMT\r\n", Some(60)),
        ("Retry-After: Sat, 14 Mar 2020 09:27:53 GMT\r\n", None),
        ("Retry-After: 0\r\n", None),
        ("Retry-After: 99999999\r\n", Some(3_600)),
        ("Retry-After: soon\r\n", None),
        ("", None),
    ];
    for (header, seconds) in table {
        let got = outcome(answer("429 Too Many Requests", header, "")).await;
        let Outcome::RefusedForNow { retry_after, .. } = got else {
            panic!("{header}: {got:?}");
        };
        assert_eq!(retry_after, seconds.map(Duration::from_secs), "{header}");
    }
}

#[tokio::test]
async fn details_quote_the_provider_but_no_address() {
    let body = r#"{"message":"+33612345678 is no mobile number"}"#;
    let got = outcome(answer("422 Unprocessable Entity", "", body)).await;
    let detail = Failure::Http {
        whom: Whom::Provider,
        status: 422,
        words: Some("[address] is no mobile number".into()),
    };
    let gone = false;
    assert_eq!(got, Outcome::RefusedForGood { detail, gone });
}

#[tokio::test]
async fn a_huge_answer_is_not_read_to_its_end() {
    let got = outcome(answer("200 OK", "", &"x".repeat(5_000_000))).await;
    assert_eq!(got, Outcome::Accepted { provider_id: None });
}

#[tokio::test]
async fn only_trusted_providers_get_messages() {
    let server = https(answer("200 OK", "", "")).await;
    let url = format!("https://localhost:{}/", server.port());
    let mut settings = WebhookSettings {
        url,
        ..settings(server)
    };
    let content = sms();
    let message = outgoing(1, Channel::Sms, "+33612345678", &content);
    let got = channels(settings.clone()).send(&message).await;
    assert!(matches!(got, Outcome::RefusedForNow { .. }), "{got:?}");
    let authority = concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixtures/ca.pem");
    settings.ca_file = Some(authority.into());
    let got = channels(settings).send(&message).await;
    assert!(matches!(got, Outcome::Accepted { .. }), "{got:?}");
}

#[tokio::test]
async fn a_silent_or_absent_provider_is_for_now() {
    let (silent, seen) = http(Vec::new()).await;
    let content = sms();
    let message = outgoing(1, Channel::Sms, "+33612345678", &content);
    let got = channels(WebhookSettings {
        timeout_seconds: 1,
        ..settings(silent)
    })
    .send(&message)
    .await;
    assert_eq!(seen.lock().unwrap().len(), 1);
    assert!(got.is_unclear(), "it has had the request: {got:?}");
    let Outcome::RefusedForNow { detail, .. } = got else {
        panic!("{got:?}")
    };
    assert_eq!(detail.to_string(), "the provider did not answer within 1 s");

    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let got = channels(settings(free)).send(&message).await;
    assert!(got.is_not_me(), "nobody has heard of it: {got:?}");
    let Outcome::RefusedForNow { detail, .. } = got else {
        panic!("{got:?}")
    };
    let detail = detail.to_string();
    assert!(
        detail.starts_with("no answer from the provider: "),
        "{detail}"
    );
    assert!(!detail.contains("/send"), "{detail}");
}

#[test]
fn settings_that_cannot_work_are_refused_at_the_start() {
    let refused = |url: &str, secret: &str| {
        let settings = WebhookSettings {
            url: url.into(),
            secret: Some(Secret::new(secret)),
            ..settings("127.0.0.1:1".parse().unwrap())
        };
        Channels::new(&Settings {
            sms: AdapterSettings::Webhook(settings).into(),
            ..Settings::default()
        })
        .unwrap_err()
        .to_string()
    };
    assert!(refused("nowhere", SECRET).starts_with("channels: `sms.url` is no URL"));
    assert!(refused("ftp://x", SECRET).contains("https://"));
    assert!(refused("http://x", "whsec_!").contains("`sms.secret` must be `whsec_` and base64"));
    assert!(refused("http://x", "whsec_c2hvcnQ=").contains("at least 24 bytes"));
}
