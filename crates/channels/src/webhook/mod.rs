//! Any provider behind one HTTP address: a signed POST of JSON.
//!
//! The body is `{id, channel, to, content, purpose, journey}`, with `locale` and
//! `unsubscribe_url` where there are any. `Idempotency-Key` and `webhook-id` are the message's
//! id, the same on every attempt; `webhook-timestamp` and `webhook-signature` follow
//! <https://www.standardwebhooks.com>. `traceparent` goes along where the message belongs to a trace.

mod answer;
mod sign;
#[cfg(test)]
mod tests;

use std::{error::Error as _, time::Duration};

use journey::failure::{Failure, Whom};
use reqwest::{Client, Url, header::CONTENT_TYPE, redirect::Policy};
use serde::Serialize;
use tokio::time::timeout;

pub(crate) use self::{
    answer::{for_now, retry_after},
    sign::Key,
};
use crate::{
    About, Outcome, Outgoing, Problem,
    settings::{Secret, WebhookSettings},
    trust::client_config,
};

/// The adapter: one HTTP client with its connections.
#[derive(Debug)]
pub(crate) struct Webhook {
    name: String,
    url: Url,
    key: Option<Key>,
    bearer: Option<Secret>,
    client: Client,
    timeout: Duration,
}

/// The request's body.
#[derive(Serialize)]
struct Body<'a> {
    id: uuid::Uuid,
    channel: &'a str,
    to: &'a str,
    content: &'a journey::content::Content,
    purpose: &'a str,
    journey: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unsubscribe_url: Option<&'a str>,
}

impl Webhook {
    pub(crate) fn new(settings: &WebhookSettings) -> Result<Self, Problem> {
        let url = Url::parse(&settings.url).map_err(|e| ("url", format!("is no URL: {e}")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(("url", "must begin with https:// or http://".to_owned()));
        }
        let key = settings.secret.as_ref().map(Key::new).transpose()?;
        let timeout = Duration::from_secs(settings.timeout_seconds.max(1));
        let client = Client::builder()
            .redirect(Policy::none())
            // Where there is no connection by then, the provider has certainly not taken anything.
            .connect_timeout(timeout / 2)
            // Settings come from the configuration alone, so not from HTTP_PROXY either.
            .no_proxy()
            .tls_backend_preconfigured(client_config(settings.ca_file.as_deref())?)
            .user_agent("parcours")
            .build()
            .map_err(|e| ("webhook", format!("has no HTTP client: {e}")))?;
        Ok(Self {
            name: settings.name.clone(),
            url,
            key,
            bearer: settings.bearer.clone(),
            client,
            timeout,
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) async fn send(&self, message: &Outgoing<'_>, within: Duration) -> Outcome {
        let body = match body(message) {
            Ok(body) => body,
            Err(error) => {
                let words = error.to_string().into();
                return Outcome::for_good(Failure::Content { words });
            }
        };
        let limit = self.timeout.min(within);
        let attempt = Box::pin(self.attempt(message, body));
        timeout(limit, attempt).await.unwrap_or_else(|_| {
            let (whom, seconds) = (Whom::Provider, limit.as_secs());
            Outcome::unclear(Failure::Slow { whom, seconds })
        })
    }

    async fn attempt(&self, message: &Outgoing<'_>, body: Vec<u8>) -> Outcome {
        let id = message.id.to_string();
        let mut request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("Idempotency-Key", &id);
        if let Some(traceparent) = message.traceparent {
            request = request.header("traceparent", traceparent);
        }
        if let Some(key) = &self.key {
            let seconds = message.at.as_second();
            request = request
                .header("webhook-timestamp", seconds)
                .header("webhook-signature", key.sign(&id, seconds, &body))
                .header("webhook-id", id);
        }
        if let Some(bearer) = &self.bearer {
            request = request.bearer_auth(bearer.expose());
        }
        match request.body(body).send().await {
            Ok(response) => answer::read(response, message).await,
            Err(error) => {
                let detail = unreachable(Whom::Provider, &error);
                // Without a connection it has heard of nothing; with one, it may have heard all.
                match error.is_connect() {
                    true => Outcome::for_now(About::Trouble, detail),
                    false => Outcome::unclear(detail),
                }
            }
        }
    }
}

fn body(message: &Outgoing<'_>) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&Body {
        id: message.id,
        channel: message.channel.as_str(),
        to: message.to,
        content: message.content,
        purpose: message.purpose,
        journey: message.journey,
        locale: message.locale,
        unsubscribe_url: message.unsubscribe_url,
    })
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
