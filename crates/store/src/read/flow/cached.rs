//! Numbers of journeys, kept for some seconds: however many look, they are counted once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::civil::Date;
use journey::{ids::MachineId, machine::Machine};

use super::{super::fresh::Fresh, Counted, ReadError, Reader};

/// How long numbers are shown before they are counted anew.
const FRESH: Duration = Duration::from_secs(2);
/// For how many versions and ranges numbers are kept.
const MOST: usize = 200;

type Key = (MachineId, Option<Date>);

/// What was counted last. Cloning shares it.
#[derive(Clone, Debug, Default)]
pub(in crate::read) struct Cache(Arc<Mutex<HashMap<Key, Fresh<Counted>>>>);

impl Cache {
    /// The numbers, counted now if they are not fresh.
    pub(super) async fn of(
        &self,
        reader: &Reader,
        machine: &Machine,
        since: Option<Date>,
    ) -> Result<Arc<Counted>, ReadError> {
        let place = self.place((machine.id, since));
        place.of(FRESH, reader.count(machine, since)).await
    }

    fn place(&self, key: Key) -> Fresh<Counted> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST && !kept.contains_key(&key) {
            kept.clear();
        }
        kept.entry(key).or_default().clone()
    }
}
