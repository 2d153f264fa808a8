//! What the widget's addresses do with whom they do not know, and with what makes no sense.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_visitor_is_nobody() {
    let place = Place::new(&concierge(), |_| {}).await;
    let session = place.session(json!({})).await;
    let token = session["token"].as_str().unwrap();
    let mut forged = token.to_owned();
    forged.replace_range(4..5, if &token[4..5] == "A" { "B" } else { "A" });
    for token in [None, Some(""), Some("x"), Some(&*forged)] {
        for (method, path) in [
            (Method::POST, "/chat/say"),
            (Method::POST, "/chat/opened"),
            (Method::GET, "/chat/lines?after=0"),
            (Method::GET, "/chat/stream?after=0"),
        ] {
            let body = (method == Method::POST).then(|| json!({ "id": Uuid::nil(), "text": "x" }));
            let (status, problem) = place.ask(method, path, token, body).await;
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{path} {problem}");
            assert_eq!(problem["code"], "session");
        }
    }
    // A token that is none makes a stranger, and no error.
    assert_eq!(
        place.session(json!({ "token": forged })).await["known"],
        false
    );
    assert_eq!(place.customers().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_a_customer_by_saying_so() {
    let place = Place::new(&concierge(), |_| {}).await;
    let long = "x".repeat(257);
    for (id, proof) in [
        ("ana", proof("bob")),
        ("ana", String::new()),
        ("ana", "zz".repeat(32)),
        ("ana", "é".repeat(32)),
        ("", proof("")),
        (&*long, proof(&long)),
    ] {
        let asked = json!({ "user": { "id": id, "proof": proof } });
        let (status, problem) = place
            .ask(Method::POST, "/chat/session", None, Some(asked))
            .await;
        assert_eq!(
            (status, problem["code"].clone()),
            (StatusCode::FORBIDDEN, json!("proof")),
            "{id}"
        );
    }
    let place = Place::new(&concierge(), |web| web.secret = None).await;
    let asked = json!({ "user": { "id": "ana", "proof": proof("ana") } });
    let (status, _) = place
        .ask(Method::POST, "/chat/session", None, Some(asked))
        .await;
    assert_eq!(status, StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_shops_pages_may_talk() {
    let place = Place::new(&concierge(), |_| {}).await;
    let from = |origin: String| {
        let url = format!("http://{}/chat/session", place.address);
        let request = place
            .client
            .post(url)
            .header("origin", origin)
            .json(&json!({}));
        async { request.send().await.unwrap() }
    };
    for (origin, status) in [
        ("https://shop.example".to_owned(), StatusCode::OK),
        (format!("http://{}", place.address), StatusCode::OK),
        ("https://evil.example".to_owned(), StatusCode::FORBIDDEN),
        (
            "https://shop.example.evil.example".to_owned(),
            StatusCode::FORBIDDEN,
        ),
        ("null".to_owned(), StatusCode::FORBIDDEN),
    ] {
        let response = from(origin.clone()).await;
        assert_eq!(response.status(), status, "{origin}");
        // Named also where it is refused, so that the page can say why.
        assert_eq!(response.headers()["access-control-allow-origin"], origin);
        assert!(
            response
                .headers()
                .get("access-control-allow-credentials")
                .is_none()
        );
        assert!(response.headers().get("set-cookie").is_none());
    }
    let asks = |origin: &'static str| {
        let url = format!("http://{}/chat/say", place.address);
        let request = place
            .client
            .request(Method::OPTIONS, url)
            .header("origin", origin);
        async { request.send().await.unwrap().status() }
    };
    assert_eq!(asks("https://shop.example").await, StatusCode::NO_CONTENT);
    assert_eq!(asks("https://evil.example").await, StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_refused_and_what_is_too_much_waits() {
    let place = Place::new(&concierge(), |web| web.lines_per_minute = 3).await;
    let session = place.session(json!({})).await;
    let token = session["token"].as_str().unwrap();
    for line in [
        json!({}),
        json!([]),
        json!({ "id": "x", "text": "hello" }),
        json!({ "id": Uuid::nil() }),
        json!({ "id": Uuid::nil(), "text": " \u{7} \n " }),
    ] {
        let (status, problem) = place.say(token, line.clone()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{line}: {problem}");
    }
    let long = json!({ "id": Uuid::nil(), "text": "x".repeat(20_000) });
    assert_eq!(
        place.say(token, long).await.0,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    let mut said = Vec::new();
    for n in 0..8 {
        let line =
            json!({ "id": Uuid::from_u128(100 + n), "text": "a\u{0}b", "to": Uuid::from_u128(5) });
        said.push(place.say(token, line).await.0);
    }
    let taken = said.iter().filter(|s| **s == StatusCode::OK).count();
    // Six, if the minute has just ended.
    assert!(taken == 3 || taken == 6, "{said:?}");
    assert!(said.contains(&StatusCode::TOO_MANY_REQUESTS));
    let lines = place.lines(token).await;
    let mine = lines.iter().find(|l| l["who"] == "customer").unwrap();
    // What is no sign is left out, and a line that is not there is answered by none.
    assert_eq!(
        (mine["text"].clone(), mine["to"].clone()),
        (json!("ab"), Value::Null)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_engine_says_nothing_to_whom_was_erased() {
    let place = Place::new(&concierge(), |_| {}).await;
    let nobody = CustomerId::of("nobody");
    let line = store::chat::NewLine {
        id: Uuid::nil(),
        at: Timestamp::now(),
        who: store::chat::Who::Shop,
        said: store::chat::Said {
            text: "hello".into(),
            ..Default::default()
        },
    };
    assert!(!place.rig.store.chat().put(nobody, &line).await.unwrap());
    let lines: i64 = sqlx::query_scalar("select count(*) from chat_line")
        .fetch_one(place.rig.store.pool())
        .await
        .unwrap();
    assert_eq!(lines, 0);
}
