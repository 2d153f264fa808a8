//! Providers behind HTTP: one request, and its answer before anybody knows what it means there.

use std::{error::Error as _, path::Path, time::Duration};

use jiff::{SignedDuration, Timestamp, fmt::rfc2822::DateTimeParser};
use journey::failure::{Failure, Whom};
use reqwest::{
    Client, ClientBuilder, RequestBuilder, Response, StatusCode, Url, header::RETRY_AFTER,
    redirect::Policy,
};
use rustls::ClientConfig;
use serde_json::Value as Json;
use tokio::time::timeout;

use crate::{About, Outcome, Problem, detail, trust::client_config};

/// The most of an answer that is read, in bytes.
const MOST: usize = 64 * 1024;
/// The longest `Retry-After` that is believed.
pub(crate) const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// The longest provider id that is kept, in bytes.
const LONGEST_ID: usize = 256;

/// An HTTP client with its connections, for one provider.
#[derive(Debug)]
pub(crate) struct Http {
    client: Client,
    timeout: Duration,
}

impl Http {
    /// A client that trusts the authorities of that file as well.
    pub(crate) fn new(timeout_seconds: u64, ca_file: Option<&Path>) -> Result<Self, Problem> {
        Self::tuned(timeout_seconds, ca_file, |builder, tls| {
            builder.tls_backend_preconfigured(tls)
        })
    }

    /// The same for a provider that wants more than that; `tune` also gives the builder its side of TLS.
    pub(crate) fn tuned(
        timeout_seconds: u64,
        ca_file: Option<&Path>,
        tune: impl FnOnce(ClientBuilder, ClientConfig) -> ClientBuilder,
    ) -> Result<Self, Problem> {
        let timeout = Duration::from_secs(timeout_seconds.max(1));
        let builder = Client::builder()
            .redirect(Policy::none())
            // Where there is no connection by then, the provider has certainly not taken anything.
            .connect_timeout(timeout / 2)
            // Settings come from the configuration alone, so not from HTTP_PROXY either.
            .no_proxy()
            .user_agent("parcours");
        let client = tune(builder, client_config(ca_file)?)
            .build()
            .map_err(|e| ("url", format!("has no HTTP client: {e}")))?;
        Ok(Self { client, timeout })
    }

    /// What requests are built with.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Makes one request, within the provider's time-out and `within`; `at` is when, for dates in
    /// `Retry-After`.
    ///
    /// # Errors
    /// Without an answer, with what that means for the message.
    pub(crate) async fn ask(
        &self,
        request: RequestBuilder,
        at: Timestamp,
        within: Duration,
    ) -> Result<Answer, Outcome> {
        let limit = self.timeout.min(within);
        let attempt = Box::pin(async {
            let response = request.send().await.map_err(|error| {
                let detail = unreachable(Whom::Provider, &error);
                // Without a connection it has heard of nothing; with one, it may have heard all.
                match error.is_connect() || error.is_builder() {
                    true => Outcome::for_now(About::Trouble, detail),
                    false => Outcome::unclear(detail),
                }
            })?;
            Ok(Answer::read(response, at).await)
        });
        timeout(limit, attempt).await.unwrap_or_else(|_| {
            let (whom, seconds) = (Whom::Provider, limit.as_secs());
            Err(Outcome::unclear(Failure::Slow { whom, seconds }))
        })
    }
}

/// An address of the configuration: `https://` or `http://`.
pub(crate) fn url(setting: &'static str, text: &str) -> Result<Url, Problem> {
    let url = Url::parse(text).map_err(|e| (setting, format!("is no URL: {e}")))?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        _ => Err((setting, "must begin with https:// or http://".to_owned())),
    }
}

/// What a provider answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// How long it asks to be left alone: its `Retry-After`, bounded.
    pub(crate) retry_after: Option<Duration>,
    /// Its body; null if that is no JSON, or too long.
    pub(crate) body: Json,
    headers: reqwest::header::HeaderMap,
}

impl Answer {
    async fn read(response: Response, at: Timestamp) -> Self {
        let (status, retry_after) = (response.status(), retry_after(&response, at));
        let headers = response.headers().clone();
        let body = serde_json::from_slice(&bounded(response).await).unwrap_or_default();
        Self {
            status,
            retry_after,
            body,
            headers,
        }
    }

    /// A header's value, if it is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The status with these words, made fit to be kept; `to` is the address that must not be.
    pub(crate) fn failure(&self, words: Option<&str>, to: &str) -> Failure {
        Failure::Http {
            whom: Whom::Provider,
            status: self.status.as_u16(),
            words: words.map(|words| detail::clean(words, to).into()),
        }
    }

    /// What a refusal means by its status alone.
    pub(crate) fn refused(&self, detail: Failure) -> Outcome {
        if for_now(self.status) {
            let (about, unclear) = what(self.status, self.retry_after.is_some());
            Outcome::RefusedForNow {
                detail,
                retry_after: self.retry_after,
                about,
                unclear,
            }
        } else {
            Outcome::for_good(detail)
        }
    }

    /// It is asked too often, and has certainly not taken the message.
    pub(crate) fn hasty(&self, detail: Failure) -> Outcome {
        Outcome::RefusedForNow {
            detail,
            retry_after: self.retry_after,
            about: About::Haste,
            unclear: false,
        }
    }
}

/// Time-out, too early, too many requests, and the provider's own trouble.
pub(crate) fn for_now(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 425 | 429) || status.is_server_error()
}

/// What a status for now is about, and whether the message may have been taken all the same.
///
/// Only a provider that still thinks names a time to come back in. A 5xx without one may come from
/// something in between, which has passed the message on and lost the answer.
fn what(status: StatusCode, names_a_time: bool) -> (About, bool) {
    match status.as_u16() {
        408 | 425 => (About::Message, false),
        429 => (About::Haste, false),
        503 if names_a_time => (About::Haste, false),
        _ if names_a_time => (About::Haste, true),
        _ => (About::Trouble, true),
    }
}

/// The body up to its bound. A body that breaks off is no reason to doubt the status.
async fn bounded(mut response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() > MOST {
            body.truncate(MOST);
            break;
        }
    }
    body
}

/// A provider's name for a message, if it can be kept.
pub(crate) fn provider_id(id: Option<&Json>) -> Option<String> {
    let id = match id? {
        Json::String(id) => id.clone(),
        Json::Number(id) => id.to_string(),
        _ => return None,
    };
    (!id.is_empty() && id.len() <= LONGEST_ID && !id.contains(char::is_control)).then_some(id)
}

/// Why no answer came: the last cause, which is the one that tells. The URL stays out of it.
pub(crate) fn unreachable(whom: Whom, error: &reqwest::Error) -> Failure {
    let mut cause = error.source();
    while let Some(deeper) = cause.and_then(|c| c.source()) {
        cause = Some(deeper);
    }
    let words = cause.map(|cause| cause.to_string().into());
    Failure::Unreachable { whom, words }
}

/// `Retry-After` in either form: seconds, or an HTTP date.
pub(crate) fn retry_after(response: &Response, now: Timestamp) -> Option<Duration> {
    let value = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match value.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => until(value, now)?,
    };
    Some(wait.min(LONGEST))
}

fn until(date: &str, now: Timestamp) -> Option<Duration> {
    let at = DateTimeParser::new().parse_timestamp(date).ok()?;
    let wait = at.duration_since(now).max(SignedDuration::ZERO);
    Duration::try_from(wait).ok()
}
