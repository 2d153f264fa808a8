//! Since when an entry stands as it does, over all versions of its journey.

use std::collections::BTreeMap;

use jiff::Timestamp;
use journey::machine::{Entry, Machine};
use uuid::Uuid;

use super::StoredMachine;
use crate::{Error, Store, error::during, row::Moment};

/// How many older versions are looked at in one go.
const STRETCH: usize = 50;

impl Store {
    /// When the entry at `place` of a current machine was first published as it stands there: an edit
    /// of anything else of its journey leaves it that moment. Without the journey or the entry in
    /// between it is a new one. A version that cannot be read any more counts as having had it.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn entry_since(
        &self,
        stored: &StoredMachine,
        place: usize,
    ) -> Result<Timestamp, Error> {
        let mut since = stored.published_at;
        let Some(entry) = stored.machine.entries.get(place) else {
            return Ok(since);
        };
        let mut held = self.held(&stored.machine.journey).await?;
        held.retain(|id| *id != stored.machine.id.0);
        for ids in held.chunks(STRETCH) {
            let versions = self.versions(ids).await?;
            for id in ids {
                match versions.get(id) {
                    Some((at, content)) if has(content, place, entry) => since = since.min(*at),
                    _ => return Ok(since),
                }
            }
        }
        Ok(since)
    }

    /// The machines of a journey that have held one after another without a break, the last first and
    /// each once.
    async fn held(&self, journey: &str) -> Result<Vec<Uuid>, Error> {
        let rows: Vec<(Option<Uuid>,)> = sqlx::query_as(
            "select m.id from workspace w
             left join machine m on m.journey = $1 and m.id = any(w.machines)
             order by w.revision desc",
        )
        .bind(journey)
        .fetch_all(&self.pool)
        .await
        .map_err(during("looking for older versions"))?;
        let mut held = Vec::new();
        for id in rows.into_iter().map_while(|(id,)| id) {
            if !held.contains(&id) {
                held.push(id);
            }
        }
        Ok(held)
    }

    async fn versions(&self, ids: &[Uuid]) -> Result<BTreeMap<Uuid, (Timestamp, Vec<u8>)>, Error> {
        let rows: Vec<(Uuid, Moment, Vec<u8>)> =
            sqlx::query_as("select id, published_at, content from machine where id = any($1)")
                .bind(ids)
                .fetch_all(&self.pool)
                .await
                .map_err(during("loading older versions"))?;
        let rows = rows.into_iter();
        Ok(rows
            .map(|(id, at, content)| (id, (at.to_jiff(), content)))
            .collect())
    }
}

fn has(content: &[u8], place: usize, entry: &Entry) -> bool {
    Machine::from_content(content).map_or(true, |m| m.entries.get(place) == Some(entry))
}
