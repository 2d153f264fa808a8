//! The floor: the least that any durable engine must do with a batch of events. Benchmarks are measured against it in the
//! same run, for times differ from machine to machine and from minute to minute (`docs/performance.md`).
//!
//! It inserts the events' ids, upserts one run each and inserts one outbox row each, set-wise in one transaction, and decides nothing.
//! Its tables lie in a schema of their own, and nothing but benchmarks makes it.

use jiff::Timestamp;
use journey::ids::CustomerId;
use uuid::Uuid;

use crate::{Error, Store, begin::begin, error::during, row::moment};

/// A small JSON document, as a run's state and a message's decision are.
const DOCUMENT: &str =
    r#"{"node":3,"vars":{"code":"BACK10"},"event":{"cart_id":"c-1","total":42.5}}"#;

/// The floor's tables.
#[derive(Clone, Debug)]
pub struct Floor(Store);

impl Floor {
    /// Makes the tables anew.
    ///
    /// # Errors
    /// If the database refuses.
    pub async fn new(store: &Store) -> Result<Self, Error> {
        let tables = "drop schema if exists floor cascade; create schema floor;
            create table floor.event (id uuid primary key, at timestamptz not null);
            create table floor.run (customer uuid primary key, at timestamptz not null, state jsonb not null)
                with (fillfactor = 80);
            create table floor.outbox (seq bigint generated always as identity primary key, customer uuid not null, body jsonb not null)";
        sqlx::raw_sql(tables)
            .execute(store.pool())
            .await
            .map_err(during("making the floor"))?;
        Ok(Self(store.clone()))
    }

    /// One batch: an event each, by its id and its customer's. Returns how many were new.
    ///
    /// # Errors
    /// If the database refuses.
    pub async fn batch(
        &self,
        ids: &[Uuid],
        customers: &[Uuid],
        at: Timestamp,
    ) -> Result<u64, Error> {
        let failed = || during("the floor");
        let documents = vec![DOCUMENT; ids.len()];
        let mut transaction = begin(self.0.pool()).await.map_err(failed())?;
        let new = sqlx::query("insert into floor.event (id, at) select id, $2 from unnest($1::uuid[]) id on conflict do nothing")
            .bind(ids)
            .bind(moment(at))
            .execute(&mut *transaction)
            .await
            .map_err(failed())?;
        sqlx::query(
            "insert into floor.run (customer, at, state)
             select c, $2, s::jsonb from unnest($1::uuid[], $3::text[]) t(c, s)
             on conflict (customer) do update set at = excluded.at, state = excluded.state",
        )
        .bind(customers)
        .bind(moment(at))
        .bind(&documents)
        .execute(&mut *transaction)
        .await
        .map_err(failed())?;
        sqlx::query("insert into floor.outbox (customer, body) select c, b::jsonb from unnest($1::uuid[], $2::text[]) t(c, b)")
            .bind(customers)
            .bind(&documents)
            .execute(&mut *transaction)
            .await
            .map_err(failed())?;
        transaction.commit().await.map_err(failed())?;
        Ok(new.rows_affected())
    }
}

/// What a database holds, for benchmarks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Bytes on disk of the customers' tables, with their indexes.
    pub bytes: i64,
    /// Bytes of write-ahead log since the server was made.
    pub wal: i64,
}

impl Store {
    /// How large the customers' tables are.
    ///
    /// # Errors
    /// If the database refuses.
    pub async fn size(&self) -> Result<Size, Error> {
        let (bytes, wal) = sqlx::query_as(
            "select coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint,
                    (pg_current_wal_lsn() - '0/0')::bigint
             from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
               and c.relname ~ '^(customer|input|run|run_ended|message|consent|call)(_[0-9]+)?$'",
        )
        .fetch_one(self.pool())
        .await
        .map_err(during("measuring tables"))?;
        Ok(Size { bytes, wal })
    }

    /// How many messages are in that state: `queued`, `sent`, and the like.
    ///
    /// # Errors
    /// If the database refuses.
    pub async fn messages_that_are(&self, status: &str) -> Result<i64, Error> {
        sqlx::query_scalar("select count(*) from message where status = $1::message_status")
            .bind(status)
            .fetch_one(self.pool())
            .await
            .map_err(during("counting messages"))
    }

    /// Rewrites the pages that updates have left behind and gathers statistics, so that one benchmark does not pay for another.
    ///
    /// # Errors
    /// If the database refuses.
    pub async fn settle(&self) -> Result<(), Error> {
        let mut connection = self
            .pool()
            .acquire()
            .await
            .map_err(during("settling tables"))?;
        for statement in [
            "set statement_timeout = 0",
            "vacuum (analyze) customer, input, run, message",
            "checkpoint",
            "reset statement_timeout",
        ] {
            sqlx::raw_sql(statement)
                .execute(&mut *connection)
                .await
                .map_err(during("settling tables"))?;
        }
        Ok(())
    }

    /// Customers like one that is there, with runs like theirs, under other ids and keys: what a benchmark needs
    /// millions of. Their history stays behind.
    ///
    /// # Errors
    /// If the database refuses.
    pub async fn multiply(
        &self,
        like: CustomerId,
        others: &[(CustomerId, String)],
    ) -> Result<(), Error> {
        let ids: Vec<Uuid> = others.iter().map(|o| o.0.0).collect();
        let keys: Vec<&str> = others.iter().map(|o| &*o.1).collect();
        let failed = || during("multiplying a customer");
        let mut transaction = begin(self.pool()).await.map_err(failed())?;
        sqlx::query(
            "insert into customer (id, seen_at, due_at, key, traits, ledger, name, devices)
             select o.id, c.seen_at, c.due_at, o.key, c.traits, c.ledger, c.name, c.devices
             from customer c, unnest($2::uuid[], $3::text[]) o(id, key) where c.id = $1",
        )
        .bind(like.0)
        .bind(&ids)
        .bind(&keys)
        .execute(&mut *transaction)
        .await
        .map_err(failed())?;
        sqlx::query(
            "insert into run (customer, id, machine, entered_at, due_at, left_at, goal_at, revision, node, journey, key, reason, state)
             select o, gen_random_uuid(), r.machine, r.entered_at, r.due_at, r.left_at, r.goal_at, r.revision, r.node, r.journey,
                    r.key, r.reason, r.state
             from run r, unnest($2::uuid[]) o where r.customer = $1",
        )
        .bind(like.0)
        .bind(&ids)
        .execute(&mut *transaction)
        .await
        .map_err(failed())?;
        transaction.commit().await.map_err(failed())
    }
}
