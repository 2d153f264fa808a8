//! The real binary: plan, apply, and an engine that is killed while runs pass.

use std::time::Duration;

use parcours_tests::kit::{self, TestDb, TestVhost};
use sqlx::PgPool;

use crate::process::binary::{Parcours, SOON, Workspace};

/// Runs in flight when the engine is killed.
const RUNS: usize = 4_000;
const POLICIES: &str =
    "purposes:\n  service: { consent: none }\ndefaults: { zone: UTC, locale: en }\n";

struct Scene {
    workspace: Workspace,
    database: TestDb,
    vhost: TestVhost,
    pool: PgPool,
}

impl Scene {
    async fn set(journey: &str) -> Self {
        let (database, vhost) = tokio::join!(kit::database(), kit::vhost());
        let journey = text(journey);
        let files = [
            ("config/policies.yaml", POLICIES),
            ("journeys/demo/journey.yaml", journey.as_str()),
        ];
        let scene = Self {
            workspace: Workspace::new(&files),
            pool: PgPool::connect(&database.url).await.unwrap(),
            database,
            vhost,
        };
        scene.parcours(&["apply"]).output().expect(0);
        scene
    }

    fn parcours(&self, args: &[&str]) -> Parcours {
        self.workspace
            .parcours(args)
            .env("DATABASE_URL", &self.database.url)
            .env("AMQP_URL", &self.vhost.url)
            .env("PARCOURS_HTTP", "127.0.0.1:0")
    }

    fn write(&self, journey: &str) {
        self.workspace
            .write("journeys/demo/journey.yaml", &text(journey));
    }

    async fn count(&self, query: &'static str) -> i64 {
        sqlx::query_scalar(query)
            .fetch_one(&self.pool)
            .await
            .unwrap()
    }
}

fn text(rest: &str) -> String {
    format!("journey: demo\npurpose: service\nenter: {{ event: start }}\n{rest}")
}

const OLD: &str = "steps:\n  - { id: pause, wait: 200h }\n";
const NEW: &str = "migrate: { from: 1, in_flight: move }\nsteps:\n  - { id: pause, wait: 300h }\n";
const PASSED: &str = "select count(*) from input where kind = 6";

/// Promise 8: killed at any moment, what is in store for runs in flight is carried out to the end,
/// once for each.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promise_8_an_engine_killed_while_runs_pass_is_resumed_to_the_end() {
    let scene = Scene::set(OLD).await;
    let line = |n: usize| {
        format!(
            "{{\"type\":\"track\",\"userId\":\"c{n}\",\"event\":\"start\",\"messageId\":\"s{n}\"}}\n"
        )
    };
    let stream: String = (0..RUNS).map(line).collect();
    scene.workspace.write("stream.ndjson", &stream);
    scene
        .parcours(&["event", "stream.ndjson"])
        .output()
        .expect(0);
    let mut engine = scene
        .parcours(&["run"])
        .start(scene.workspace.path(), "first");
    let inside = "select count(*) from run";
    kit::eventually(SOON, "all are inside", async || {
        scene.count(inside).await == RUNS as i64
    })
    .await;

    scene.write(NEW);
    scene.parcours(&["apply", "--yes"]).output().expect(0);
    let (mut kills, mut last, mut midway) = (0, 0, 0);
    while kills < 3 {
        kit::eventually(SOON, "some have passed", async || {
            scene.count(PASSED).await > last
        })
        .await;
        engine.kill();
        kills += 1;
        last = scene.count(PASSED).await;
        midway += i32::from(last < RUNS as i64);
        engine = scene
            .parcours(&["run"])
            .start(scene.workspace.path(), &format!("run-{kills}"));
        if last == RUNS as i64 {
            break;
        }
    }
    assert!(midway > 0, "it was killed too late to tell");
    kit::eventually(SOON, "all have passed", async || {
        scene.count(PASSED).await == RUNS as i64
    })
    .await;
    let done = "select count(*) from passage where done_at is not null";
    kit::eventually(SOON, "it is done", async || scene.count(done).await == 1).await;
    let moved = "select count(*) from run r join machine m on m.id = r.machine
                 where m.version = 2 and r.due_at = r.entered_at + interval '300 hours'";
    assert_eq!(scene.count(moved).await, RUNS as i64);
    engine.signal("TERM");
    assert_eq!(
        engine.ends(Duration::from_secs(20)).code(),
        Some(0),
        "{}",
        engine.err()
    );
}

/// Promise 7: `plan` counts them beforehand, and `apply --plan` does what was shown or nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promise_7_a_plan_counts_customers_in_flight_and_apply_keeps_to_it() {
    let scene = Scene::set(OLD).await;
    let plan = scene.parcours(&["plan"]).output().expect(0);
    assert!(
        plan.out().contains("Nothing would change"),
        "{}",
        plan.out()
    );
    sqlx::raw_sql(
        "insert into customer (id, seen_at, key) values (gen_random_uuid(), now(), 'ana');
         insert into run (customer, id, machine, entered_at, due_at, revision, node, journey, key, state)
         select c.id, gen_random_uuid(), m.id, now(), now() + interval '200 hours', 1, 0, 'demo', n::text,
                convert_to('{}', 'UTF8')
         from customer c, machine m, generate_series(1, 12) n",
    )
    .execute(&scene.pool)
    .await
    .unwrap();
    scene.write(NEW);
    let plan = scene.parcours(&["plan"]).output().expect(0);
    let out = plan.out();
    assert!(out.contains("demo: changed, version 1 becomes 2"), "{out}");
    assert!(
        out.contains("12  at wait `pause`: move to wait `pause`"),
        "{out}"
    );
    let json = scene
        .parcours(&["plan", "--format", "json"])
        .output()
        .expect(0)
        .json();
    assert_eq!(json["in_flight"]["moves"], 12);
    assert_eq!(json["journeys"][0]["state"], "changed");
    let name = json["plan"].as_str().unwrap();
    assert!(
        out.trim_end()
            .ends_with(&format!("parcours apply --plan {name}")),
        "{out}"
    );

    // Nobody is there to be asked: an order about runs in flight wants a yes.
    let refused = scene.parcours(&["apply"]).output().expect(1);
    assert!(
        refused
            .err()
            .contains("12 runs in flight will be moved or ended"),
        "{}",
        refused.err()
    );
    assert_eq!(scene.count("select count(*) from machine").await, 1);
    // The files were changed since.
    scene.write(&NEW.replace("300h", "301h"));
    let refused = scene
        .parcours(&["apply", "--plan", name])
        .output()
        .expect(1);
    assert!(refused.err().contains("plan again"), "{}", refused.err());
    scene.write(NEW);
    scene
        .parcours(&["apply", "--plan", name])
        .output()
        .expect(0);
    // And the running system is no longer what it was.
    let refused = scene
        .parcours(&["apply", "--plan", name])
        .output()
        .expect(1);
    assert!(
        refused
            .err()
            .contains("no longer what the plan was made against"),
        "{}",
        refused.err()
    );
    let nonsense = scene.parcours(&["apply", "--plan", "x"]).output().expect(2);
    assert!(
        nonsense.err().contains("no plan's name"),
        "{}",
        nonsense.err()
    );
    let order =
        "select count(*) from passage where in_flight = 'move' and cardinality(sources) = 1";
    assert_eq!(scene.count(order).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stop_wants_a_journey_that_was_removed_and_that_there_was() {
    let scene = Scene::set(OLD).await;
    let there = scene
        .parcours(&["apply", "--stop", "demo"])
        .output()
        .expect(1);
    assert!(
        there.err().contains("remove journeys/demo/ first"),
        "{}",
        there.err()
    );
    let never = scene
        .parcours(&["plan", "--stop", "demi"])
        .output()
        .expect(1);
    assert!(
        never.err().contains("did you mean `demo`?"),
        "{}",
        never.err()
    );
    // What `plan` alone can say is an error there and in `apply`, and `check` does not know it.
    scene.write(&NEW.replace("from: 1", "from: 7"));
    scene.parcours(&["check"]).output().expect(0);
    let plan = scene.parcours(&["plan"]).output().expect(1);
    assert!(plan.err().contains("J901"), "{}", plan.err());
    scene.parcours(&["apply", "--yes"]).output().expect(1);
    assert_eq!(scene.count("select count(*) from machine").await, 1);
}

/// Rule 53 by hand: what the commands say, and a running engine that heeds them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_53_pause_and_resume_reach_a_running_engine_and_say_what_they_do() {
    let scene = Scene::set("steps:\n  - { id: rest, wait: 1s }\n  - wait: 200h\n").await;
    let mut engine = scene
        .parcours(&["run"])
        .start(scene.workspace.path(), "engine");
    let send = |name: &str| {
        let args = ["event", "--name", "start", "--customer", name];
        scene.parcours(&args).output().expect(0);
    };
    let paused = scene.parcours(&["pause", "demo"]).output().expect(0);
    let wanted = "demo is paused: nobody is inside; nobody enters.\n\
                  It goes on with: parcours resume demo\n";
    assert_eq!(paused.out(), wanted);
    let refused = "select count(*) from input where name = 'start'
                   and position('paused'::bytea in trace) > 0";
    // Until it has heard of it, it lets people in, and pauses them.
    let mut n = 0;
    kit::eventually(SOON, "somebody is refused", async || {
        n += 1;
        send(&format!("c{n}"));
        scene.count(refused).await > 0
    })
    .await;
    let late = "select count(*) from run where due_at is not null";
    kit::eventually(SOON, "nobody goes on", async || {
        scene.count(late).await == 0
    })
    .await;
    let again = scene.parcours(&["pause", "demo"]).output().expect(0);
    assert!(
        again.out().starts_with("demo is paused already, since 20"),
        "{}",
        again.out()
    );
    let plan = scene.parcours(&["plan"]).output().expect(0);
    assert!(
        plan.out().contains("demo is paused since 20"),
        "{}",
        plan.out()
    );
    let json = ["resume", "demo", "--format", "json"];
    let json = scene.parcours(&json).output().expect(0).json();
    assert_eq!(
        (&json["paused"], &json["changed"]),
        (&false.into(), &true.into())
    );
    kit::eventually(SOON, "people enter again", async || {
        n += 1;
        let name = format!("c{n}");
        send(&name);
        scene
            .count("select count(*) from run where due_at is not null")
            .await
            > 0
    })
    .await;
    let near = scene.parcours(&["pause", "dmo"]).output().expect(1);
    let wanted = "error: no journey `dmo` was ever published; did you mean `demo`?";
    assert!(near.err().contains(wanted), "{}", near.err());
    engine.signal("TERM");
    assert_eq!(engine.ends(Duration::from_secs(20)).code(), Some(0));
}
