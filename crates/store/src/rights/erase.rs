//! Erasing one customer, and whoever was merged into them: who was merged goes first, whoever was named.
//!
//! One transaction each takes the lock that every turn takes, deletes the customer's rows from every table that
//! has any (the database is asked which), and leaves two things: one more in the count of the day, and the
//! keyed hashes of key and addresses. Whoever holds one of their messages or calls at that moment records
//! nothing any more, for the row that it would record in is gone; what comes back as an input is left out
//! by [`Store::begin`].

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use journey::{
    customer::Ledger, ids::CustomerId, input::InputKind, message::Channel, suppression::addresses,
    value::Map,
};
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use super::{ErasedHash, ErasedKind, erased, merged_into, of_person};
use crate::{
    Error, Secret, Store, begin::begin, codec, error::during, packed::unpack, row::moment, tables,
};

/// How many events one statement reads to find addresses.
const PAGE: i64 = 500;

/// How often an erasure is tried that others are in the way of.
const TRIES: u32 = 5;

/// What was erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erased {
    /// How many rows of each table.
    pub rows: BTreeMap<String, u64>,
    /// What was left: the hashes of key and addresses, in no order that says anything.
    pub hashes: Vec<ErasedHash>,
}

impl Erased {
    fn add(&mut self, other: Self) {
        for (table, rows) in other.rows {
            *self.rows.entry(table).or_default() += rows;
        }
        self.hashes.extend(other.hashes);
    }
}

/// The profile, as far as it is needed.
struct Profile {
    key: String,
    /// Whom they were merged into, if they were: what is on its way there is erased as well.
    into: Option<String>,
    addresses: BTreeSet<(Channel, String)>,
}

impl Store {
    /// Erases a customer: every row of every table, also of those who are the same person. `at` is what is written down
    /// as the moment. `None`: there is nothing of them.
    ///
    /// # Errors
    /// [`Error::NoSecret`] without [`crate::Settings::secret`]; or if the database fails, or others were in
    /// the way for too long. Nothing is erased then.
    pub async fn erase(&self, id: CustomerId, at: Timestamp) -> Result<Option<Erased>, Error> {
        let secret = self.secret.as_ref().ok_or(Error::NoSecret)?;
        let mut erased: Option<Erased> = None;
        let mut gone = Vec::new();
        let mut left = self.person(id).await?;
        if left.is_empty() {
            // What is left of somebody without a profile.
            left.push(id);
        }
        while !left.is_empty() {
            for id in std::mem::take(&mut left) {
                // Strangers first: who they were is known as long as the customer is there.
                for id in self.strangers(id).await?.into_iter().chain([id]) {
                    let Some(one) = self.erase_surely(id, at, secret).await? else {
                        continue;
                    };
                    match &mut erased {
                        Some(all) => all.add(one),
                        None => erased = Some(one),
                    }
                }
                gone.push(id);
            }
            // Those whom one look did not find, or who were merged meanwhile.
            left = self.merged_into(&gone).await?;
        }
        Ok(erased)
    }

    async fn person(&self, id: CustomerId) -> Result<Vec<CustomerId>, Error> {
        let mut connection = self.pool.acquire().await.map_err(during("erasing"))?;
        let found = of_person(&mut connection, id).await;
        found.map_err(during("erasing"))
    }

    async fn merged_into(&self, ids: &[CustomerId]) -> Result<Vec<CustomerId>, Error> {
        let mut connection = self.pool.acquire().await.map_err(during("erasing"))?;
        let found = merged_into(&mut connection, ids).await;
        found.map_err(during("erasing"))
    }

    /// The strangers in the chat widget who turned out to be that customer.
    async fn strangers(&self, id: CustomerId) -> Result<Vec<CustomerId>, Error> {
        let strangers: Vec<Uuid> =
            sqlx::query_scalar("select visitor from chat_link where customer = $1")
                .bind(id.0)
                .fetch_all(&self.pool)
                .await
                .map_err(during("erasing"))?;
        Ok(strangers.into_iter().map(CustomerId).collect())
    }

    async fn erase_surely(
        &self,
        id: CustomerId,
        at: Timestamp,
        secret: &Secret,
    ) -> Result<Option<Erased>, Error> {
        let mut tries = 1;
        loop {
            match self.erase_once(id, at, secret).await {
                Err(error) if error.is_retryable() && tries < TRIES => tries += 1,
                other => return other,
            }
        }
    }

    async fn erase_once(
        &self,
        id: CustomerId,
        at: Timestamp,
        secret: &Secret,
    ) -> Result<Option<Erased>, Error> {
        let mut tx = begin(&self.pool).await.map_err(during("erasing"))?;
        let profile = profile(&mut tx, id).await?;
        let hashes = match &profile {
            Some(profile) => hashes(&mut tx, id, profile, at, secret).await?,
            None => Vec::new(),
        };
        let rows = delete(&mut tx, id).await.map_err(during("erasing"))?;
        if rows.is_empty() {
            return Ok(None);
        }
        erased::add(&mut tx, &hashes).await?;
        count(&mut tx, at).await.map_err(during("erasing"))?;
        tx.commit().await.map_err(during("erasing"))?;
        Ok(Some(Erased { rows, hashes }))
    }
}

/// Locks the customer: a turn that is under way is waited for, and all others wait.
async fn profile(tx: &mut PgConnection, id: CustomerId) -> Result<Option<Profile>, Error> {
    let row: Option<(String, Vec<u8>, Vec<u8>)> = sqlx::query_as(
        "select key, convert_to(traits::text, 'UTF8'), ledger from customer where id = $1 for update",
    )
    .bind(id.0)
    .fetch_optional(tx)
    .await
    .map_err(during("erasing"))?;
    Ok(row.map(|(key, traits, ledger)| {
        // What cannot be read has no address that could be known again, and is erased all the same.
        let traits = serde_json::from_slice::<Map>(&traits).unwrap_or_default();
        let ledger = unpack::<Ledger>(&ledger).unwrap_or_default();
        let suppressed = ledger.suppressed.iter();
        let suppressed = suppressed.map(|(channel, s)| (*channel, s.address.to_string()));
        let addresses = addresses(&traits).into_iter().chain(suppressed).collect();
        let into = ledger.merged_into.map(|into| into.key.to_string());
        Profile {
            key,
            into,
            addresses,
        }
    }))
}

/// Of the key, and of every address that they have or had.
async fn hashes(
    tx: &mut PgConnection,
    id: CustomerId,
    profile: &Profile,
    at: Timestamp,
    secret: &Secret,
) -> Result<Vec<ErasedHash>, Error> {
    let mut all = profile.addresses.clone();
    earlier(tx, id, &mut all).await?;
    let addresses = all.iter().map(|(channel, address)| {
        let hash = secret.of_address(*channel, address);
        (hash, ErasedKind::Address(*channel))
    });
    let keys = [Some(&profile.key), profile.into.as_ref()];
    let keys = keys.into_iter().flatten();
    let keys = keys.map(|key| (secret.of_key(key), ErasedKind::Key));
    let hashes: BTreeMap<_, _> = addresses.chain(keys).collect();
    let hashes = hashes.into_iter();
    Ok(hashes
        .map(|(hash, kind)| ErasedHash { hash, kind, at })
        .collect())
}

/// Addresses that events have told of, and that are no trait any more.
async fn earlier(
    tx: &mut PgConnection,
    id: CustomerId,
    all: &mut BTreeSet<(Channel, String)>,
) -> Result<(), Error> {
    let mut last = Uuid::nil();
    loop {
        let rows: Vec<(Uuid, Vec<u8>)> = sqlx::query_as(
            "select id, coalesce(body, '') from input
             where customer = $1 and kind = 0 and id > $2 order by id limit $3",
        )
        .bind(id.0)
        .bind(last)
        .bind(PAGE)
        .fetch_all(&mut *tx)
        .await
        .map_err(during("looking for addresses"))?;
        let Some(end) = rows.last() else {
            return Ok(());
        };
        last = end.0;
        for (_, body) in &rows {
            if let Ok(InputKind::Event(event)) = codec::decode(0, "", "", body) {
                all.extend(addresses(&event.traits));
            }
        }
    }
}

/// Everything, the profile last. Messages are locked in the order in which everybody locks them.
async fn delete(
    tx: &mut PgConnection,
    id: CustomerId,
) -> Result<BTreeMap<String, u64>, sqlx::Error> {
    sqlx::query("select 1 from message where customer = $1 order by at, id for update")
        .bind(id.0)
        .execute(&mut *tx)
        .await?;
    let mut rows = BTreeMap::new();
    let mut note = |table: String, n: u64| {
        if n > 0 {
            *rows.entry(table).or_default() += n;
        }
    };
    for table in tables::of_customers(tx).await? {
        // The name comes quoted from the catalogue.
        let sql = AssertSqlSafe(format!("delete from {table} where customer = $1"));
        let done = sqlx::query(sql).bind(id.0).execute(&mut *tx).await?;
        note(table, done.rows_affected());
    }
    // Letters that name them beside somebody else.
    let done = sqlx::query("delete from dead_letter where $1 = any(also)")
        .bind(id.0)
        .execute(&mut *tx)
        .await?;
    note("dead_letter".to_owned(), done.rows_affected());
    let done = sqlx::query("delete from customer where id = $1")
        .bind(id.0)
        .execute(&mut *tx)
        .await?;
    note("customer".to_owned(), done.rows_affected());
    cursors(tx, id).await?;
    Ok(rows)
}

/// Rounds that have come as far as this customer have come as far as the one before.
async fn cursors(tx: &mut PgConnection, id: CustomerId) -> Result<(), sqlx::Error> {
    for sql in [
        "update sweep set cursor = coalesce(
             (select id from customer where id < $1 order by id desc limit 1), $2) where cursor = $1",
        "update passage set cursor = coalesce(
             (select id from customer where id < $1 order by id desc limit 1), $2) where cursor = $1",
        "update retention set cursor = coalesce(
             (select id from customer where id < $1 order by id desc limit 1), $2) where cursor = $1",
    ] {
        let query = sqlx::query(sql).bind(id.0).bind(Uuid::nil());
        query.execute(&mut *tx).await?;
    }
    Ok(())
}

async fn count(tx: &mut PgConnection, at: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into erasure (day, customers) values (($1 at time zone 'UTC')::date, 1)
         on conflict (day) do update set customers = erasure.customers + 1",
    )
    .bind(moment(at))
    .execute(tx)
    .await?;
    Ok(())
}
