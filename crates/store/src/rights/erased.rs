//! What is known of the erased: hashes, which keep imports from writing to them again, events that were under
//! way from bringing them back, and back-ups from restoring them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use journey::{ids::CustomerId, message::Channel, suppression};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Error, Store,
    begin::begin,
    error::during,
    row::{Moment, moment},
};

/// How many rows one statement reads.
const PAGE: i64 = 1_000;

/// The hash of a key or an address that was erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasedHash {
    /// HMAC-SHA-256 under the installation's secret. As text: 64 digits.
    #[serde(serialize_with = "hex", deserialize_with = "unhex")]
    pub hash: [u8; 32],
    /// Of what.
    pub kind: ErasedKind,
    /// When it was erased.
    pub at: Timestamp,
}

/// What a hash is of. As text: `key`, or the channel of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErasedKind {
    /// The key by which producers call a customer.
    Key,
    /// An address.
    Address(Channel),
}

/// Why an address is not written to, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OffLimits {
    /// Whose it was has been erased.
    Erased(Timestamp),
    /// It is on the suppression list.
    Listed(Timestamp),
}

impl OffLimits {
    /// Since when.
    pub fn at(self) -> Timestamp {
        match self {
            Self::Erased(at) | Self::Listed(at) => at,
        }
    }
}

/// What became of a list of the erased, after a restore.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reapplied {
    /// Hashes that the database did not have.
    pub hashes: u64,
    /// Customers who were back, and are erased again.
    pub customers: u64,
}

impl ErasedKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Address(channel) => channel.as_str(),
        }
    }

    fn read(text: &str) -> Option<Self> {
        match text {
            "key" => Some(Self::Key),
            other => other.parse().ok().map(Self::Address),
        }
    }
}

impl Serialize for ErasedKind {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ErasedKind {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        Self::read(&text).ok_or_else(|| D::Error::custom("neither `key` nor a channel"))
    }
}

impl Store {
    /// Whether each of these addresses is off limits, in their order; `None`: it is not. Without a secret
    /// nothing is known of the erased.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn off_limits(
        &self,
        addresses: &[Option<(Channel, &str)>],
    ) -> Result<Vec<Option<OffLimits>>, Error> {
        let plain = |(channel, address): (Channel, &str)| {
            (channel, suppression::plain_hash(channel, address))
        };
        let keyed = |(channel, address): (Channel, &str)| {
            let secret = self.secret.as_ref()?;
            Some(secret.of_address(channel, address))
        };
        let hashes: Vec<_> = addresses
            .iter()
            .map(|a| a.map(|a| (plain(a), keyed(a))))
            .collect();
        let mut connection = self.pool.acquire().await.map_err(during("connecting"))?;
        let of_erased = hashes
            .iter()
            .flatten()
            .filter_map(|(_, keyed)| keyed.as_ref());
        let erased = when(&mut connection, of_erased).await?;
        let plain: Vec<_> = hashes.iter().flatten().map(|(plain, _)| *plain).collect();
        let listed = super::listed::when(&mut connection, &plain).await?;
        let found = hashes.iter().map(|hash| {
            let (plain, keyed) = hash.as_ref()?;
            let erased = keyed.as_ref().and_then(|k| erased.get(&k[..])).copied();
            let erased = erased.map(OffLimits::Erased);
            let listed = listed.get(plain).copied().map(OffLimits::Listed);
            // Only a consent that is younger than either lifts it.
            erased.into_iter().chain(listed).max_by_key(|o| o.at())
        });
        Ok(found.collect())
    }

    /// The hashes behind `after`, in their order: the list that is kept beside back-ups.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn erased_page(&self, after: Option<[u8; 32]>) -> Result<Vec<ErasedHash>, Error> {
        let rows: Vec<(Vec<u8>, String, Moment)> = sqlx::query_as(
            "select hash, kind, at from erased where hash > $1 order by hash limit $2",
        )
        .bind(after.map_or_else(Vec::new, Vec::from))
        .bind(PAGE)
        .fetch_all(&self.pool)
        .await
        .map_err(during("reading what was erased"))?;
        rows.into_iter().map(hash).collect()
    }

    /// Erases again who was erased, after a back-up was restored: whoever has a key in this list, or in the
    /// database's own, and a row from before their erasure.
    ///
    /// # Errors
    /// As [`Store::erase`]. What was done until then is done.
    pub async fn reapply(&self, list: &[ErasedHash]) -> Result<Reapplied, Error> {
        let secret = self.secret.as_ref().ok_or(Error::NoSecret)?;
        let mut done = Reapplied::default();
        for part in list.chunks(PAGE.unsigned_abs() as usize) {
            let mut tx = begin(&self.pool)
                .await
                .map_err(during("keeping the list"))?;
            done.hashes += add(&mut tx, part).await?;
            tx.commit().await.map_err(during("keeping the list"))?;
        }
        let mut last = Uuid::nil();
        loop {
            let rows: Vec<(Uuid, String, Moment)> = sqlx::query_as(
                "select id, key, seen_at from customer where id > $1 order by id limit $2",
            )
            .bind(last)
            .bind(PAGE)
            .fetch_all(&self.pool)
            .await
            .map_err(during("looking for the erased"))?;
            let Some(end) = rows.last() else {
                return Ok(done);
            };
            last = end.0;
            let hashes: Vec<_> = rows.iter().map(|row| secret.of_key(&row.1)).collect();
            let mut connection = self.pool.acquire().await.map_err(during("connecting"))?;
            let known = when(&mut connection, hashes.iter()).await?;
            drop(connection);
            for (row, hash) in rows.iter().zip(&hashes) {
                let at = known.get(&hash[..]).copied();
                let Some(at) = at.filter(|at| row.2.to_jiff() <= *at) else {
                    continue;
                };
                done.customers += u64::from(self.erase(CustomerId(row.0), at).await?.is_some());
            }
        }
    }
}

/// When these hashes were erased, those that were.
pub(crate) async fn when(
    tx: &mut PgConnection,
    hashes: impl Iterator<Item = &[u8; 32]>,
) -> Result<BTreeMap<Vec<u8>, Timestamp>, Error> {
    let hashes: Vec<Vec<u8>> = hashes.map(|h| h.to_vec()).collect();
    if hashes.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<(Vec<u8>, Moment)> =
        sqlx::query_as("select hash, at from erased where hash = any($1)")
            .bind(hashes)
            .fetch_all(tx)
            .await
            .map_err(during("looking for the erased"))?;
    Ok(rows.into_iter().map(|(h, at)| (h, at.to_jiff())).collect())
}

/// Adds hashes; of one that is there the later moment holds. Returns how many were new.
pub(super) async fn add(tx: &mut PgConnection, hashes: &[ErasedHash]) -> Result<u64, Error> {
    let mut sorted: BTreeMap<&[u8], &ErasedHash> = BTreeMap::new();
    for hash in hashes {
        let known = sorted.entry(&hash.hash).or_insert(hash);
        if known.at < hash.at {
            *known = hash;
        }
    }
    let hashes: Vec<_> = sorted.into_values().collect();
    let new: Vec<(bool,)> = sqlx::query_as(
        "insert into erased (hash, kind, at)
         select * from unnest($1::bytea[], $2::text[], $3::timestamptz[])
         on conflict (hash) do update set at = greatest(erased.at, excluded.at)
         returning xmax = 0",
    )
    .bind(hashes.iter().map(|h| h.hash.to_vec()).collect::<Vec<_>>())
    .bind(hashes.iter().map(|h| h.kind.as_str()).collect::<Vec<_>>())
    .bind(hashes.iter().map(|h| moment(h.at)).collect::<Vec<_>>())
    .fetch_all(tx)
    .await
    .map_err(during("keeping the hashes"))?;
    Ok(new.iter().filter(|(new,)| *new).count() as u64)
}

fn hash((hash, kind, at): (Vec<u8>, String, Moment)) -> Result<ErasedHash, Error> {
    let wrong = |why: &str| Error::corrupt("hash", Uuid::nil(), why);
    Ok(ErasedHash {
        hash: hash.try_into().map_err(|_| wrong("not of 32 bytes"))?,
        kind: ErasedKind::read(&kind).ok_or_else(|| wrong("of an unknown kind"))?,
        at: at.to_jiff(),
    })
}

fn hex<S: Serializer>(hash: &[u8; 32], s: S) -> Result<S::Ok, S::Error> {
    let digits: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    s.serialize_str(&digits)
}

fn unhex<'de, D: Deserializer<'de>>(d: D) -> Result<[u8; 32], D::Error> {
    let text = String::deserialize(d)?;
    let wrong = || D::Error::custom("a hash has 64 digits from 0 to f");
    if text.len() != 64 || !text.is_ascii() {
        return Err(wrong());
    }
    let mut hash = [0; 32];
    for (byte, at) in hash.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| wrong())?;
    }
    Ok(hash)
}

#[cfg(test)]
mod tests {
    use super::ErasedHash;

    #[test]
    fn a_line_of_the_list_is_read_back_or_refused() {
        let line = format!(
            r#"{{"hash":"{}","kind":"sms","at":"2026-01-05T09:00:00Z"}}"#,
            "0f".repeat(32)
        );
        let read: ErasedHash = serde_json::from_str(&line).unwrap();
        assert_eq!(read.hash, [15; 32]);
        assert_eq!(serde_json::to_string(&read).unwrap(), line);
        for wrong in [
            line.replace("0f0f", "0f"),
            line.replace("0f", "é"),
            line.replace("sms", "fax"),
        ] {
            assert!(
                serde_json::from_str::<ErasedHash>(&wrong).is_err(),
                "{wrong}"
            );
        }
    }
}
