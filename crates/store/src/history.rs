//! What happened to one customer, for replay.

use std::sync::Arc;

use journey::{
    ids::{CustomerId, InputId},
    input::Input,
    trace::{Fact, Line, NOTHING_LISTENED},
};
use uuid::Uuid;

use crate::{
    Error, Store, codec,
    error::{during, malformed},
    row::Moment,
};

type InputRow = (
    Uuid,
    Moment,
    i16,
    String,
    String,
    Option<Vec<u8>>,
    Option<Vec<u8>>,
);

impl Store {
    /// The first `limit` inputs of a customer in the order in which they were decided, each with
    /// its trace. An input that nobody listened to has the one line that says so.
    ///
    /// # Errors
    /// If the database fails or a row cannot be understood.
    pub async fn inputs(
        &self,
        customer: CustomerId,
        limit: u32,
    ) -> Result<Vec<(Input, Vec<Line>)>, Error> {
        let rows: Vec<InputRow> = sqlx::query_as(
            "select i.id, i.at, i.kind, i.name, c.key, i.body, i.trace
             from input i join customer c on c.id = i.customer
             where i.customer = $1 order by i.seq limit $2",
        )
        .bind(customer.0)
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await
        .map_err(during("loading a history"))?;
        rows.into_iter().map(input).collect()
    }
}

fn input((id, at, kind, name, key, body, trace): InputRow) -> Result<(Input, Vec<Line>), Error> {
    let body = body.unwrap_or_default();
    let input = Input {
        id: InputId(id),
        now: at.to_jiff(),
        kind: codec::decode(kind, &name, &key, &body).map_err(malformed("input", id))?,
    };
    let trace = match trace {
        Some(bytes) => codec::decode_trace(&bytes).map_err(malformed("trace", id))?,
        None => vec![ignored()],
    };
    Ok((input, trace))
}

fn ignored() -> Line {
    Line {
        journey: None,
        run: None,
        step: None,
        fact: Fact::Ignored {
            why: Arc::from(NOTHING_LISTENED),
        },
    }
}
