//! Between columns and the types of `journey`.

use std::{borrow::Cow, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx as _;
use journey::{
    customer::{Customer, Ledger},
    ids::CustomerId,
    machine::NodeId,
    message::{Channel, Reason},
    value::Map,
};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{
    error::{Error, malformed},
    packed::{pack, unpack},
};

/// A `timestamptz`.
pub(crate) type Moment = jiff_sqlx::Timestamp;

/// What a provider may say at the most, in bytes: an error, or its own id of a message.
const MAX_WORDS: usize = 2_000;

/// To PostgreSQL's precision: what is written is what will be read.
pub(crate) fn moment(t: Timestamp) -> Moment {
    // Only the very ends of jiff's range have no such neighbour.
    Timestamp::from_microsecond(t.as_microsecond())
        .unwrap_or(t)
        .to_sqlx()
}

/// `t - span`, or the first moment there is.
pub(crate) fn before(t: Timestamp, span: SignedDuration) -> Timestamp {
    t.checked_sub(span).unwrap_or(FIRST).max(FIRST)
}

/// `t + span`, or the last moment there is.
pub(crate) fn after(t: Timestamp, span: SignedDuration) -> Timestamp {
    t.checked_add(span).unwrap_or(Timestamp::MAX)
}

/// PostgreSQL's time begins in 4713 BC; nothing of ours is older than this.
const FIRST: Timestamp = Timestamp::UNIX_EPOCH;

/// `node` of a run: -1 behind the last step.
pub(crate) fn node_to_column(node: NodeId) -> i32 {
    i32::try_from(node.0).unwrap_or(-1)
}

/// The other way round.
pub(crate) fn node_from_column(column: i32) -> NodeId {
    u32::try_from(column).map_or(NodeId::END, NodeId)
}

/// The bytes of a column, in their compact form.
pub(crate) fn to_bytes<T: Serialize + ?Sized>(
    what: &'static str,
    id: Uuid,
    value: &T,
) -> Result<Vec<u8>, Error> {
    pack(value).map_err(malformed(what, id))
}

/// From the bytes of a column.
pub(crate) fn from_bytes<T: DeserializeOwned>(
    what: &'static str,
    id: Uuid,
    bytes: &[u8],
) -> Result<T, Error> {
    unpack(bytes).map_err(malformed(what, id))
}

/// A row of `customer`, without runs and sends.
pub(crate) type CustomerRow = (Uuid, String, String, Vec<u8>);

/// See [`CustomerRow`]: id, key, traits, ledger.
pub(crate) fn customer((id, key, traits, ledger): CustomerRow) -> Result<Customer, Error> {
    let traits: Map = from_bytes("traits", id, traits.as_bytes())?;
    let ledger: Ledger = from_bytes("ledger", id, &ledger)?;
    Ok(Customer {
        id: CustomerId(id),
        key: Arc::from(key),
        traits,
        ledger,
        runs: Vec::new(),
        sends: Vec::new(),
    })
}

pub(crate) fn channel(id: Uuid, text: &str) -> Result<Channel, Error> {
    text.parse()
        .map_err(|()| Error::corrupt("channel", id, text))
}

/// Which status a receipt of this reason leaves behind.
pub(crate) fn settled_status(reason: Reason) -> &'static str {
    match reason {
        Reason::Failed | Reason::Unrenderable => "failed",
        _ => "suppressed",
    }
}

/// A provider's words as they can be stored: without NUL, and not too many. The send itself
/// cannot be undone, so its record must not fail because of them.
pub(crate) fn words(text: &str) -> Cow<'_, str> {
    let mut end = text.len().min(MAX_WORDS);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = &text[..end];
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', " "))
    } else {
        Cow::Borrowed(text)
    }
}
