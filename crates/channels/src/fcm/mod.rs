//! Firebase Cloud Messaging by its HTTP API, version 1:
//! <https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages/send>.
//!
//! No key makes a request idempotent: a message that may have been taken is shown twice when it is
//! tried again. FCM calls nobody back.

mod access;
mod answer;
mod message;
mod settings;
#[cfg(test)]
mod tests;

use std::time::Duration;

use reqwest::Url;
use serde_json::Value as Json;
use tokio::time::Instant;

use self::access::Access;
pub use self::settings::FcmSettings;
use crate::{
    Outcome, Outgoing, Problem,
    http::{self, Answer, Http},
    push::{self, Priority},
};

/// The adapter.
#[derive(Debug)]
pub(crate) struct Fcm {
    name: String,
    url: Url,
    access: Access,
    priority: Priority,
    timeout: Duration,
    http: Http,
}

impl Fcm {
    pub(crate) fn new(settings: &FcmSettings) -> Result<Self, Problem> {
        let access = Access::new(&settings.service_account_file)?;
        let mut url = http::url("url", &settings.url)?;
        if let Ok(mut path) = url.path_segments_mut() {
            let send = ["v1", "projects", &access.project, "messages:send"];
            path.pop_if_empty().extend(send);
        }
        Ok(Self {
            name: settings.name.clone(),
            url,
            access,
            priority: settings.priority,
            timeout: Duration::from_secs(settings.timeout_seconds.max(1)),
            http: Http::new(settings.timeout_seconds, settings.ca_file.as_deref())?,
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) async fn send(&self, message: &Outgoing<'_>, within: Duration) -> Outcome {
        // The token and, should it be refused, another one are part of the same attempt.
        let until = Instant::now() + self.timeout.min(within);
        match Box::pin(self.attempt(message, until)).await {
            Ok(answer) => answer::said(&answer, message.to),
            Err(outcome) => outcome,
        }
    }

    async fn attempt(&self, message: &Outgoing<'_>, until: Instant) -> Result<Answer, Outcome> {
        let push = push::content(message)?;
        let body = message::body(message, push, self.priority);
        let token = self.access.token(&self.http, None, until).await?;
        let answer = self.post(message, &body, &token, until).await?;
        if !answer::wants_another_token(&answer) {
            return Ok(answer);
        }
        let token = self.access.token(&self.http, Some(&token), until).await?;
        self.post(message, &body, &token, until).await
    }

    async fn post(
        &self,
        message: &Outgoing<'_>,
        body: &Json,
        token: &str,
        until: Instant,
    ) -> Result<Answer, Outcome> {
        let client = self.http.client();
        let mut request = client.post(self.url.clone()).bearer_auth(token).json(body);
        if let Some(traceparent) = message.traceparent {
            request = request.header("traceparent", traceparent);
        }
        let within = until.saturating_duration_since(Instant::now());
        self.http.ask(request, message.at, within).await
    }
}
