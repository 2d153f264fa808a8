//! What operators rely on: metrics, traces, health, logs, settings, an orderly stop, and the files of `deploy/`.

mod collector;
mod deploy;
mod health;
mod kept;
mod logs;
mod metrics;
mod page;
mod proxy;
mod settings;
mod stop;
mod traces;

use broker::Broker;
use bytes::Bytes;
use parcours_tests::kit::{self, Provider};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::process::binary::{Parcours, Running, SOON, Workspace};

/// Purposes that ask for nothing, and a cap of one a day on marketing.
const POLICIES: &str = "\
purposes:
  service: { consent: none }
  marketing: { consent: none }
caps:
  - { name: one_a_day, purpose: marketing, max: 1, per: 1d, window: rolling, capped: skip }
defaults: { zone: UTC, locale: en, capped: skip }
";

/// Two journeys that send a text message at once.
const HELLO: &str = "journey: hello\npurpose: service\nenter: { event: start, again: always }\n\
                     steps: [ { send: sms, template: hello } ]\n";
const OFFER: &str = "journey: offer\npurpose: marketing\nenter: { event: offer, key: event.id, again: always }\n\
                     steps: [ { send: sms, template: hello } ]\n";

/// The real binary with servers of its own test, and a stand-in for the provider of text messages.
struct Scene {
    provider: Provider,
    workspace: Workspace,
    pool: PgPool,
    database: kit::TestDb,
    vhost: kit::TestVhost,
    started: std::cell::Cell<usize>,
}

impl Scene {
    /// With these lines of settings beside the channels.
    async fn set(settings: &str) -> Self {
        let (database, vhost, provider) =
            tokio::join!(kit::database(), kit::vhost(), Provider::start());
        let settings = format!("{settings}channels:\n{}", provider.settings());
        let workspace = Workspace::new(&[
            ("journeys/hello/journey.yaml", HELLO),
            ("journeys/offer/journey.yaml", OFFER),
            ("config/policies.yaml", POLICIES),
            ("config/parcours.yaml", &settings),
            (
                "templates/hello/sms.en.txt",
                "Hello {{ customer.first_name | default('you') }}\n",
            ),
        ]);
        let pool = PgPool::connect(&database.url).await.unwrap();
        let scene = Self {
            provider,
            workspace,
            pool,
            database,
            vhost,
            started: std::cell::Cell::new(0),
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

    /// A process, once it is ready, with the addresses of its API and of its metrics.
    async fn start(&self, command: Parcours) -> Process {
        let number = self.started.get() + 1;
        self.started.set(number);
        let mut running = command.start(self.workspace.path(), &format!("run-{number}"));
        let ready = kit::eventually_some(SOON, "the process is ready", async || {
            let log = running.err();
            assert!(running.is_running(), "it ended: {log}");
            ready(&log)
        });
        let fields = ready.await;
        let address = |name: &str| fields[name].as_str().map(|a| format!("http://{a}"));
        Process {
            api: address("http.address"),
            metrics: address("metrics.address"),
            running,
        }
    }

    async fn run(&self) -> Process {
        self.start(self.parcours(&["run"])).await
    }

    async fn broker(&self) -> Broker {
        let url = self.vhost.url.clone();
        let settings = broker::Settings {
            url,
            ..broker::Settings::default()
        };
        Broker::connect(&settings).await.unwrap()
    }

    async fn count(&self, query: &'static str) -> i64 {
        sqlx::query_scalar(query)
            .fetch_one(&self.pool)
            .await
            .unwrap()
    }

    /// Waits until a query counts that many.
    async fn counts(&self, query: &'static str, wanted: i64) {
        kit::eventually(SOON, query, async || self.count(query).await == wanted).await;
    }
}

/// What the line of the log says in which a process says that it is ready.
fn ready(log: &str) -> Option<Value> {
    let line = log.lines().find(|l| l.contains("\"message\":\"ready\""))?;
    let line: Value = serde_json::from_str(line).unwrap();
    Some(line["fields"].clone())
}

/// A process that is ready.
struct Process {
    running: Running,
    /// Where its API listens: `http://…`.
    api: Option<String>,
    /// Where metrics and health are, if not there.
    metrics: Option<String>,
}

impl Process {
    fn api(&self) -> &str {
        self.api.as_deref().unwrap()
    }

    async fn get(&self, path: &str) -> (u16, String) {
        let at = self.metrics.as_deref().or(self.api.as_deref()).unwrap();
        get(&format!("{at}{path}")).await
    }

    /// Sends one event over HTTP.
    async fn track(&self, body: &Value, headers: &[(&str, &str)]) -> u16 {
        let mut request = kit::http()
            .post(format!("{}/v1/track", self.api()))
            .header("content-type", "application/json")
            .body(body.to_string());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap().status().as_u16()
    }
}

async fn get(url: &str) -> (u16, String) {
    let response = kit::http().get(url).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

/// A `track` call of somebody who can be reached by text message.
fn track(customer: &str, event: &str, id: &str) -> Value {
    let digits = journey::ids::CustomerId::of(customer).0.as_u128() % 100_000_000;
    json!({
        "type": "track", "userId": customer, "event": event, "messageId": id,
        "properties": { "id": id },
        "context": { "traits": { "phone": format!("+336{digits:08}") } },
    })
}

fn bytes(body: &Value) -> Bytes {
    body.to_string().into()
}
