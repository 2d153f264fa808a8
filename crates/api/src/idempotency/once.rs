//! What was answered once is answered again: to requests with an `Idempotency-Key` that are no events.

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{MatchedPath, Request, State as Shared},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use journey::ids::CustomerId;
use sha2::{Digest as _, Sha256};
use store::{Answers, Begun, Kept, LONGEST_ANSWER};

use super::{Key, key};
use crate::{
    State,
    access::{Need, Scope, customer_of, need, viewer},
    problem::Problem,
    request,
};

/// A request that may come again.
struct Asked {
    answers: Answers,
    customer: Option<CustomerId>,
    key: [u8; 32],
}

/// Answers a request as the same one was answered before, if it was; else hands it on, and keeps its answer. Events have ids of
/// their own, and pass.
pub(crate) async fn once(
    Shared(state): Shared<State>,
    mut request: Request,
    next: Next,
) -> Response {
    let pattern = request.extensions().get::<MatchedPath>();
    if !pattern.is_some_and(|pattern| may_repeat(request.method(), pattern.as_str())) {
        return next.run(request).await;
    }
    let key = match key(request.headers()) {
        Err(problem) => return problem.into_response(),
        Ok(key) => key,
    };
    let (Some(key), Some(answers)) = (key, state.answers.clone()) else {
        return next.run(request).await;
    };
    let asked = Asked {
        answers,
        customer: customer_of(&mut request).await,
        key: hash_of(&key, &request),
    };
    let (parts, body) = request.into_parts();
    let body = match request::bytes(&parts.headers, body, request::SINGLE).await {
        Err(problem) => return problem.into_response(),
        Ok(body) => body,
    };
    let (said, now) = (Sha256::digest(&body).into(), state.now());
    let begun = asked
        .answers
        .begin(asked.customer, &asked.key, &said, now)
        .await;
    match begun {
        Ok(Begun::First) => {
            let request = Request::from_parts(parts, Body::from(body));
            asked.kept(next.run(request).await).await
        }
        Ok(Begun::Answered(kept)) => again(kept),
        Ok(Begun::Running) => Problem::new(
            StatusCode::CONFLICT,
            "idempotency_key_in_use",
            "The first request with this `Idempotency-Key` has not been answered yet; try again shortly.",
        )
        .into_response(),
        Ok(Begun::Other) => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "idempotency_key_reused",
            "Another request came with this `Idempotency-Key` before. Nothing was done.",
        )
        .into_response(),
        Err(error) => {
            tracing::error!(%error, "what a request was answered before could not be read");
            Problem::unavailable("Nothing was done: the database does not answer.").into_response()
        }
    }
}

fn may_repeat(method: &Method, pattern: &str) -> bool {
    let asks = need(method.as_str(), pattern);
    *method == Method::POST
        && pattern.starts_with("/v1/")
        && matches!(asks, Some(Need::Scope(scope)) if scope != Scope::EventsWrite)
}

/// Of who asks, for what, and of what they call it.
fn hash_of(key: &Key, request: &Request) -> [u8; 32] {
    let who = viewer().map_or_else(String::new, |viewer| viewer.name());
    let mut hash = Sha256::new();
    for part in [&*who, request.uri().path(), &*key.word()] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

fn again(kept: Kept) -> Response {
    let status = StatusCode::from_u16(kept.status).unwrap_or(StatusCode::OK);
    let mut response = (status, kept.body).into_response();
    let headers = response.headers_mut();
    match HeaderValue::from_str(&kept.kind) {
        Ok(kind) if !kind.is_empty() => headers.insert(header::CONTENT_TYPE, kind),
        _ => headers.remove(header::CONTENT_TYPE),
    };
    response
}

impl Asked {
    /// Keeps what took effect. A request that was refused did nothing: it is forgotten, and its key is free again; so is one whose
    /// answer is too long to be kept.
    async fn kept(self, response: Response) -> Response {
        let status = response.status();
        let (parts, body) = response.into_parts();
        let Ok(body) = to_bytes(body, usize::MAX).await else {
            return Problem::fault().into_response();
        };
        let done = match status.is_success() && body.len() <= LONGEST_ANSWER {
            true => {
                let answer = answer(status, parts.headers.get(header::CONTENT_TYPE), &body);
                self.answers
                    .answered(self.customer, &self.key, &answer)
                    .await
            }
            false => self.answers.forget(self.customer, &self.key).await,
        };
        if let Err(error) = done {
            tracing::warn!(%error, "what a request was answered could not be kept");
        }
        Response::from_parts(parts, Body::from(body))
    }
}

fn answer(status: StatusCode, kind: Option<&HeaderValue>, body: &Bytes) -> Kept {
    let kind = kind.and_then(|kind| kind.to_str().ok());
    Kept {
        status: status.as_u16(),
        kind: kind.unwrap_or_default().to_owned(),
        body: body.to_vec(),
    }
}
