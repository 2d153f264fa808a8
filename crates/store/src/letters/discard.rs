//! Letters that nobody wants any more.

use jiff::Timestamp;
use journey::ids::LetterId;
use sqlx::{Postgres, QueryBuilder};

use super::{LetterFilter, Sender, filtered};
use crate::{
    Error, Store,
    error::during,
    row::{moment, words},
};

impl Store {
    /// Discards an open letter. False: it is not there, or not open.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn discard_letter(
        &self,
        id: LetterId,
        by: &Sender,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let mut query = discarding(by, now);
        query.push(" and id = ").push_bind(id.0);
        Ok(self.discard(query).await? == 1)
    }

    /// Discards the open letters that the filter lets through, whatever status it names; how many.
    ///
    /// # Errors
    /// If the database fails. None is discarded then.
    pub async fn discard_letters(
        &self,
        filter: &LetterFilter,
        by: &Sender,
        now: Timestamp,
    ) -> Result<u64, Error> {
        let mut query = discarding(by, now);
        filtered(&mut query, filter);
        self.discard(query).await
    }

    async fn discard(&self, mut query: QueryBuilder<Postgres>) -> Result<u64, Error> {
        let done = query.build().execute(&self.pool).await;
        let done = done.map_err(during("discarding dead letters"))?;
        Ok(done.rows_affected())
    }
}

fn discarding(by: &Sender, now: Timestamp) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new(
        "update dead_letter set status = 'discarded', claimed_until = null, done_at = ",
    );
    query.push_bind(moment(now));
    query.push(", by_whom = ").push_bind(by.who.clone());
    query
        .push(", note = ")
        .push_bind(words(&by.note).into_owned());
    query.push(" where status = 'open'");
    query
}
