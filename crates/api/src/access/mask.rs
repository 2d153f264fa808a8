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
    value::{Map, Value},
};
use serde::Deserialize;
use store::read::{
    CustomerRow, CustomerView, Depth, Found, InboxItem, MessageRow, RunRow, TimelineEntry,
};

use super::{Scope, access, noted, see, user, viewer};
use crate::{State, console::PageError, pages::hidden};

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

/// How much of an address, or of a name, a search must be told: who may not read them does not learn them letter by letter.
pub(crate) fn depth() -> Depth {
    let may = viewer().is_none_or(|viewer| viewer.may(Scope::CustomersReveal));
    if may { Depth::Beginnings } else { Depth::Whole }
}

/// As what a search found.
pub(crate) fn found(found: &mut Found, now: Timestamp) {
    for customer in &mut found.customers {
        row(&mut customer.row, now);
    }
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

/// As lines of a list of runs: their customers' keys may be addresses.
pub(crate) fn runs(runs: &mut [RunRow], now: Timestamp) {
    for run in runs {
        key(&mut run.customer_key, run.customer, now);
    }
}

/// The same of messages.
pub(crate) fn messages(messages: &mut [MessageRow], now: Timestamp) {
    for message in messages {
        key(&mut message.customer_key, message.customer, now);
    }
}

fn key(key: &mut Arc<str>, of: CustomerId, now: Timestamp) {
    if key.contains('@') && !sees(of, now) {
        *key = Arc::from(hidden(key));
    }
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
    }
}

fn fields(map: &mut Map, traits: bool) {
    let names: Vec<Arc<str>> = map.keys().cloned().collect();
    for (name, value) in names.iter().zip(map.values_mut()) {
        match &**name {
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
