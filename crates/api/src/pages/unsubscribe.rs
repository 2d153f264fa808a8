//! Unsubscribing: by one click of a mail program (RFC 8058), or by a button.

use askama::Template;
use axum::{
    body::Body,
    extract::{Path, State as Shared},
    http::HeaderMap,
    response::Response,
};
use journey::{
    links::{Link, LinkKind},
    localized, time,
};
use serde_json::json;

use super::{Frame, Gone, Guest, Page, Told, answered, guest, html, request, say};
use crate::State;

#[derive(Template)]
#[template(path = "pages/unsubscribe.html")]
struct Ask<'g> {
    frame: Frame<'g>,
    question: String,
    preferences: Option<String>,
}

/// Only asks: programs that look at links before people do must change nothing.
pub(super) async fn ask(
    Shared(state): Shared<State>,
    Path(word): Path<String>,
    headers: HeaderMap,
) -> Response {
    let page = question(&state, &word, &headers).await;
    answered(&state, &headers, page)
}

async fn question(state: &State, word: &str, headers: &HeaderMap) -> Page {
    let guest = guest(state, word, headers).await?;
    let what = title(&guest)?;
    html(&Ask {
        frame: guest.frame(),
        question: guest.words.stop_question.replace("{what}", &what),
        preferences: preferences(state, &guest),
    })
}

/// Takes the consent back. Neither a cookie nor a redirect nor a second question (RFC 8058, 3.2).
pub(super) async fn submit(
    Shared(state): Shared<State>,
    Path(word): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let page = stopped(&state, &word, &headers, body).await;
    answered(&state, &headers, page)
}

async fn stopped(state: &State, word: &str, headers: &HeaderMap, body: Body) -> Page {
    let guest = guest(state, word, headers).await?;
    let what = title(&guest)?;
    let bytes = request::bytes(headers, body, super::FORM).await;
    let bytes = bytes.map_err(|_| Gone::Wrong)?;
    let how = how(&bytes).ok_or(Gone::Wrong)?;
    stop(state, &guest, how).await?;
    let words = guest.words;
    html(&Told {
        frame: guest.frame(),
        title: words.stopped.to_owned(),
        text: words.stopped_text.replace("{what}", &what),
        next: preferences(state, &guest).map(|way| (way, words.to_preferences)),
    })
}

/// Mail programs send `List-Unsubscribe=One-Click`, as a form of either kind; our button `sure=yes`.
fn how(body: &[u8]) -> Option<&'static str> {
    let text = String::from_utf8_lossy(body);
    let multipart = text.contains("name=\"List-Unsubscribe\"") && text.contains("One-Click");
    if text.contains("List-Unsubscribe=One-Click") || multipart {
        Some("one_click")
    } else if text.contains("sure=yes") {
        Some("link")
    } else {
        None
    }
}

/// Takes back what the link is for.
pub(super) async fn stop(state: &State, guest: &Guest, how: &str) -> Result<(), Gone> {
    let LinkKind::Unsubscribe { purpose, channel } = &guest.link.kind else {
        return Err(Gone::Link);
    };
    let withdrawn = say::Said {
        name: "consent.withdrawn",
        body: json!({
            "purpose": purpose,
            "channel": channel,
            "how": how,
            "text": guest.words.stop_question.replace("{what}", &title(guest)?),
            "version": say::VERSION,
            "proof": { "message_id": guest.link.message },
        }),
    };
    say::say(state, guest, vec![withdrawn]).await
}

/// What the link's purpose is called.
fn title(guest: &Guest) -> Result<String, Gone> {
    let LinkKind::Unsubscribe { purpose, .. } = &guest.link.kind else {
        return Err(Gone::Link);
    };
    let (locale, default) = (guest.words.code, &guest.policies.defaults.locale);
    let known = guest.policies.purposes.get(purpose);
    let title = known.and_then(|p| localized::read(&p.title, locale, default));
    Ok(title.unwrap_or(purpose).to_string())
}

/// The way from here to all choices, as long as the one that the same mail had itself: a link for
/// unsubscribing is kept longer than personal data may be seen by it.
fn preferences(state: &State, guest: &Guest) -> Option<String> {
    let LinkKind::Unsubscribe { channel, .. } = guest.link.kind else {
        return None;
    };
    let (link, now) = (&guest.link, state.now());
    let kind = LinkKind::Preferences { channel };
    let made_at = time::plus(link.expires_at, -link.kind.lifetime());
    let other = Link::new(kind, link.customer, link.message, made_at);
    (other.expires_at > now).then(|| format!("/p/{}", guest.pages.key.sign(&other)))
}
