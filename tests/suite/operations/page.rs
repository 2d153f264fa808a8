//! The page of operations: what it says while all is well, and while it is not.

use std::{path::PathBuf, sync::Arc};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use engine::{Engine, Roles};
use jiff::Timestamp;
use parcours_tests::kit::{
    self, Rig, Workspace,
    browser::{self, Scheme},
    quick,
};
use serde_json::Value;
use tower::ServiceExt as _;

use super::{
    Process, Scene, get,
    proxy::{Proxy, Wire, through},
};
use crate::{api::desk, process::binary::SOON};

async fn page(process: &Process) -> String {
    let (status, page) = get(&format!("{}/operations?lang=en", process.api())).await;
    assert_eq!(status, 200, "{page}");
    assert!(page.len() < 100_000, "{} bytes", page.len());
    page
}

async fn says(process: &Process, words: &str) -> String {
    kit::eventually_some(SOON, words, async || {
        Some(page(process).await).filter(|page| page.contains(words))
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_away_is_said_in_words_and_so_is_that_it_is_back() {
    let scene = Scene::set("").await;
    let (rabbitmq, amqp) = through(&scene.vhost.url);
    let wire = Proxy::to(&rabbitmq).await;
    let command = scene.parcours(&["run"]).env("AMQP_URL", &amqp(wire.port));
    let process = scene.start(command).await;
    let well = says(&process, "All is well.").await;
    assert!(
        well.contains("1 process runs") && well.contains("stand-in"),
        "{well}"
    );
    wire.set(Wire::Cut);
    let page = says(&process, "RabbitMQ is not ready").await;
    assert!(
        page.contains("Not all is well.") && page.contains("everything goes on by itself"),
        "{page}"
    );
    assert!(
        page.contains("docs/operations.md#parcoursnotready"),
        "{page}"
    );
    let (_, report) = process.get("/v1/operations").await;
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(
        (&report["well"], &report["troubles"][0]["alert"]),
        (&false.into(), &"ParcoursNotReady".into())
    );
    let part = |p: &&Value| p["part"] == "broker";
    let part = report["parts"].as_array().unwrap().iter().find(part);
    assert!(part.unwrap()["since"].is_string(), "{report}");
    wire.set(Wire::Whole);
    says(&process, "All is well.").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_process_is_listed_and_missed_when_it_dies_but_not_when_it_stops() {
    let scene = Scene::set("").await;
    let front = scene
        .start(scene.parcours(&["run", "--roles", "intake,timers,api"]))
        .await;
    says(&front, "No process hands messages to providers").await;
    let start = async || {
        let dispatch = scene.parcours(&["run", "--roles", "dispatch"]);
        scene
            .start(dispatch.env("PARCOURS_METRICS_HTTP", "127.0.0.1:0"))
            .await
    };
    let (mut dies, mut stops) = (start().await, start().await);
    says(&front, "3 processes run").await;
    says(&front, "All is well.").await;
    stops.running.signal("TERM");
    stops.running.ends(SOON);
    says(&front, "2 processes run").await;
    says(&front, "All is well.").await;
    dies.running.kill();
    // A minute later.
    sqlx::query(
        "update engine set seen_at = seen_at - interval '1 minute' where roles = array['dispatch']",
    )
    .execute(&scene.pool)
    .await
    .unwrap();
    let page = says(&front, "has not been seen since").await;
    assert!(
        page.contains("No process hands messages to providers"),
        "{page}"
    );
    assert!(page.contains("Missing"), "{page}");
    let (_, report) = front.get("/v1/operations").await;
    let report: Value = serde_json::from_str(&report).unwrap();
    let missing = report["engines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["missing"].clone());
    assert_eq!(missing.filter(|m| *m == true).count(), 1, "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_page_is_told_and_values_are_answered_over_time() {
    let scene = Scene::set("").await;
    let process = scene.run().await;
    assert_eq!(
        process.track(&super::track("ana", "start", "1"), &[]).await,
        200
    );
    kit::eventually(SOON, "it is counted", async || {
        let (status, body) = process
            .get("/v1/operations/samples?name=events,sent/")
            .await;
        assert_eq!(status, 200, "{body}");
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["step_seconds"], 60);
        let series = body["series"].as_array().unwrap();
        let total = |name: &str| {
            let one = series.iter().find(|s| s["name"] == name);
            let points = one
                .and_then(|s| s["points"].as_array())
                .into_iter()
                .flatten();
            points.filter_map(|p| p["value"].as_f64()).sum::<f64>()
        };
        total("events") >= 1.0 && total("sent/sms/stand-in") >= 1.0
    })
    .await;
    for wrong in [
        "",
        "?name=events&from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z",
        "?name=events&from=x",
    ] {
        let (status, body) = process.get(&format!("/v1/operations/samples{wrong}")).await;
        assert_eq!(status, 400, "{wrong}: {body}");
    }
    // The page was made before: it is told at once.
    let live = format!("{}/operations/live?seen=before", process.api());
    let mut stream = kit::http().get(live).send().await.unwrap();
    let told = tokio::time::timeout(SOON, async {
        let mut all = String::new();
        while !all.contains("event: changed") {
            let chunk = stream.chunk().await.unwrap().expect("it goes on");
            all.push_str(&String::from_utf8_lossy(&chunk));
        }
    });
    told.await.unwrap();
}

/// The console over a database and an engine, as a browser asks for it.
struct Console {
    rig: Rig,
    engine: Arc<Engine>,
    router: Router,
}

impl Console {
    async fn open() -> Self {
        let rig = Rig::new(&Workspace::new()).await;
        let settings = engine::Settings {
            host: "shop-1".into(),
            serves: true,
            ..quick()
        };
        let engine = rig.engine(settings).await;
        let state = api::State {
            ops: cli::service::ops(&engine, None),
            clock: Timestamp::now,
            ..desk::state(rig.reader(), Arc::default(), None)
        };
        Self {
            router: api::router(state),
            engine,
            rig,
        }
    }

    async fn get(&self, path: &str) -> String {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        String::from_utf8(body.to_vec()).unwrap()
    }

    async fn execute(&self, query: &'static str) {
        sqlx::query(query)
            .execute(self.rig.store.pool())
            .await
            .unwrap();
    }
}

/// A week as a shop has it: more by day, a gap in the night, and a late hour yesterday.
const WEEK: &str = "\
insert into sample (at, seconds, name, value, sums)
select at, seconds, name, case
         when name = 'events' then floor(seconds * (0.6 + 0.5 * sin(extract(epoch from at) / 13751)) * 4 * (0.8 + random() * 0.4))
         when name = 'sent' then floor(seconds * (0.2 + 0.17 * sin(extract(epoch from at) / 13751)) * (0.7 + random() * 0.6))
         when name = 'failed' then floor(random() * 3)
         when name like 'late/%' then case when extract(hour from at) = 3 then 95 else 0.4 + random() * 6 end
         when name like 'due/%' then case when extract(hour from at) = 3 then 4200 else floor(random() * 90) end
         when name = 'queue/dead' then 3
         when name = 'queue/ready' then floor(random() * 40)
         when name like '%p95' then 0.02 + random() * 0.03
         else 0.004 + random() * 0.003 end,
       name not like '%/%'
from (values (60, 25), (900, 168)) k (seconds, hours)
cross join lateral generate_series(to_timestamp(floor(extract(epoch from now()) / seconds) * seconds) - make_interval(hours => hours), now(), make_interval(secs => seconds)) at
cross join unnest(array['events', 'sent', 'failed', 'late/timers', 'late/messages', 'late/calls', 'due/timers', 'due/messages', 'due/calls', 'queue/ready', 'queue/dead',
                        'turn_seconds/p50', 'turn_seconds/p95', 'dispatch_seconds/p50', 'dispatch_seconds/p95']) name
where at not between now() - interval '38 minutes' and now() - interval '29 minutes'
on conflict do nothing";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_rabbitmq_the_page_is_calm_about_it_and_axe_finds_nothing_wrong() {
    let console = Console::open().await;
    let roles = Roles {
        intake: false,
        ..Roles::ALL
    };
    assert!(
        console
            .engine
            .tell_once(None, roles, Timestamp::now())
            .await
    );
    let calm = console.get("/operations?lang=en").await;
    assert!(
        calm.contains("All is well.") && calm.contains("none is needed"),
        "{calm}"
    );
    console.execute(WEEK).await;
    let mut pages = vec![("calm", calm)];
    for span in ["1h", "24h", "7d"] {
        let page = console
            .get(&format!("/operations?span={span}&lang=en"))
            .await;
        assert!(page.len() < 100_000, "{span}: {} bytes", page.len());
        assert!(!page.contains("style="), "no style in the page itself");
        pages.push((span, page));
    }
    console.execute(TROUBLE).await;
    let troubled = console.get("/operations?lang=en").await;
    for words in [
        "Not all is well.",
        "acme (SMS) is left alone",
        "Circuit open: 40 s more",
        "/messages?channel=sms&#38;reason=failed",
        "RabbitMQ takes nothing for now: low on memory",
        "has not been seen since",
    ] {
        assert!(troubled.contains(words), "{words}: {troubled}");
    }
    pages.push(("troubled", troubled));
    pages.push((
        "troubled-fr",
        console.get("/operations?span=24h&lang=fr").await,
    ));
    let sheet = console.get("/console.css").await;
    // `PICTURES=FOLDER` takes pictures, to be looked at.
    let pictures = std::env::var_os("PICTURES").map(PathBuf::from);
    let mut found = Vec::new();
    for (name, page) in &pages {
        for scheme in [Scheme::Light, Scheme::Dark] {
            let wrong = browser::wrong(page, &sheet, scheme);
            found.extend(wrong.iter().map(|w| format!("{name} {scheme:?}: {w}")));
            for (folder, width) in pictures.iter().flat_map(|f| [(f, 1280), (f, 390)]) {
                let file = folder.join(format!("{name}-{width}-{scheme:?}.png"));
                browser::picture(page, &sheet, scheme, width, &file);
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// A process that died, one that RabbitMQ refuses, and a provider that fails.
const TROUBLE: &str = "\
with failed as (
  insert into sample (at, seconds, name, value, sums)
  select date_trunc('minute', now()), 60, name, 7, true
  from unnest(array['failed/sms/acme/failed', 'failed/sms/acme/expired', 'sent/sms/acme', 'retried/sms/acme']) name)
insert into engine (id, started_at, seen_at, host, version, roles, seen)
select gen_random_uuid(), now() - interval '2 days', now() - age, host, '0.1.0', roles,
       jsonb_build_object('broker', true, 'connections_used', 3, 'connections_max', 8, 'broker_refuses', 'low on memory',
         'values', jsonb_build_object('queue/ready', 61000, 'queue/dead', 4, 'late/timers', 200, 'late/messages', 3),
         'providers', jsonb_build_array(jsonb_build_object('channel', 'sms', 'provider', 'acme', 'closed', false, 'left_alone_seconds', 40, 'busy', 2)))
from (values ('shop-2', interval '0', array['intake', 'timers', 'dispatch']), ('shop-3', interval '5 minutes', array['dispatch'])) e (host, age, roles)";
