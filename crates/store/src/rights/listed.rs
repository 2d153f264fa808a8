//! Suppression lists of others: addresses that must not be written to, as the hashes in which such lists are
//! exchanged.

use std::collections::BTreeMap;

use jiff::Timestamp;
use journey::{message::Channel, suppression};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Error, Store,
    error::during,
    row::{Moment, from_bytes, moment},
};

/// How many rows one statement reads or writes.
const PAGE: usize = 1_000;

/// SHA-256 of a normalised address: 32 bytes.
pub type Hash = [u8; 32];

impl Store {
    /// Adds hashes of addresses of a channel to the suppression list; how many were not on it.
    ///
    /// # Errors
    /// If the database fails. What was added until then is there.
    pub async fn list(
        &self,
        channel: Channel,
        hashes: &[Hash],
        now: Timestamp,
    ) -> Result<u64, Error> {
        let mut new = 0;
        for part in hashes.chunks(PAGE) {
            let done = sqlx::query(
                "insert into listed (channel, hash, at)
                 select $1, hash, $3 from unnest($2::bytea[]) a (hash) on conflict do nothing",
            )
            .bind(channel.as_str())
            .bind(part.iter().map(|h| h.to_vec()).collect::<Vec<_>>())
            .bind(moment(now))
            .execute(&self.pool)
            .await
            .map_err(during("adding to the suppression list"))?;
            new += done.rows_affected();
        }
        Ok(new)
    }

    /// Takes hashes off the list; how many were on it.
    ///
    /// # Errors
    /// If the database fails. What was taken off until then is off.
    pub async fn unlist(&self, channel: Channel, hashes: &[Hash]) -> Result<u64, Error> {
        let mut gone = 0;
        for part in hashes.chunks(PAGE) {
            let done = sqlx::query("delete from listed where channel = $1 and hash = any($2)")
                .bind(channel.as_str())
                .bind(part.iter().map(|h| h.to_vec()).collect::<Vec<_>>())
                .execute(&self.pool)
                .await
                .map_err(during("taking off the suppression list"))?;
            gone += done.rows_affected();
        }
        Ok(gone)
    }

    /// The list of a channel behind `after`, in order: the first page where that is `None`.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn listed_page(
        &self,
        channel: Channel,
        after: Option<Hash>,
    ) -> Result<Vec<Hash>, Error> {
        let rows: Vec<Vec<u8>> = sqlx::query_scalar(
            "select hash from listed where channel = $1 and hash > $2 order by hash limit $3",
        )
        .bind(channel.as_str())
        .bind(after.map_or_else(Vec::new, Vec::from))
        .bind(i64::try_from(PAGE).unwrap_or(i64::MAX))
        .fetch_all(&self.pool)
        .await
        .map_err(during("reading the suppression list"))?;
        let whole = |hash: Vec<u8>| {
            hash.try_into()
                .map_err(|_| Error::corrupt("hash", Uuid::nil(), "not of 32 bytes"))
        };
        rows.into_iter().map(whole).collect()
    }

    /// The hashes of addresses of a channel that bounced or complained here, customer by customer behind
    /// `after`, and where the next page begins; `None`: this was the last.
    ///
    /// # Errors
    /// If the database fails or a row cannot be understood.
    pub async fn suppressed_page(
        &self,
        channel: Channel,
        after: Uuid,
    ) -> Result<(Vec<Hash>, Option<Uuid>), Error> {
        let rows: Vec<(Uuid, Vec<u8>)> =
            sqlx::query_as("select id, ledger from customer where id > $1 order by id limit $2")
                .bind(after)
                .bind(i64::try_from(PAGE).unwrap_or(i64::MAX))
                .fetch_all(&self.pool)
                .await
                .map_err(during("reading suppressed addresses"))?;
        let next = rows.last().map(|row| row.0);
        let mut hashes = Vec::new();
        for (id, ledger) in rows {
            let ledger: journey::customer::Ledger = from_bytes("ledger", id, &ledger)?;
            let found = ledger.suppressed.get(&channel);
            hashes.extend(found.map(|s| suppression::plain_hash(channel, &s.address)));
        }
        Ok((hashes, next))
    }
}

/// Since when these addresses are on the list, those that are: by hash.
pub(super) async fn when(
    tx: &mut PgConnection,
    hashes: &[(Channel, Hash)],
) -> Result<BTreeMap<(Channel, Hash), Timestamp>, Error> {
    if hashes.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<(String, Vec<u8>, Moment)> = sqlx::query_as(
        "select l.channel, l.hash, l.at
         from unnest($1::text[], $2::bytea[]) a (channel, hash)
         join listed l on l.channel = a.channel and l.hash = a.hash",
    )
    .bind(hashes.iter().map(|(c, _)| c.as_str()).collect::<Vec<_>>())
    .bind(hashes.iter().map(|(_, h)| h.to_vec()).collect::<Vec<_>>())
    .fetch_all(tx)
    .await
    .map_err(during("looking at the suppression list"))?;
    let key = |(channel, hash, at): (String, Vec<u8>, Moment)| {
        Some(((channel.parse().ok()?, hash.try_into().ok()?), at.to_jiff()))
    };
    Ok(rows.into_iter().filter_map(key).collect())
}
