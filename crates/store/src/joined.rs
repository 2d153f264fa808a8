//! Conversations of the chat widget, once who had them were merged.

use jiff::Timestamp;
use journey::ids::CustomerId;

use crate::{Error, Store, begin::begin, chat::CHANNEL, error::during, row::moment};

impl Store {
    /// Has the conversation of somebody who was merged go on in that of whom they were merged into, with those of
    /// strangers who had turned out to be them. Nothing, if one of the two is not known (any more), or if the other was merged
    /// on: whoever they were merged into gets it as well.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn join_chats(
        &self,
        from: CustomerId,
        into: CustomerId,
        at: Timestamp,
    ) -> Result<(), Error> {
        let failed = || during("joining two chats");
        let mut tx = begin(&self.pool).await.map_err(failed())?;
        // In order of id, as everybody locks customers.
        let stays: Vec<bool> = sqlx::query_scalar(
            "select id <> $2 or merged_into is null from customer where id in ($1, $2) order by id for key share",
        )
        .bind(from.0)
        .bind(into.0)
        .fetch_all(&mut *tx)
        .await
        .map_err(failed())?;
        if stays != [true, true] {
            return Ok(());
        }
        for sql in [
            "update chat_link set customer = $2, at = $3 where customer = $1",
            "insert into chat_link (customer, visitor, at) select $2, $1, $3
             where not exists (select from chat_link where visitor = $1)",
            "update chat_line set customer = $2, visitor = coalesce(visitor, $1)
             where customer = $1 and $3::timestamptz is not null",
        ] {
            let query = sqlx::query(sql).bind(from.0).bind(into.0).bind(moment(at));
            query.execute(&mut *tx).await.map_err(failed())?;
        }
        sqlx::query("select pg_notify($1, $2)")
            .bind(CHANNEL)
            .bind(into.0.to_string())
            .execute(&mut *tx)
            .await
            .map_err(failed())?;
        tx.commit().await.map_err(failed())
    }
}
