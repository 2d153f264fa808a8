//! Addresses and names, hidden but for their ends from who need not read them; and shown for a reason, for a while.

use std::sync::Arc;

use axum::{
    Form,
    extract::{Path, State as Shared},
    response::Response,
};
use jiff::Timestamp;
use journey::{
    customer::Ledger,
    ids::CustomerId,
    trace::Fact,
    value::{Map, Value},
};
use serde::Deserialize;
use store::read::{CustomerRow, CustomerView, InboxItem, TimelineEntry};

use super::{Scope, access, noted, see, user, viewer};
use crate::{State, console::PageError, pages::hidden};

/// What may be a customer's key, in an event: hidden where it is an address.
const KEYS: [&str; 2] = ["into", "from"];
/// What is an address: as a trait, and as a field of an event at whatever depth.
const ADDRESSES: [&str; 7] = [
    "email",
    "phone",
    "chat_id",
    "push_token",
    "push_tokens",
    "token",
    "tokens",
];
/// What is a name, in the same way. `name` is one as a trait alone: products have names as well.
const NAMES: [&str; 4] = ["first_name", "last_name", "firstName", "lastName"];
/// The longest reason, in characters.
const REASON: usize = 200;

/// Whether who asks may read the addresses of that customer.
pub(crate) fn sees(id: CustomerId, now: Timestamp) -> bool {
    let Some(viewer) = viewer() else { return true };
    let shown = viewer.revealed.get(&id.0);
    viewer.may(Scope::CustomersReveal) || shown.is_some_and(|until| *until > now)
}

/// Whether who asks could read them for a reason: people can, programs cannot.
pub(crate) fn may_ask(id: CustomerId, now: Timestamp) -> bool {
    !sees(id, now) && user().is_ok()
}

/// As a row of a list.
pub(crate) fn row(row: &mut CustomerRow, now: Timestamp) {
    if sees(row.id, now) {
        return;
    }
    if row.key.contains('@') {
        row.key = Arc::from(hidden(&row.key));
    }
    fields(&mut row.traits, true);
}

/// As one, whole.
pub(crate) fn view(view: &mut CustomerView, now: Timestamp) {
    if sees(view.row.id, now) {
        return;
    }
    row(&mut view.row, now);
    ledger(&mut view.ledger);
}

fn ledger(ledger: &mut Ledger) {
    for suppression in ledger.suppressed.values_mut() {
        suppression.address = Arc::from(hidden(&suppression.address));
    }
    if let Some(into) = ledger.merged_into.as_mut().filter(|i| i.key.contains('@')) {
        into.key = Arc::from(hidden(&into.key));
    }
}

/// As what waits for a person: whoever answers need not know where to write.
pub(crate) fn item(item: &mut InboxItem, now: Timestamp) {
    if sees(item.customer, now) {
        return;
    }
    if item.key.contains('@') {
        item.key = Arc::from(hidden(&item.key));
    }
    fields(&mut item.traits, true);
}

/// As a line of their timeline.
pub(crate) fn entries(entries: &mut [TimelineEntry], of: CustomerId, now: Timestamp) {
    if sees(of, now) {
        return;
    }
    for entry in entries {
        inside(&mut entry.body, false);
        entry.trace.iter_mut().for_each(|line| fact(&mut line.fact));
    }
}

fn fields(map: &mut Map, traits: bool) {
    let names: Vec<Arc<str>> = map.keys().cloned().collect();
    for (name, value) in names.iter().zip(map.values_mut()) {
        match &**name {
            name if KEYS.contains(&name) => key(value),
            "suppression" => whole(value, &hidden),
            name if ADDRESSES.contains(&name) => whole(value, &hidden),
            name if NAMES.contains(&name) || (traits && name == "name") => whole(value, &initial),
            name => inside(value, name == "traits"),
        }
    }
}

/// What is hidden may stand deeper inside.
fn inside(value: &mut Value, traits: bool) {
    match value {
        Value::Map(map) => fields(Arc::make_mut(map), traits),
        Value::List(list) => {
            let mut all = list.to_vec();
            all.iter_mut().for_each(|value| inside(value, false));
            *list = Arc::from(all);
        }
        _ => {}
    }
}

fn key(value: &mut Value) {
    match value {
        Value::Text(text) if text.contains('@') => *text = Arc::from(hidden(text)),
        other => inside(other, false),
    }
}

/// A customer's key, as whoever asks may read it: it may be an address.
pub(crate) fn shown_key(of: CustomerId, key: &str, now: Timestamp) -> String {
    match key.contains('@') && !sees(of, now) {
        true => hidden(key),
        false => key.to_owned(),
    }
}

/// Facts that name another customer, who may be called by an address.
fn fact(fact: &mut Fact) {
    let (Fact::Merged { into: key }
    | Fact::PassedOn { to: key }
    | Fact::TookOver { from: key, .. }) = fact
    else {
        return;
    };
    if key.contains('@') {
        *key = Arc::from(hidden(key));
    }
}

/// `L…`: the end of a short name would be all of it.
fn initial(name: &str) -> String {
    name.chars().take(1).chain(['…']).collect()
}

/// All of it is hidden.
fn whole(value: &mut Value, hide: &impl Fn(&str) -> String) {
    match value {
        Value::Text(text) => *text = Arc::from(hide(text)),
        Value::List(list) => {
            let mut all = list.to_vec();
            all.iter_mut().for_each(|value| whole(value, hide));
            *list = Arc::from(all);
        }
        Value::Map(map) => {
            let all = Arc::make_mut(map).values_mut();
            all.for_each(|value| whole(value, hide));
        }
        Value::Int(_) | Value::Float(_) => *value = Value::text("…"),
        _ => {}
    }
}

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    reason: String,
}

/// Shows them, for a reason that the audit log is told.
pub(super) async fn reveal(
    Shared(state): Shared<State>,
    Path(key): Path<String>,
    Form(asked): Form<Asked>,
) -> Result<Response, PageError> {
    let (_, _, session) = user()?;
    let reason: String = asked.reason.trim().chars().take(REASON).collect();
    if reason.is_empty() {
        return Err(PageError::Wrong(
            "Say why: it is kept in the audit log.".into(),
        ));
    }
    let id = state.reader.customer_id(&key).await?;
    let id = id.ok_or(PageError::NotFound("customer"))?;
    access(&state)?
        .store
        .reveal(&session, id.0, state.now())
        .await?;
    Ok(noted(see(&format!("/customers/{id}")), "", reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_hidden_at_whatever_depth() {
        let mut body = Value::map([
            ("email", Value::text("lea@shop.example")),
            ("city", Value::text("Gent")),
            (
                "push_tokens",
                Value::List(Arc::from([Value::text("abcdef")])),
            ),
            (
                "order",
                Value::map([
                    ("phone", Value::text("+32470123481")),
                    ("total", Value::Int(7)),
                ]),
            ),
            (
                "guests",
                Value::List(Arc::from([Value::map([(
                    "first_name",
                    Value::text("Ana"),
                )])])),
            ),
            ("traits", Value::map([("name", Value::text("Léa Verde"))])),
            ("item", Value::map([("name", Value::text("kettle"))])),
            ("chat_id", Value::Int(5_551_234_567)),
        ]);
        inside(&mut body, false);
        let shown = serde_json::to_string(&body).unwrap();
        for hidden in ["lea@", "abcdef", "4701234", "Ana", "Verde", "5551234567"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
        assert!(
            shown.contains("l…@shop.example") && shown.contains("…81"),
            "{shown}"
        );
        assert!(
            shown.contains("Gent") && shown.contains("kettle") && shown.contains("\"total\":7"),
            "{shown}"
        );
    }
}
