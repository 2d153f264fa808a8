//! The pages of a journey, over a real engine: numbers against a recount, versions, tests, simulations, pausing.

mod looks;
mod numbers;
mod tried;

use std::{collections::BTreeMap, sync::Arc};

use ::api::{State, access::Access};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use cli::intake::IntoTurn;
use engine::Engine;
use jiff::{SignedDuration, Timestamp};
use parcours_tests::kit::{self, Rig, Workspace, events};
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// A sale for half of those who start; whoever buys within two days has reached the goal.
const SALE: &str = "title: A sale for half
purpose: service
enter: { event: start, again: always }
goal: { event: bought, within: 2d }
exit: [ { event: stopped, as: asked } ]
steps:
  - split: offer
    arms:
      discount: { weight: 1, steps: [ { id: hi, send: sms, template: hello } ] }
      held_out: { weight: 1 }
  - { id: rest, wait_for: { event: looked, within: 1d }, then: [ { exit: looked } ] }
  - { id: again, wait: 2h }
";

const TESTS: &str = "- name: whoever looks leaves
  customer: { first_name: Ada }
  arms: { offer: discount }
  events:
    - { event: start }
    - { after: 1h, event: looked }
  expect: { sends: [hi], end: looked }

- name: the held-out hear from us all the same
  arms: { offer: held_out }
  events:
    - { event: start }
  expect: { sends: [hi] }
";

fn sale() -> Workspace {
    Workspace::new()
        .journey("sale", SALE)
        .file("journeys/sale/tests.yaml", TESTS)
}

/// Without the wait at the end, with a longer one before it; runs move.
fn shorter() -> Workspace {
    let text = SALE
        .replace("  - { id: again, wait: 2h }\n", "")
        .replace("within: 1d", "within: 3d")
        .replace(
            "\nsteps:",
            "\nmigrate: { from: any, in_flight: move }\nsteps:",
        );
    sale().journey("sale", &text)
}

/// Two days ago: what is counted by day ends today.
fn start() -> Timestamp {
    Timestamp::now() - SignedDuration::from_hours(48)
}

fn later(hours: i64) -> Timestamp {
    start() + SignedDuration::from_hours(hours)
}

struct Site {
    rig: Rig,
    engine: Arc<Engine>,
    router: Router,
}

impl Site {
    /// The sale, published; nobody has started.
    async fn new() -> Self {
        let rig = Rig::new(&sale()).await;
        let engine = rig.engine(kit::quick()).await;
        let access = Access::new(rig.store.access(), false);
        let router = router(&rig, &engine, Some(access));
        Self {
            rig,
            engine,
            router,
        }
    }

    /// So many start; of every six one looks, one buys, one asks for an end, and the rest wait for their time.
    async fn busy(customers: usize) -> Self {
        let site = Self::new().await;
        let mut bodies = Vec::new();
        for n in 0..customers {
            bodies.extend(events::arrival_of(&format!("c{n}")));
            bodies.push(site.event(n, "start"));
        }
        site.take(&bodies, start()).await;
        let all = (0..customers).filter_map(|n| {
            let name = ["looked", "bought", "stopped"].get(n % 6)?;
            Some(site.event(n, name))
        });
        site.take(&all.collect::<Vec<_>>(), later(3)).await;
        site
    }

    fn event(&self, customer: usize, name: &str) -> bytes::Bytes {
        let id = format!("{name}-{customer}");
        events::track(&format!("c{customer}"), name, &id, &json!({}))
    }

    async fn take(&self, bodies: &[bytes::Bytes], at: Timestamp) {
        assert_eq!(events::take(&self.engine, bodies, at).await, bodies.len());
    }

    /// Fires timers that are due by then.
    async fn until(&self, at: Timestamp) {
        while self.engine.timers_once(at).await.unwrap().timers > 0 {}
    }

    async fn ask(&self, request: Request<Body>) -> (StatusCode, String) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8_lossy(&body).into_owned())
    }

    async fn get(&self, path: &str) -> (StatusCode, String) {
        self.ask(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    async fn page(&self, path: &str) -> String {
        let (status, body) = self.get(path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        assert!(body.len() < 100_000, "{path}: {} bytes", body.len());
        body
    }

    async fn json(&self, path: &str) -> Value {
        serde_json::from_str(&self.page(path).await).unwrap()
    }

    async fn post(&self, path: &str, kind: &str, body: String) -> (StatusCode, String) {
        let request = Request::post(path).header(header::CONTENT_TYPE, kind);
        self.ask(request.body(Body::from(body)).unwrap()).await
    }

    async fn post_json(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        let (status, body) = self.post(path, "application/json", body.to_string()).await;
        (status, serde_json::from_str(&body).unwrap_or_default())
    }
}

fn router(rig: &Rig, engine: &Arc<Engine>, access: Option<Access>) -> Router {
    let state = cli::service::state(engine, Arc::new(IntoTurn(engine.clone())));
    ::api::router(State {
        access,
        reader: rig.reader(),
        ..state
    })
}

/// A form's body.
fn form(fields: &[(&str, &str)]) -> String {
    let fields: BTreeMap<_, _> = fields.iter().copied().collect();
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

const FORM: &str = "application/x-www-form-urlencoded";
