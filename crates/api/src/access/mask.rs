//! Addresses and names, hidden but for their ends from who need not read them; and shown for a reason, for a while.

use std::{mem::take, sync::Arc};

use jiff::Timestamp;
use journey::{
    content::Content,
    customer::Ledger,
    explain::Explanation,
    ids::CustomerId,
    trace::Fact,
    value::{Map, Value},
};
use store::read::{
    CustomerRow, CustomerView, Depth, Found, InboxItem, MessageRow, MessageView, ReadError, RunRow,
    Runs, TimelineEntry, Utterance,
};

use super::{Quoted, Scope, user, viewer};
use crate::{State, pages::hidden};

/// What may be a customer's key, in an event: hidden where it is an address.
const KEYS: [&str; 2] = ["into", "from"];
/// What is an address: as a trait, and as a field of an event at whatever depth.
pub(super) const ADDRESSES: [&str; 7] = [
    "email",
    "phone",
    "chat_id",
    "push_token",
    "push_tokens",
    "token",
    "tokens",
];
/// What is a name, in the same way. `name` is one as a trait alone: products have names as well.
pub(super) const NAMES: [&str; 4] = ["first_name", "last_name", "firstName", "lastName"];
/// The longest reason, in characters.
pub(crate) const REASON: usize = 200;

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
    key(&mut row.key);
    fields(&mut row.traits, true);
}

/// As lines of a list of runs: their customers' keys may be addresses.
pub(crate) fn run_rows(runs: &mut [RunRow], now: Timestamp) {
    for run in runs {
        if !sees(run.customer, now) {
            key(&mut run.customer_key);
        }
    }
}

/// The same of messages.
pub(crate) fn messages(messages: &mut [MessageRow], now: Timestamp) {
    for message in messages {
        message_row(message, now);
    }
}

/// As one, whole.
pub(crate) fn view(view: &mut CustomerView, now: Timestamp) {
    if sees(view.row.id, now) {
        return;
    }
    let quoted = Quoted::of(&view.row.traits, &view.row.key);
    row(&mut view.row, now);
    ledger(&mut view.ledger, &quoted);
}

fn ledger(ledger: &mut Ledger, quoted: &Quoted) {
    for suppression in ledger.suppressed.values_mut() {
        suppression.address = Arc::from(hidden(&suppression.address));
    }
    if let Some(into) = &mut ledger.merged_into {
        other(&mut into.key, quoted);
    }
    // Keys of runs and of sends are what authors made them of.
    let hide = |key: Arc<str>| -> Arc<str> { quoted.hide(&key).into() };
    for entries in ledger.entries.values_mut() {
        *entries = take(entries)
            .into_iter()
            .map(|(key, at)| (hide(key), at))
            .collect();
    }
    ledger.keys = take(&mut ledger.keys)
        .into_iter()
        .map(|(key, id)| (hide(key), id))
        .collect();
}

/// As what waits for a person: whoever answers need not know where to write.
pub(crate) fn item(item: &mut InboxItem, now: Timestamp) {
    if sees(item.customer, now) {
        return;
    }
    let quoted = Quoted::of(&item.traits, &item.key);
    key(&mut item.key);
    fields(&mut item.traits, true);
    value(&mut item.with, &quoted);
}

/// As a conversation with the customer of an item that is not hidden yet.
pub(crate) fn talk(talk: &mut [Utterance], item: &InboxItem, now: Timestamp) {
    if sees(item.customer, now) {
        return;
    }
    let quoted = Quoted::of(&item.traits, &item.key);
    for text in talk.iter_mut().filter_map(|said| said.text.as_mut()) {
        *text = quoted.hide(text);
    }
}

/// As lines of their timeline. `of`: the customer, not hidden yet.
pub(crate) fn entries(entries: &mut [TimelineEntry], of: &CustomerView, now: Timestamp) {
    if sees(of.row.id, now) {
        return;
    }
    let quoted = Quoted::of(&of.row.traits, &of.row.key);
    for entry in entries {
        value(&mut entry.body, &quoted);
        for line in &mut entry.trace {
            fact(&mut line.fact, &quoted);
        }
    }
}

/// What a fact quotes of an event or of the profile.
fn fact(fact: &mut Fact, quoted: &Quoted) {
    match fact {
        Fact::Set { name, value: set } => {
            let name = name.rsplit('.').next().unwrap_or_default().to_owned();
            match &*name {
                name if ADDRESSES.contains(&name) => whole(set, &hidden),
                name if NAMES.contains(&name) || name == "name" => whole(set, &initial),
                _ => value(set, quoted),
            }
        }
        Fact::Answered { answer } => value(answer, quoted),
        Fact::Entered { key } => *key = quoted.hide(key).into(),
        Fact::Merged { into: key }
        | Fact::PassedOn { to: key }
        | Fact::TookOver { from: key, .. } => other(key, quoted),
        _ => {}
    }
}

/// As their runs. `of`: the customer, not hidden yet.
pub(crate) fn runs(runs: &mut Runs, of: &CustomerView, now: Timestamp) {
    if sees(of.row.id, now) {
        return;
    }
    let quoted = Quoted::of(&of.row.traits, &of.row.key);
    for run in runs.open.iter_mut().chain(&mut runs.ended) {
        run.key = quoted.hide(&run.key).into();
        fields(&mut run.variables, false);
        let all = run.variables.values_mut();
        all.for_each(|value| quoted.hide_in(value));
        value(&mut run.event, &quoted);
        let steps = run.steps.values_mut();
        steps.for_each(|step| value(&mut step.answer, &quoted));
    }
}

/// As a line of a list of messages.
pub(crate) fn message_row(row: &mut MessageRow, now: Timestamp) {
    if !sees(row.customer, now) {
        key(&mut row.customer_key);
    }
}

/// As a message, whole.
pub(crate) fn message(view: &mut MessageView, quoted: Option<&Quoted>, now: Timestamp) {
    let Some(quoted) = quoted else { return };
    message_row(&mut view.row, now);
    for row in view.evidence.values_mut() {
        message_row(row, now);
    }
    if let Some(decision) = &mut view.decision {
        decision.key = quoted.hide(&decision.key).into();
        value(&mut decision.with, quoted);
    }
}

/// As explanations.
pub(crate) fn explanation(told: &mut Explanation, quoted: Option<&Quoted>) {
    let Some(quoted) = quoted else { return };
    let lines = told.evidence.iter_mut().map(|evidence| &mut evidence.text);
    let all = lines.chain([&mut told.sentence]).chain(&mut told.next);
    all.for_each(|text| *text = quoted.hide(text));
}

/// As it went out. A mail is left without its HTML.
pub(crate) fn content(content: &mut Content, quoted: &Quoted) {
    let hide = |text: &mut String| *text = quoted.hide(text);
    match content {
        Content::Email {
            subject,
            preheader,
            html,
            text,
            ..
        } => {
            html.clear();
            [subject, preheader, text].into_iter().for_each(hide);
        }
        Content::Sms { text } => hide(text),
        Content::Push(push) => {
            let texts = [&mut push.title, &mut push.body].into_iter();
            texts.chain(push.data.values_mut()).for_each(hide);
        }
        Content::Chat { text, whatsapp, .. } => {
            let parameters = whatsapp.iter_mut().flat_map(|w| &mut w.parameters);
            parameters.chain([text]).for_each(hide);
        }
    }
}

/// What is hidden of a customer wherever it is quoted; `None`: who asks may read it.
pub(crate) async fn quoted(
    state: &State,
    of: CustomerId,
    now: Timestamp,
) -> Result<Option<Quoted>, ReadError> {
    if sees(of, now) {
        return Ok(None);
    }
    let customer = state.reader.customer(&of.to_string()).await?;
    let quoted = customer.map(|view| Quoted::of(&view.row.traits, &view.row.key));
    Ok(Some(quoted.unwrap_or_default()))
}

/// The same of one who is at hand, not hidden yet.
pub(crate) fn quoted_of(view: &CustomerView, now: Timestamp) -> Option<Quoted> {
    (!sees(view.row.id, now)).then(|| Quoted::of(&view.row.traits, &view.row.key))
}

/// By its names, and by what it quotes.
fn value(value: &mut Value, quoted: &Quoted) {
    inside(value, false);
    quoted.hide_in(value);
}

/// A key that is an address.
fn key(key: &mut Arc<str>) {
    if key.contains('@') {
        *key = Arc::from(hidden(key));
    }
}

/// The key of another customer, who may be called by an address, or as this one is.
fn other(key: &mut Arc<str>, quoted: &Quoted) {
    *key = match key.contains('@') {
        true => hidden(key),
        false => quoted.hide(key),
    }
    .into();
}

/// As the body of an event.
pub(crate) fn body(body: &mut Value) {
    inside(body, false);
}

fn fields(map: &mut Map, traits: bool) {
    let names: Vec<Arc<str>> = map.keys().cloned().collect();
    for (name, value) in names.iter().zip(map.values_mut()) {
        match &**name {
            name if KEYS.contains(&name) => key_in(value),
            "suppression" => whole(value, &hidden),
            name if ADDRESSES.contains(&name) => whole(value, &hidden),
            name if NAMES.contains(&name) || (traits && name == "name") => whole(value, &initial),
            name => inside(value, name == "traits"),
        }
    }
}

/// What may be a customer's key.
fn key_in(value: &mut Value) {
    match value {
        Value::Text(text) => key(text),
        deeper => inside(deeper, false),
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

/// A customer's key, as whoever asks may read it: it may be an address.
pub(crate) fn shown_key(of: CustomerId, key: &str, now: Timestamp) -> String {
    let mut key = Arc::from(key);
    if !sees(of, now) {
        other(&mut key, &Quoted::default());
    }
    key.to_string()
}

/// `L…`: the end of a short name would be all of it.
pub(super) fn initial(name: &str) -> String {
    name.chars().take(1).chain(['…']).collect()
}

/// Each text of a value.
pub(super) fn texts(value: &Value, each: &mut impl FnMut(&str)) {
    match value {
        Value::Text(text) => each(text),
        Value::List(list) => list.iter().for_each(|value| texts(value, each)),
        Value::Map(map) => map.values().for_each(|value| texts(value, each)),
        _ => {}
    }
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
