//! `parcours event`: the producer's tool.

use broker::{Broker, Depth};
use parcours_tests::kit;
use serde_json::Value;

use super::binary::{Parcours, SOON, Workspace};

/// A RabbitMQ to publish to, and what lies in its queue.
struct Scene {
    vhost: kit::TestVhost,
    workspace: Workspace,
    broker: Broker,
}

impl Scene {
    async fn set() -> Self {
        let vhost = kit::vhost().await;
        let settings = broker::Settings {
            url: vhost.url.clone(),
            ..Default::default()
        };
        let broker = Broker::connect(&settings).await.unwrap();
        Self {
            vhost,
            workspace: Workspace::new(&[]),
            broker,
        }
    }

    fn event(&self, args: &[&str]) -> Parcours {
        let all = [&["event"], args].concat();
        self.workspace
            .parcours(all)
            .env("AMQP_URL", &self.vhost.url)
    }

    /// Takes `count` bodies from the queue.
    async fn published(&self, count: usize) -> Vec<Value> {
        let mut consumer = self.broker.consumer().await.unwrap();
        let mut bodies = Vec::new();
        while bodies.len() < count {
            let next = tokio::time::timeout(SOON, consumer.next()).await;
            let batch = next.expect("events come").unwrap().unwrap();
            bodies.extend(
                batch
                    .deliveries
                    .iter()
                    .map(|d| serde_json::from_slice::<Value>(&d.body).unwrap()),
            );
            batch.settle(Vec::new()).await.unwrap();
        }
        consumer.stop().await.unwrap();
        bodies
    }

    async fn nothing_was_published(&self) {
        assert_eq!(self.broker.depth().await.unwrap(), Depth::default());
    }
}

fn fields<'v>(bodies: &'v [Value], name: &str) -> Vec<&'v Value> {
    bodies.iter().map(|body| &body[name]).collect()
}

#[tokio::test]
async fn one_event() {
    let scene = Scene::set().await;
    let args = [
        "--name",
        "cart.updated",
        "--customer",
        "ana",
        "--with",
        r#"{"total":50}"#,
        "--id",
        "c-1",
    ];
    let said = scene.event(&args).output().expect(0);
    assert_eq!(
        (said.out().as_str(), said.err().as_str()),
        ("1 event published\n", ""),
        "no bar without a terminal"
    );
    let bodies = scene.published(1).await;
    assert_eq!(bodies[0]["event"], "cart.updated");
    assert_eq!(bodies[0]["userId"], "ana");
    assert_eq!(bodies[0]["messageId"], "c-1");
    assert_eq!(bodies[0]["properties"]["total"], 50);
}

const SEGMENT: &str = r#"{"type":"identify","messageId":"1","timestamp":"2026-01-01T10:00:00Z","userId":"ana","traits":{"country":"FR"}}
{"type":"track","messageId":"2","timestamp":"2026-01-01T10:00:01Z","userId":"ana","event":"cart.updated","properties":{"total":1}}
"#;

#[tokio::test]
async fn segment_lines_of_a_file_and_of_standard_input() {
    let scene = Scene::set().await;
    scene.workspace.write("s.ndjson", SEGMENT);
    let said = scene
        .event(&["s.ndjson", "--format", "json"])
        .output()
        .expect(0);
    assert_eq!(said.json(), serde_json::json!({ "published": 2 }));
    let from_file = scene.published(2).await;
    scene.event(&["-"]).fed(SEGMENT).expect(0);
    let from_input = scene.published(2).await;
    assert_eq!(from_file, from_input);
    assert_eq!(fields(&from_input, "messageId"), ["1", "2"]);
    assert_eq!(from_input[0]["traits"]["country"], "FR");
}

#[tokio::test]
async fn flat_rows_are_mapped_renamed_and_typed() {
    let scene = Scene::set().await;
    let csv = "user,what,when,total,code\n007,add,2024-07-13 10:00:00,12.5,0042\n8,add,2024-07-13 09:00:00,3,0043\n";
    scene.workspace.write("rows.csv", csv);
    let args = [
        "rows.csv",
        "--map",
        "customer=user,event=what,at=when",
        "--rename",
        "add=cart.updated",
        "--types",
        "code=text",
        "--zone",
        "Europe/Paris",
    ];
    scene.event(&args).output().expect(0);
    let bodies = scene.published(2).await;
    assert_eq!(
        fields(&bodies, "userId"),
        ["8", "007"],
        "in the order of time"
    );
    assert_eq!(fields(&bodies, "event"), ["cart.updated", "cart.updated"]);
    assert!(
        bodies[1]["timestamp"]
            .as_str()
            .unwrap()
            .starts_with("2024-07-13T08:00:00")
    );
    assert_eq!(
        bodies[1]["properties"],
        serde_json::json!({ "total": 12.5, "code": "0042" })
    );

    let flat =
        "{\"customer\":\"ana\",\"event\":\"page.seen\",\"at\":\"2024-01-01\",\"path\":\"/\"}\n";
    scene.event(&["-"]).fed(flat).expect(0);
    assert_eq!(scene.published(1).await[0]["properties"]["path"], "/");
}

/// Ids come from what a row says: again the same ones for the same file, others for another.
#[tokio::test]
async fn a_file_published_again_takes_no_effect_and_another_one_does() {
    let scene = Scene::set().await;
    let row = "ana,page.seen,2024-01-01T00:00:00Z\n";
    let csv = format!("customer,event,at\n{row}{row}");
    scene.event(&["-"]).fed(&csv).expect(0);
    let first = scene.published(2).await;
    assert_ne!(
        first[0]["messageId"], first[1]["messageId"],
        "twice in a file is twice"
    );
    scene.workspace.write("other.csv", &csv);
    scene.event(&["other.csv"]).output().expect(0);
    assert_eq!(scene.published(2).await, first);
    scene.event(&["-"]).fed(&csv.replace("ana", "bo")).expect(0);
    let other = scene.published(2).await;
    assert_ne!(other[0]["messageId"], first[0]["messageId"]);
}

#[tokio::test]
async fn one_bad_line_and_nothing_is_published() {
    let scene = Scene::set().await;
    let without_id = SEGMENT.replace(r#""messageId":"1","#, "");
    let header = "customer,event,at\nana,page.seen,2024-01-01\n";
    let table = |line: &str| format!("{header}{line}\n");
    for (name, text, expected) in [
        ("a.ndjson", without_id, "a.ndjson:1: `messageId` is missing"),
        (
            "b.ndjson",
            format!("{SEGMENT}\n{{\"type\":\n"),
            "b.ndjson:4: ",
        ),
        (
            "c.csv",
            table(",page.seen,2024-01-01"),
            "c.csv:3: no customer",
        ),
        (
            "d.csv",
            table("bo,page.seen,soon"),
            "d.csv:3: `soon` is no time",
        ),
        (
            "e.csv",
            table("bo,page.seen"),
            "e.csv:3: 2 fields, where the header has 3",
        ),
        (
            "f.csv",
            table(&format!("{},x,2024-01-01", "b".repeat(300))),
            "f.csv:3: ",
        ),
        (
            "g.ndjson",
            "{\"customer\":\"a\",\n".to_owned(),
            "g.ndjson:1: not JSON",
        ),
        ("h.csv", table("bo,x,2100-01-01"), "h.csv:3: "),
    ] {
        scene.workspace.write(name, &text);
        let said = scene.event(&[name]).output().expect(2).err();
        assert!(said.contains(expected), "expected `{expected}` in: {said}");
    }
    let said = scene.event(&["none.csv"]).output().expect(2).err();
    assert!(said.contains("cannot read none.csv"), "{said}");
    let said = scene
        .event(&["--name", "x", "--customer", "ana", "--with", "[1]"])
        .output();
    assert!(said.expect(2).err().contains("--with is a JSON object"));
    scene.event(&["--name", "x"]).output().expect(2);
    scene.nothing_was_published().await;
}
