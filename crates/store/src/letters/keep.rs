//! Letters that come from the queue.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;
use journey::{
    ids::{CustomerId, InputId, LetterId},
    intake::Cause,
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Error, Store, begin::begin, error::during, rights::when, row::moment};

/// The longest name or key that is kept, in bytes.
const LONGEST: usize = 256;
/// The longest reason, in bytes.
const LONGEST_REASON: usize = 2_000;

/// A letter as it comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLetter {
    /// Which: the same whenever it comes.
    pub id: LetterId,
    /// What producers call the customer whom it is about, if that can be told.
    pub key: Option<Arc<str>>,
    /// The routing key that it came with, which names a customer as well.
    pub routing_key: Option<Arc<str>>,
    /// The input that it would be, if it says so.
    pub event: Option<InputId>,
    /// The event's name, if it says so.
    pub name: Option<Arc<str>>,
    /// When it was put aside.
    pub at: Timestamp,
    /// Why.
    pub cause: Cause,
    /// Where it was published; empty: not known.
    pub exchange: String,
    /// Where it was read; empty: not known.
    pub queue: String,
    /// What its producer says that it is.
    pub content_type: String,
    /// Its producer's id of the message.
    pub message_id: String,
    /// Its producer's headers.
    pub headers: BTreeMap<String, String>,
    /// As it came.
    pub body: Vec<u8>,
}

/// What became of a batch of letters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeptLetters {
    /// That were not there.
    pub new: u64,
    /// That had been submitted again or discarded, and are open again.
    pub again: u64,
    /// Whose customer was erased after they were put aside: they are not kept.
    pub erased: u64,
}

impl NewLetter {
    /// Whom it is about; nil: nobody can tell.
    fn customer(&self) -> Uuid {
        let key = self.key.as_ref().or(self.routing_key.as_ref());
        key.map_or(Uuid::nil(), |key| CustomerId::of(key).0)
    }

    /// Whom it names besides: its routing key may be another's than its body.
    fn also(&self) -> Option<Uuid> {
        let routed = CustomerId::of(self.routing_key.as_deref()?).0;
        (routed != self.customer()).then_some(routed)
    }
}

impl Store {
    /// Keeps letters: new ones are added, those that are open already stay as they are, and those that were
    /// submitted again or discarded are open again, with why they came back.
    ///
    /// # Errors
    /// If the database fails. None is kept then.
    pub async fn keep_letters(
        &self,
        letters: &[NewLetter],
        now: Timestamp,
    ) -> Result<KeptLetters, Error> {
        let failed = during("keeping dead letters");
        let mut tx = begin(&self.pool).await.map_err(&failed)?;
        let gone = self.erased_since(&mut tx, letters).await?;
        let left = letters
            .iter()
            .enumerate()
            .filter(|(n, _)| !gone.contains(n));
        let letters: Vec<&NewLetter> = left.map(|(_, letter)| letter).collect();
        let known = known(&mut tx, &letters).await.map_err(&failed)?;
        let (old, new): (Vec<_>, Vec<_>) = (0..letters.len()).partition(|n| known.contains_key(n));
        let again = old
            .iter()
            .filter_map(|n| Some((*known.get(n)?, letters[*n])));
        let again = reopen(&mut tx, &again.collect::<Vec<_>>(), now).await;
        let again = again.map_err(&failed)?;
        let new: Vec<&NewLetter> = new.into_iter().map(|n| letters[n]).collect();
        let new = insert(&mut tx, &new).await.map_err(&failed)?;
        tx.commit().await.map_err(&failed)?;
        let erased = gone.len() as u64;
        Ok(KeptLetters { new, again, erased })
    }

    /// Which of them are about somebody who was erased after they were put aside: by their place.
    async fn erased_since(
        &self,
        tx: &mut PgConnection,
        letters: &[NewLetter],
    ) -> Result<BTreeSet<usize>, Error> {
        let Some(secret) = &self.secret else {
            return Ok(BTreeSet::new());
        };
        let keys = |l: &NewLetter| [l.key.clone(), l.routing_key.clone()];
        let hashes: Vec<(usize, [u8; 32])> = letters
            .iter()
            .enumerate()
            .flat_map(|(n, letter)| keys(letter).into_iter().flatten().map(move |key| (n, key)))
            .map(|(n, key)| (n, secret.of_key(&key)))
            .collect();
        let erased = when(tx, hashes.iter().map(|(_, hash)| hash)).await?;
        let is_gone = |n: usize, hash: &[u8; 32]| {
            erased.get(&hash[..]).is_some_and(|at| *at >= letters[n].at)
        };
        let gone = hashes.iter().filter(|(n, hash)| is_gone(*n, hash));
        Ok(gone.map(|(n, _)| *n).collect())
    }
}

/// Those that are there, by their place: the same letter, or one whose event they are.
async fn known(
    tx: &mut PgConnection,
    letters: &[&NewLetter],
) -> Result<BTreeMap<usize, (Uuid, Uuid)>, sqlx::Error> {
    let rows: Vec<(i64, Uuid, Uuid)> = sqlx::query_as(
        "with n as (select * from unnest($1::uuid[], $2::uuid[], $3::uuid[]) with ordinality n (customer, id, event, place))
         select n.place, d.customer, d.id from n
         join dead_letter d on d.id = n.id
         union all
         select n.place, d.customer, d.id from n
         join dead_letter d on d.customer = n.customer and d.event = n.event and d.event is not null and d.id <> n.id",
    )
    .bind(letters.iter().map(|l| l.customer()).collect::<Vec<_>>())
    .bind(letters.iter().map(|l| l.id.0).collect::<Vec<_>>())
    .bind(letters.iter().map(|l| l.event.map(|e| e.0)).collect::<Vec<_>>())
    .fetch_all(tx)
    .await?;
    let place = |place: i64| usize::try_from(place - 1).ok();
    let found = rows.into_iter();
    Ok(found
        .filter_map(|(n, customer, id)| Some((place(n)?, (customer, id))))
        .collect())
}

async fn reopen(
    tx: &mut PgConnection,
    letters: &[((Uuid, Uuid), &NewLetter)],
    now: Timestamp,
) -> Result<u64, sqlx::Error> {
    if letters.is_empty() {
        return Ok(0);
    }
    let texts = |of: fn(&NewLetter) -> Option<String>| -> Vec<_> {
        letters.iter().map(|(_, l)| of(l)).collect()
    };
    let done = sqlx::query(
        "update dead_letter d
         set status = 'open', done_at = null, claimed_until = null, last_at = $6,
             cause = n.cause, field = n.field, reason = n.reason
         from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[]) n (customer, id, cause, field, reason)
         where d.customer = n.customer and d.id = n.id and (d.status <> 'open' or d.claimed_until is not null)",
    )
    .bind(letters.iter().map(|((c, _), _)| *c).collect::<Vec<_>>())
    .bind(letters.iter().map(|((_, id), _)| *id).collect::<Vec<_>>())
    .bind(texts(|l| Some(kept(&l.cause.code, LONGEST))))
    .bind(texts(|l| l.cause.field.as_deref().map(|f| kept(f, LONGEST))))
    .bind(texts(|l| Some(kept(&l.cause.sentence, LONGEST_REASON))))
    .bind(moment(now))
    .execute(tx)
    .await?;
    Ok(done.rows_affected())
}

async fn insert(tx: &mut PgConnection, letters: &[&NewLetter]) -> Result<u64, sqlx::Error> {
    if letters.is_empty() {
        return Ok(0);
    }
    let texts = |of: fn(&NewLetter) -> Option<&str>, most| -> Vec<Option<String>> {
        letters
            .iter()
            .map(|l| of(l).map(|t| kept(t, most)))
            .collect()
    };
    let done = sqlx::query(
        "insert into dead_letter (customer, id, event, also, at, last_at, key, name, cause, field, reason, exchange,
             routing_key, queue, content_type, message_id, headers, body)
         select customer, id, event, array_remove(array[also], null), at, at, key, name, cause, field, reason, exchange,
             routing_key, queue, content_type, message_id, headers::jsonb, body
         from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::timestamptz[], $6::text[], $7::text[], $8::text[],
             $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::bytea[])
             n (customer, id, event, also, at, key, name, cause, field, reason, exchange, routing_key, queue,
                content_type, message_id, headers, body)
         on conflict do nothing",
    )
    .bind(letters.iter().map(|l| l.customer()).collect::<Vec<_>>())
    .bind(letters.iter().map(|l| l.id.0).collect::<Vec<_>>())
    .bind(letters.iter().map(|l| l.event.map(|e| e.0)).collect::<Vec<_>>())
    .bind(letters.iter().map(|l| l.also()).collect::<Vec<_>>())
    .bind(letters.iter().map(|l| moment(l.at)).collect::<Vec<_>>())
    .bind(texts(|l| l.key.as_deref().or(l.routing_key.as_deref()), LONGEST))
    .bind(texts(|l| l.name.as_deref(), LONGEST))
    .bind(texts(|l| Some(&l.cause.code), LONGEST))
    .bind(texts(|l| l.cause.field.as_deref(), LONGEST))
    .bind(texts(|l| Some(&l.cause.sentence), LONGEST_REASON))
    .bind(texts(|l| Some(&l.exchange), LONGEST))
    .bind(texts(|l| Some(l.routing_key.as_deref().unwrap_or_default()), LONGEST))
    .bind(texts(|l| Some(&l.queue), LONGEST))
    .bind(texts(|l| Some(&l.content_type), LONGEST))
    .bind(texts(|l| Some(&l.message_id), LONGEST))
    .bind(letters.iter().map(|l| headers(l)).collect::<Vec<_>>())
    .bind(letters.iter().map(|l| l.body.clone()).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(done.rows_affected())
}

fn headers(letter: &NewLetter) -> String {
    let all = letter.headers.iter();
    let all: BTreeMap<String, String> = all
        .map(|(name, value)| (kept(name, LONGEST), kept(value, LONGEST_REASON)))
        .collect();
    serde_json::to_string(&all).unwrap_or_else(|_| "{}".to_owned())
}

/// As it can be kept: without NUL, and not too long.
fn kept(text: &str, most: usize) -> String {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].replace('\0', " ")
}
