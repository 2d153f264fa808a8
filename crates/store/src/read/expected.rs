//! The date entries that will let a customer in.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use journey::{
    customer::Ledger,
    machine::{By, Machine},
};
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::Row as _;

use super::{ReadError, Reader};

/// An entry that is yet to come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ExpectedEntry {
    /// The journey's name.
    pub journey: Arc<str>,
    /// Its title.
    pub title: Arc<str>,
    /// When it lets the customer in, if nothing changes until then.
    pub at: Timestamp,
}

impl Reader {
    /// The entries by date that a customer's ledger holds, the next one first. Those of journeys that
    /// have been taken out meanwhile are left out, for they will let nobody in.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn expected(&self, ledger: &Ledger) -> Result<Vec<ExpectedEntry>, ReadError> {
        let names: Vec<&str> = ledger.dates.keys().map(|name| &**name).collect();
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let mut tx = self.page().await?;
        let rows = sqlx::query(
            "select m.content from machine m
             join (select machines from workspace order by revision desc limit 1) w
               on m.id = any(w.machines)
             where m.journey = any($1)",
        )
        .bind(&names)
        .fetch_all(&mut *tx)
        .await?;
        let mut machines = BTreeMap::new();
        for row in rows {
            if let Ok(machine) = Machine::from_content(row.try_get("content")?) {
                machines.insert(machine.journey.clone(), machine);
            }
        }
        let mut found: Vec<_> = machines.values().flat_map(|m| of(m, ledger)).collect();
        found.sort_by(|a, b| (a.at, &a.journey).cmp(&(b.at, &b.journey)));
        Ok(found)
    }
}

fn of(machine: &Machine, ledger: &Ledger) -> Vec<ExpectedEntry> {
    let Some(dates) = ledger.dates.get(&machine.journey) else {
        return Vec::new();
    };
    let by_date = |place: u16| {
        let entry = machine.entries.get(usize::from(place));
        entry.is_some_and(|entry| matches!(entry.by, By::Date { .. }))
    };
    let moments = dates.iter().filter(|(place, _)| by_date(**place));
    moments
        .filter_map(|(_, expected)| {
            Some(ExpectedEntry {
                journey: machine.journey.clone(),
                title: machine.title.clone(),
                at: expected.at?,
            })
        })
        .collect()
}
