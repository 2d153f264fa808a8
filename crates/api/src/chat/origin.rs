//! Which pages may talk to the widget's addresses.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::Response,
};

use super::Chat;
use crate::problem::Problem;

/// Only pages of the shop, and our own. A request without an origin comes from no foreign page.
pub(super) fn allowed(chat: &Chat, headers: &HeaderMap) -> Result<(), Problem> {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return Ok(());
    };
    let origin = origin.to_str().unwrap_or_default();
    let host = headers
        .get(header::HOST)
        .and_then(|h| h.to_str().ok())
        .unwrap_or_default();
    let own = origin.split_once("://").is_some_and(|(_, o)| o == host) || origin == &*chat.base;
    if own || chat.origins.iter().any(|o| o == origin) {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "origin",
        "This page may not show the chat: its origin is none of `origins`.",
    ))
}

/// Names the page's origin in the answer, also in a refusal: without it the page could not read why. Nothing is told that the
/// token would not tell anybody, and there is no cookie that could come along by itself.
pub(super) async fn named(request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
    response
}
