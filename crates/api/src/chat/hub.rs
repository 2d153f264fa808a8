//! News of conversations, from the database to the widgets that are open here.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use journey::ids::CustomerId;
use store::chat::{Chat, ChatNews};
use tokio::sync::{
    OwnedSemaphorePermit, Semaphore,
    broadcast::{self, Receiver, Sender, error::RecvError},
};

/// News that may wait to be read by a slow widget; who misses some looks again.
const BUFFER: usize = 1_024;
/// The most widgets that are told at once; the others ask every few seconds.
const MOST: usize = 2_000;
/// The pause after the database has failed.
const PAUSE: Duration = Duration::from_secs(1);

/// Tells open widgets that something happened. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Hub {
    news: Arc<Mutex<Option<Sender<News>>>>,
    places: Arc<Semaphore>,
}

#[derive(Clone, Copy, Debug)]
enum News {
    Of(ChatNews),
    /// Some were missed: everybody looks.
    Missed,
}

/// What one widget is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// There may be lines.
    Lines,
    /// Somebody types.
    Typing,
    /// The process stops.
    Over,
}

/// One widget's place. Given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    customer: CustomerId,
    news: Receiver<News>,
    _permit: OwnedSemaphorePermit,
}

impl Hub {
    pub(super) fn new() -> Self {
        Self {
            news: Arc::new(Mutex::new(Some(broadcast::channel(BUFFER).0))),
            places: Arc::new(Semaphore::new(MOST)),
        }
    }

    /// Passes news on, for ever: the binary ends it by dropping it, and then says [`close`](Self::close).
    pub async fn hear(&self, chat: &Chat) {
        loop {
            let mut listener = match chat.listen().await {
                Ok(listener) => listener,
                Err(error) => {
                    tracing::warn!(%error, cause = error.cause(), "news of chats are not heard");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            // What was said while nobody listened.
            self.tell(News::Missed);
            loop {
                match listener.next().await {
                    Ok(Some(news)) => self.tell(News::Of(news)),
                    Ok(None) => self.tell(News::Missed),
                    Err(error) => {
                        tracing::warn!(%error, cause = error.cause(), "news of chats are lost");
                        tokio::time::sleep(PAUSE).await;
                        break;
                    }
                }
            }
        }
    }

    /// Ends all widgets' connections, so that the process can stop.
    pub fn close(&self) {
        self.lock().take();
    }

    /// A place for a widget; `None`: there are too many, or the process stops.
    pub(super) fn place(&self, customer: CustomerId) -> Option<Place> {
        let permit = self.places.clone().try_acquire_owned().ok()?;
        let news = self.lock().as_ref()?.subscribe();
        Some(Place {
            customer,
            news,
            _permit: permit,
        })
    }

    fn tell(&self, news: News) {
        if let Some(sender) = &*self.lock() {
            // An error says that no widget is open.
            let _ = sender.send(news);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Sender<News>>> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Waits for news of this conversation.
    pub(super) async fn told(&mut self) -> Told {
        loop {
            match self.news.recv().await {
                Ok(News::Of(news)) if news.customer != self.customer => {}
                Ok(News::Of(ChatNews { typing: true, .. })) => return Told::Typing,
                Ok(News::Of(_) | News::Missed) | Err(RecvError::Lagged(_)) => return Told::Lines,
                Err(RecvError::Closed) => return Told::Over,
            }
        }
    }
}
