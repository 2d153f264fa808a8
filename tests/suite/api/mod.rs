//! Intake, support and pages over a real PostgreSQL.

mod browser;
mod customer;
pub mod desk;
mod french;
mod intake;
mod journeys;
mod lists;
mod pages;

use std::sync::Arc;

use api::State;
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, Response, StatusCode, header},
};
use serde_json::Value;
use sqlx::PgPool;
use store::read::Reader;
use tower::ServiceExt as _;

use crate::{
    fixture::{self, On},
    shop,
};

struct Server {
    router: Router,
    desk: Arc<desk::Desk>,
    shop: shop::Shop,
    database: On<PgPool>,
}

async fn server() -> Server {
    server_with(|state| state).await
}

async fn server_with(change: impl FnOnce(State) -> State) -> Server {
    let pool = fixture::pool().await;
    let shop = shop::fill(&pool, 60).await;
    let desk = Arc::new(desk::Desk::default());
    let drawer = desk::drawer(Some(shop.nudge));
    let state = desk::state(Reader::new(pool.clone()), desk.clone(), Some(drawer));
    Server {
        router: api::router(change(state)),
        desk,
        shop,
        database: pool,
    }
}

impl Server {
    async fn ask(&self, request: Request<Body>) -> Response<Body> {
        self.router
            .clone()
            .oneshot(request)
            .await
            .expect("infallible")
    }

    async fn get(&self, path: &str) -> (StatusCode, String) {
        let request = Request::get(path).body(Body::empty()).expect("a request");
        text(self.ask(request).await).await
    }

    async fn json(&self, path: &str) -> Value {
        let (status, body) = self.get(path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        serde_json::from_str(&body).expect("json")
    }

    async fn post(&self, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
        let mut request = Request::post(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self
            .ask(request.body(body.into()).expect("a request"))
            .await;
        let kind = response.headers().get(header::CONTENT_TYPE).cloned();
        let retry = response.headers().contains_key(header::RETRY_AFTER);
        let (status, body) = text(response).await;
        Answer {
            status,
            kind: kind
                .and_then(|k| k.to_str().ok().map(str::to_owned))
                .unwrap_or_default(),
            retry,
            body: serde_json::from_str(&body).expect("json"),
        }
    }

    fn taken(&self) -> Vec<String> {
        let taken = self.desk.taken.lock().expect("a lock");
        taken.iter().map(|a| a.event.name.to_string()).collect()
    }
}

struct Answer {
    status: StatusCode,
    kind: String,
    retry: bool,
    body: Value,
}

impl Answer {
    fn refused(&self, status: StatusCode, code: &str) {
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!(self.kind, "application/problem+json");
        assert_eq!(self.body["code"], code, "{}", self.body);
        assert!(
            self.body["detail"]
                .as_str()
                .is_some_and(|d| d.ends_with('.'))
        );
    }
}

/// The page or answer at `path`.
pub async fn page_of(router: Router, path: &str) -> String {
    let request = Request::get(path).body(Body::empty()).expect("a request");
    text(router.oneshot(request).await.expect("infallible"))
        .await
        .1
}

async fn text(response: Response<Body>) -> (StatusCode, String) {
    let status = response.status();
    let bytes = to_bytes(response.into_body(), usize::MAX)
        .await
        .expect("a body");
    (status, String::from_utf8(bytes.to_vec()).expect("utf-8"))
}

const JSON: (&str, &str) = ("content-type", "application/json; charset=utf-8");
