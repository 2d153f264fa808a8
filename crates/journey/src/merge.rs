//! Two customers who are one person: the event that says so, and what the one who goes hands over to the one who stays.
//!
//! No turn touches two customers, so a merge is two inputs: [`MERGE`] for the one who goes, and a [`TakeOver`] for the
//! one who stays, which the engine delivers after the first is committed (`advance/merge`).

use std::sync::Arc;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    customer::{Consent, Ledger, MOST_DEVICES, PastSend, Suppression},
    ids::{CustomerId, InputId, MessageId},
    input::{Event, InputKind},
    message::Channel,
    value::{Map, Value},
};

/// The event by which a customer is merged into another, whose key is `into`. Producers say it as Segment's `alias`.
pub const MERGE: &str = "customer.merge";
/// Its field with the other's key.
pub const INTO: &str = "into";
/// The field in which the store tells it whom the other was merged into before: ids, the nearest first. Whatever a
/// producer writes there is taken out.
pub const WAY: &str = "way";
/// With what reason runs leave.
pub const MERGED: &str = "merged";
/// How many merges may follow each other from the one who is merged into.
pub const MAX_WAY: usize = 16;
/// The trait that holds all devices: those of both are kept.
const DEVICES: &str = "push_tokens";
/// How many messages of others a customer's caps count at the most, the newest.
pub const MAX_CARRIED: usize = 500;

/// Whom a customer was merged into.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MergedInto {
    /// Their key.
    pub key: Arc<str>,
    /// When.
    #[serde(with = "crate::instant")]
    #[schemars(with = "Timestamp")]
    pub at: Timestamp,
}

impl MergedInto {
    /// Their id.
    pub fn id(&self) -> CustomerId {
        CustomerId::of(&self.key)
    }
}

/// Something that is handed over to the customer whom another was merged into.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TakeOver {
    /// The other's key.
    pub from: Arc<str>,
    /// When it happened to the other.
    #[serde(with = "crate::instant")]
    pub at: Timestamp,
    /// What.
    pub what: Handed,
}

/// See [`TakeOver`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Handed {
    /// All that is known of them, when they were merged.
    Person(Box<Person>),
    /// An address of theirs that must not be used, learnt later.
    Address {
        /// Of which channel.
        channel: Channel,
        /// Which, and why.
        suppression: Suppression,
    },
    /// A message to them that will not arrive, learnt later: caps count it no more.
    GivenBack {
        /// Which.
        message: MessageId,
    },
}

/// What is known of a customer who was merged, as the other takes it over.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Person {
    /// Their traits.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub traits: Map,
    /// Consents, suppressed addresses, restriction, choices, last entries, keys of sends.
    pub ledger: Ledger,
    /// Messages that caps may count, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sends: Vec<PastSend>,
}

/// An input of another customer, to be delivered to them after the commit, once.
#[derive(Clone, Debug, PartialEq)]
pub struct Forward {
    /// Its id there.
    pub id: InputId,
    /// The other's key.
    pub to: Arc<str>,
    /// When it happened here.
    pub at: Timestamp,
    /// What.
    pub kind: InputKind,
}

/// The traits that a customer with `own` gets from one with `others`: those that they do not have, and new devices.
pub fn traits_taken(own: &Map, others: &Map) -> Vec<(Arc<str>, Value)> {
    let taken = |(name, value): (&Arc<str>, &Value)| {
        let value = match own.get(name) {
            None => value.clone(),
            Some(own) if &**name == DEVICES => devices(own, value),
            Some(_) => return None,
        };
        (own.get(name) != Some(&value)).then(|| (name.clone(), value))
    };
    others.iter().filter_map(taken).collect()
}

/// The consents that change for a customer with `own` by those of one with `others`: of each purpose and channel what was
/// said last holds.
pub fn consents_taken(own: &Ledger, others: &Ledger) -> Vec<(Arc<str>, Channel, Consent)> {
    let mut taken = Vec::new();
    for (purpose, channels) in &others.consents {
        let known = own.consents.get(purpose);
        for (channel, other) in channels {
            let before = known.and_then(|c| c.get(channel));
            let holds = before.map_or_else(|| other.clone(), |own| Consent::of_both(own, other));
            if before != Some(&holds) {
                taken.push((purpose.clone(), *channel, holds));
            }
        }
    }
    taken
}

/// Both customers' devices, no more than are written to: the own go before the other's.
fn devices(own: &Value, other: &Value) -> Value {
    let list = |value: &Value| match value {
        Value::List(list) => list.to_vec(),
        one => vec![one.clone()],
    };
    let mut all = list(own);
    for device in list(other) {
        if all.len() < MOST_DEVICES && !all.contains(&device) {
            all.push(device);
        }
    }
    Value::List(all.into())
}

/// The key of whom an event merges its customer into, if that is what it says.
pub fn target(event: &Event) -> Option<Arc<str>> {
    let into = event.properties.field(INTO);
    let is_merge = *event.name == *MERGE;
    into.as_text().filter(|_| is_merge).map(Arc::from)
}

/// Tells a merge whom the other was merged into before: `way`, the nearest first. Said by nobody else.
pub fn tell_way(event: &mut Event, way: &[CustomerId]) {
    let Value::Map(fields) = &event.properties else {
        return;
    };
    if way.is_empty() && !fields.contains_key(WAY) {
        return;
    }
    let mut fields = Map::clone(fields);
    fields.remove(WAY);
    if !way.is_empty() {
        let ids = way.iter().map(|id| Value::text(id.to_string()));
        fields.insert(Arc::from(WAY), Value::List(ids.collect()));
    }
    event.properties = Value::Map(Arc::new(fields));
}
