//! A crowd of customers with a year behind them, drawn by their numbers: what benchmarks of searches need millions of.

use crate::{Error, Store, begin::begin, error::during};

/// How many are made in one statement.
const PAGE: i64 = 100_000;

impl Store {
    /// How many of the crowd there are already.
    ///
    /// # Errors
    /// If the database refuses.
    pub async fn crowd(&self) -> Result<i64, Error> {
        let last: Option<String> = sqlx::query_scalar(
            "select key from customer where key ~>=~ 'user-' and key ~<~ 'user.'
             order by key using ~>~ limit 1",
        )
        .fetch_optional(self.pool())
        .await
        .map_err(during("looking for the crowd"))?;
        let number = last.and_then(|key| key.strip_prefix("user-")?.parse().ok());
        Ok(number.unwrap_or_default())
    }

    /// Makes the crowd as large as that, telling how many there are after each page. What is there stays. One in twenty has a
    /// history.
    ///
    /// # Errors
    /// If the database refuses.
    pub async fn gather(&self, customers: i64, told: impl Fn(i64)) -> Result<(), Error> {
        let failed = || during("gathering a crowd");
        let mut from = self.crowd().await? + 1;
        if from > customers {
            return Ok(());
        }
        while from <= customers {
            let to = customers.min(from + PAGE - 1);
            let mut tx = begin(self.pool()).await.map_err(failed())?;
            sqlx::query("set local statement_timeout = 0")
                .execute(&mut *tx)
                .await
                .map_err(failed())?;
            for statement in [include_str!("history.sql"), include_str!("customers.sql")] {
                sqlx::query(statement)
                    .bind(from)
                    .bind(to)
                    .execute(&mut *tx)
                    .await
                    .map_err(failed())?;
            }
            tx.commit().await.map_err(failed())?;
            told(to);
            from = to + 1;
        }
        self.settle().await
    }
}
