//! `parcours dev`: everything on this machine, with nothing but PostgreSQL's own programs.

use std::time::Duration;

use parcours_tests::kit;
use sqlx::{Connection, PgConnection};

use super::binary::{Running, SOON, Workspace};

/// A running `parcours dev` and what it said of itself.
struct Dev {
    process: Running,
    console: String,
    database: String,
}

impl Dev {
    async fn start(workspace: &Workspace, name: &str) -> Self {
        let args = ["dev", "--http", "127.0.0.1:0"];
        let mut process = workspace.parcours(args).start(workspace.path(), name);
        let said = |word: &'static str| {
            move |out: &str| {
                let mut lines = out.lines().filter_map(|line| line.split_once(' '));
                let (_, value) = lines.find(|(first, _)| *first == word)?;
                out.contains("Ctrl-C").then(|| value.trim().to_owned())
            }
        };
        let console = process.says("the console's address", said("console")).await;
        let database = process
            .says("the database's address", said("database"))
            .await;
        Self {
            process,
            console,
            database,
        }
    }

    /// Waits until the error stream holds `text`.
    async fn reports(&self, text: &str) {
        kit::eventually(SOON, text, async || self.process.err().contains(text)).await;
    }

    async fn stop(mut self, workspace: &Workspace) {
        self.process.signal("INT");
        let status = self.process.ends(Duration::from_secs(20));
        assert_eq!(status.code(), Some(0), "{}", self.process.err());
        workspace.is_left().await;
    }
}

async fn publish(console: &str, id: &str, customer: &str, event: &str, properties: &str) {
    let body = format!(
        r#"{{"type":"track","messageId":"{id}","userId":"{customer}","event":"{event}","properties":{properties},"context":{{"traits":{{"email":"ana@example.com"}}}}}}"#
    );
    let answer = kit::http()
        .post(format!("{console}v1/track"))
        .header("content-type", "application/json")
        .body(body)
        .send()
        .await
        .unwrap();
    assert!(
        answer.status().is_success(),
        "{}",
        answer.text().await.unwrap()
    );
}

async fn page(console: &str, path: &str) -> String {
    let answer = kit::http().get(format!("{console}{path}"));
    let answer = answer.send().await.unwrap();
    answer.text().await.unwrap()
}

async fn inputs(database: &str) -> i64 {
    let mut connection = PgConnection::connect(database).await.unwrap();
    let count = sqlx::query_scalar("select count(*) from input where kind = 0");
    count.fetch_one(&mut connection).await.unwrap()
}

const SIGNED_UP: &str = r#"{"confirm_url":"https://shop.example/confirm"}"#;

#[tokio::test]
async fn an_answered_event_survives_a_kill_right_after_the_answer() {
    let workspace = Workspace::of_samples();
    let mut dev = Dev::start(&workspace, "first").await;
    publish(&dev.console, "kept", "ana", "customer.signed_up", SIGNED_UP).await;
    dev.process.kill();
    workspace.is_left().await;

    let dev = Dev::start(&workspace, "second").await;
    assert_eq!(
        inputs(&dev.database).await,
        1,
        "it was answered, and is gone"
    );
    publish(&dev.console, "kept", "ana", "customer.signed_up", SIGNED_UP).await;
    assert_eq!(
        inputs(&dev.database).await,
        1,
        "the same event took effect twice"
    );
    let shown = workspace
        .parcours(["customer", "ana"])
        .env("DATABASE_URL", &dev.database);
    let shown = shown.output().expect(0).out();
    assert!(
        shown.contains("welcome, account: decided to send by email"),
        "{shown}"
    );
    dev.stop(&workspace).await;
}

#[tokio::test]
async fn a_message_lies_in_the_mailbox() {
    let workspace = Workspace::of_samples();
    let dev = Dev::start(&workspace, "dev").await;
    publish(&dev.console, "one", "ana", "customer.signed_up", SIGNED_UP).await;
    kit::eventually(SOON, "the mail is in the mailbox", async || {
        page(&dev.console, "mailbox")
            .await
            .contains("ana@example.com")
    })
    .await;
    dev.stop(&workspace).await;
}

#[tokio::test]
async fn a_journey_that_is_saved_is_published_and_one_with_an_error_is_not() {
    let workspace = Workspace::of_samples();
    let path = "journeys/welcome/journey.yaml";
    let good = workspace.read(path);
    let dev = Dev::start(&workspace, "dev").await;
    dev.reports("welcome version 1: published").await;

    workspace.write(path, &good.replace("wait: { for: 3d,", "wait: { for: 2d,"));
    dev.reports("welcome version 2: published").await;
    workspace.write(
        path,
        &good.replace("steps.story.clicked", "steps.storey.clicked"),
    );
    dev.reports("no step is called `storey`").await;
    assert!(!dev.process.err().contains("welcome version 3"));

    // Version 2 goes on; an engine may take a moment to load what was published.
    let mut number = 0;
    let version = kit::eventually_some(SOON, "version 2 takes customers in", async || {
        number += 1;
        let customer = format!("ana-{number}");
        publish(
            &dev.console,
            &customer,
            &customer,
            "customer.signed_up",
            SIGNED_UP,
        )
        .await;
        let shown = workspace.parcours(["customer", &customer, "--format", "json"]);
        let shown = shown
            .env("DATABASE_URL", &dev.database)
            .output()
            .expect(0)
            .json();
        let version = shown["runs"]["open"][0]["version"].as_i64();
        version.filter(|version| *version != 1)
    })
    .await;
    assert_eq!(version, 2);

    workspace.write(path, &good);
    dev.reports("welcome version 1: unchanged").await;
    dev.stop(&workspace).await;
}

#[tokio::test]
async fn a_workspace_with_errors_starts_and_says_so() {
    let workspace = Workspace::of_samples();
    workspace.write(
        "journeys/welcome/journey.yaml",
        "journey: welcome\nsteps: [ { sned: email } ]\n",
    );
    let dev = Dev::start(&workspace, "dev").await;
    dev.reports("journeys/welcome/journey.yaml:2").await;
    dev.stop(&workspace).await;
}
