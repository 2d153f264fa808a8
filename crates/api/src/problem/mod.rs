//! Refusals as `application/problem+json` (RFC 9457), each with a code of [`CODES`].

mod codes;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::Serialize;
use store::read::ReadError;

pub(crate) use codes::{Code, code_of};

/// What problems are sent as.
pub(crate) const KIND: &str = "application/problem+json";

/// One refused item of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct RefusedItem {
    /// Its place in the batch, from 0.
    pub index: usize,
    /// A stable word.
    pub code: String,
    /// The field at fault, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// A sentence for people.
    pub message: String,
}

/// A refusal.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    code: String,
    field: Option<String>,
    detail: String,
    refused: Vec<RefusedItem>,
}

/// A refusal (RFC 9457).
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(crate) struct Body<'a> {
    /// The status in words.
    title: &'a str,
    /// The status.
    status: u16,
    /// A word for programs; it keeps its meaning for ever.
    code: &'a str,
    /// The field at fault, if it is one: `properties.items[2].name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    /// A sentence for people.
    detail: &'a str,
    /// Of a batch, the items that were refused.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    refused: &'a [RefusedItem],
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code: code.to_owned(),
            field: None,
            detail: detail.into(),
            refused: Vec::new(),
        }
    }

    /// The word for programs.
    pub(crate) fn code(&self) -> &str {
        &self.code
    }

    /// The sentence for people.
    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    pub(crate) fn bad(code: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// One event that was refused, with the status of its code.
    pub(crate) fn of_item(item: RefusedItem) -> Self {
        let status = code_of(&item.code).and_then(|code| code.statuses.first());
        let status = status.and_then(|status| StatusCode::from_u16(*status).ok());
        Self {
            field: item.field,
            ..Self::new(
                status.unwrap_or(StatusCode::BAD_REQUEST),
                &item.code,
                item.message,
            )
        }
    }

    pub(crate) fn with_refused(mut self, refused: Vec<RefusedItem>) -> Self {
        self.refused = refused;
        self
    }

    pub(crate) fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
    }

    /// A fault of ours: the cause goes to the log, not to the caller.
    pub(crate) fn fault() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "fault",
            "Something went wrong on our side. It has been logged.",
        )
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = Body {
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            code: &self.code,
            field: self.field.as_deref(),
            detail: &self.detail,
            refused: &self.refused,
        };
        let mut response = (self.status, axum::Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(KIND));
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Basic realm=\"write key\""),
            );
        }
        response
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        match &error {
            ReadError::TooSlow => Self::unavailable(
                "This search takes too long on this many rows. Name a customer to narrow it down.",
            ),
            ReadError::Database(cause) => {
                tracing::error!(error = %error, cause = %cause, "support could not read");
                Self::unavailable("The database does not answer.")
            }
            ReadError::Unreadable { .. } => {
                tracing::error!(error = %error, "support could not read");
                Self::fault()
            }
        }
    }
}
