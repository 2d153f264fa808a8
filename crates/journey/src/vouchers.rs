//! Voucher pools (`config/vouchers.yaml`): codes that were imported, of which each is drawn once.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use uuid::Uuid;

use crate::{ids::CustomerId, message::Message};

/// Pools by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pools(pub BTreeMap<Arc<str>, Pool>);

/// One pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    /// Who gets a code of their own.
    pub each: Each,
    /// Below how many it is said that codes run low; 0: never.
    pub low: u32,
}

/// What gets a code of its own; the same one whenever it is drawn for again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Each {
    /// A customer, in whatever journey.
    #[default]
    Customer,
    /// A customer's way through one journey.
    Run,
    /// A message.
    Message,
}

impl Pool {
    /// The highest `low`; no more codes are counted.
    pub const MAX_LOW: u32 = 100_000;
}

impl Each {
    /// The 16 bytes that stand for whom a code of this message is drawn for.
    pub fn owner(self, customer: CustomerId, message: &Message) -> Uuid {
        match self {
            Self::Customer => customer.0,
            Self::Run => message.run.0,
            Self::Message => message.id.0,
        }
    }
}

/// What stands for a code where none is drawn: `SPRING-0000`.
pub fn sample(pool: &str) -> String {
    format!("{}-0000", pool.to_uppercase().replace('_', "-"))
}
