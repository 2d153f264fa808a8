//! What customers say on their pages, as events of theirs.

use journey::intake::{Parsed, SegmentCall, parse_value, to_json};
use serde_json::{Value, json};

use super::{Gone, Guest};
use crate::{Accepted, NotAccepted, State};

/// Which texts are shown: kept with each consent, so that it can be said what was agreed to.
pub(super) const VERSION: &str = "2026-11";

/// One thing that is said.
pub(super) struct Said {
    /// The event's name; empty for traits.
    pub name: &'static str,
    /// Its properties, or the traits.
    pub body: Value,
}

/// Hands all of it over, in order. When it is back, it is decided.
///
/// Whatever schemas a workspace has for these events: nobody is kept from saying no.
pub(super) async fn say(state: &State, guest: &Guest, all: Vec<Said>) -> Result<(), Gone> {
    if all.is_empty() {
        return Ok(());
    }
    let events: Result<Vec<_>, Gone> = all
        .into_iter()
        .enumerate()
        .map(|(at, said)| event(state, guest, at, &said))
        .collect();
    guest.pages.turn.accept(events?).await.map_err(|error| {
        let (NotAccepted::Unavailable(why) | NotAccepted::Failed(why)) = error;
        tracing::error!(reason = %why, "what a customer said could not be taken");
        Gone::Busy
    })
}

fn event(state: &State, guest: &Guest, at: usize, said: &Said) -> Result<Accepted, Gone> {
    let now = state.now();
    let (call, field) = match said.name {
        "" => (SegmentCall::Identify, "traits"),
        _ => (SegmentCall::Track, "properties"),
    };
    let body = json!({
        // Who comes back to the same link means it anew.
        "messageId": format!("page-{}-{}-{at}", guest.link.customer, now.as_microsecond()),
        "userId": guest.customer.row.key,
        "event": said.name,
        "timestamp": now,
        field: said.body,
    });
    let parsed = parse_value(body, Some(call), now).map_err(|refused| {
        tracing::error!(why = %refused.message, "a page made an event that cannot be read");
        Gone::Wrong
    })?;
    let Parsed { id, event, .. } = parsed;
    let body = to_json(&event);
    Ok(Accepted {
        id,
        event,
        body,
        traceparent: None,
    })
}
