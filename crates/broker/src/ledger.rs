//! Which deliveries of a channel are settled.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

/// The ledger of one channel; tags count from 1 without gaps.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    lines: Mutex<Lines>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Lines {
    /// All tags up to this one are settled.
    through: u64,
    /// Settled spans beyond it: first tag to last.
    beyond: BTreeMap<u64, u64>,
    /// A batch was dropped unsettled.
    broken: bool,
}

impl Ledger {
    /// Notes a span; true when everything before it is settled.
    pub(crate) fn settle(&self, (first, last): (u64, u64)) -> bool {
        let is_next = {
            let mut lines = self.lines();
            let is_next = first == lines.through + 1;
            lines.beyond.insert(first, last);
            while let Some(last) = {
                let next = lines.through + 1;
                lines.beyond.remove(&next)
            } {
                lines.through = last;
            }
            is_next
        };
        self.changed.notify_waiters();
        is_next
    }

    /// Notes that a batch was dropped unsettled.
    pub(crate) fn tear(&self) {
        self.lines().broken = true;
        self.changed.notify_waiters();
    }

    /// True when a batch was dropped unsettled: only a new channel makes RabbitMQ give it out again.
    pub(crate) fn is_broken(&self) -> bool {
        self.lines().broken
    }

    /// Waits until all up to that tag is settled; false when a batch was dropped instead.
    pub(crate) async fn settled(&self, tag: u64) -> bool {
        loop {
            let changed = self.changed.notified();
            let mut changed = std::pin::pin!(changed);
            changed.as_mut().enable();
            {
                let lines = self.lines();
                if lines.broken || lines.through >= tag {
                    return !lines.broken;
                }
            }
            changed.await;
        }
    }

    /// A panic elsewhere leaves nothing half done here.
    fn lines(&self) -> std::sync::MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::Ledger;

    #[test]
    fn only_a_gapless_span_may_take_all_before_it_along() {
        let ledger = Ledger::default();
        assert!(ledger.settle((1, 5)));
        assert!(!ledger.settle((8, 9)), "6 and 7 are open");
        assert!(ledger.settle((6, 7)));
        assert!(ledger.settle((10, 12)), "8 and 9 were settled out of order");
        assert_eq!(ledger.lines().through, 12);
        assert!(ledger.lines().beyond.is_empty());
    }
}
