//! Support, the console, the mailbox and health.

use std::sync::Arc;

use api::State;
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use journey::content::Content;

use super::{JSON, desk, server, server_with};
use crate::shop;

#[tokio::test]
async fn support_reads_a_customer_as_json() {
    let server = server().await;
    let ana = server.json("/v1/customers/ana").await;
    assert_eq!(ana["runs"]["open"][0]["step"]["id"], "last_call");
    let timeline = server.json("/v1/customers/ana/timeline?limit=2").await;
    assert_eq!(timeline["items"].as_array().map(Vec::len), Some(2));
    let sentence = &timeline["items"][0]["facts"][0]["sentence"];
    assert!(sentence.as_str().is_some_and(|s| s.starts_with("held: ")));
    let next = timeline["next"].as_str().expect("more");
    let rest = server
        .json(&format!("/v1/customers/ana/timeline?cursor={next}"))
        .await;
    assert_eq!(rest["items"].as_array().map(Vec::len), Some(3));
    for (filter, wanted) in [
        ("show=all", 5),
        ("show=events&journey=cart-rescue", 1),
        ("show=refusals&journey=nothing", 0),
    ] {
        let some = server
            .json(&format!("/v1/customers/ana/timeline?{filter}"))
            .await;
        let items = some["items"].as_array().map(Vec::len);
        assert_eq!(items, Some(wanted), "{filter}: {some}");
    }
    let (status, _) = server.get("/v1/customers/ana/timeline?show=some").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let messages = server
        .json("/v1/messages?customer=ben&status=suppressed")
        .await;
    assert_eq!(messages["items"][0]["reason"], "capped");
    let id = server.shop.capped;
    let why = server.json(&format!("/v1/messages/{id}")).await;
    assert_eq!(why["decision"]["refusals"][0]["rule"], "marketing_week");
    shop::count(&server.database).await;
    assert_eq!(server.json("/v1/summary").await["entered"], 3);
    let page = server.json("/v1/customers?limit=10").await;
    let next = page["next"].as_str().expect("more");
    let second = server
        .json(&format!("/v1/customers?cursor={next}&limit=10"))
        .await;
    assert_ne!(page["items"][9], second["items"][0]);
    for path in ["/v1/customers/nobody", "/v1/nothing"] {
        assert_eq!(server.get(path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    for path in [
        "/v1/messages/x",
        "/v1/messages?status=lost",
        "/v1/messages?cursor=x",
        "/v1/customers?cursor=x",
        &format!("/v1/messages?cursor={next}"),
        "/v1/customers?limit=0",
        "/v1/customers?limit=201",
        "/v1/customers?before=x",
    ] {
        assert_eq!(server.get(path).await.0, StatusCode::BAD_REQUEST, "{path}");
    }
}

#[tokio::test]
async fn nothing_that_a_customer_says_becomes_markup() {
    let server = server().await;
    let search = "/customers?q=%3Cscript%3Ealert(1)%3C/script%3E".to_owned();
    let eve = "/customers/eve%3Cb%3E".to_owned();
    for path in [
        search,
        eve,
        "/customers".to_owned(),
        "/messages?customer=%22%3E%3Cscript%3E".into(),
    ] {
        let (status, page) = server.get(&path).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        for markup in ["<script>", "<img", "<b>"] {
            assert!(!page.contains(markup), "{path}: {markup}");
        }
        assert_eq!(page.matches("<script").count(), 1, "{path}: our own alone");
    }
    let (_, page) = server.get("/customers/eve%3Cb%3E").await;
    assert!(page.contains("&#60;script&#62;"), "{page}");
}

#[tokio::test]
async fn pages_run_our_own_script_alone_and_a_captured_mail_is_sandboxed() {
    let server = server().await;
    let policy = async |path: &str| {
        let request = Request::get(path).body(Body::empty()).expect("a request");
        let response = server.ask(request).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let policy = &response.headers()[header::CONTENT_SECURITY_POLICY];
        policy.to_str().expect("text").to_owned()
    };
    let page = policy("/mailbox/20260105-110100-mail").await;
    assert!(
        page.starts_with("default-src 'none'") && !page.contains("unsafe"),
        "{page}"
    );
    let mail = policy("/mailbox/20260105-110100-mail/html").await;
    assert!(mail.starts_with("sandbox; default-src 'none'"), "{mail}");
    let (_, html) = server.get("/mailbox/20260105-110100-mail/html").await;
    assert_eq!(html, desk::MAIL);
    let (_, page) = server.get("/mailbox/20260105-110100-mail").await;
    assert!(page.contains("<iframe") && page.contains(" sandbox "));
    assert_eq!(page.matches("<script").count(), 1, "our own alone");
}

#[tokio::test]
async fn the_pages_say_what_is_so() {
    let server = server().await;
    shop::count(&server.database).await;
    let (_, overview) = server.get("/").await;
    for words in ["Frequency cap used up", "E-mail", "cart-rescue"] {
        assert!(overview.contains(words), "{words}");
    }
    let (_, ana) = server.get("/customers/ana").await;
    for words in [
        "Rescue an abandoned cart",
        "version 3",
        "Held: quiet hours night on sms",
        "6 Jan 2026, 07:00 UTC",
        "Decided to send by email",
        "No journey listened.",
        "Arm reminder",
    ] {
        assert!(ana.contains(words), "{words}");
    }
    let (_, sent) = server
        .get(&format!("/messages/{}", server.shop.nudge))
        .await;
    assert!(sent.contains("What it said") && sent.contains("Your basket is waiting"));
    let (status, missing) = server.get("/customers/nobody").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(missing.contains("There is no such customer"));
}

/// A refusal is told once, in the customer's time, and leads to the messages that used the cap up as far as
/// they are kept.
#[tokio::test]
async fn a_refusal_is_told_once_with_links_to_what_used_the_cap_up() {
    let server = server().await;
    let path = format!("/messages/{}?lang=en", server.shop.capped);
    let (_, page) = server.get(&path).await;
    let (told, _) = page.split_once("<details").expect("the details");
    assert_eq!(told.matches("marketing_week").count(), 1, "{told}");
    assert!(told.contains("Room again from Friday 9 January 2026, 10:00."));
    let leads = |page: &str| page.matches("<li><a href=\"/messages/").count();
    assert_eq!(leads(&page), 3, "{page}");
    assert_eq!(page.matches("step nudge, ").count(), 3);
    let json = server
        .json(&format!("/v1/messages/{}/why", server.shop.capped))
        .await;
    let used = json["evidence"][1]["message"].as_str().expect("a message");
    let (status, _) = server.get(&format!("/messages/{used}")).await;
    assert_eq!(status, StatusCode::OK);
    sqlx::query("delete from message where id = $1::uuid")
        .bind(used)
        .execute(&*server.database)
        .await
        .expect("deleted");
    let (_, page) = server.get(&path).await;
    assert_eq!(leads(&page), 2, "{page}");
    let gone = format!("Counted: the message {used}, which is no longer kept");
    assert!(page.contains(&gone), "{page}");
}

/// A line of evidence that names an input leads to it in the timeline.
#[tokio::test]
async fn a_timeline_begins_with_the_input_that_is_asked_for() {
    let server = server().await;
    let timeline = server.json("/v1/customers/ana/timeline").await;
    let entries = timeline["items"].as_array().expect("entries");
    let id = |n: usize| entries[n]["id"].as_str().expect("an id");
    let (_, page) = server.get(&format!("/customers/ana?input={}", id(2))).await;
    assert!(!page.contains(id(1)) && page.contains(id(2)) && page.contains(id(3)));
    let gone = format!("/customers/ana?input={}", uuid::Uuid::nil());
    let (_, page) = server.get(&gone).await;
    assert!(page.contains(id(0)), "the newest first, as without it");
}

/// As a page shows a sentence.
fn shown(text: &str) -> String {
    let mut parts = text.replace('\'', "&#39;").replace('"', "&#34;");
    while parts.contains('`') {
        parts = parts.replacen('`', "<code>", 1).replacen('`', "</code>", 1);
    }
    parts
}

/// The API and the console say why in the same words, in both languages.
#[tokio::test]
async fn api_and_console_explain_in_the_same_words() {
    let server = server().await;
    for (id, lang, begins) in [
        (
            server.shop.capped,
            "en",
            "Not sent: the cap marketing_week ",
        ),
        (
            server.shop.capped,
            "fr",
            "Non envoyé\u{a0}: le plafond marketing_week ",
        ),
        (server.shop.nudge, "en", "Sent by e-mail"),
        (server.shop.nudge, "fr", "Envoyé par e-mail"),
    ] {
        let why = server
            .json(&format!("/v1/messages/{id}/why?lang={lang}"))
            .await;
        let sentence = why["sentence"].as_str().expect("a sentence");
        assert!(sentence.starts_with(begins), "{sentence}");
        let (_, page) = server.get(&format!("/messages/{id}?lang={lang}")).await;
        let lines = why["evidence"].as_array().expect("evidence");
        let lines = lines.iter().map(|line| line["text"].as_str());
        for text in lines
            .chain([Some(sentence), why["next"].as_str()])
            .flatten()
        {
            assert!(page.contains(&shown(text)), "{text} is not in {page}");
        }
        assert!(page.contains(&format!("<article class=\"panel\" lang=\"{lang}\"")));
    }
    let missing = format!("/v1/messages/{}/why", uuid::Uuid::nil());
    assert_eq!(server.get(&missing).await.0, StatusCode::NOT_FOUND);
}

/// Why somebody is in a journey, or left it, is told in the same words by the API and the console.
#[tokio::test]
async fn api_and_console_tell_of_journeys_in_the_same_words() {
    let server = server().await;
    for (key, lang, begins) in [
        (
            "ana",
            "en",
            "In the journey “Rescue an abandoned cart”, at the step last_call, held: ",
        ),
        (
            "ana",
            "fr",
            "Dans le parcours «\u{a0}Rescue an abandoned cart\u{a0}», à l’étape last_call, retenu\u{a0}: ",
        ),
        (
            "ben",
            "en",
            "Left the journey “Rescue an abandoned cart” on ",
        ),
        (
            "ben",
            "fr",
            "Sorti du parcours «\u{a0}Rescue an abandoned cart\u{a0}» le ",
        ),
    ] {
        let why = server
            .json(&format!(
                "/v1/customers/{key}/journeys/cart-rescue/why?lang={lang}"
            ))
            .await;
        let first = &why["explanations"][0];
        let sentence = first["sentence"].as_str().expect("a sentence");
        assert!(sentence.starts_with(begins), "{sentence}");
        let path = format!("/customers/{key}/journey?name=cart-rescue&lang={lang}");
        let (_, page) = server.get(&path).await;
        for why in why["explanations"].as_array().expect("explanations") {
            let lines = why["evidence"].as_array().expect("evidence");
            let lines = lines.iter().map(|line| line["text"].as_str());
            for text in lines
                .chain([why["sentence"].as_str(), why["next"].as_str()])
                .flatten()
            {
                assert!(page.contains(&shown(text)), "{text} is not in {page}");
            }
        }
        let (_, customer) = server.get(&format!("/customers/{key}?lang={lang}")).await;
        assert!(customer.contains("/journey?name=cart-rescue\""));
    }
    for path in [
        "/v1/customers/ana/journeys/none/why",
        "/v1/customers/nobody/journeys/cart-rescue/why",
        "/customers/ana/journey?name=none",
    ] {
        assert_eq!(server.get(path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_search_with_one_answer_opens_it() {
    let server = server().await;
    let request = Request::get("/customers?q=ANA@shop.example").body(Body::empty());
    let response = server.ask(request.expect("a request")).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    let ana = format!("/customers/{}", server.shop.ana);
    assert_eq!(response.headers()[header::LOCATION], ana.as_str());
    let (_, none) = server.get("/customers?q=nobody").await;
    assert!(none.contains("Nobody found"));
}

#[tokio::test]
async fn messages_are_captured_only_where_there_is_a_mailbox() {
    let server = server().await;
    let answer = server
        .post("/capture/sms", &[JSON], "{\"text\": \"hello\"}")
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    let name = answer.body["id"].as_str().expect("a name").to_owned();
    let (_, page) = server.get(&format!("/mailbox/{name}")).await;
    assert!(page.contains("hello"));
    let answer = server.post("/capture/fax", &[JSON], "{}").await;
    answer.refused(StatusCode::NOT_FOUND, "no_such_channel");
    let answer = server.post("/capture/sms", &[JSON], "x").await;
    answer.refused(StatusCode::BAD_REQUEST, "refused");
    for path in [
        "/mailbox/..%2Fsecret",
        "/mailbox/.hidden",
        "/mailbox/nothing",
    ] {
        assert_eq!(server.get(path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    let without = server_with(|state| State {
        mailbox: None,
        ..state
    })
    .await;
    assert_eq!(without.get("/mailbox").await.0, StatusCode::NOT_FOUND);
    let request = Request::post("/capture/sms").body(Body::from("{}"));
    let response = without.ask(request.expect("a request")).await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert!(!without.get("/").await.1.contains("/mailbox"));
}

#[tokio::test]
async fn health_and_readiness_are_two_things() {
    let lacking = || {
        let missing = Some("not connected".to_owned());
        vec![
            api::Readiness::of("database", None),
            api::Readiness::of("broker", missing),
        ]
    };
    let server = server_with(|state| State {
        ops: api::Ops {
            ready: Arc::new(move || Box::pin(async move { lacking() })),
            metrics: None,
        },
        ..state
    })
    .await;
    assert_eq!(
        server.get("/healthz").await,
        (StatusCode::OK, "ok\n".into())
    );
    let (status, report) = server.get("/readyz").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(report.contains("\"database\",\"ready\":true") && report.contains("not connected"));
    assert_eq!(server.get("/metrics").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn every_kind_of_message_has_its_look() {
    let drawer = desk::drawer(None);
    let kinds: Vec<&str> = drawer
        .0
        .lock()
        .expect("a lock")
        .iter()
        .map(|c| match c.content {
            Content::Email { .. } => "class=\"seen-mail\"",
            Content::Sms { .. } => "class=\"seen-bubble\"",
            Content::Push(_) => "class=\"seen-phone seen-lock\"",
            Content::Chat { .. } => "class=\"seen-phone seen-chat\"",
        })
        .collect();
    let server = server().await;
    let names = ["20260105-110100-mail", "note-1", "note-2", "note-3"];
    for (name, look) in names.iter().zip(kinds) {
        let (_, page) = server.get(&format!("/mailbox/{name}")).await;
        assert!(page.contains(look), "{name}");
    }
}

/// What a message said is kept in the database where nothing is captured.
#[tokio::test]
async fn a_message_is_shown_as_it_went() {
    let server = server_with(|state| State {
        mailbox: None,
        ..state
    })
    .await;
    let (nudge, ana) = (server.shop.nudge, server.shop.ana);
    let page = format!("/messages/{nudge}?of={ana}&lang=en");
    let (_, before) = server.get(&page).await;
    assert!(!before.contains("<iframe"));
    let mail = serde_json::json!({ "channel": "email", "subject": "Your basket", "preheader": "",
        "html": "<html><body><p>It waits for you</p></body></html>", "text": "It waits for you" });
    sqlx::query("insert into message_content values ($1, $2, now(), $3)")
        .bind(ana.0)
        .bind(nudge.0)
        .bind(serde_json::to_vec(&mail).unwrap())
        .execute(&*server.database)
        .await
        .unwrap();
    let (_, after) = server.get(&page).await;
    let html = format!("/messages/{nudge}/html?of={ana}");
    assert!(
        after.contains("Your basket") && after.contains(&html),
        "{after}"
    );
    let request = Request::get(&html).body(Body::empty()).unwrap();
    let response = server.ask(request).await;
    let policy = response.headers()[header::CONTENT_SECURITY_POLICY]
        .to_str()
        .unwrap();
    assert!(
        policy.starts_with("sandbox; default-src 'none'"),
        "{policy}"
    );
    let (status, text) = super::text(response).await;
    assert!(status == StatusCode::OK && text.contains("It waits for you"));
    assert_eq!(
        server.get(&format!("/messages/{nudge}/html")).await.0,
        StatusCode::BAD_REQUEST
    );
}
