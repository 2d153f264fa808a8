//! What messages are filled in with when they leave: answers of sources, and codes of vouchers.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    extract::{Request, State},
    http::StatusCode,
};
use channels::{Caller, Channels, Reach, ReachSettings};
use engine::{Engine, Settings};
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use journey::{failure::Failure, ids::CustomerId};
use parcours_tests::kit::{self, Answer, Rig, Workspace, events};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// A source that answers what it is told to, and keeps what it was asked.
struct Shop {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
    says: Arc<Mutex<(u16, Value)>>,
}

type Desk = (Arc<Mutex<Vec<String>>>, Arc<Mutex<(u16, Value)>>);

impl Shop {
    async fn open() -> Self {
        let (asked, says): Desk = (
            Arc::default(),
            Arc::new(Mutex::new((200, json!({ "left": 3 })))),
        );
        let router = Router::new()
            .fallback(answer)
            .with_state((asked.clone(), says.clone()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, asked, says }
    }

    fn says(&self, status: u16, body: Value) {
        *self.says.lock().unwrap() = (status, body);
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn answer(State((asked, says)): State<Desk>, request: Request) -> (StatusCode, Json<Value>) {
    asked.lock().unwrap().push(request.uri().to_string());
    let (status, body) = says.lock().unwrap().clone();
    (StatusCode::from_u16(status).unwrap(), Json(body))
}

/// This machine counts as a network of ours, and is not where everything stays.
fn channels(rig: &Rig) -> Arc<Channels> {
    let settings = ReachSettings {
        private: vec!["127.0.0.1".to_owned()],
        ..ReachSettings::default()
    };
    let caller = Caller::new(|_| None, Reach::new(&settings).unwrap());
    let channels = Arc::into_inner(rig.provider.channels()).unwrap();
    Arc::new(channels.with_caller(caller))
}

async fn engine(rig: &Rig, settings: Settings) -> Arc<Engine> {
    rig.engine_with(settings, channels(rig)).await
}

const JOURNEY: &str = "purpose: marketing
enter: { event: a, again: always }
steps:
  - { id: nudge, send: sms, template: stock, with: { sku: A 1/2 } }
  - { wait: 30d }
";

fn fetching(shop: &Shop, rest: &str) -> Workspace {
    Workspace::new()
        .policies("caps: [ { name: one, purpose: marketing, max: 1, per: 1d, window: rolling, capped: skip } ]\n")
        .file(
            "config/content.yaml",
            &format!("stock: {{ url: \"{}/stock/{{sku}}\"{rest} }}\n", shop.url),
        )
        .sms("stock", "---\nfetch:\n  stock:\n    sku: \"{{ sku }}\"\n---\n{{ stock.left }} left")
        .journey("demo", JOURNEY)
        .journey("other", &JOURNEY.replace("event: a", "event: b"))
}

fn recently() -> Timestamp {
    Timestamp::now() - SignedDuration::from_mins(1)
}

async fn arrive(engine: &Arc<Engine>, customers: &[String], round: &str) {
    let mut bodies = Vec::new();
    for name in customers {
        bodies.extend(events::arrival_of(name));
        bodies.push(events::track(
            name,
            "a",
            &format!("{name} {round}"),
            &json!({}),
        ));
    }
    events::take(engine, &bodies, recently()).await;
}

async fn dispatch(engine: &Arc<Engine>) -> engine::Dispatched {
    engine
        .dispatch_once(&CancellationToken::new())
        .await
        .unwrap()
}

fn texts(rig: &Rig) -> Vec<String> {
    let taken = rig.provider.taken();
    let texts = taken.iter().map(|p| p.body["content"]["text"].as_str());
    texts.map(|t| t.unwrap().to_owned()).collect()
}

async fn errors(rig: &Rig) -> BTreeSet<String> {
    let kept: Vec<String> = sqlx::query_scalar("select error from message where error is not null")
        .fetch_all(rig.store.pool())
        .await
        .unwrap();
    kept.iter().map(|e| Failure::read(e).to_string()).collect()
}

#[tokio::test]
async fn a_message_says_what_its_source_says_when_it_leaves() {
    let shop = Shop::open().await;
    let rig = Rig::new(&fetching(&shop, "")).await;
    let engine = engine(&rig, kit::quick()).await;
    arrive(&engine, &["ana".to_owned()], "1").await;
    shop.says(200, json!({ "left": 7 }));
    assert_eq!(dispatch(&engine).await.sent, 1);
    assert_eq!(texts(&rig), ["7 left"]);
    assert_eq!(shop.asked(), ["/stock/A%201%2F2"]);
    let metrics = engine.metrics().text();
    assert!(
        metrics.contains(r#"parcours_fetches_total{outcome="answered",source="stock"} 1"#),
        "{metrics}"
    );
}

#[tokio::test]
async fn what_is_kept_is_asked_for_once() {
    let shop = Shop::open().await;
    let rig = Rig::new(&fetching(&shop, ", cache: 5m")).await;
    let engine = engine(&rig, kit::quick()).await;
    let all: Vec<String> = (0..20).map(|n| format!("c{n}")).collect();
    arrive(&engine, &all, "1").await;
    while dispatch(&engine).await.leased > 0 {}
    assert_eq!(texts(&rig).len(), 20);
    assert_eq!(shop.asked().len(), 1);
}

#[tokio::test]
async fn a_message_waits_for_its_source_and_fails_in_the_end_with_its_name() {
    let shop = Shop::open().await;
    let rig = Rig::new(&fetching(&shop, "")).await;
    let engine = engine(
        &rig,
        Settings {
            max_attempts: 3,
            ..kit::quick()
        },
    )
    .await;
    arrive(&engine, &["ana".to_owned()], "1").await;
    shop.says(503, json!({}));
    assert_eq!(dispatch(&engine).await.retried, 1);
    let why =
        "the content source stock gave nothing: the endpoint has trouble of its own (HTTP 503)";
    assert_eq!(errors(&rig).await, BTreeSet::from([why.to_owned()]));
    assert_eq!(dispatch(&engine).await.retried, 1);
    assert_eq!(dispatch(&engine).await.ended, 1);
    assert_eq!(rig.messages().await, ["sms failed failed 3"]);
    assert!(
        rig.provider.posts().is_empty(),
        "nobody was asked to carry it"
    );
    let said = errors(&rig).await.into_iter().next().unwrap();
    assert_eq!(said, format!("gave up after 3 tries: {why}"));
    // Its cap is given back.
    shop.says(200, json!({ "left": 1 }));
    let other = events::track("ana", "b", "2", &json!({}));
    events::take(&engine, &[other], recently()).await;
    assert_eq!(dispatch(&engine).await.sent, 1);
}

#[tokio::test]
async fn a_default_stands_for_what_a_source_does_not_say() {
    let shop = Shop::open().await;
    let rig = Rig::new(&fetching(&shop, ", default: { left: 0 }")).await;
    let engine = engine(&rig, kit::quick()).await;
    shop.says(500, json!({}));
    arrive(&engine, &["ana".to_owned()], "1").await;
    assert_eq!(dispatch(&engine).await.sent, 1);
    assert_eq!(texts(&rig), ["0 left"]);
}

#[tokio::test]
async fn in_development_nothing_is_drawn_and_samples_go_out() {
    let rig = Rig::new(&drawing("customer")).await;
    rig.store.add_vouchers("spring", &codes(1)).await.unwrap();
    let engine = rig.engine(kit::quick()).await;
    arrive(&engine, &["ana".to_owned()], "1").await;
    assert_eq!(dispatch(&engine).await.sent, 2);
    assert_eq!(texts(&rig), ["Your code: SPRING-0000"; 2]);
    assert_eq!(rig.count("select count(*) from voucher_draw").await, 0);
}

fn drawing(each: &str) -> Workspace {
    Workspace::new()
        .file(
            "config/vouchers.yaml",
            &format!("spring: {{ each: {each}, low: 5 }}\n"),
        )
        .sms("code", "Your code: {{ vouchers.spring }}")
        .journey(
            "demo",
            "purpose: service
enter: { event: a, again: always }
steps:
  - { id: gift, send: sms, template: code }
  - { id: again, send: sms, template: code }
",
        )
}

fn codes(n: usize) -> Vec<String> {
    (0..n).map(|n| format!("C-{n:04}")).collect()
}

/// The codes that each customer got.
async fn drawn(rig: &Rig) -> BTreeMap<String, BTreeSet<String>> {
    let rows: Vec<(String, String)> = sqlx::query_as(
        "select c.key, d.code from voucher_draw d join customer c on c.id = d.customer",
    )
    .fetch_all(rig.store.pool())
    .await
    .unwrap();
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (key, code) in rows {
        all.entry(key).or_default().insert(code);
    }
    all
}

/// Engines do not get into each other's way, and no code goes out twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_engines_draw_every_code_once_and_hold_back_who_finds_none() {
    const CODES: usize = 60;
    let rig = Rig::new(&drawing("customer")).await;
    let new = rig.store.add_vouchers("spring", &codes(CODES)).await;
    assert_eq!(new.unwrap(), CODES as u64);
    let settings = Settings {
        dispatch_batch: 7,
        first_retry: SignedDuration::from_hours(1),
        longest_retry: SignedDuration::from_hours(1),
        ..kit::quick()
    };
    let engines = join_all((0..4).map(|_| engine(&rig, settings.clone()))).await;
    let all: Vec<String> = (0..CODES + 20).map(|n| format!("c{n}")).collect();
    arrive(&engines[0], &all, "1").await;
    join_all(
        engines
            .iter()
            .map(async |engine| while dispatch(engine).await.leased > 0 {}),
    )
    .await;
    let drawn = drawn(&rig).await;
    assert_eq!(drawn.len(), CODES, "so many customers have a code");
    let different: BTreeSet<&String> = drawn.values().flatten().collect();
    assert_eq!(different.len(), CODES, "and each has another");
    // Two messages to each, and both with the same code.
    assert_eq!(texts(&rig).len(), 2 * CODES);
    assert_eq!(
        texts(&rig).into_iter().collect::<BTreeSet<_>>().len(),
        CODES
    );
    let waiting = "select count(*) from message where status = 'queued'";
    assert_eq!(rig.count(waiting).await, 40);
    assert_eq!(
        errors(&rig).await,
        BTreeSet::from(["the voucher pool spring is empty".to_owned()])
    );
    let pools = rig.store.voucher_pools().await.unwrap();
    assert_eq!((pools[0].left, pools[0].drawn), (0, CODES as u64));
    // Codes that come in later are drawn by those who wait.
    rig.store
        .add_vouchers("spring", &codes(CODES + 20))
        .await
        .unwrap();
    sqlx::query("update message set due_at = now() where due_at is not null")
        .execute(rig.store.pool())
        .await
        .unwrap();
    while dispatch(&engines[0]).await.leased > 0 {}
    assert_eq!(rig.count(waiting).await, 0);
    engines[0].sample_once(None, Timestamp::now()).await;
    let metrics = engines[0].metrics().text();
    assert!(
        metrics.contains(r#"parcours_vouchers_left{pool="spring"} 0"#),
        "{metrics}"
    );
}

#[tokio::test]
async fn who_a_code_is_for_is_what_the_pool_says() {
    for (each, expected) in [("customer", 1), ("run", 2), ("message", 4)] {
        let rig = Rig::new(&drawing(each)).await;
        rig.store.add_vouchers("spring", &codes(10)).await.unwrap();
        let engine = engine(&rig, kit::quick()).await;
        for round in ["1", "2"] {
            arrive(&engine, &["ana".to_owned()], round).await;
        }
        while dispatch(&engine).await.leased > 0 {}
        assert_eq!(texts(&rig).len(), 4);
        assert_eq!(drawn(&rig).await["ana"].len(), expected, "{each}");
    }
}

#[tokio::test]
async fn a_message_that_is_tried_again_says_the_same_code() {
    let rig = Rig::new(&drawing("message")).await;
    rig.store.add_vouchers("spring", &codes(10)).await.unwrap();
    rig.provider.script([
        Answer::Refuse(503),
        Answer::Refuse(503),
        Answer::Refuse(503),
    ]);
    let engine = engine(&rig, kit::quick()).await;
    arrive(&engine, &["ana".to_owned()], "1").await;
    while dispatch(&engine).await.leased > 0 {}
    let posts = rig.provider.posts();
    assert_eq!(posts.len(), 5);
    let mut by_message: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for post in &posts {
        let text = post.body["content"]["text"].to_string();
        by_message.entry(post.key.clone()).or_default().insert(text);
    }
    assert!(
        by_message.values().all(|texts| texts.len() == 1),
        "{by_message:?}"
    );
    assert_eq!(rig.count("select count(*) from voucher_draw").await, 2);
}

#[tokio::test]
async fn the_code_of_an_erased_customer_is_burnt() {
    let rig = Rig::new(&drawing("customer")).await;
    rig.store.add_vouchers("spring", &codes(1)).await.unwrap();
    let engine = engine(&rig, kit::quick()).await;
    arrive(&engine, &["ana".to_owned()], "1").await;
    while dispatch(&engine).await.leased > 0 {}
    let ana = CustomerId::of("ana");
    let told = rig
        .reader()
        .export("ana", Timestamp::now())
        .await
        .unwrap()
        .unwrap();
    let told = serde_json::to_string(&told).unwrap();
    assert!(told.contains("C-0000"), "the export tells the code: {told}");
    let erased = rig
        .store
        .erase(ana, Timestamp::now())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(erased.rows["voucher_draw"], 1);
    // Nobody gets it, and it is no news.
    assert_eq!(
        rig.store.add_vouchers("spring", &codes(1)).await.unwrap(),
        0
    );
    assert_eq!(
        rig.store
            .vouchers_left(&["spring".to_owned()], 9)
            .await
            .unwrap(),
        [0]
    );
    let owner = ana.0;
    let drawn = rig
        .store
        .draw_voucher("spring", ana, owner, Timestamp::now());
    assert_eq!(drawn.await.unwrap(), None);
}
