//! Captured messages: what development sends instead of sending.

use axum::{
    Json, Router,
    body::Body,
    extract::{Path, State as Shared},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use jiff::Timestamp;
use journey::{content::Content, ids::MessageId, message::Channel};

use crate::{State, accept::BoxFuture, problem::Problem, request};

/// How many captured messages the console looks through for one.
const LOOK_THROUGH: usize = 500;

/// One captured message.
#[derive(Clone, Debug, PartialEq)]
pub struct Captured {
    /// Its name in the mailbox: letters, digits, `.`, `-` and `_`.
    pub name: String,
    /// When it was captured.
    pub at: Timestamp,
    /// To which address.
    pub to: String,
    /// From which address; empty where the channel has none.
    pub from: String,
    /// Which message it is, if it says so.
    pub message: Option<MessageId>,
    /// What it says.
    pub content: Content,
}

/// The mailbox cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the capture mailbox cannot be read: {0}")]
pub struct CaptureError(pub String);

/// Why a message was not kept.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// The body is not what this channel's adapter sends; in words.
    #[error("{0}")]
    Refused(String),
    /// The mailbox cannot be written.
    #[error(transparent)]
    Mailbox(#[from] CaptureError),
}

/// The capture mailbox, as the router needs it.
pub trait CaptureStore: Send + Sync {
    /// The newest `limit` messages, newest first.
    fn list(&self, limit: usize) -> BoxFuture<'_, Result<Vec<Captured>, CaptureError>>;

    /// The message of that name.
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Captured>, CaptureError>>;

    /// Keeps what an adapter posted for `channel`; the answer is the message's name.
    fn keep<'a>(
        &'a self,
        channel: Channel,
        body: &'a [u8],
    ) -> BoxFuture<'a, Result<String, KeepError>>;

    /// The capture of a decided message, among the newest 500.
    fn of_message(&self, id: MessageId) -> BoxFuture<'_, Result<Option<Captured>, CaptureError>> {
        Box::pin(async move {
            let newest = self.list(LOOK_THROUGH).await?;
            Ok(newest.into_iter().find(|c| c.message == Some(id)))
        })
    }
}

pub(crate) fn routes() -> Router<State> {
    Router::new().route("/capture/{channel}", post(keep))
}

async fn keep(
    Shared(state): Shared<State>,
    Path(channel): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let channel: Channel = channel.parse().map_err(|()| {
        Problem::new(
            StatusCode::NOT_FOUND,
            "no_such_channel",
            "The channels are email, sms, push and chat.",
        )
    })?;
    let body = request::bytes(&headers, body, request::SINGLE).await?;
    // The route exists only with a mailbox.
    let mailbox = state.mailbox.as_ref().ok_or_else(Problem::fault)?;
    match mailbox.keep(channel, &body).await {
        Ok(id) => Ok((StatusCode::OK, Json(serde_json::json!({ "id": id }))).into_response()),
        Err(KeepError::Refused(why)) => Err(Problem::bad("refused", why)),
        Err(KeepError::Mailbox(error)) => {
            tracing::error!(error = %error, "a message could not be captured");
            Err(Problem::unavailable(
                "The capture mailbox cannot be written.",
            ))
        }
    }
}
