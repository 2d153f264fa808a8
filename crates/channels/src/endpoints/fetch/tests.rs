//! Content that is fetched from a small HTTP server.

use std::{net::SocketAddr, time::Duration};

use futures::future::join_all;
use jiff::SignedDuration;
use journey::{failure::Failure, sources::Source, value::Value};
use serde_json::{Value as Json, json};

use super::{Ask, Fetched};
use crate::{
    Caller, Reach, ReachSettings, Secret,
    testing::{LONG, at, http, id},
    webhook::Key,
};

const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn source(cache: i64) -> Source {
    Source {
        url: "unused".into(),
        timeout: SignedDuration::from_secs(20),
        cache: SignedDuration::from_secs(cache),
        default: None,
        secret: None,
        labels: None,
    }
}

fn caller() -> Caller {
    let settings = ReachSettings {
        private: vec!["127.0.0.1".to_owned()],
        ..ReachSettings::default()
    };
    Caller::new(
        |name| (name == "KEY").then(|| KEY.to_owned()),
        Reach::new(&settings).unwrap(),
    )
}

async fn fetch(caller: &Caller, source: &Source, server: SocketAddr, path: &str) -> Fetched {
    let url = format!("http://{server}{path}");
    let ask = Ask {
        name: "stock",
        source,
        url: &url,
        id: id(7),
        now: at("2026-01-05T08:00:01Z"),
        within: LONG,
    };
    caller.fetch(&ask).await
}

fn answer(status: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\n{headers}Connection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

fn answered(value: Json, kept: bool) -> Fetched {
    let value = Value::from(value);
    Fetched::Answered { value, kept }
}

fn why(fetched: Fetched) -> (Failure, Option<Duration>) {
    match fetched {
        Fetched::Failed {
            detail,
            retry_after,
        } => (detail, retry_after),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_source_is_asked_by_get_and_tells_json() {
    let (server, requests) = http(answer("200 OK", "", r#"{"left":3}"#)).await;
    let signed = Source {
        secret: Some("KEY".into()),
        ..source(0)
    };
    let fetched = fetch(&caller(), &signed, server, "/stock/A%201?in=Lyon").await;
    assert_eq!(fetched, answered(json!({ "left": 3 }), false));
    let request = requests.lock().unwrap()[0].clone();
    assert!(
        request
            .head
            .starts_with("GET /stock/A%201?in=Lyon HTTP/1.1"),
        "{}",
        request.head
    );
    assert_eq!(request.header("webhook-id"), Some(&*id(7).to_string()));
    let key = Key::new(&Secret::new(KEY)).unwrap();
    let signature = key.sign(&id(7).to_string(), 1_767_600_001, b"/stock/A%201?in=Lyon");
    assert_eq!(request.header("webhook-signature"), Some(&*signature));
}

#[tokio::test]
async fn what_is_no_answer_is_told_as_what_it_is() {
    let long = format!("\"{}\"", "x".repeat(64 * 1024));
    for (status, body) in [
        ("200 OK", "plain words"),
        ("200 OK", ""),
        ("200 OK", &*long),
        ("200 OK", r#"{"a":"\u0000"}"#),
    ] {
        let (server, _) = http(answer(status, "", body)).await;
        let (detail, _) = why(fetch(&caller(), &source(0), server, "/").await);
        assert!(matches!(detail, Failure::Answer { .. }), "{detail:?}");
    }
    let (server, _) = http(answer("503 Busy", "Retry-After: 7\r\n", "{}")).await;
    let (detail, wait) = why(fetch(&caller(), &source(0), server, "/").await);
    assert!(matches!(detail, Failure::Http { status: 503, .. }));
    assert_eq!(wait, Some(Duration::from_secs(7)));
    let (server, _) = http(answer("302 Found", "Location: http://127.0.0.1:9/\r\n", "")).await;
    let (detail, _) = why(fetch(&caller(), &source(0), server, "/").await);
    assert!(matches!(detail, Failure::Http { status: 302, .. }));
}

#[tokio::test]
async fn a_source_that_is_silent_is_not_waited_for() {
    let (server, _) = http(Vec::new()).await;
    for cache in [0, 60] {
        let slow = Source {
            timeout: SignedDuration::from_millis(50),
            ..source(cache)
        };
        let (detail, _) = why(fetch(&caller(), &slow, server, "/").await);
        assert!(matches!(detail, Failure::Slow { .. }), "{detail:?}");
    }
}

#[tokio::test]
async fn an_answer_is_kept_by_its_whole_address_where_the_source_says_so() {
    let (server, requests) = http(answer("200 OK", "", "1")).await;
    let (caller, keeps) = (caller(), source(3_600));
    let asked = || requests.lock().unwrap().len();
    assert_eq!(
        fetch(&caller, &keeps, server, "/a").await,
        answered(json!(1), false)
    );
    assert_eq!(
        fetch(&caller, &keeps, server, "/a").await,
        answered(json!(1), true)
    );
    assert_eq!(asked(), 1);
    fetch(&caller, &keeps, server, "/a?b").await;
    assert_eq!(asked(), 2);
    for n in 3..5 {
        let fetched = fetch(&caller, &source(0), server, "/a").await;
        assert_eq!((fetched, asked()), (answered(json!(1), false), n));
    }
}

#[tokio::test]
async fn who_asks_the_same_at_the_same_time_waits_for_one_answer() {
    let (server, requests) = http(answer("200 OK", "", "[1]")).await;
    let (caller, keeps) = (caller(), source(3_600));
    let all = join_all((0..50).map(|_| fetch(&caller, &keeps, server, "/a"))).await;
    let fresh = |f: &&Fetched| **f == answered(json!([1]), false);
    assert_eq!(all.iter().filter(fresh).count(), 1);
    assert!(all.iter().all(|f| matches!(f, Fetched::Answered { .. })));
    assert_eq!(requests.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn trouble_is_not_kept_for_long() {
    let (server, requests) = http(answer("500 Oh", "", "")).await;
    let (caller, keeps) = (caller(), source(3_600));
    // Until the same is asked again, though an answer would be kept for an hour.
    while requests.lock().unwrap().len() < 2 {
        let (detail, _) = why(fetch(&caller, &keeps, server, "/a").await);
        assert!(matches!(detail, Failure::Http { status: 500, .. }));
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn no_source_leads_into_our_own_network_unless_it_is_named() {
    let (server, requests) = http(answer("200 OK", "", "1")).await;
    let guarded = Caller::new(|_| None, Reach::default());
    let (detail, _) = why(fetch(&guarded, &source(0), server, "/").await);
    assert!(matches!(detail, Failure::OwnNetwork { .. }), "{detail:?}");
    assert!(requests.lock().unwrap().is_empty());
    let local = Caller::new(|_| None, Reach::local());
    assert_eq!(
        fetch(&local, &source(0), server, "/").await,
        answered(json!(1), false)
    );
    let source = source(0);
    let ask = Ask {
        name: "stock",
        source: &source,
        url: "https://shop.example/",
        id: id(7),
        now: at("2026-01-05T08:00:01Z"),
        within: LONG,
    };
    assert_eq!(local.fetch(&ask).await, Fetched::Elsewhere);
}
