//! What people do to customers by hand (docs/support.md): asked for over HTTP or in the console, decided in the customer's turn.

mod access;
mod browser;
mod http;
mod turns;

use std::sync::Arc;

use ::api::{access as rights, router};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Method, Request, StatusCode},
};
use bytes::Bytes;
use cli::intake::IntoTurn;
use engine::Engine;
use jiff::{SignedDuration, Timestamp};
use journey::{
    ids::{CustomerId, InputId},
    machine::SUPPORT_ACTION,
};
use parcours_tests::kit::{self, Rig, Workspace, events};
use serde_json::{Value, json};
use store::access::{Access, AuditEntry, AuditFilter};
use tower::ServiceExt as _;
use uuid::Uuid;

/// A journey with a wait, a message, and a long wait.
fn demo(steps: &str) -> Workspace {
    let text = format!(
        "purpose: service\nenter: {{ event: start, again: always }}\nexit: [ {{ event: bought }} ]\nsteps:\n{steps}"
    );
    Workspace::new().journey("demo", &text)
}

const STEPS: &str = "  - { id: rest, wait: 10h }\n  - { id: hi, send: sms, template: hello }\n  - { id: long, wait: 30d }\n";

/// A little ago, in whole microseconds: what is decided from now on comes later.
fn earlier() -> Timestamp {
    let now = Timestamp::now() - SignedDuration::from_mins(10);
    Timestamp::from_microsecond(now.as_microsecond()).unwrap()
}

/// The event of an action, as the API submits it.
fn action(customer: &str, id: &str, fields: Value) -> Bytes {
    let mut all = json!({ "by": "user:1", "reason": "she called" });
    if let Value::Object(fields) = fields {
        all.as_object_mut().unwrap().extend(fields);
    }
    events::track(customer, SUPPORT_ACTION, id, &all)
}

/// A process whose HTTP side goes straight into the turn.
struct Place {
    rig: Rig,
    engine: Arc<Engine>,
    router: Router,
    access: Access,
}

/// A place in which Ana waits at the first step.
async fn place(steps: &str) -> Place {
    let rig = Rig::new(&demo(steps)).await;
    let engine = rig.engine(kit::quick()).await;
    let state = cli::service::state(&engine, Arc::new(IntoTurn(engine.clone())));
    let place = Place {
        access: engine.store().access(),
        router: router(state),
        engine,
        rig,
    };
    place.enters("ana").await;
    place
}

impl Place {
    async fn enters(&self, key: &str) {
        let mut bodies = events::arrival_of(key);
        bodies.push(events::track(
            key,
            "start",
            &format!("{key}-start"),
            &json!({}),
        ));
        events::take(&self.engine, &bodies, earlier()).await;
    }

    /// The id of a customer's open run.
    async fn run(&self, key: &str) -> String {
        let runs = self.rig.reader().runs(CustomerId::of(key)).await.unwrap();
        runs.open[0].id.to_string()
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> (StatusCode, Value) {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.into()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let text = String::from_utf8_lossy(&body).into_owned();
        (
            status,
            serde_json::from_str(&text).unwrap_or(Value::String(text)),
        )
    }

    async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        self.ask(Method::POST, path, &[], body.to_string()).await
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.ask(Method::GET, path, &[], "").await
    }

    /// Does something to Ana's run, which is taken in, and says what was decided.
    async fn does(&self, action: &str) -> Vec<String> {
        let run = self.run("ana").await;
        let path = format!("/v1/customers/ana/runs/{run}/{action}");
        let (status, asked) = self.post(&path, &json!({ "reason": "she called" })).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{asked}");
        self.said("ana", asked["id"].as_str().unwrap()).await
    }

    /// What was decided on an input, in sentences.
    async fn said(&self, key: &str, input: &str) -> Vec<String> {
        let (status, entry) = self
            .get(&format!("/v1/customers/{key}/inputs/{input}"))
            .await;
        assert_eq!(status, StatusCode::OK, "{entry}");
        let facts = entry["facts"].as_array().unwrap().iter();
        facts
            .map(|fact| fact["sentence"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The cookie of a new user with these roles.
    async fn session(&self, roles: &[&str]) -> (Uuid, String) {
        let email = format!("{}@shop.example", roles.join("-"));
        let roles: Vec<String> = roles.iter().map(|r| (*r).to_owned()).collect();
        let now = Timestamp::now();
        let id = self.access.add_user(&email, "", &roles, now).await;
        let id = id.unwrap().unwrap();
        let token = rights::token().unwrap();
        let hash = rights::hash_of(&token);
        self.access.open_session(&hash, id, now).await.unwrap();
        (id, token)
    }

    /// The audit log, the oldest first.
    async fn log(&self) -> Vec<AuditEntry> {
        let mut all = self.access.audit(&AuditFilter::default()).await.unwrap();
        all.reverse();
        all
    }
}

fn input_of(id: &str) -> InputId {
    InputId::of_event("", id)
}
