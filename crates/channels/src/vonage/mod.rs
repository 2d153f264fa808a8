//! Text messages by Vonage's Messages API, version 1.
//!
//! - Requests and answers: <https://developer.vonage.com/en/api/messages>
//! - Errors: <https://developer.vonage.com/en/api-errors>, <https://developer.vonage.com/en/api-errors/messages>
//! - Statuses: <https://developer.vonage.com/en/messages/concepts/messages-status-callbacks>
//! - Signatures: <https://developer.vonage.com/en/messages/concepts/signed-webhooks>
//!
//! Vonage has no key that makes a request idempotent: one that is made again after it came to no certain
//! end may be a second message.

mod answer;
mod hear;
mod settings;
#[cfg(test)]
mod tests;

use std::time::Duration;

use reqwest::{RequestBuilder, Url};
use ring::hmac;
use serde::Serialize;

pub use self::settings::VonageSettings;
use crate::{
    Heard, Hook, Outcome, Outgoing, Problem, Unheard,
    http::{self, Http},
    settings::Secret,
    sms::{self, Number, Senders},
};

/// The adapter.
#[derive(Debug)]
pub(crate) struct Vonage {
    name: String,
    url: Url,
    api_key: String,
    api_secret: Secret,
    /// Of the signatures.
    key: Option<hmac::Key>,
    senders: Senders,
    http: Http,
}

/// The request's body.
#[derive(Serialize)]
struct Body<'a> {
    channel: &'a str,
    message_type: &'a str,
    /// Both without a plus sign.
    to: &'a str,
    from: &'a str,
    text: &'a str,
    /// What comes back with each status.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_ref: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_version: Option<&'a str>,
}

impl Vonage {
    pub(crate) fn new(settings: &VonageSettings) -> Result<Self, Problem> {
        if settings.api_key.trim().is_empty() {
            return Err(("api_key", "is empty".to_owned()));
        }
        let filled = |setting, secret: &Secret| match secret.expose().trim().is_empty() {
            true => Err((setting, "is empty".to_owned())),
            false => Ok(()),
        };
        filled("api_secret", &settings.api_secret)?;
        if let Some(secret) = &settings.signature_secret {
            filled("signature_secret", secret)?;
        }
        let signature = settings.signature_secret.as_ref();
        let base = settings.url.trim_end_matches('/');
        Ok(Self {
            name: settings.name.clone(),
            url: http::url("url", &format!("{base}/v1/messages"))?,
            api_key: settings.api_key.clone(),
            api_secret: settings.api_secret.clone(),
            key: signature.map(|secret| hear::key(secret.expose())),
            senders: Senders::new(&settings.senders, Some(&settings.from))?,
            http: Http::new(settings.timeout_seconds, settings.ca_file.as_deref())?,
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) async fn send(&self, message: &Outgoing<'_>, within: Duration) -> Outcome {
        let (text, number) = match sms::text_and_number(message).await {
            Ok(found) => found,
            Err(failure) => return Outcome::for_good(failure),
        };
        let request = self.request(message, text, &number);
        match self.http.ask(request, message.at, within).await {
            Ok(answer) => answer::said(&answer, number.digits()),
            Err(outcome) => outcome,
        }
    }

    pub(crate) fn hear(&self, hook: &Hook<'_>) -> Result<Heard, Unheard> {
        let key = self.key.as_ref().ok_or(Unheard::Nobody)?;
        hear::hear(key, hook)
    }

    fn request(&self, message: &Outgoing<'_>, text: &str, to: &Number) -> RequestBuilder {
        // There is one for all countries.
        let from = self.senders.of(to).unwrap_or_default();
        // Who does not hear does not ask to be called.
        let report = message.report.filter(|_| self.key.is_some());
        let body = Body {
            channel: "sms",
            message_type: "text",
            to: to.digits(),
            from: from.strip_prefix('+').unwrap_or(from),
            text,
            client_ref: report.map(|report| report.token),
            webhook_url: report.map(|report| report.url(&self.name)),
            webhook_version: report.map(|_| "v1"),
        };
        let client = self.http.client();
        client
            .post(self.url.clone())
            .basic_auth(&self.api_key, Some(self.api_secret.expose()))
            .json(&body)
    }
}
