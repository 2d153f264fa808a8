//! The chat widget: a script that the shop's pages embed, and what it talks to.
//!
//! A visitor is named by a token that their browser keeps and sends with every request; there is no cookie. Whoever the shop
//! proves to be a customer (an HMAC of their id, made on the shop's server) goes on under that name on every device. What they say
//! becomes the event `message.replied` and goes straight into the turn, so that an answer is there at once; lines of
//! both sides lie in the store, and are told by server-sent events. Nothing is written of a visitor who has not said anything, nor is
//! anything asked before the chat is opened.

mod hub;
mod lines;
mod origin;
mod page;
mod rates;
mod say;
mod session;
mod stream;
mod visitor;

use std::sync::Arc;

use axum::{
    Router,
    extract::State as Shared,
    http::{HeaderMap, StatusCode, header},
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use journey::{links::Key, localized::Localized};

pub use self::hub::Hub;
use self::{rates::Rates, visitor::Visitor};
use crate::{Accept, State, problem::Problem};

const SCRIPT: &str = include_str!("../../static/chat.js");

/// What the chat widget needs.
#[derive(Clone)]
pub struct Chat {
    /// The conversations.
    pub lines: store::chat::Chat,
    /// News of them.
    pub hub: Hub,
    /// What visitors' tokens are signed with.
    pub key: Key,
    /// Takes what customers say; when it answers, it is decided.
    pub turn: Arc<dyn Accept>,
    /// The provider's name: what addresses begin with.
    pub name: Arc<str>,
    /// How the pages are reached from outside, without a slash at its end.
    pub base: Arc<str>,
    /// The pages that may show the widget, beside our own.
    pub origins: Arc<[String]>,
    /// The key by which the shop proves who its visitor is.
    pub secret: Option<Arc<str>>,
    /// What stands above the chat.
    pub title: Arc<str>,
    /// The colour of buttons, unless the page says otherwise: `#rrggbb`.
    pub accent: Arc<str>,
    /// What is said first, by locale.
    pub greeting: Localized,
    /// The locale of those who have none of these.
    pub locale: Arc<str>,
    rates: Arc<Rates>,
}

impl Chat {
    /// A widget without an origin, a secret or a greeting; one visitor may say so many lines in a minute.
    pub fn new(
        lines: store::chat::Chat,
        key: Key,
        turn: Arc<dyn Accept>,
        lines_per_minute: u32,
    ) -> Self {
        Self {
            lines,
            hub: Hub::new(),
            key,
            turn,
            name: Arc::from("web"),
            base: Arc::from(""),
            origins: Arc::from([]),
            secret: None,
            title: Arc::from("Parcours"),
            accent: Arc::from("#0f6b3c"),
            greeting: Localized::new(),
            locale: Arc::from("en"),
            rates: Arc::new(Rates::new(lines_per_minute)),
        }
    }
}

pub(crate) fn routes() -> Router<State> {
    let talk = Router::new()
        .route("/chat/session", post(session::open).options(preflight))
        .route("/chat/opened", post(say::opened).options(preflight))
        .route("/chat/say", post(say::say).options(preflight))
        .route("/chat/lines", get(lines::list).options(preflight))
        .route("/chat/stream", get(stream::stream).options(preflight));
    Router::new()
        .merge(talk)
        .layer(middleware::from_fn(origin::named))
        .route("/chat", get(page::show))
        .route("/chat/page.css", get(page::style))
        .route("/chat/widget.js", get(widget))
}

async fn widget() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=600"),
    ];
    let foreign = [("cross-origin-resource-policy", "cross-origin")];
    (headers, foreign, SCRIPT).into_response()
}

/// The browser asks whether a page may ask.
async fn preflight(Shared(state): Shared<State>, headers: HeaderMap) -> Response {
    match chat(&state).and_then(|chat| origin::allowed(chat, &headers)) {
        Ok(()) => {
            let allowed = [
                ("access-control-allow-methods", "GET, POST"),
                (
                    "access-control-allow-headers",
                    "authorization, content-type",
                ),
                ("access-control-max-age", "600"),
            ];
            (StatusCode::NO_CONTENT, allowed).into_response()
        }
        Err(problem) => problem.into_response(),
    }
}

fn chat(state: &State) -> Result<&Chat, Problem> {
    state.chat.as_ref().ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_FOUND,
            "no_chat",
            "No chat widget is set up: channels.chat has no `web`.",
        )
    })
}

/// Who asks: a page that may, with a token of ours.
fn visitor(state: &State, headers: &HeaderMap) -> Result<Visitor, Problem> {
    let chat = chat(state)?;
    origin::allowed(chat, headers)?;
    Visitor::of(chat, headers, state.now())
}

fn unread(error: &store::Error) -> Problem {
    tracing::error!(%error, cause = error.cause(), "a chat could not be read or written");
    Problem::unavailable("The chat is away for a moment; try again.")
}
