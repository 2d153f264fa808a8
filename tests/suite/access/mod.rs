//! Who may do what in the console and the API (docs/access.md), over a real PostgreSQL.

mod audit;
mod browser;
mod command;
mod french;
mod keys;
mod oidc;
mod quoted;
mod reveal;
mod sign_in;
mod table;
mod users;

use std::{
    cell::Cell,
    sync::{Arc, LazyLock},
};

use ::api::{State, access};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use jiff::{SignedDuration, Timestamp};
use sqlx::PgPool;
use store::{access::Access, read::Reader};
use tokio::net::TcpListener;
use tower::ServiceExt as _;
use uuid::Uuid;

use crate::{
    api::desk,
    fixture::{self, On},
};

const PASSWORD: &str = "cardboard otter ninety";
const EMAIL: &str = "ines@shop.example";
const OWN: (&str, &str) = ("sec-fetch-site", "same-origin");
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const BROWSER: (&str, &str) = ("accept", "text/html,application/xhtml+xml");

/// The password as it is kept; hashed once, for it takes a while.
static KEPT: LazyLock<String> = LazyLock::new(|| access::hashed(PASSWORD).unwrap());

thread_local! {
    /// Each test has a thread, and so its own clock.
    static NOW: Cell<Timestamp> = Cell::new("2026-03-02T09:00:00Z".parse().unwrap());
}

fn now() -> Timestamp {
    NOW.get()
}

/// It is later.
fn wait(span: SignedDuration) {
    NOW.set(now() + span);
}

struct Site {
    router: Router,
    access: Access,
    database: On<PgPool>,
}

async fn site() -> Site {
    site_with(false, |state| state).await
}

async fn site_with(required: bool, change: impl FnOnce(State) -> State) -> Site {
    let database = fixture::pool().await;
    let access = Access::new(database.clone());
    let desk = Arc::new(desk::Desk::default());
    let drawer = desk::drawer(None);
    let state = State {
        access: Some(access::Access::new(access.clone(), required)),
        clock: now,
        ..desk::state(Reader::new(database.clone()), desk, Some(drawer))
    };
    Site {
        router: ::api::router(change(state)),
        access,
        database,
    }
}

impl Site {
    /// Lets it be reached over TCP, and says where.
    async fn served(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(::api::serve(
            listener,
            self.router.clone(),
            std::future::pending(),
        ));
        format!("http://{address}")
    }
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn header(&self, name: header::HeaderName) -> &str {
        let value = self.headers.get(name).and_then(|v| v.to_str().ok());
        value.unwrap_or_default()
    }

    /// The code of a problem; empty for anything else.
    fn code(&self) -> String {
        let body: serde_json::Value = serde_json::from_str(&self.body).unwrap_or_default();
        body["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The cookie that a browser would send from now on.
    fn cookie(&self) -> String {
        let set = self.header(header::SET_COOKIE);
        set.split(';').next().unwrap_or_default().to_owned()
    }
}

impl Site {
    async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = Request::builder()
            .method(Method::from_bytes(method.as_bytes()).unwrap())
            .uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        // What tells a page of changes goes on for minutes.
        let tells = headers
            .get(header::CONTENT_TYPE)
            .is_some_and(|kind| kind == "text/event-stream");
        let body = match tells {
            true => axum::body::Bytes::new(),
            false => to_bytes(response.into_body(), usize::MAX).await.unwrap(),
        };
        Answer {
            status,
            headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.ask("GET", path, headers, "").await
    }

    /// A form of our own, sent by somebody's browser.
    async fn form(&self, path: &str, cookie: &str, body: &str) -> Answer {
        let headers = [OWN, FORM, BROWSER, ("cookie", cookie)];
        self.ask("POST", path, &headers, body).await
    }

    async fn sign_in(&self, email: &str, password: &str, code: &str) -> Answer {
        let body = format!("email={email}&password={password}&code={code}&to=/customers");
        self.form("/sign-in", "", &body).await
    }

    /// Somebody with [`PASSWORD`].
    async fn user(&self, email: &str, roles: &[&str]) -> Uuid {
        let roles: Vec<String> = roles.iter().map(|r| (*r).to_owned()).collect();
        let id = self.access.add_user(email, "", &roles, now()).await;
        let id = id.unwrap().unwrap();
        self.access.set_password(id, &KEPT).await.unwrap();
        id
    }

    /// The cookie of a session that begins now.
    async fn session(&self, user: Uuid) -> String {
        let token = self.session_at(user, now()).await;
        format!("parcours={token}")
    }

    /// The token of a session that begins at that time.
    async fn session_at(&self, user: Uuid, now: Timestamp) -> String {
        let token = access::token().unwrap();
        let hash = access::hash_of(&token);
        self.access.open_session(&hash, user, now).await.unwrap();
        token
    }

    async fn log(&self) -> Vec<store::access::AuditEntry> {
        let mut all = self
            .access
            .audit(&store::access::AuditFilter::default())
            .await
            .unwrap();
        all.reverse();
        all
    }
}
