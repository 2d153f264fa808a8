//! Push notifications in a browser: the page that asks for them, the scripts, and the subscription that comes back.

use askama::Template;
use axum::{
    body::Body,
    extract::{Path, State as Shared},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use channels::{Browsers, LONGEST_SUBSCRIPTION};
use journey::links::{Link, LinkKind};
use serde_json::{Value, json};

use super::{Frame, Gone, Guest, Page, Told, answered, guest, html, say};
use crate::{State, request};

/// Shows notifications and follows taps.
const WORKER: &str = include_str!("../../static/push/worker.js");
/// Subscribes a browser, on our page and on the shop's.
const SUBSCRIBE: &str = include_str!("../../static/push/subscribe.js");
/// What our page does with it.
const PAGE: &str = include_str!("../../static/push/page.js");
/// What stands for the server's public key in [`SUBSCRIBE`].
const KEY: &str = "@KEY@";
/// The longest body, in bytes: a subscription, and what is to be done with it.
const LONGEST: usize = LONGEST_SUBSCRIPTION + 256;
/// What the page's scripts and its worker may do: nothing but talk to us.
const POLICY: &str = "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; \
    style-src 'self'; img-src 'self' https: data:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

#[derive(Template)]
#[template(path = "pages/push.html")]
struct Ask<'g> {
    frame: Frame<'g>,
    /// Where to choose what to receive, as long as the link shows that.
    preferences: Option<String>,
}

pub(super) async fn show(
    Shared(state): Shared<State>,
    Path(word): Path<String>,
    headers: HeaderMap,
) -> Response {
    let page = page(&state, &word, &headers).await;
    let mut response = answered(&state, &headers, page);
    let policy = HeaderValue::from_static(POLICY);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

async fn page(state: &State, word: &str, headers: &HeaderMap) -> Page {
    let guest = own(state, word, headers).await?;
    let words = guest.words;
    if guest.pages.browsers.is_none() {
        return html(&Told {
            frame: guest.frame(),
            title: words.push_none.to_owned(),
            text: words.push_none_text.to_owned(),
            next: preferences(&guest).map(|way| (way, words.to_preferences)),
        });
    }
    html(&Ask {
        preferences: preferences(&guest),
        frame: guest.frame(),
    })
}

/// Whoever the link is for, if it is one to this page.
async fn own(state: &State, word: &str, headers: &HeaderMap) -> Result<Guest, Gone> {
    let guest = guest(state, word, headers).await?;
    match guest.link.kind {
        LinkKind::Push { .. } => Ok(guest),
        _ => Err(Gone::Link),
    }
}

/// The way to all choices, as long as this link is good.
fn preferences(guest: &Guest) -> Option<String> {
    let LinkKind::Push { channel } = guest.link.kind else {
        return None;
    };
    let link = Link {
        kind: LinkKind::Preferences { channel },
        ..guest.link.clone()
    };
    Some(format!("/p/{}", guest.pages.key.sign(&link)))
}

/// Takes a subscription, or takes it away: `{"subscribe": SUBSCRIPTION}`, `{"unsubscribe": SUBSCRIPTION}`. A page of the
/// shop's may ask as well: what counts is the link, and no cookie is looked at.
pub(super) async fn submit(
    Shared(state): Shared<State>,
    Path(word): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let anybody = (
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    );
    let taken = match taken(&state, &word, &headers, body).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(Refused::Because(why)) => (StatusCode::BAD_REQUEST, why).into_response(),
        Err(Refused::Gone(gone)) => answered(&state, &headers, Err(gone)),
    };
    ([anybody], taken).into_response()
}

/// Why a subscription is not taken.
enum Refused {
    Gone(Gone),
    /// In words for whoever writes a page.
    Because(&'static str),
}

impl From<Gone> for Refused {
    fn from(gone: Gone) -> Self {
        Self::Gone(gone)
    }
}

async fn taken(state: &State, word: &str, headers: &HeaderMap, body: Body) -> Result<(), Refused> {
    let guest = own(state, word, headers).await?;
    let browsers = guest.pages.browsers.as_ref();
    let browsers = browsers.ok_or(Refused::Because("no provider of Web Push is set up"))?;
    let body = request::bytes(headers, body, LONGEST).await;
    let body = body.map_err(|_| Refused::Because("the subscription is too long"))?;
    let asked: Value =
        serde_json::from_slice(&body).map_err(|_| Refused::Because("the body is a JSON object"))?;
    let said = said(browsers, &asked).map_err(Refused::Because)?;
    Ok(say::say(state, &guest, vec![said]).await?)
}

/// What is asked for, as the customer's event.
fn said(browsers: &Browsers, asked: &Value) -> Result<say::Said, &'static str> {
    let address = |name: &str| {
        let subscription = asked.get(name)?.to_string();
        Some(browsers.address(subscription.as_bytes()))
    };
    if let Some(address) = address("subscribe") {
        let body = json!({ "token": address?, "how": "page" });
        return Ok(say::Said {
            name: journey::machine::REGISTERED,
            body,
        });
    }
    let address = address("unsubscribe").ok_or("the body has `subscribe` or `unsubscribe`")??;
    let body = json!({ "tokens": [address], "how": "page" });
    Ok(say::Said {
        name: journey::machine::UNREGISTERED,
        body,
    })
}

pub(super) async fn worker() -> Response {
    script(WORKER.to_owned())
}

/// With the server's public key in it; without a provider of Web Push the key is empty, and the script says so.
pub(super) async fn subscribe(Shared(state): Shared<State>) -> Response {
    let browsers = state.pages.and_then(|pages| pages.browsers);
    let key = browsers.as_ref().map_or("", Browsers::key);
    script(SUBSCRIBE.replace(KEY, key))
}

pub(super) async fn page_script() -> Response {
    script(PAGE.to_owned())
}

/// A script that other origins may run; a browser asks for it again after an hour.
fn script(text: String) -> Response {
    const POLICY: &str = "default-src 'none'; connect-src 'self'; img-src 'self' https: data:; frame-ancestors 'none'";
    const HEADERS: [(HeaderName, &str); 4] = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=3600"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "cross-origin",
        ),
    ];
    (HEADERS, text).into_response()
}
