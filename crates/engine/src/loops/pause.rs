//! How a loop waits: for a while, or longer and longer while errors follow each other.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::{Engine, Error, health::Beat};

/// The longest pause after an error.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Until the span is over, or the engine stops.
pub(super) async fn sleep(span: jiff::SignedDuration, stop: &CancellationToken) {
    rest(Duration::try_from(span).unwrap_or_default(), stop).await;
}

async fn rest(span: Duration, stop: &CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = tokio::time::sleep(span) => {}
    }
}

/// Pauses that grow while errors follow each other, and what is said of the loop meanwhile.
pub(super) struct Pause {
    engine: Arc<Engine>,
    beat: Beat,
    stop: CancellationToken,
    errors: u32,
}

impl Pause {
    pub(super) fn of(engine: &Arc<Engine>, name: &'static str, stop: &CancellationToken) -> Self {
        Self {
            engine: engine.clone(),
            beat: engine.loops.begin(name),
            stop: stop.clone(),
            errors: 0,
        }
    }

    pub(super) fn reset(&mut self) {
        self.errors = 0;
        self.beat.well();
    }

    /// A pause if it is an error.
    pub(super) async fn look<T>(&mut self, result: Result<T, Error>) {
        match result {
            Ok(_) => self.reset(),
            Err(error) => self.after(&error).await,
        }
    }

    pub(super) async fn after(&mut self, error: &Error) {
        let wait = Duration::from_millis(100 << self.errors.min(7)).min(LONGEST_PAUSE);
        self.errors = self.errors.saturating_add(1);
        let name = self.beat.name();
        let error = error.told();
        self.beat.failed(error.clone());
        self.engine.metrics.loop_error(name);
        tracing::error!(loop.name = name, error, wait_ms = wait.as_millis(), "will try again");
        rest(wait, &self.stop).await;
    }
}
