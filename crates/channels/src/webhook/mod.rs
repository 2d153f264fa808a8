//! Any provider behind one HTTP address: a signed POST of JSON.
//!
//! The body is `{id, channel, to, content, purpose, journey}`, with `locale` and
//! `unsubscribe_url` where there are any. `Idempotency-Key` and `webhook-id` are the message's
//! id, the same on every attempt; `webhook-timestamp` and `webhook-signature` follow
//! <https://www.standardwebhooks.com>. `traceparent` goes along where the message belongs to a trace.

mod settings;
mod sign;
#[cfg(test)]
mod tests;

use std::time::Duration;

use journey::failure::Failure;
use reqwest::{Url, header::CONTENT_TYPE};
use serde::Serialize;

pub use self::settings::WebhookSettings;
pub(crate) use self::sign::Key;
use crate::{
    Outcome, Outgoing, Problem,
    http::{self, Answer, Http, provider_id},
    settings::Secret,
};

/// The adapter.
#[derive(Debug)]
pub(crate) struct Webhook {
    name: String,
    url: Url,
    key: Option<Key>,
    bearer: Option<Secret>,
    http: Http,
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
        Ok(Self {
            name: settings.name.clone(),
            url: http::url("url", &settings.url)?,
            key: settings.secret.as_ref().map(Key::new).transpose()?,
            bearer: settings.bearer.clone(),
            http: Http::new(settings.timeout_seconds, settings.ca_file.as_deref())?,
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
        let request = self.request(message, body);
        match self.http.ask(request, message.at, within).await {
            Ok(answer) => said(&answer, message.to),
            Err(outcome) => outcome,
        }
    }

    fn request(&self, message: &Outgoing<'_>, body: Vec<u8>) -> reqwest::RequestBuilder {
        let id = message.id.to_string();
        let client = self.http.client();
        let mut request = client
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
        request.body(body)
    }
}

/// The status decides; the provider's words are kept where it has some in the usual places.
fn said(answer: &Answer, to: &str) -> Outcome {
    if answer.status.is_success() {
        let provider_id = provider_id(answer.body.get("id"));
        return Outcome::Accepted { provider_id };
    }
    let words = ["message", "detail", "error", "title"]
        .iter()
        .find_map(|name| answer.body.get(name)?.as_str());
    answer.refused(answer.failure(words, to))
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
