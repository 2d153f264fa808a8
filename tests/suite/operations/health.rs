//! `/readyz`: part by part, with what is missing.

use std::{sync::Arc, time::Duration};

use api::Readiness;
use broker::Broker;
use engine::{Engine, Roles};
use jiff::SignedDuration;
use parcours_tests::kit::{self, Provider, Rig, Workspace, quick};
use serde_json::Value;
use store::Store;
use tokio_util::sync::CancellationToken;

use super::{
    Process, Scene,
    proxy::{Proxy, Wire, through},
};

const SOON: Duration = Duration::from_secs(60);

/// An engine with its loops running, and what it says of itself.
struct Engined {
    engine: Arc<Engine>,
    broker: Option<Broker>,
    stop: CancellationToken,
}

impl Engined {
    fn run(engine: &Arc<Engine>, broker: Option<Broker>) -> Self {
        let stop = CancellationToken::new();
        let (of, with, token) = (engine.clone(), broker.clone(), stop.clone());
        tokio::spawn(async move { of.run(with.as_ref(), Roles::ALL, token).await });
        Self {
            engine: engine.clone(),
            broker,
            stop,
        }
    }

    async fn parts(&self) -> Vec<Readiness> {
        let ops = cli::service::ops(&self.engine, self.broker.as_ref());
        (ops.ready)().await
    }

    /// Waits until that part, and no other, is not ready.
    async fn lacks(&self, part: &str) -> String {
        kit::eventually_some(SOON, &format!("{part} is not ready"), async || {
            let parts = self.parts().await;
            let lacking: Vec<_> = parts.into_iter().filter(|p| !p.ready).collect();
            match &lacking[..] {
                [one] if one.part == part => Some(one.detail.clone()),
                _ => None,
            }
        })
        .await
    }

    async fn is_ready(&self) {
        kit::eventually(SOON, "everything is ready", async || {
            self.parts().await.iter().all(|p| p.ready)
        })
        .await;
    }
}

impl Drop for Engined {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// A loop is not ready at once when it fails.
fn strict() -> engine::Settings {
    engine::Settings {
        loop_patience: SignedDuration::ZERO,
        ..quick()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_in_order_says_so_part_by_part() {
    let scene = Scene::set("").await;
    let process = scene.run().await;
    assert_eq!(process.get("/healthz").await, (200, "ok\n".to_owned()));
    let (status, report) = process.get("/readyz").await;
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!((status, &report["ready"]), (200, &true.into()), "{report}");
    let parts: Vec<&str> = report["parts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["part"].as_str().unwrap())
        .collect();
    for part in [
        "database",
        "schema",
        "workspace",
        "broker",
        "intake",
        "timers",
        "dispatch",
        "calls",
    ] {
        assert!(parts.contains(&part), "{part}: {parts:?}");
    }
    // The binary asks as well as any.
    let health = |address: &str| {
        let at = address.trim_start_matches("http://").to_owned();
        scene.parcours(&["health", "--at", &at]).output()
    };
    let said = health(process.api()).expect(0).out();
    assert!(said.contains("database: ready\n"), "{said}");
    let nobody = health("127.0.0.1:1").expect(2).err();
    assert!(nobody.contains("nobody answers at 127.0.0.1:1"), "{nobody}");
    // A process is asked for its own roles only.
    let timers = scene.parcours(&["run", "--roles", "timers"]);
    let timers = scene
        .start(timers.env("PARCOURS_METRICS_HTTP", "127.0.0.1:0"))
        .await;
    let (status, report) = timers.get("/readyz").await;
    assert_eq!(status, 200, "{report}");
    assert!(
        !report.contains("dispatch") && report.contains("timers"),
        "{report}"
    );
}

async fn not_ready(process: &Process, part: &str) -> String {
    kit::eventually_some(SOON, &format!("{part} is not ready"), async || {
        let (status, report) = process.get("/readyz").await;
        let report: Value = serde_json::from_str(&report).unwrap();
        let parts = report["parts"].as_array().unwrap();
        let lacks = |p: &&Value| p["part"] == part && p["ready"] == false;
        let found = parts.iter().find(lacks)?;
        assert_eq!((status, &report["ready"]), (503, &false.into()));
        Some(found["detail"].as_str().unwrap().to_owned())
    })
    .await
}

async fn ready_again(process: &Process) {
    kit::eventually(SOON, "it is ready again", async || {
        process.get("/readyz").await.0 == 200
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_are_away_or_silent_are_named_and_the_process_lives() {
    let scene = Scene::set("").await;
    let (postgres, database) = through(&scene.database.url);
    let (rabbitmq, amqp) = through(&scene.vhost.url);
    let (to_postgres, to_rabbitmq) = (Proxy::to(&postgres).await, Proxy::to(&rabbitmq).await);
    let command = scene
        .parcours(&["run"])
        .env("DATABASE_URL", &database(to_postgres.port))
        .env("AMQP_URL", &amqp(to_rabbitmq.port));
    let process = scene.start(command).await;
    ready_again(&process).await;
    let password = database(0);
    let password = password.split_once('@').map_or("", |(account, _)| account);
    for (wire, part) in [(&to_postgres, "database"), (&to_rabbitmq, "broker")] {
        for state in [Wire::Cut, Wire::Silent] {
            wire.set(state);
            let detail = not_ready(&process, part).await;
            let at = process.api().trim_start_matches("http://");
            let said = scene.parcours(&["health", "--at", at]).output();
            let said = said.expect(1).out();
            assert!(said.contains(&format!("{part}: not ready: ")), "{said}");
            assert!(!detail.is_empty() && !detail.contains("://"), "{detail}");
            assert!(
                password.is_empty() || !detail.contains(password),
                "{detail}"
            );
            assert_eq!(process.get("/healthz").await.0, 200);
            // Metrics are read all the same, and show no old figures.
            let sample = format!("parcours_ready{{part=\"{part}\"}} 0");
            let (status, text) = process.get("/metrics").await;
            assert_eq!(status, 200);
            assert!(text.contains(&sample), "{text}");
            wire.set(Wire::Cut);
            wire.set(Wire::Whole);
            ready_again(&process).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_an_older_version_is_not_ready_and_a_newer_one_is() {
    let rig = Rig::new(&Workspace::new()).await;
    let engined = Engined::run(&rig.engine(strict()).await, None);
    engined.is_ready().await;
    let execute = async |query: &'static str| {
        sqlx::query(query).execute(rig.store.pool()).await.unwrap();
    };
    execute("insert into _sqlx_migrations (version, description, success, checksum, execution_time) values (9999, 'of a later version', true, '', 0)").await;
    engined.is_ready().await;
    execute("update _sqlx_migrations set version = -version where version = 1").await;
    let detail = engined.lacks("schema").await;
    assert!(
        detail.contains("1 of this version's migrations are missing")
            && detail.contains("parcours migrate"),
        "{detail}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_published_is_not_ready() {
    let database = kit::database().await;
    let store = Store::connect(&store::Settings::new(&database.url)).await;
    let provider = Provider::start().await;
    let engine = Engine::start(store.unwrap(), provider.channels(), strict()).await;
    let engined = Engined::run(&engine.unwrap(), None);
    let detail = engined.lacks("workspace").await;
    assert!(detail.contains("parcours apply"), "{detail}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_loop_that_fails_is_named_with_its_error_and_ready_when_it_goes_on() {
    let rig = Rig::new(&Workspace::new()).await;
    let engined = Engined::run(&rig.engine(strict()).await, None);
    engined.is_ready().await;
    let execute = async |query: &'static str| {
        sqlx::query(query).execute(rig.store.pool()).await.unwrap();
    };
    execute("alter table call rename to call_away").await;
    let detail = engined.lacks("calls").await;
    assert!(detail.starts_with("failing for "), "{detail}");
    let text = engined.engine.metrics().text();
    assert!(
        text.contains("parcours_loop_errors_total{loop=\"calls\"}"),
        "{text}"
    );
    execute("alter table call_away rename to call").await;
    engined.is_ready().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_loop_that_has_ended_is_not_ready() {
    let rig = Rig::new(&Workspace::new()).await;
    let broker = rig.broker(broker::Settings::default()).await;
    let mut engined = Engined::run(&rig.engine(strict()).await, Some(broker.clone()));
    kit::eventually(SOON, "the intake loop runs", async || {
        let parts = engined.parts().await;
        parts.iter().any(|p| p.part == "intake" && p.ready)
    })
    .await;
    broker.close().await;
    // Asked about its loops alone: of the broker it is known. The one of dead letters, which asks now and then, fails sooner or later.
    engined.broker = None;
    kit::eventually(SOON, "the intake loop has ended", async || {
        let parts = engined.parts().await;
        let intake = parts.iter().find(|p| p.part == "intake" && !p.ready);
        intake.is_some_and(|p| p.detail == "the loop has ended")
    })
    .await;
}
