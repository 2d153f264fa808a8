//! Providers' own protocols, there and back: a message reaches the provider's stand-in, and what the provider then
//! tells by web hook reaches the customer.

mod chat;
mod deliverable;
mod devices;
mod letters;
mod mail;
mod texts;

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use channels::{Channels, Settings};
use cli::{intake::IntoTurn, service};
use engine::Engine;
use jiff::Timestamp;
use journey::ids::CustomerId;
use parcours_tests::kit::{self, Rig, Workspace, events};
use serde_json::{Value, json};
use standins::Webhook;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// A process whose providers are these.
struct Place {
    rig: Rig,
    engine: Arc<Engine>,
    router: Router,
}

impl Place {
    async fn new(workspace: &Workspace, settings: &Settings) -> Self {
        let rig = Rig::new(workspace).await;
        let channels = Channels::new(settings).unwrap();
        let engine = rig.engine_with(kit::quick(), channels.into()).await;
        let accept = Arc::new(IntoTurn(engine.clone()));
        let router = api::router(api::State {
            providers: Some(service::providers(&engine)),
            ..service::state(&engine, accept)
        });
        Self {
            rig,
            engine,
            router,
        }
    }

    async fn is(&self, key: &str, traits: Value) {
        let id = format!("{key} is {traits}");
        let body = events::identify(key, &id, &traits);
        events::take(&self.engine, &[body], Timestamp::now()).await;
    }

    async fn does(&self, key: &str, event: &str, fields: Value) {
        let id = format!("{key} {event} {}", Timestamp::now().as_nanosecond());
        let body = events::track(key, event, &id, &fields);
        events::take(&self.engine, &[body], Timestamp::now()).await;
    }

    async fn dispatch(&self) {
        let stop = CancellationToken::new();
        self.engine.dispatch_once(&stop).await.unwrap();
    }

    async fn ask(&self, request: Request<Body>) -> (StatusCode, String) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8_lossy(&body).into_owned())
    }

    /// A provider calls.
    async fn told(&self, path: &str, hook: &Webhook) -> (StatusCode, String) {
        let mut request = Request::post(path);
        for (name, value) in &hook.headers {
            request = request.header(*name, value);
        }
        self.ask(request.body(Body::from(hook.body.clone())).unwrap())
            .await
    }

    /// Names of what happened to a customer from outside, in order, without profiles.
    async fn happened(&self, key: &str) -> Vec<String> {
        sqlx::query_scalar(
            "select name from input where customer = $1 and kind = 0 and name <> 'identify' order by seq",
        )
        .bind(CustomerId::of(key).0)
        .fetch_all(self.rig.store.pool())
        .await
        .unwrap()
    }

    async fn messages(&self) -> Vec<String> {
        sqlx::query_scalar(
            "select concat_ws(' ', status, reason, provider) from message order by at, id",
        )
        .fetch_all(self.rig.store.pool())
        .await
        .unwrap()
    }

    async fn traits(&self, key: &str) -> Value {
        let customer = self.rig.reader().customer(key).await.unwrap();
        json!(customer.unwrap().row.traits)
    }

    async fn reasons(&self) -> Vec<String> {
        sqlx::query_scalar("select reason from run_ended order by left_at, reason")
            .fetch_all(self.rig.store.pool())
            .await
            .unwrap()
    }
}
