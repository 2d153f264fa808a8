//! Links of one customer, for pages of the shop's on which they are signed in.

use axum::{
    Json,
    extract::State as Shared,
    http::{HeaderMap, StatusCode},
};
use journey::{
    ids::MessageId,
    links::{Link, LinkKind},
    message::Channel,
};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::{State, extract::Path, intake, problem::Problem};

/// Addresses of pages that are one customer's, good for 60 days.
#[derive(Serialize, JsonSchema)]
pub(crate) struct CustomerLinks {
    /// Where they choose what they are sent.
    preferences: String,
    /// Where they let a browser be notified.
    push: String,
}

/// Whoever holds a link may do what it is for: the write key is asked for, if one is set.
pub(super) async fn links(
    Shared(state): Shared<State>,
    Path(key): Path<String>,
    headers: HeaderMap,
) -> Result<Json<CustomerLinks>, Problem> {
    intake::authorised(&state, &headers)?;
    let providers = state.providers.as_ref();
    let providers = providers.ok_or_else(|| gone("There are no links here."))?;
    let customer = state.reader.customer(&key).await?;
    let customer = customer.ok_or_else(|| gone("There is no such customer."))?;
    let link = |page: &str, kind: LinkKind| {
        let (id, message) = (customer.row.id, MessageId(Uuid::nil()));
        let word = providers
            .key
            .sign(&Link::new(kind, id, message, state.now()));
        format!("{}{page}{word}", providers.base)
    };
    let channel = Channel::Push;
    Ok(Json(CustomerLinks {
        preferences: link("/p/", LinkKind::Preferences { channel }),
        push: link("/push/", LinkKind::Push { channel }),
    }))
}

fn gone(words: &'static str) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not_found", words)
}
