//! Numbers that are read of whole tables, kept for some seconds: however many look, they are counted once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use jiff::civil::Date;
use journey::{ids::MachineId, machine::Machine};
use tokio::sync::Mutex as Alone;

use super::{Counted, ReadError, Reader};

/// How long numbers are shown before they are counted anew.
const FRESH: Duration = Duration::from_secs(2);
/// Counting takes one part in so many of the time at the most, however long it takes once.
const REST: u32 = 20;
/// For how many versions and ranges numbers are kept.
const MOST: usize = 200;

type Key = (MachineId, Option<Date>);

/// The numbers that were counted last, and until when they are shown.
type Kept = Option<(Instant, Arc<Counted>)>;

/// What was counted last. Cloning shares it.
#[derive(Clone, Debug, Default)]
pub(in crate::read) struct Cache(Arc<Mutex<HashMap<Key, Arc<Alone<Kept>>>>>);

impl Cache {
    /// The numbers, counted now if they are not fresh. Who asks meanwhile waits for whoever counts.
    pub(super) async fn of(
        &self,
        reader: &Reader,
        machine: &Machine,
        since: Option<Date>,
    ) -> Result<Arc<Counted>, ReadError> {
        let place = self.place((machine.id, since));
        let mut kept = place.lock().await;
        if let Some((until, counted)) = &*kept
            && Instant::now() < *until
        {
            return Ok(counted.clone());
        }
        let begun = Instant::now();
        let counted = Arc::new(reader.count(machine, since).await?);
        let rest = FRESH.max(begun.elapsed() * REST);
        *kept = Some((Instant::now() + rest, counted.clone()));
        Ok(counted)
    }

    fn place(&self, key: Key) -> Arc<Alone<Kept>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST && !kept.contains_key(&key) {
            kept.clear();
        }
        kept.entry(key).or_default().clone()
    }
}
