//! Ids that derive from what they name, so that a repeated turn writes the same rows.

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::input::Passage;

/// The first 16 bytes of SHA-256 over the parts, each preceded by its length.
fn hash(kind: &str, parts: &[&[u8]]) -> Uuid {
    let mut sha = Sha256::new();
    sha.update(kind.as_bytes());
    for part in parts {
        sha.update((part.len() as u64).to_le_bytes());
        sha.update(part);
    }
    let digest = sha.finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    Uuid::from_bytes(bytes)
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
        )]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(
    /// A customer: the hash of the producer's key for them.
    CustomerId
);
id!(
    /// One input of one customer; for an event, the hash of its source and id.
    InputId
);
id!(
    /// One run of a journey by one customer.
    RunId
);
id!(
    /// One decided message; also the idempotency key towards the provider.
    MessageId
);
id!(
    /// One call of an endpoint; also the idempotency key towards it.
    CallId
);
id!(
    /// One compiled journey, by its content.
    MachineId
);
id!(
    /// One dead letter: by its customer and event where these can be read, else by its content.
    LetterId
);

impl CustomerId {
    /// The id of the customer whom producers call `key`.
    pub fn of(key: &str) -> Self {
        Self(hash("customer", &[key.as_bytes()]))
    }
}

impl InputId {
    /// The id of an event, from its source (empty for Segment's bodies) and its own id there.
    pub fn of_event(source: &str, id: &str) -> Self {
        Self(hash("event", &[source.as_bytes(), id.as_bytes()]))
    }

    /// The id of the timer that ends the wait of `run` at `revision`.
    pub fn of_timer(run: RunId, revision: u32) -> Self {
        Self(hash("timer", &[run.0.as_bytes(), &revision.to_le_bytes()]))
    }

    /// The id of a passage of `run`: one to a machine, one out of a removed journey, one for each
    /// revision of the run that is paused or resumed.
    pub fn of_passage(run: RunId, revision: u32, passage: &Passage) -> Self {
        let word = match passage {
            Passage::Pause { .. } => "pause",
            Passage::Resume { .. } => "resume",
            Passage::Move { .. } | Passage::Exit { .. } | Passage::Stop => {
                let to = passage.to().map_or_else(Uuid::nil, |to| to.0);
                return Self(hash("passage", &[run.0.as_bytes(), to.as_bytes()]));
            }
        };
        Self(hash(word, &[run.0.as_bytes(), &revision.to_le_bytes()]))
    }

    /// The id of the news that attempt `attempt` at `message` has ended for good.
    pub fn of_receipt(message: MessageId, attempt: u16) -> Self {
        Self(hash(
            "receipt",
            &[message.0.as_bytes(), &attempt.to_le_bytes()],
        ))
    }
}

impl InputId {
    /// The id of the news that attempt `attempt` at `message` found nobody at an address.
    pub fn of_gone(message: MessageId, attempt: u16) -> Self {
        Self(hash(
            "gone",
            &[message.0.as_bytes(), &attempt.to_le_bytes()],
        ))
    }
}

impl InputId {
    /// The id of the `ordinal`-th further input that `input` causes (rule 12).
    pub fn of_chained(input: Self, ordinal: u32) -> Self {
        Self(hash(
            "chained",
            &[input.0.as_bytes(), &ordinal.to_le_bytes()],
        ))
    }

    /// The id that what `customer` learns by `input` has with the one whom they were merged into.
    pub fn of_forward(customer: CustomerId, input: Self) -> Self {
        Self(hash(
            "forward",
            &[customer.0.as_bytes(), input.0.as_bytes()],
        ))
    }

    /// The id of the answer to a call.
    pub fn of_answer(call: CallId) -> Self {
        Self(hash("answer", &[call.0.as_bytes()]))
    }

    /// The id of the moment `due` of a date entry.
    pub fn of_date(customer: CustomerId, journey: &str, entry: u16, due: Timestamp) -> Self {
        Self::of_occasion("date", customer, journey, entry, due)
    }

    /// The id of one customer's part in a sweep: a tick of a schedule, or what a publication asks for.
    pub fn of_sweep(customer: CustomerId, journey: &str, entry: u16, at: Timestamp) -> Self {
        Self::of_occasion("sweep", customer, journey, entry, at)
    }

    fn of_occasion(
        kind: &str,
        customer: CustomerId,
        journey: &str,
        entry: u16,
        at: Timestamp,
    ) -> Self {
        Self(hash(
            kind,
            &[
                customer.0.as_bytes(),
                journey.as_bytes(),
                &entry.to_le_bytes(),
                &at.as_microsecond().to_le_bytes(),
            ],
        ))
    }
}

impl LetterId {
    /// The letter that is this event of this customer, however often it comes.
    pub fn of_event(customer: CustomerId, event: InputId) -> Self {
        Self(hash(
            "letter of event",
            &[customer.0.as_bytes(), event.0.as_bytes()],
        ))
    }

    /// The letter of these bytes, which came under this routing key and this id of a message (empty for none).
    pub fn of_bytes(routing_key: &str, message_id: &str, body: &[u8]) -> Self {
        Self(hash(
            "letter of bytes",
            &[routing_key.as_bytes(), message_id.as_bytes(), body],
        ))
    }
}

impl CallId {
    /// The `ordinal`-th call that `run` decides at `revision`.
    pub fn of(run: RunId, revision: u32, ordinal: u32) -> Self {
        Self(hash(
            "call",
            &[
                run.0.as_bytes(),
                &revision.to_le_bytes(),
                &ordinal.to_le_bytes(),
            ],
        ))
    }
}

impl RunId {
    /// The run of `journey` that `customer` enters by `input` under `key`.
    pub fn of(customer: CustomerId, journey: &str, key: &str, input: InputId) -> Self {
        Self(hash(
            "run",
            &[
                customer.0.as_bytes(),
                journey.as_bytes(),
                key.as_bytes(),
                input.0.as_bytes(),
            ],
        ))
    }
}

impl MessageId {
    /// The message that is sent again because `input` asks for it.
    pub fn of_repeat(input: InputId) -> Self {
        Self(hash("repeat", &[input.0.as_bytes()]))
    }

    /// The `ordinal`-th message that `run` decides at `revision`.
    pub fn of(run: RunId, revision: u32, ordinal: u32) -> Self {
        Self(hash(
            "message",
            &[
                run.0.as_bytes(),
                &revision.to_le_bytes(),
                &ordinal.to_le_bytes(),
            ],
        ))
    }
}

impl MachineId {
    /// The id of a machine, from its serialised content.
    pub fn of(content: &[u8]) -> Self {
        Self(hash("machine", &[content]))
    }
}

/// A number from 0 to `total - 1` that depends on the four names alone: `split` is sticky
/// (rule 31). `total` must not be zero.
pub fn sticky(customer: CustomerId, journey: &str, split: &str, salt: &str, total: u64) -> u64 {
    let id = hash(
        "split",
        &[
            customer.0.as_bytes(),
            journey.as_bytes(),
            split.as_bytes(),
            salt.as_bytes(),
        ],
    );
    let (high, _) = id.as_u64_pair();
    // The upper half of the product: no modulo bias worth a name (Lemire 2019).
    u64::try_from((u128::from(high) * u128::from(total.max(1))) >> 64).unwrap_or(0)
}
