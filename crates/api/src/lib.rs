//! HTTP: intake, health, support, the console, and the pages of customers.
//!
//! Nothing here changes a customer. Intake turns a request into events and hands them to
//! [`Accept`], which the binary implements, as it does what erases; everything else reads through [`store::read::Reader`].

mod accept;
pub mod access;
mod actions;
mod capture;
mod chat;
mod cloudevents;
mod console;
mod etag;
mod extract;
mod health;
mod i18n;
mod idempotency;
mod inbox;
mod intake;
mod journeys;
mod letters;
mod merge;
pub mod openapi;
mod operations;
mod page;
mod pages;
mod problem;
mod providers;
mod request;
mod rights;
mod seen;
mod support;
mod trial;

use std::{collections::BTreeMap, future::Future, io, net::SocketAddr, sync::Arc};

pub use askama::Template;
pub use axum::Router;
use axum::{Extension, middleware};
use jiff::{Timestamp, Unit};
use journey::{ids::CustomerId, input::Event, world::Startable};
use store::{Paused, read::Reader};
use tokio::net::TcpListener;

use access::Access;

pub use accept::{Accept, Accepted, BoxFuture, NotAccepted};
pub use capture::{CaptureError, CaptureStore, Captured, KeepError};
pub use chat::{Chat, Hub};
pub use health::{Looks, Numbers, Ops, Readiness, ops_router};
pub use journey::explain::Language;
pub use letters::{Letters, LettersAway, Replay};
pub use pages::{Look, Pages};
pub use providers::Providers;
pub use rights::{NotErased, export_page};
pub use seen::{SEEN_STYLE, Seen};

/// Why an event does not fit its schema, in a sentence for its producer.
pub type Refuse = dyn Fn(&Event) -> Option<String> + Send + Sync;

/// Whether customers can enter a journey of that name by the API; `Yes` where nobody can tell.
pub type Startables = dyn Fn(Arc<str>) -> BoxFuture<'static, Startable> + Send + Sync;

/// Erases a customer, with the moment that is written down; says how many rows of each table. `None`: there
/// is nothing of them.
pub type Erases = dyn Fn(
        CustomerId,
        Timestamp,
    ) -> BoxFuture<'static, Result<Option<BTreeMap<String, u64>>, NotErased>>
    + Send
    + Sync;

/// Pauses a journey, or lets it go on if `false`.
pub type Pauses = dyn Fn(Arc<str>, bool, Timestamp) -> BoxFuture<'static, Result<Paused, NotPaused>>
    + Send
    + Sync;

/// The database is busy or away, or has failed, which was logged: nothing was paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the database is busy or away")]
pub struct NotPaused;

/// What the router answers from. Cloning is cheap.
#[derive(Clone)]
pub struct State {
    /// Reads customers, timelines, runs, messages and counts.
    pub reader: Reader,
    /// Takes events: when it says yes, they are safe.
    pub accept: Arc<dyn Accept>,
    /// Why an event does not fit its schema; `None`: it does.
    pub refuse: Arc<Refuse>,
    /// Which journeys customers can enter by the API.
    pub startable: Arc<Startables>,
    /// Erases a customer.
    pub erase: Arc<Erases>,
    /// Changes dead letters; `None`: they can be read alone.
    pub letters: Option<Arc<dyn Letters>>,
    /// Pauses journeys, and lets them go on.
    pub pause: Arc<Pauses>,
    /// The capture mailbox; `None`: there are no `/capture` and no `/mailbox`.
    pub mailbox: Option<Arc<dyn CaptureStore>>,
    /// What an operator's tools are answered.
    pub ops: Ops,
    /// The time.
    pub clock: fn() -> Timestamp,
    /// The pages of customers; `None`: there are none.
    pub pages: Option<Pages>,
    /// The chat widget; `None`: there is none.
    pub chat: Option<Chat>,
    /// Where it is told that a person of the shop's is typing; `None`: nowhere.
    pub typing: Option<store::chat::Chat>,
    /// Keeps what requests with an `Idempotency-Key` were answered; `None`: nowhere.
    pub answers: Option<store::Answers>,
    /// What providers tell; `None`: none is heard.
    pub providers: Option<Providers>,
    /// Who may do what; `None`: everybody everything.
    pub access: Option<Access>,
    /// What intake asks for as the user name of HTTP Basic; `None`: nothing.
    pub write_key: Option<Arc<str>>,
}

impl State {
    /// The time, as PostgreSQL can keep it: in whole microseconds.
    fn now(&self) -> Timestamp {
        let now = (self.clock)();
        // Rounding fails only beyond the year 9999.
        now.round(
            jiff::TimestampRound::new()
                .smallest(Unit::Microsecond)
                .mode(jiff::RoundMode::Trunc),
        )
        .unwrap_or(now)
    }
}

/// Every route.
pub fn router(state: State) -> Router {
    let mut router = Router::new()
        .merge(intake::routes())
        .merge(support::routes())
        .merge(actions::routes())
        .merge(journeys::routes())
        .merge(inbox::routes())
        .merge(merge::routes())
        .merge(operations::routes())
        .merge(rights::routes())
        .merge(letters::routes())
        .merge(pages::given_routes())
        .merge(health::routes(&state.ops))
        .merge(providers::routes())
        .merge(openapi::routes())
        .merge(access::routes())
        .merge(console::routes());
    if state.pages.is_some() {
        router = router.merge(pages::routes());
    }
    if state.chat.is_some() {
        router = router.merge(chat::routes());
    }
    if state.mailbox.is_some() {
        router = router
            .merge(capture::routes())
            .merge(console::mailbox_routes());
    }
    router
        .fallback(console::no_such_page)
        .method_not_allowed_fallback(console::wrong_method)
        .layer(middleware::from_fn(etag::conditional))
        .layer(middleware::from_fn_with_state(
            state.clone(),
            idempotency::once,
        ))
        .layer(middleware::from_fn_with_state(state.clone(), access::gate))
        .layer(middleware::from_fn(i18n::heard))
        .layer(middleware::map_response(console::guarded))
        .layer(Extension(trial::Bench::default()))
        .with_state(state)
}

/// The routes of customers' pages and of providers alone, for an address that the world may reach.
pub fn pages_router(state: State) -> Router {
    let mut router = pages::routes().merge(providers::routes());
    if state.chat.is_some() {
        router = router.merge(chat::routes());
    }
    router
        .fallback(pages::nothing)
        .method_not_allowed_fallback(pages::nothing)
        .layer(middleware::map_response(console::guarded))
        .with_state(state)
}

/// Serves the router until `shutdown` completes, then finishes the requests that are under way.
///
/// # Errors
/// If the listener fails.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let live = console::Live::default();
    let router = router.layer(Extension(live.clone()));
    let stopped = async move {
        shutdown.await;
        live.close();
    };
    let router = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, router)
        .with_graceful_shutdown(stopped)
        .await
}
