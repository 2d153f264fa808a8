//! News of another workspace.

use sqlx::postgres::PgListener;

use crate::{Error, Store, error::during, workspace::CHANNEL};

/// Wakes when a workspace was applied, by any process. A hint: who waits must also look at
/// [`Store::revision`] now and then.
#[derive(Debug)]
pub struct Listener {
    inner: PgListener,
}

impl Store {
    /// Listens from now on. Holds a connection of the pool.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn listen(&self) -> Result<Listener, Error> {
        let listening = async {
            let mut inner = PgListener::connect_with(&self.pool).await?;
            inner.listen(CHANNEL).await?;
            Ok(inner)
        };
        let inner = listening.await.map_err(during("listening"))?;
        Ok(Listener { inner })
    }
}

impl Listener {
    /// Returns when something may have changed: after news, or after the connection was lost
    /// and with it perhaps the news. Reconnects by itself at the next call.
    ///
    /// # Errors
    /// If the connection failed or cannot be had again. Wait a little and call it again.
    pub async fn changed(&mut self) -> Result<(), Error> {
        self.inner.try_recv().await.map_err(during("listening"))?;
        // Several at once are one change.
        while self.inner.next_buffered().is_some() {}
        Ok(())
    }
}
