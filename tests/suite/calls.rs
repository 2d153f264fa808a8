//! Calls of endpoints, on running engines (rule 30).

mod together;

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use axum::{Json, Router, extract::State, http::StatusCode, routing::post};
use engine::Engine;
use jiff::{SignedDuration, Timestamp};
use journey::failure::Failure;
use parcours_tests::kit::{self, Rig, Workspace, events};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::turns::event;

/// An endpoint that answers with one status and body after another, the last for ever.
pub struct Desk {
    pub url: String,
    asked: Arc<Mutex<Vec<Value>>>,
    /// Lets the first answer go, where it is held.
    pub go: Arc<Notify>,
}

#[derive(Clone)]
struct Answers {
    all: Arc<Vec<(u16, Value)>>,
    next: Arc<AtomicUsize>,
    asked: Arc<Mutex<Vec<Value>>>,
    held: Option<Arc<Notify>>,
}

impl Desk {
    pub async fn answering(all: Vec<(u16, Value)>) -> Self {
        Self::start(all, false).await
    }

    /// The first answer stays out until it is told to go.
    pub async fn holding(all: Vec<(u16, Value)>) -> Self {
        Self::start(all, true).await
    }

    async fn start(all: Vec<(u16, Value)>, holds: bool) -> Self {
        let go = Arc::new(Notify::new());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let answers = Answers {
            all: Arc::new(all),
            next: Arc::default(),
            asked: asked.clone(),
            held: holds.then(|| go.clone()),
        };
        let router = Router::new().route("/", post(answer)).with_state(answers);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, asked, go }
    }

    pub fn asked(&self) -> Vec<Value> {
        self.asked.lock().unwrap().clone()
    }

    /// Until it was asked that often.
    pub async fn until_asked(&self, times: usize) {
        while self.asked().len() < times {
            tokio::task::yield_now().await;
        }
    }
}

async fn answer(
    State(answers): State<Answers>,
    Json(body): Json<Value>,
) -> (StatusCode, Json<Value>) {
    answers.asked.lock().unwrap().push(body);
    let n = answers.next.fetch_add(1, Ordering::SeqCst);
    if let (0, Some(held)) = (n, &answers.held) {
        held.notified().await;
    }
    let (status, body) = &answers.all[n.min(answers.all.len() - 1)];
    (StatusCode::from_u16(*status).unwrap(), Json(body.clone()))
}

fn calling(desk: &Desk, rest: &str) -> Workspace {
    Workspace::new()
        .file(
            "config/endpoints.yaml",
            &format!("vouchers: {{ url: {}, retries: 2 }}\n", desk.url),
        )
        .journey(
            "gift",
            &format!(
                "purpose: service
enter: {{ event: start, again: always }}
exit: {{ event: stop }}
steps:
  - id: code
    call: vouchers
    with: {{ percent: 15 }}
    save: customer.code
    {rest}
    else: [ {{ exit: no_gift }} ]
  - {{ exit: gift }}
"
            ),
        )
}

async fn started(rig: &Rig) -> Arc<Engine> {
    let engine = rig.engine(kit::quick()).await;
    events::take(&engine, &[event("ana", "start", "1")], Timestamp::now()).await;
    engine
}

/// Makes calls until none is due.
async fn call(engine: &Arc<Engine>) -> usize {
    let mut leased = 0;
    for _ in 0..20 {
        let calls = engine.calls_once(&CancellationToken::new()).await.unwrap();
        leased += calls.leased;
        if calls.leased == 0 {
            return leased;
        }
    }
    panic!("calls without an end");
}

async fn reasons(rig: &Rig) -> Vec<String> {
    sqlx::query_scalar("select reason from run_ended order by left_at, reason")
        .fetch_all(rig.store.pool())
        .await
        .unwrap()
}

async fn statuses(rig: &Rig) -> Vec<String> {
    sqlx::query_scalar("select status::text from call order by at, id")
        .fetch_all(rig.store.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn rule_30_an_answer_is_saved_and_the_run_goes_on() {
    let desk = Desk::answering(vec![(200, json!({ "code": "XY-1" }))]).await;
    let rig = Rig::new(&calling(&desk, "within: 1h")).await;
    let engine = started(&rig).await;
    assert_eq!(statuses(&rig).await, ["queued"], "decided with the turn");
    assert_eq!(call(&engine).await, 1);
    assert_eq!(reasons(&rig).await, ["gift"]);
    assert_eq!(statuses(&rig).await, ["answered"]);
    let asked = desk.asked();
    assert_eq!(asked[0]["customer"], "ana");
    assert_eq!(asked[0]["with"], json!({ "percent": 15 }));
    assert_eq!(
        rig.count("select count(*) from customer where traits->'code'->>'code' = 'XY-1'")
            .await,
        1
    );
}

#[tokio::test]
async fn rule_30_what_may_work_later_is_tried_again_under_the_same_id() {
    let desk = Desk::answering(vec![(503, json!({})), (429, json!({})), (200, json!("ok"))]).await;
    let rig = Rig::new(&calling(&desk, "within: 1h")).await;
    let engine = started(&rig).await;
    assert_eq!(call(&engine).await, 3);
    let asked = desk.asked();
    assert_eq!(asked.len(), 3);
    assert!(asked.iter().all(|a| a["id"] == asked[0]["id"]));
    assert_eq!(reasons(&rig).await, ["gift"]);
}

#[tokio::test]
async fn rule_30_a_final_failure_takes_else() {
    for answers in [vec![(400, json!({}))], vec![(500, json!({}))]] {
        let tries = if answers[0].0 == 400 { 1 } else { 3 };
        let desk = Desk::answering(answers).await;
        let rig = Rig::new(&calling(&desk, "within: 1h")).await;
        let engine = started(&rig).await;
        assert_eq!(call(&engine).await, tries, "once, and twice again");
        assert_eq!(reasons(&rig).await, ["no_gift"]);
        assert_eq!(statuses(&rig).await, ["failed"]);
    }
}

#[tokio::test]
async fn rule_30_and_35_a_call_that_nobody_waits_for_is_not_made() {
    let desk = Desk::answering(vec![(200, json!({}))]).await;
    let rig = Rig::new(&calling(&desk, "within: 1h")).await;
    let engine = started(&rig).await;
    events::take(&engine, &[event("ana", "stop", "2")], Timestamp::now()).await;
    assert_eq!(call(&engine).await, 0);
    assert_eq!(statuses(&rig).await, ["cancelled"]);
    // The time is over.
    events::take(&engine, &[event("ana", "start", "3")], Timestamp::now()).await;
    let later = Timestamp::now() + SignedDuration::from_hours(1);
    engine.timers_once(later).await.unwrap();
    assert_eq!(call(&engine).await, 0);
    assert_eq!(statuses(&rig).await, ["cancelled", "cancelled"]);
    assert!(desk.asked().is_empty());
    assert_eq!(reasons(&rig).await.len(), 2);
}

#[tokio::test]
async fn promise_8_a_call_that_was_killed_before_its_record_takes_effect_once() {
    let desk = Desk::answering(vec![(200, json!({ "code": "XY" }))]).await;
    let rig = Rig::new(&calling(&desk, "within: 1h")).await;
    let first = started(&rig).await;
    // It leases the call, makes it, and dies: nothing of that is recorded.
    let lease = SignedDuration::ZERO;
    let leased = rig
        .store
        .lease_calls(Timestamp::now(), 10, lease)
        .await
        .unwrap();
    assert_eq!(leased.len(), 1);
    drop(first);
    let second = rig.engine(kit::quick()).await;
    assert_eq!(call(&second).await, 1);
    // The dead one's record comes too late to change anything.
    let late = store::CallEnd {
        key: leased[0].lease(),
        error: Some(Failure::TooLate),
    };
    let recorded = rig
        .store
        .end_calls(&[late], Timestamp::now())
        .await
        .unwrap();
    assert_eq!(recorded, 0);
    assert_eq!(statuses(&rig).await, ["answered"]);
    assert_eq!(
        rig.count("select count(*) from input where kind = 5").await,
        1
    );
    assert_eq!(reasons(&rig).await, ["gift"]);
}

#[tokio::test]
async fn an_answer_that_cannot_be_kept_is_a_failure() {
    let desk = Desk::answering(vec![(200, json!("nul \u{0}"))]).await;
    let rig = Rig::new(&calling(&desk, "within: 1h")).await;
    let engine = started(&rig).await;
    call(&engine).await;
    assert_eq!(reasons(&rig).await, ["no_gift"]);
    assert_eq!(statuses(&rig).await, ["failed"]);
}

#[tokio::test]
async fn an_endpoint_that_is_gone_fails_the_call() {
    let desk = Desk::answering(vec![(200, json!({}))]).await;
    let rig = Rig::new(&calling(&desk, "within: 1h")).await;
    let engine = started(&rig).await;
    rig.apply(&Workspace::new().journey(
        "idle",
        "purpose: service\nenter: { event: never }\nsteps: []\n",
    ))
    .await;
    engine.reload().await.unwrap();
    call(&engine).await;
    assert_eq!(reasons(&rig).await, ["no_gift"]);
}
