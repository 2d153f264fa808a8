//! How the loops fare: since when one has been failing, and whether one has ended that should not have.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::Notify;

/// One loop, as it is at the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoopHealth {
    /// Which: `intake`, `timers`, `dispatch` and so on.
    pub name: &'static str,
    /// How long all its rounds have failed; `None`: the last one did not.
    pub failing_for: Option<Duration>,
    /// What the last failed round said, without addresses.
    pub error: String,
    /// Whether it has begun: it is to, from when the engine is told its roles.
    pub begun: bool,
    /// It has ended, and nobody told it to.
    pub ended: bool,
}

/// The loops of one engine. Cloning shares it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Loops {
    all: Arc<Mutex<BTreeMap<&'static str, State>>>,
    /// Told when a loop begins.
    news: Arc<Notify>,
}

#[derive(Clone, Debug, Default)]
struct State {
    failing_since: Option<Instant>,
    error: String,
    begun: bool,
    ended: bool,
}

impl State {
    fn begun() -> Self {
        Self {
            begun: true,
            ..Self::default()
        }
    }
}

impl Loops {
    fn all(&self) -> MutexGuard<'_, BTreeMap<&'static str, State>> {
        // What a thread that died has left is whole: every change is one assignment.
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every loop that has begun or is to, by name.
    pub(crate) fn health(&self) -> Vec<LoopHealth> {
        let of = |(name, state): (&&'static str, &State)| LoopHealth {
            name,
            failing_for: state.failing_since.map(|since| since.elapsed()),
            error: state.error.clone(),
            begun: state.begun,
            ended: state.ended,
        };
        self.all().iter().map(of).collect()
    }

    /// A loop is to begin.
    pub(crate) fn expect(&self, name: &'static str) {
        self.all().entry(name).or_default();
    }

    /// Returns when every loop that is to begin has.
    pub(crate) async fn begun(&self) {
        loop {
            let mut told = std::pin::pin!(self.news.notified());
            told.as_mut().enable();
            if self.all().values().all(|state| state.begun) {
                return;
            }
            told.await;
        }
    }

    /// A loop begins.
    pub(crate) fn begin(&self, name: &'static str) -> Beat {
        self.all().insert(name, State::begun());
        self.news.notify_waiters();
        Beat {
            loops: self.clone(),
            name,
            failing: false,
        }
    }
}

/// Held by a loop for as long as it runs.
#[derive(Debug)]
pub(crate) struct Beat {
    loops: Loops,
    name: &'static str,
    failing: bool,
}

impl Beat {
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// A round went well.
    pub(crate) fn well(&mut self) {
        // Nothing is locked as long as all goes well.
        if std::mem::take(&mut self.failing) {
            self.loops.all().insert(self.name, State::begun());
        }
    }

    /// A round has failed.
    pub(crate) fn failed(&mut self, error: String) {
        self.failing = true;
        let mut all = self.loops.all();
        let state = all.entry(self.name).or_default();
        state.failing_since.get_or_insert_with(Instant::now);
        state.error = error;
    }
}

impl Drop for Beat {
    fn drop(&mut self) {
        self.loops.all().entry(self.name).or_default().ended = true;
    }
}

#[cfg(test)]
mod tests {
    use super::Loops;

    #[test]
    fn a_loop_is_failing_until_a_round_goes_well_and_ended_when_it_is_gone() {
        let loops = Loops::default();
        let mut beat = loops.begin("timers");
        assert_eq!(loops.health()[0].failing_for, None);
        beat.failed("no".to_owned());
        beat.failed("no again".to_owned());
        let health = loops.health();
        assert!(health[0].failing_for.is_some());
        assert_eq!(health[0].error, "no again");
        beat.well();
        let health = loops.health();
        assert_eq!((health[0].failing_for, health[0].ended), (None, false));
        drop(beat);
        assert!(loops.health()[0].ended);
    }

    #[tokio::test]
    async fn a_loop_that_is_to_begin_is_waited_for() {
        let loops = Loops::default();
        loops.expect("intake");
        assert!(!loops.health()[0].begun);
        let waiting = loops.clone();
        let waits = tokio::spawn(async move { waiting.begun().await });
        tokio::task::yield_now().await;
        assert!(!waits.is_finished());
        let _beat = loops.begin("intake");
        waits.await.unwrap();
        assert!(loops.health()[0].begun);
    }

    #[test]
    fn a_loop_that_dies_is_seen() {
        let loops = Loops::default();
        let beat = loops.begin("dispatch");
        let died = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
            let _beat = beat;
            panic!("a bug");
        }));
        assert!(died.is_err());
        assert!(loops.health()[0].ended);
    }
}
