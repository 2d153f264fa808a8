//! Confirming consents that were asked for (double opt-in).

use std::sync::Arc;

use askama::Template;
use axum::{
    body::Body,
    extract::{Path, State as Shared},
    http::HeaderMap,
    response::Response,
};
use journey::{customer::ConsentState, links::LinkKind, localized};
use serde_json::json;

use super::{Frame, Gone, Guest, Page, Told, agreed, answered, guest, html, say};
use crate::State;

#[derive(Template)]
#[template(path = "pages/confirm.html")]
struct Ask<'g> {
    frame: Frame<'g>,
    address: Option<String>,
    /// What is confirmed, and a sentence on it.
    purposes: Vec<(String, Option<String>)>,
}

/// Only asks: programs that look at links before people do must confirm nothing.
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
    let waiting = waiting(&guest)?;
    if waiting.is_empty() {
        return nothing(&guest);
    }
    let LinkKind::Confirm { channel } = guest.link.kind else {
        return Err(Gone::Link);
    };
    html(&Ask {
        address: guest.address(channel),
        purposes: waiting.iter().map(|p| guest.purpose(p)).collect(),
        frame: guest.frame(),
    })
}

pub(super) async fn submit(
    Shared(state): Shared<State>,
    Path(word): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let page = confirmed(&state, &word, &headers, body).await;
    answered(&state, &headers, page)
}

async fn confirmed(state: &State, word: &str, headers: &HeaderMap, body: Body) -> Page {
    let guest = guest(state, word, headers).await?;
    agreed(headers, body).await?;
    let LinkKind::Confirm { channel } = guest.link.kind else {
        return Err(Gone::Link);
    };
    // Only what waits: an old link brings nothing back that was taken back since.
    let waiting = waiting(&guest)?;
    if waiting.is_empty() {
        return nothing(&guest);
    }
    let granted = waiting.iter().map(|purpose| say::Said {
        name: "consent.granted",
        body: json!({
            "purpose": purpose,
            "channel": channel,
            "confirmed": true,
            "how": "confirmation",
            "text": format!("{}: {}", guest.words.confirm_question, guest.purpose(purpose).0),
            "version": say::VERSION,
            "proof": { "message_id": guest.link.message },
        }),
    });
    say::say(state, &guest, granted.collect()).await?;
    html(&Told {
        frame: guest.frame(),
        title: guest.words.confirmed.to_owned(),
        text: guest.words.confirmed_text.to_owned(),
        next: None,
    })
}

fn nothing(guest: &Guest) -> Page {
    html(&Told {
        frame: guest.frame(),
        title: guest.words.nothing_waits.to_owned(),
        text: guest.words.nothing_waits_text.to_owned(),
        next: None,
    })
}

/// The purposes whose consent on the link's channel waits for being confirmed.
fn waiting(guest: &Guest) -> Result<Vec<Arc<str>>, Gone> {
    let LinkKind::Confirm { channel } = guest.link.kind else {
        return Err(Gone::Link);
    };
    let consents = guest.customer.ledger.consents.iter();
    let asked = consents.filter(|(purpose, by_channel)| {
        let state = by_channel.get(&channel).map(|c| c.state);
        state == Some(ConsentState::Unconfirmed) && guest.policies.purposes.contains_key(*purpose)
    });
    Ok(asked.map(|(purpose, _)| purpose.clone()).collect())
}

impl Guest {
    /// What a purpose is called, and a sentence on it.
    pub(super) fn purpose(&self, name: &str) -> (String, Option<String>) {
        let (locale, default) = (self.words.code, &self.policies.defaults.locale);
        let known = self.policies.purposes.get(name);
        let title = known.and_then(|p| localized::read(&p.title, locale, default));
        let about = known.and_then(|p| localized::read(&p.about, locale, default));
        let title = title.map_or_else(|| name.to_owned(), ToString::to_string);
        (title, about.map(ToString::to_string))
    }
}
