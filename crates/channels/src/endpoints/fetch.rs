//! Content sources (`config/content.yaml`): a GET, and JSON as its answer.
//!
//! Where the source has a secret, requests are signed as <https://www.standardwebhooks.com> says, over
//! the path and the query in the place of the body, which a GET has not.

#[cfg(test)]
mod tests;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use journey::{
    failure::{Failure, Whom},
    intake,
    sources::Source,
    value::Value,
};
use moka::{Expiry, future::Cache};
use reqwest::{Client, Response, Url, header::ACCEPT};
use tokio::time::timeout;
use uuid::Uuid;

use super::{Caller, bounded, is_local, unreachable};
use crate::http;

/// How much of answers is kept, in bytes; what was not asked for longest goes first.
const KEPT: u64 = 16 * 1024 * 1024;
/// What an entry takes beside its answer and its address, about.
const ENTRY: usize = 256;
/// How long it is kept that there was no answer: so long, a source in trouble is not asked the same
/// again.
const TROUBLE: Duration = Duration::from_secs(1);

/// What became of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Fetched {
    /// The source has answered, now or before.
    Answered {
        /// Its answer.
        value: Value,
        /// Whether somebody else had asked.
        kept: bool,
    },
    /// There is no answer.
    Failed {
        /// What went wrong.
        detail: Failure,
        /// How long the source asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// Nobody was asked: only this machine is, and the source is elsewhere.
    Elsewhere,
}

/// An answer, or why there is none.
type Answer = Result<Value, (Failure, Option<Duration>)>;

#[derive(Clone, Debug)]
struct Entry {
    answer: Answer,
    keep: Duration,
    bytes: usize,
}

/// Answers that are kept, by source and address.
#[derive(Debug)]
pub(super) struct Answers(Cache<Arc<str>, Entry>);

impl Default for Answers {
    fn default() -> Self {
        let weight = |key: &Arc<str>, entry: &Entry| {
            u32::try_from(ENTRY + key.len() + entry.bytes).unwrap_or(u32::MAX)
        };
        let cache = Cache::builder()
            .max_capacity(KEPT)
            .weigher(weight)
            .expire_after(AsEach);
        Self(cache.build())
    }
}

/// Each entry is kept for as long as it says.
struct AsEach;

impl Expiry<Arc<str>, Entry> for AsEach {
    fn expire_after_create(&self, _: &Arc<str>, entry: &Entry, _: Instant) -> Option<Duration> {
        Some(entry.keep)
    }
}

/// One request.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The source's name.
    pub name: &'a str,
    /// The source.
    pub source: &'a Source,
    /// Its address, with the parameters in it.
    pub url: &'a str,
    /// The message that it is for: its `webhook-id`.
    pub id: Uuid,
    /// Now.
    pub now: Timestamp,
    /// How long there is, if that is less than the source's time-out.
    pub within: Duration,
}

impl Caller {
    /// Whether nothing but this machine is called.
    pub fn is_local(&self) -> bool {
        self.reach.is_local()
    }

    /// Asks a source, or takes an answer that is kept. Who asks the same at the same time waits for the
    /// one answer, where answers are kept.
    pub async fn fetch(&self, ask: &Ask<'_>) -> Fetched {
        let Ok(url) = Url::parse(ask.url) else {
            let words = "its address is none".into();
            return failed(Failure::Words { words }, None);
        };
        if self.reach.is_local() && !is_local(&url) {
            return Fetched::Elsewhere;
        }
        if let Err(barred) = self.reach.check(&url) {
            return failed(barred.failure(&url), None);
        }
        let keep = Duration::try_from(ask.source.cache).unwrap_or_default();
        let limit = Duration::try_from(ask.source.timeout).unwrap_or_default();
        let limit = limit.min(ask.within);
        let asked = async {
            if keep.is_zero() {
                return (self.get(ask, &url).await.0, false);
            }
            let key = Arc::from(format!("{}\n{url}", ask.name));
            let entry = self.answers.0.entry(key);
            let entry = entry.or_insert_with(async {
                // The time-out is the entry's as well: those who wait get what came of it.
                let asked = timeout(limit, self.get(ask, &url)).await;
                let (answer, bytes) = asked.unwrap_or_else(|_| (Err(slow(limit)), 0));
                let keep = if answer.is_ok() {
                    keep
                } else {
                    keep.min(TROUBLE)
                };
                Entry {
                    answer,
                    keep,
                    bytes,
                }
            });
            let entry = Box::pin(entry).await;
            let kept = !entry.is_fresh();
            (entry.into_value().answer, kept)
        };
        match timeout(limit, Box::pin(asked)).await {
            Ok((Ok(value), kept)) => Fetched::Answered { value, kept },
            Ok((Err((detail, retry_after)), _)) => failed(detail, retry_after),
            Err(_) => failed(slow(limit).0, None),
        }
    }

    /// The answer, and how long it is.
    async fn get(&self, ask: &Ask<'_>, url: &Url) -> (Answer, usize) {
        match self.request(ask, url) {
            Ok((client, request)) => match client.execute(request).await {
                Ok(response) => read(response, ask.now).await,
                Err(error) => (Err((unreachable(&error, url, Whom::Endpoint), None)), 0),
            },
            Err(detail) => (Err((detail, None)), 0),
        }
    }

    fn request(&self, ask: &Ask<'_>, url: &Url) -> Result<(&Client, reqwest::Request), Failure> {
        let no_client = |words| Failure::Unreachable {
            whom: Whom::Endpoint,
            words,
        };
        let client = self.client.as_ref().ok_or_else(|| no_client(None))?;
        let mut request = client.get(url.clone()).header(ACCEPT, "application/json");
        if let Some(key) = self.key(ask.source.secret.as_deref())? {
            let (id, seconds) = (ask.id.to_string(), ask.now.as_second());
            let target = match url.query() {
                Some(query) => format!("{}?{query}", url.path()),
                None => url.path().to_owned(),
            };
            request = request
                .header("webhook-id", &id)
                .header("webhook-timestamp", seconds)
                .header(
                    "webhook-signature",
                    key.sign(&id, seconds, target.as_bytes()),
                );
        }
        let request = request.build();
        let request = request.map_err(|e| no_client(Some(e.without_url().to_string().into())))?;
        Ok((client, request))
    }
}

async fn read(response: Response, now: Timestamp) -> (Answer, usize) {
    let status = response.status();
    if !status.is_success() {
        let detail = Failure::Http {
            whom: Whom::Endpoint,
            status: status.as_u16(),
            words: None,
        };
        return (Err((detail, http::retry_after(&response, now))), 0);
    }
    let body = match bounded(response).await {
        Ok(body) => body,
        Err(error) => {
            let detail = http::unreachable(Whom::Endpoint, &error);
            return (Err((detail, None)), 0);
        }
    };
    let answer = match serde_json::from_slice::<serde::de::IgnoredAny>(&body) {
        Ok(_) => intake::answer(&body).map_err(Into::into),
        Err(_) if body.len() > intake::MAX_ANSWER => intake::answer(&body).map_err(Into::into),
        Err(_) => Err(Arc::from("it is no JSON")),
    };
    let answer = answer.map_err(|words| (Failure::Answer { words }, None));
    (answer, body.len())
}

fn slow(limit: Duration) -> (Failure, Option<Duration>) {
    let (whom, seconds) = (Whom::Endpoint, limit.as_secs());
    (Failure::Slow { whom, seconds }, None)
}

fn failed(detail: Failure, retry_after: Option<Duration>) -> Fetched {
    Fetched::Failed {
        detail,
        retry_after,
    }
}
