//! The console: pages rendered here, working without a script.

mod actions;
pub(crate) mod chart;
mod customer;
mod customers;
mod frame;
mod funnel;
mod inbox;
mod journey;
mod journeys;
mod letters;
mod live;
mod mailbox;
mod merge;
mod messages;
mod operations;
mod overview;
mod reply;
pub(crate) mod words;

use std::str::FromStr;

use askama::Template;
use axum::{
    Router,
    http::{HeaderName, HeaderValue, StatusCode, Uri, header},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use store::read::ReadError;

pub(crate) use self::{frame::Frame, live::Live};
use crate::{
    CaptureError, State, i18n::say, page::Cursor, problem::Problem, support::lists::Asking,
};

const STYLE: &str = include_str!("../../static/console.css");
const SCRIPT: &str = include_str!("../../static/console.js");

/// Nothing from elsewhere, and nothing that stands in a page itself is run.
const POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; \
    img-src 'self' data:; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

pub(crate) fn routes() -> Router<State> {
    Router::new()
        .route("/", get(overview::page))
        .route("/customers", get(customers::page))
        .route("/customers/{key}", get(customer::page))
        .route("/customers/{key}/live", get(customer::live))
        .route("/customers/{key}/inputs/{input}", get(customer::input))
        .route("/customers/{key}/journey", get(journey::page))
        .route(
            "/customers/{key}/merge",
            get(merge::compare).post(merge::merge),
        )
        .route("/customers/{key}/runs/{run}/pause", post(actions::pause))
        .route("/customers/{key}/runs/{run}/resume", post(actions::resume))
        .route(
            "/customers/{key}/runs/{run}/advance",
            post(actions::advance),
        )
        .route("/customers/{key}/runs/{run}/exit", post(actions::exit))
        .route("/customers/{key}/runs/{run}/move", post(actions::move_to))
        .route(
            "/customers/{key}/messages/{id}/resend",
            post(actions::resend),
        )
        .route("/customers/{key}/opt-out", post(actions::opt_out))
        .route("/messages", get(messages::list))
        .route("/messages/funnel", get(funnel::page))
        .route("/messages/{id}", get(messages::one))
        .route("/messages/{id}/html", get(mailbox::kept))
        .route("/journeys", get(journeys::list))
        .route("/journeys/{name}", get(journeys::one))
        .route("/journeys/{name}/picture.svg", get(journeys::picture))
        .route("/dead-letters", get(letters::list))
        .route("/dead-letters/live", get(letters::live))
        .route("/dead-letters/replay", post(letters::replay_all))
        .route("/dead-letters/discard", post(letters::discard_all))
        .route("/dead-letters/jobs/{id}/cancel", post(letters::cancel))
        .route("/dead-letters/{id}", get(letters::one))
        .route("/dead-letters/{id}/replay", post(letters::replay))
        .route("/dead-letters/{id}/discard", post(letters::discard))
        .route("/journeys/{name}/live", get(journeys::live))
        .route("/journeys/{name}/versions", get(journeys::versions))
        .route(
            "/journeys/{name}/versions/{pair}",
            get(journeys::difference),
        )
        .route("/journeys/{name}/tests", get(journeys::tests))
        .route(
            "/journeys/{name}/simulate",
            get(journeys::form).post(journeys::run),
        )
        .route("/journeys/{name}/pause", post(journeys::pause))
        .route("/journeys/{name}/resume", post(journeys::resume))
        .route("/inbox", get(inbox::list))
        .route("/inbox.js", get(inbox::script))
        .route("/inbox/{customer}/{call}", get(inbox::one))
        .route("/inbox/{customer}/{call}/talk", get(inbox::talk))
        .route("/inbox/{customer}/{call}/say", post(inbox::say))
        .route("/inbox/{customer}/{call}/typing", post(inbox::types))
        .route("/inbox/{customer}/{call}/end", post(inbox::end))
        .route("/operations", get(operations::page))
        .route("/operations/live", get(operations::live))
        .route("/console.css", get(style))
        .route("/console.js", get(script))
}

pub(crate) fn mailbox_routes() -> Router<State> {
    Router::new()
        .route("/mailbox", get(mailbox::list))
        .route("/mailbox/{name}", get(mailbox::one))
        .route("/mailbox/{name}/html", get(mailbox::html))
        .route("/mailbox/{name}/reply", post(reply::submit))
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    frame: Frame,
    title: &'static str,
    text: String,
}

/// A page that could not be shown.
#[derive(Debug)]
pub(crate) enum PageError {
    NotFound(&'static str),
    Wrong(String),
    Busy(String),
    Refused(StatusCode, String),
    Fault,
}

impl PageError {
    /// What was asked for does not fit, for that reason in the language of the page.
    pub(crate) fn wrong(why: &'static str) -> Self {
        Self::Wrong(why.into())
    }

    /// An address or a form that pages of ours do not make.
    pub(crate) fn unreadable() -> Self {
        Self::wrong(say("What was sent cannot be read. Go back, and try again."))
    }
}

/// That there is no such thing, in the language of the page.
fn missing(what: &str) -> String {
    let what = match what {
        "customer" => say("There is no such customer."),
        "item of the inbox" => say("There is no such item of the inbox."),
        "journey" => say("There is no such journey."),
        "key that holds" => say("There is no such key that holds."),
        "message" => say("There is no such message."),
        "user" => say("There is no such user."),
        _ => say("There is no such page."),
    };
    let perhaps = say("Its address may be mistyped, or it is no longer kept.");
    format!("{what} {perhaps}")
}

impl From<ReadError> for PageError {
    fn from(error: ReadError) -> Self {
        match &error {
            ReadError::TooSlow => Self::Busy(
                say("There are too many rows to search without a customer. Open a customer first; their messages are found at once.").into(),
            ),
            ReadError::Database(cause) => {
                tracing::error!(error = %error, cause = %cause, "a page could not be read");
                Self::Busy(say("The database does not answer. Try again in a moment.").into())
            }
            ReadError::Unreadable { .. } => {
                tracing::error!(error = %error, "a page could not be read");
                Self::Fault
            }
        }
    }
}

impl From<Asking> for PageError {
    fn from(asking: Asking) -> Self {
        match asking {
            Asking::Wrong(_) => {
                Self::Wrong(say("The address asks for something that does not exist.").into())
            }
            Asking::Read(error) => error.into(),
        }
    }
}

impl From<CaptureError> for PageError {
    fn from(error: CaptureError) -> Self {
        tracing::error!(error = %error, "the mailbox could not be read");
        Self::Fault
    }
}

impl From<askama::Error> for PageError {
    fn from(error: askama::Error) -> Self {
        tracing::error!(error = %error, "a page could not be rendered");
        Self::Fault
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let (status, title, text) = match self {
            Self::NotFound(what) => (StatusCode::NOT_FOUND, say("Not found"), missing(what)),
            Self::Wrong(why) => (StatusCode::BAD_REQUEST, say("That did not work"), why),
            Self::Busy(why) => (StatusCode::SERVICE_UNAVAILABLE, say("Not right now"), why),
            Self::Refused(status, why) => (status, say("Not for you"), why),
            Self::Fault => (
                StatusCode::INTERNAL_SERVER_ERROR,
                say("Something went wrong"),
                say("The fault is ours, and it has been logged. Nothing was changed.").into(),
            ),
        };
        let page = ErrorPage {
            frame: Frame::of_error(),
            title,
            text,
        };
        match page.render() {
            Ok(html) => (status, Html(html)).into_response(),
            Err(_) => (status, title).into_response(),
        }
    }
}

type Page = Result<Response, PageError>;

fn html(page: &impl Template) -> Page {
    Ok(Html(page.render()?).into_response())
}

async fn style() -> Response {
    let kind = [(header::CONTENT_TYPE, "text/css; charset=utf-8")];
    (kind, [STYLE, crate::SEEN_STYLE].concat()).into_response()
}

async fn script() -> Response {
    let kind = [(header::CONTENT_TYPE, "text/javascript; charset=utf-8")];
    (kind, SCRIPT).into_response()
}

pub(crate) async fn no_such_page(uri: Uri) -> Response {
    if uri.path().starts_with("/v1/") {
        return Problem::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "There is no such address.",
        )
        .into_response();
    }
    PageError::NotFound("page").into_response()
}

/// The place that a page begins at; `None`: the list's beginning.
fn place<T: FromStr>(cursor: Option<&Cursor>) -> Result<Option<T>, PageError> {
    let place = cursor.map(Cursor::read).transpose();
    place.map_err(|_| PageError::wrong(say("This page of the list is not there.")))
}

pub(crate) async fn wrong_method() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "This address does not take this method.",
    )
}

/// Sets what keeps browsers from doing more than showing.
pub(crate) async fn guarded(mut response: Response) -> Response {
    const HEADERS: [(HeaderName, &str); 4] = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in HEADERS {
        response
            .headers_mut()
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}
