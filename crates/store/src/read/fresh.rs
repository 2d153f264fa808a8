//! What takes long to count, kept for a while: however many look, it is counted once.

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::Mutex;

/// Counting takes one part in so many of the time at the most, however long it takes once.
const REST: u32 = 20;
/// What takes less than this is not kept for longer than it is asked for.
const QUICK: Duration = Duration::from_millis(100);

/// What was counted last, and until when it is shown.
type Kept<T> = Option<(Instant, Arc<T>)>;

/// What was counted last, if anything was. Cloning shares it.
#[derive(Debug)]
pub(super) struct Fresh<T>(Arc<Mutex<Kept<T>>>);

impl<T> Default for Fresh<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T> Clone for Fresh<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Fresh<T> {
    /// What `count` comes to, counted now if it is not fresh; it is shown for `least` at the shortest. Who asks meanwhile waits for
    /// whoever counts.
    pub(super) async fn of<E>(
        &self,
        least: Duration,
        count: impl Future<Output = Result<T, E>>,
    ) -> Result<Arc<T>, E> {
        let mut kept = self.0.lock().await;
        if let Some((until, counted)) = &*kept
            && Instant::now() < *until
        {
            return Ok(counted.clone());
        }
        let begun = Instant::now();
        let counted = Arc::new(count.await?);
        let took = begun.elapsed();
        let rest = if took < QUICK {
            least
        } else {
            least.max(took * REST)
        };
        *kept = Some((Instant::now() + rest, counted.clone()));
        Ok(counted)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    #[tokio::test]
    async fn what_takes_long_is_kept_and_what_is_quick_is_not() {
        let slow = async |n| {
            tokio::time::sleep(QUICK).await;
            Ok::<_, Infallible>(n)
        };
        let kept = Fresh::default();
        for (n, wanted) in [(1, 1), (2, 1)] {
            let Ok(found) = kept.of(Duration::ZERO, slow(n)).await;
            assert_eq!(*found, wanted);
        }
        let quick = Fresh::default();
        for n in [1, 2] {
            let count = async { Ok::<_, Infallible>(n) };
            let Ok(found) = quick.of(Duration::ZERO, count).await;
            assert_eq!(*found, n);
        }
    }
}
