//! The API as a contract: its description, held against a running process by others' tools.
//!
//! What they need stands in `tests/contract`, and is installed by `scripts/contract.sh`.

mod asked;
mod clients;
mod document;
mod fuzzed;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::Arc,
    time::Duration,
};

use ::api::access::{self, Scope};
use cli::{intake::IntoTurn, service};
use engine::Engine;
use jiff::Timestamp;
use journey::links::Key;
use parcours_tests::kit::{self, Rig, Workspace, events};
use serde_json::json;
use store::access::NewKey;
use tokio_util::sync::CancellationToken;

/// A journey that writes, asks a person, and goes on; and one that is entered by the API.
fn workspace() -> Workspace {
    Workspace::new()
        .file("config/endpoints.yaml", "support: { inbox: true }\n")
        .sms("thanks", "Thank you, {{ customer.first_name }}!\n")
        .journey(
            "thanks",
            "purpose: service
enter: { event: order.placed, again: always, key: event.number }
steps:
  - { id: word, send: sms, template: thanks, with: { total: event.total, to: customer.email } }
  - id: colleague
    hand_over: support
    with: { title: Say thank you to them, note: event.note }
    within: 30d
    else: []
  - { wait: 30d }
",
        )
        .journey(
            "special",
            "purpose: service
enter: { event: order.placed, if: 'event.email == \"vip@shop.example\"', again: always }
steps: [ { wait: 1d } ]
",
        )
        .journey(
            "claim",
            "purpose: service\nenter: { api: true, again: always }\nsteps:\n  - { wait: 30d }\n",
        )
}

/// A process with customers, listening.
pub struct Place {
    pub rig: Rig,
    pub engine: Arc<Engine>,
    address: SocketAddr,
    stop: CancellationToken,
    /// A key with every scope.
    key: String,
    pub client: reqwest::Client,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// So many customers: `ana` and others.
const CUSTOMERS: usize = 17;

pub async fn place() -> Place {
    let rig = Rig::new(&workspace()).await;
    let engine = rig.engine(kit::quick()).await;
    let stop = CancellationToken::new();
    let listener = service::listen("127.0.0.1:0", false).await.unwrap();
    let address = listener.local_addr().unwrap();
    let accept = Arc::new(IntoTurn(engine.clone()));
    let state = ::api::State {
        pages: Some(service::pages(&engine, ::api::Look::default())),
        providers: Some(::api::Providers {
            channels: engine.channels().clone(),
            key: Key::new(&["a secret of thirty-two characters"]).unwrap(),
            base: "http://shop.example".into(),
        }),
        write_key: Some("the write key".into()),
        ..service::state(&engine, accept)
    };
    service::Http::start(listener, state, &stop).unwrap();
    let key = key(&rig, &Scope::ALL).await;
    let place = Place {
        rig,
        engine,
        address,
        stop,
        key,
        client: kit::http(),
    };
    place.fill().await;
    place
}

/// A key with these scopes; and a user, without whom nobody asks for keys.
async fn key(rig: &Rig, scopes: &[Scope]) -> String {
    let access = rig.store.access();
    let admin = ["admin".to_owned()];
    let now = Timestamp::now();
    access
        .add_user("ines@shop.example", "", &admin, now)
        .await
        .unwrap();
    let key = access::new_key().unwrap();
    let scopes: Vec<String> = scopes.iter().map(|s| s.word().to_owned()).collect();
    let new = NewKey {
        hash: &access::hash_of(&key),
        name: "a program",
        scopes: &scopes,
        made_by: "cli",
        expires_at: None,
    };
    access.add_key(&new, now).await.unwrap();
    key
}

impl Place {
    /// Customers who have placed an order, and wait for a word of thanks.
    async fn fill(&self) {
        let mut bodies = Vec::new();
        for n in 0..CUSTOMERS {
            let key = if n == 0 {
                "ana".to_owned()
            } else {
                format!("c-{n:02}")
            };
            let traits = json!({
                "first_name": "Ana", "email": format!("{key}@shop.example"), "phone": format!("+336123456{n:02}"),
            });
            bodies.push(events::identify(&key, &format!("i{n}"), &traits));
            let order = json!({
                "number": n, "total": 49.9, "email": format!("{key}@shop.example"), "note": "call +33 6 98 76 54 32",
            });
            bodies.push(events::track(
                &key,
                "order.placed",
                &format!("o{n}"),
                &order,
            ));
        }
        let taken = events::take(&self.engine, &bodies, Timestamp::now()).await;
        assert_eq!(taken, bodies.len());
        let stop = CancellationToken::new();
        kit::eventually(Duration::from_secs(60), "hand-overs", async || {
            self.engine.dispatch_once(&stop).await.unwrap();
            self.engine.timers_once(Timestamp::now()).await.unwrap();
            let open = "select count(*) from call where status = 'open'";
            self.engine.calls_once(&stop).await.unwrap();
            self.rig.count(open).await == i64::try_from(CUSTOMERS).unwrap()
        })
        .await;
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The description, as it is served.
    async fn described(&self) -> serde_json::Value {
        let asked = self.client.get(format!("{}/v1/openapi.json", self.url()));
        asked.send().await.unwrap().json().await.unwrap()
    }
}

/// Where others' tools are, if they are installed; else a line says so.
#[expect(clippy::print_stderr, reason = "whoever runs the tests must see it")]
fn tools() -> Option<PathBuf> {
    let tools = kit::workspace_root().join(".parcours/contract");
    let there = tools.join("bin/schemathesis").exists()
        && tools.join("typescript/node_modules/.bin/tsc").exists();
    if !there {
        eprintln!(
            "SKIPPED: {} is not there; scripts/contract.sh installs it",
            tools.display()
        );
    }
    there.then_some(tools)
}

/// The files that the tools work on.
fn given(name: &str) -> PathBuf {
    kit::workspace_root().join("tests/contract").join(name)
}

/// A folder of this test, empty.
fn scratch(name: &str) -> PathBuf {
    let folder =
        std::env::temp_dir().join(format!("parcours-contract-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Runs one of the tools; what it says, if all is well.
///
/// # Panics
/// It complains.
fn run(command: &mut Command) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().expect("it starts");
    let said = String::from_utf8_lossy(&stdout).into_owned();
    let aside = String::from_utf8_lossy(&stderr);
    assert!(status.success(), "{command:?}\n{said}\n{aside}");
    said
}

fn copy(from: &Path, to: &Path) {
    std::fs::copy(from, to).unwrap_or_else(|e| panic!("{}: {e}", from.display()));
}
