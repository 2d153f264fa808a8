//! A page with nothing but the chat: for a link in a message, and for trying it out.

use askama::Template;
use axum::{
    extract::State as Shared,
    http::{HeaderMap, header},
    response::{Html, IntoResponse, Response},
};

use super::chat;
use crate::{State, problem::Problem};

const STYLE: &str = include_str!("../../static/chat-page.css");

/// Nothing from elsewhere, and no script but ours.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'";

#[derive(Template)]
#[template(path = "chat.html")]
struct Page<'a> {
    language: &'static str,
    title: &'a str,
    without_script: &'static str,
}

pub(super) async fn show(
    Shared(state): Shared<State>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let chat = chat(&state)?;
    let french = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|h| h.to_str().ok())
        .map_or(&*chat.locale, |asked| asked)
        .starts_with("fr");
    let (language, without_script) = match french {
        true => ("fr", "Le chat a besoin de JavaScript."),
        false => ("en", "The chat needs JavaScript."),
    };
    let page = Page {
        language,
        title: &chat.title,
        without_script,
    };
    let html = page.render().map_err(|error| {
        tracing::error!(%error, "the chat's page could not be rendered");
        Problem::fault()
    })?;
    let policy = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::HeaderName::from_static("x-robots-tag"), "noindex"),
    ];
    Ok((policy, Html(html)).into_response())
}

pub(super) async fn style() -> Response {
    let kind = [(header::CONTENT_TYPE, "text/css; charset=utf-8")];
    (kind, STYLE).into_response()
}
