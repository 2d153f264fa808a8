//! What is noted while engines work, for the model to be asked afterwards: of each input the world it
//! was decided in, and which messages nobody had taken to hand over yet. No input says either.

use std::{collections::BTreeMap, sync::Arc};

use engine::Loaded;
use journey::ids::{CustomerId, InputId};
use sqlx::PgPool;
use uuid::Uuid;

/// The outbox at one moment.
#[derive(Debug, Default)]
pub struct Outbox {
    /// Whether each message is queued, and its attempts.
    messages: BTreeMap<Uuid, (bool, i16)>,
}

/// Under which circumstances an input was decided.
#[derive(Clone, Debug)]
pub struct Seen {
    pub world: Arc<Loaded>,
    before: Arc<Outbox>,
    after: Arc<Outbox>,
}

impl Seen {
    /// Whether a message was there before the step, and was queued then and all the while; `None`: it
    /// was decided within.
    pub fn queued(&self, message: Uuid) -> Option<bool> {
        let (queued, attempt) = self.before.messages.get(&message)?;
        let after = self.after.messages.get(&message);
        // Not taken within the step. Its customer may have been erased.
        Some(*queued && after.is_none_or(|(_, after)| after == attempt))
    }

    /// Whether it was taken before or within the step, and given back within: it may have been either.
    pub fn unsure(&self, message: Uuid) -> bool {
        let at = |outbox: &Outbox| outbox.messages.get(&message).copied();
        match (at(&self.before), at(&self.after)) {
            (Some((false, _)), Some((true, _))) => true,
            (Some((true, before)), Some((true, after))) => after > before,
            _ => false,
        }
    }
}

/// See the module.
#[derive(Debug, Default)]
pub struct Watch {
    last: i64,
    outbox: Arc<Outbox>,
    seen: BTreeMap<(CustomerId, InputId), Seen>,
    /// What was decided, in its order.
    pub decided: Vec<(CustomerId, InputId)>,
}

impl Watch {
    /// Looks at what the last step has done. Returns the inputs that are new.
    pub async fn look(&mut self, pool: &PgPool, world: &Arc<Loaded>) -> Vec<(CustomerId, InputId)> {
        let inputs = "select customer, id, seq from input where seq > $1 order by seq";
        let inputs = sqlx::query_as(inputs).bind(self.last).fetch_all(pool);
        let messages = "select id, status = 'queued', attempt from message";
        let messages = sqlx::query_as(messages).fetch_all(pool);
        let (rows, messages) = tokio::try_join!(inputs, messages).unwrap();
        let rows: Vec<(Uuid, Uuid, i64)> = rows;
        let messages: Vec<(Uuid, bool, i16)> = messages;
        let messages = messages
            .into_iter()
            .map(|(id, queued, attempt)| (id, (queued, attempt)));
        let after = Arc::new(Outbox {
            messages: messages.collect(),
        });
        let seen = Seen {
            world: world.clone(),
            before: std::mem::replace(&mut self.outbox, after.clone()),
            after,
        };
        let mut new = Vec::new();
        for (customer, id, seq) in rows {
            let key = (CustomerId(customer), InputId(id));
            self.last = seq;
            self.seen.insert(key, seen.clone());
            self.decided.push(key);
            new.push(key);
        }
        new
    }

    pub fn seen(&self, customer: CustomerId, input: InputId) -> Option<&Seen> {
        self.seen.get(&(customer, input))
    }
}
