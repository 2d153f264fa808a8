//! Our own chat widget on the shop's pages.
//!
//! Nobody is called: a line is put on the customer's board, which lies in the database, and whoever has the widget
//! open is shown it at once. The message's id is the line's, so that a message that is tried again is one line.

mod settings;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, OnceLock},
    time::Duration,
};

use jiff::Timestamp;
use journey::{
    content::{Content, Offer},
    failure::{Failure, Whom},
    ids::CustomerId,
};
use tokio::time::timeout;
use uuid::Uuid;

pub use self::settings::WebSettings;
use crate::{About, Outcome, Outgoing, Problem, http};

/// The longest text, in characters: a widget is no place for letters.
const LONGEST: usize = 4_000;
/// The longest that the board may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// A line for a customer.
#[derive(Clone, Copy, Debug)]
pub struct BoardLine<'a> {
    /// The message's id, and the line's.
    pub id: Uuid,
    /// When it is put there.
    pub at: Timestamp,
    /// For whom.
    pub customer: CustomerId,
    /// Its text.
    pub text: &'a str,
    /// The answers that it offers.
    pub options: &'a [Offer],
}

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It is there; it may have been there before.
    There,
    /// Nobody is known by that name any more.
    Nobody,
}

/// Why a line could not be put: the database is away.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NotPut(pub String);

/// Where the lines of the widget lie. The binary fills it with the database.
pub trait Board: Send + Sync {
    /// Puts a line there, once for each id.
    fn put<'a>(
        &'a self,
        line: BoardLine<'a>,
    ) -> Pin<Box<dyn Future<Output = Result<Put, NotPut>> + Send + 'a>>;
}

/// The adapter.
pub(crate) struct Web {
    name: String,
    board: OnceLock<Arc<dyn Board>>,
}

impl fmt::Debug for Web {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Web")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Web {
    pub(crate) fn new(settings: &WebSettings) -> Result<Self, Problem> {
        for origin in &settings.origins {
            let url = http::url("origins", origin)?;
            if url.origin().ascii_serialization() != *origin {
                let problem = format!(
                    "names `{origin}`, and takes what a browser calls an origin, such as `{}`",
                    url.origin().ascii_serialization()
                );
                return Err(("origins", problem));
            }
        }
        if settings
            .secret
            .as_ref()
            .is_some_and(|s| s.expose().len() < 16)
        {
            let problem = "must have at least 16 bytes: who knows it can speak for any customer";
            return Err(("secret", problem.to_owned()));
        }
        if !(1..=1_000).contains(&settings.lines_per_minute) {
            return Err(("lines_per_minute", "must be from 1 to 1000".to_owned()));
        }
        Ok(Self {
            name: settings.name.clone(),
            board: OnceLock::new(),
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Lines go there from now on; a second board is not heeded.
    pub(crate) fn set_board(&self, board: Arc<dyn Board>) {
        let _ = self.board.set(board);
    }

    pub(crate) async fn send(&self, message: &Outgoing<'_>, within: Duration) -> Outcome {
        let Content::Chat { text, options, .. } = message.content else {
            let words = "it is no chat message".into();
            return Outcome::for_good(Failure::Content { words });
        };
        let length = text.chars().count();
        if length > LONGEST {
            let words = format!("the text has {length} characters, and the widget takes {LONGEST}");
            let words = words.into();
            return Outcome::for_good(Failure::Content { words });
        }
        let Ok(customer) = message.to.trim().parse::<Uuid>() else {
            let words = "a chat in the widget is named by the customer's id".into();
            return Outcome::for_good(Failure::AddressUnusable { words });
        };
        let unreachable = |words: String| Failure::Unreachable {
            whom: Whom::Provider,
            words: Some(words.into()),
        };
        let Some(board) = self.board.get() else {
            let words = "this process has no board for the widget".to_owned();
            return Outcome::for_now(About::Trouble, unreachable(words));
        };
        let line = BoardLine {
            id: message.id,
            at: message.at,
            customer: CustomerId(customer),
            text,
            options,
        };
        let limit = PATIENCE.min(within);
        match timeout(limit, board.put(line)).await {
            Ok(Ok(Put::There)) => Outcome::Accepted { provider_id: None },
            Ok(Ok(Put::Nobody)) => Outcome::gone(Failure::AddressGone),
            // Putting it twice is putting it once, so nothing is unclear.
            Ok(Err(NotPut(words))) => Outcome::for_now(About::Trouble, unreachable(words)),
            Err(_) => Outcome::for_now(
                About::Trouble,
                Failure::Slow {
                    whom: Whom::Provider,
                    seconds: limit.as_secs(),
                },
            ),
        }
    }
}
