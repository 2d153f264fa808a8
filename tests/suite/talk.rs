//! Questions, hand-overs and entries by the API, over HTTP and back (rules 29 and 30).

use std::sync::Arc;

use ::api::{BoxFuture, CaptureError, CaptureStore, Captured, KeepError, State};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use cli::intake::IntoTurn;
use engine::Engine;
use jiff::Timestamp;
use journey::{
    content::Content,
    explain::{Language, Tongue},
    ids::{CustomerId, MessageId},
    message::Channel,
};
use parcours_tests::kit::{self, Rig, Workspace, events};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// The messages that the provider took, as a mailbox.
struct Taken(Vec<Value>);

impl Taken {
    fn captured(body: &Value) -> Captured {
        Captured {
            name: body["id"].as_str().unwrap().to_owned(),
            at: Timestamp::now(),
            to: body["to"].as_str().unwrap().to_owned(),
            from: String::new(),
            message: body["id"].as_str().unwrap().parse().ok().map(MessageId),
            content: serde_json::from_value::<Content>(body["content"].clone()).unwrap(),
        }
    }
}

impl CaptureStore for Taken {
    fn list(&self, limit: usize) -> BoxFuture<'_, Result<Vec<Captured>, CaptureError>> {
        let newest = self
            .0
            .iter()
            .rev()
            .take(limit)
            .map(Self::captured)
            .collect();
        Box::pin(async move { Ok(newest) })
    }

    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Captured>, CaptureError>> {
        let found = self.0.iter().find(|b| b["id"] == name).map(Self::captured);
        Box::pin(async move { Ok(found) })
    }

    fn keep<'a>(
        &'a self,
        _channel: Channel,
        _body: &'a [u8],
    ) -> BoxFuture<'a, Result<String, KeepError>> {
        Box::pin(async { Err(KeepError::Refused("Nothing is kept here.".into())) })
    }
}

/// The router of a process whose intake goes straight into the turn.
fn router(rig: &Rig, engine: &Arc<Engine>) -> Router {
    let taken = rig.provider.taken().into_iter().map(|post| post.body);
    ::api::router(State {
        reader: rig.reader(),
        accept: Arc::new(IntoTurn(engine.clone())),
        refuse: Arc::new(|_| None),
        startable: cli::service::startables(engine),
        erase: cli::service::erases(engine),
        pause: cli::service::pauses(engine),
        mailbox: Some(Arc::new(Taken(taken.collect()))),
        ops: cli::service::ops(engine, None),
        clock: Timestamp::now,
        access: None,
        write_key: None,
        pages: None,
        providers: None,
        chat: None,
        typing: None,
        answers: None,
        letters: None,
    })
}

async fn ask(router: &Router, request: Request<Body>) -> (StatusCode, String) {
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8_lossy(&body).into_owned())
}

async fn get(router: &Router, path: &str) -> String {
    let (status, body) = ask(router, Request::get(path).body(Body::empty()).unwrap()).await;
    assert_eq!(status, StatusCode::OK, "{path}: {body}");
    body
}

async fn post(router: &Router, path: &str, kind: &str, body: String) -> (StatusCode, String) {
    let request = Request::post(path).header(header::CONTENT_TYPE, kind);
    ask(router, request.body(Body::from(body)).unwrap()).await
}

async fn reasons(rig: &Rig) -> Vec<String> {
    sqlx::query_scalar("select reason from run_ended order by left_at, reason")
        .fetch_all(rig.store.pool())
        .await
        .unwrap()
}

async fn waits(rig: &Rig) -> String {
    let runs = rig.reader().runs(CustomerId::of("ana")).await.unwrap();
    runs.open[0]
        .waiting
        .as_ref()
        .unwrap()
        .say(&Tongue::plain(Language::English))
}

fn survey() -> Workspace {
    Workspace::new()
        .file("templates/size/chat.en.txt", "Which size?\n")
        .journey(
            "survey",
            "purpose: service
enter: { event: start, again: always }
steps:
  - id: size
    ask: chat
    template: size
    options:
      small: { label: { en: Small, fr: Petit }, then: [ { exit: small } ] }
      large: { label: { en: Large, fr: Grand }, then: [ { exit: large } ] }
    save: customer.size
    within: 1d
    else: [ { exit: silent } ]
",
        )
}

/// Ana is asked by chat; her provider has taken the question.
async fn asked(rig: &Rig) -> (Arc<Engine>, Value) {
    let engine = rig.engine(kit::quick()).await;
    let traits = json!({ "chat_id": "ana-chat", "locale": "fr-BE" });
    let bodies = [
        events::identify("ana", "1", &traits),
        events::track("ana", "start", "2", &json!({})),
    ];
    events::take(&engine, &bodies, Timestamp::now()).await;
    engine
        .dispatch_once(&CancellationToken::new())
        .await
        .unwrap();
    let taken = rig.provider.taken();
    assert_eq!(taken.len(), 1);
    (engine, taken[0].body.clone())
}

#[tokio::test]
async fn rule_29_a_question_goes_out_with_its_options_and_the_reply_decides() {
    let rig = Rig::new(&survey()).await;
    let (engine, question) = asked(&rig).await;
    assert_eq!(
        question["content"]["options"],
        json!([{ "name": "small", "label": "Petit" }, { "name": "large", "label": "Grand" }])
    );
    assert_eq!(waits(&rig).await, "waits for an answer by chat");
    let reply = json!({ "type": "track", "userId": "ana", "messageId": "3",
        "event": "message.replied", "properties": { "message_id": question["id"], "text": "GRAND !" } });
    let router = router(&rig, &engine);
    let (status, body) = post(&router, "/v1/track", "application/json", reply.to_string()).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    assert_eq!(reasons(&rig).await, ["large"]);
    let kept = "select count(*) from customer where traits->>'size' = 'large'";
    assert_eq!(rig.count(kept).await, 1);
}

#[tokio::test]
async fn a_captured_question_is_answered_by_its_form_once() {
    let rig = Rig::new(&survey()).await;
    let (engine, question) = asked(&rig).await;
    let router = router(&rig, &engine);
    let page = format!("/mailbox/{}", question["id"].as_str().unwrap());
    let shown = get(&router, &page).await;
    assert!(
        shown.contains(r#"name="answer" value="small">Petit</button>"#),
        "{shown}"
    );
    let (form, reply) = ("application/x-www-form-urlencoded", format!("{page}/reply"));
    let (status, body) = post(&router, &reply, form, "answer=+".to_owned()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
    let (status, body) = post(&router, &reply, form, "answer=small".to_owned()).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{body}");
    assert_eq!(reasons(&rig).await, ["small"]);
    // It is no question any more.
    assert!(!get(&router, &page).await.contains("<form class=\"offers\""));
    let (status, body) = post(&router, &reply, form, "answer=large".to_owned()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
    assert!(body.contains("no question that is still open"), "{body}");
    let replies = "select count(*) from input where name = 'message.replied'";
    assert_eq!(rig.count(replies).await, 1);
}

#[tokio::test]
async fn another_site_cannot_answer_for_a_customer() {
    let rig = Rig::new(&survey()).await;
    let (engine, question) = asked(&rig).await;
    let reply = format!("/mailbox/{}/reply", question["id"].as_str().unwrap());
    let request = Request::post(reply)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "cross-site")
        .body(Body::from("answer=small"))
        .unwrap();
    let (status, body) = ask(&router(&rig, &engine), request).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
    assert!(reasons(&rig).await.is_empty());
}

#[tokio::test]
async fn a_customer_enters_by_the_api_once_and_the_properties_are_its_event() {
    let rig = Rig::new(&Workspace::new().journey(
        "hello",
        "purpose: service
enter: { api: true, again: always }
steps:
  - { set: { customer.plan: event.plan } }
  - { exit: done }
",
    ))
    .await;
    let engine = rig.engine(kit::quick()).await;
    let router = router(&rig, &engine);
    let body = json!({ "userId": "ana", "messageId": "e1", "properties": { "plan": "gold" } });
    for _ in 0..2 {
        let path = "/v1/journeys/hello/enter";
        let (status, said) = post(&router, path, "application/json", body.to_string()).await;
        assert_eq!(status, StatusCode::OK, "{said}");
    }
    assert_eq!(reasons(&rig).await, ["done"]);
    let kept = "select count(*) from customer where traits->>'plan' = 'gold'";
    assert_eq!(rig.count(kept).await, 1);
    let wrong = json!({ "userId": "ana", "messageId": "e2", "properties": 3 }).to_string();
    let (status, said) = post(
        &router,
        "/v1/journeys/hello/enter",
        "application/json",
        wrong,
    )
    .await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{said}");
}

#[tokio::test]
async fn rule_30_a_hand_over_waits_until_the_person_hands_back() {
    let desk = Workspace::new()
        .file(
            "config/endpoints.yaml",
            "desk: { url: https://desk.example/ }\n",
        )
        .journey(
            "help",
            "purpose: service
enter: { event: start }
steps:
  - id: person
    hand_over: desk
    within: 2d
    else: [ { exit: nobody } ]
  - { set: { customer.solved: steps.person.answer } }
  - { exit: helped }
",
        );
    let rig = Rig::new(&desk).await;
    let engine = rig.engine(kit::quick()).await;
    let start = [events::track("ana", "start", "1", &json!({}))];
    events::take(&engine, &start, Timestamp::now()).await;
    engine.calls_once(&CancellationToken::new()).await.unwrap();
    assert_eq!(waits(&rig).await, "waits until desk hands back");
    let call: uuid::Uuid = sqlx::query_scalar("select id from call")
        .fetch_one(rig.store.pool())
        .await
        .unwrap();
    let back = json!({ "call": call, "answer": "yes" });
    let back = [events::track("ana", "hand_over.ended", "2", &back)];
    events::take(&engine, &back, Timestamp::now()).await;
    assert_eq!(reasons(&rig).await, ["helped"]);
    let kept = "select count(*) from customer where traits->>'solved' = 'yes'";
    assert_eq!(rig.count(kept).await, 1);
}
