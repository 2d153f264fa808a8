//! Customers by what support is told of them: an id, an address, a name, or the beginning of one.
//!
//! Every way of looking is a stretch of one index, in its order and up to a bound, so that no search is slower for there being more
//! customers. What was found in any way is put in order here.

mod ways;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use journey::ids::CustomerId;
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{CustomerRow, ReadError, Reader, customers::row};
use crate::search;
use ways::{Hit, Sought};

/// The most customers that a search names.
const FOUND: usize = 20;

/// How much of what is sought may be left out by who seeks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Beginnings of keys, e-mail addresses, tokens and the words of names are enough.
    Beginnings,
    /// Addresses and words are given whole: for who may not read them, and must not learn them letter by letter. Keys that are no
    /// addresses are found by their beginnings all the same.
    Whole,
}

/// By what a customer was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Matched {
    /// Parcours' own id.
    Id,
    /// What producers call them.
    Key,
    /// The trait `email`.
    Email,
    /// The trait `phone`, however it is written.
    Phone,
    /// The trait `chat_id`.
    Chat,
    /// One of the push tokens.
    Device,
    /// The words of their name, in any order.
    Name,
}

impl Matched {
    /// Its word, as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Key => "key",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Chat => "chat",
            Self::Device => "device",
            Self::Name => "name",
        }
    }
}

/// A customer, and by what they were found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FoundCustomer {
    /// As in a list.
    #[serde(flatten)]
    pub row: CustomerRow,
    /// Of several, the first that is whole, in the order of [`Matched`].
    pub matched: Matched,
    /// Whether it is what was sought, and not only begins so.
    pub exact: bool,
}

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Found {
    /// At most 20: first those that are exactly what was sought, then those that begin so.
    pub customers: Vec<FoundCustomer>,
    /// Whether they are all. If not, more of what is sought finds who is missing.
    pub complete: bool,
}

impl Reader {
    /// Customers by key, id, e-mail address, telephone number (also as it is written in its country), chat id, push token or name.
    /// From three characters on the beginning of a key or an address is enough, from two that of each word of a name, and from six
    /// that of a token.
    ///
    /// Each has an index; no more than 20 are named.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn find(&self, query: &str, depth: Depth) -> Result<Found, ReadError> {
        let query = query.trim();
        if query.is_empty() || query.contains('\0') {
            // Nobody is called so, and PostgreSQL's text holds no NUL.
            return Ok(Found {
                customers: Vec::new(),
                complete: true,
            });
        }
        let sought = Sought::new(query, depth);
        let mut tx = self.page().await?;
        let hits = ways::all(&mut tx, &sought).await?;
        let complete = hits.iter().all(|hit| hit.id.is_some());
        let rows = rows(&mut tx, &hits).await?;
        drop(tx);
        self.with_who_stays(ranked(&sought, &hits, rows, complete))
            .await
    }

    /// Behind everybody who was merged stands whom they turned out to be, if a search does not find them anyway.
    async fn with_who_stays(&self, found: Found) -> Result<Found, ReadError> {
        let mut known: BTreeSet<CustomerId> = found.customers.iter().map(|c| c.row.id).collect();
        let mut customers = Vec::with_capacity(found.customers.len());
        for one in found.customers {
            let (id, matched, exact) = (one.row.id, one.matched, one.exact);
            let merged = one.row.merged_into.is_some();
            customers.push(one);
            if !merged {
                continue;
            }
            let stays = self.stays(id).await?;
            if !known.insert(stays) {
                continue;
            }
            let view = self.customer(&stays.to_string()).await?;
            let other = view.map(|view| view.row).filter(|row| row.id == stays);
            customers.extend(other.map(|row| FoundCustomer {
                row,
                matched,
                exact,
            }));
        }
        let all = customers.len() <= FOUND;
        customers.truncate(FOUND);
        Ok(Found {
            customers,
            complete: found.complete && all,
        })
    }
}

async fn rows(
    tx: &mut PgConnection,
    hits: &[Hit],
) -> Result<BTreeMap<CustomerId, CustomerRow>, ReadError> {
    let mut ids: Vec<Uuid> = hits.iter().filter_map(|hit| hit.id).collect();
    ids.sort();
    ids.dedup();
    let rows = sqlx::query(
        "select id, seen_at, key, traits, merged_into from customer where id = any($1)",
    )
    .bind(ids)
    .fetch_all(tx)
    .await?;
    let rows = rows.iter().map(row).collect::<Result<Vec<_>, _>>()?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// The best of them, the best first.
fn ranked(
    sought: &Sought<'_>,
    hits: &[Hit],
    mut rows: BTreeMap<CustomerId, CustomerRow>,
    complete: bool,
) -> Found {
    let mut best: BTreeMap<CustomerId, (bool, Matched)> = BTreeMap::new();
    for hit in hits {
        let Some(id) = hit.id.map(CustomerId) else {
            continue;
        };
        let Some(row) = rows.get(&id) else { continue };
        let rank = (!is_exact(sought, hit, row), hit.matched);
        let known = best.entry(id).or_insert(rank);
        *known = rank.min(*known);
    }
    let mut order: Vec<_> = best.into_iter().collect();
    order.sort_by_cached_key(|(id, (begins, matched))| {
        let key = rows.get(id).map(|row| row.key.clone());
        let words = rows.get(id).map(|row| words_of(sought, row));
        (*begins, *matched, Reverse(words), key, *id)
    });
    let all = order.len() <= FOUND;
    let customers = order.into_iter().take(FOUND);
    let customers = customers.filter_map(|(id, (begins, matched))| {
        Some(FoundCustomer {
            row: rows.remove(&id)?,
            matched,
            exact: !begins,
        })
    });
    Found {
        customers: customers.collect(),
        complete: complete && all,
    }
}

fn is_exact(sought: &Sought<'_>, hit: &Hit, row: &CustomerRow) -> bool {
    match hit.matched {
        Matched::Device => search::has_token(&row.traits, sought.query),
        Matched::Name => {
            let name = search::name(&row.traits).unwrap_or_default();
            let mut words: Vec<&str> = name.split(' ').collect();
            let mut wanted: Vec<&str> = sought.words().collect();
            words.sort_unstable();
            wanted.sort_unstable();
            words == wanted
        }
        _ => hit.exact,
    }
}

/// How many words of the query are words of the customer's name, and not only beginnings of them.
fn words_of(sought: &Sought<'_>, row: &CustomerRow) -> usize {
    let name = search::name(&row.traits).unwrap_or_default();
    let whole = |word: &&str| name.split(' ').any(|known| known == *word);
    sought.words().filter(whole).count()
}
