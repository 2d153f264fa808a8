//! Apple's Push Notification service, by its provider API over HTTP/2 with tokens:
//! <https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns>.
//!
//! `apns-id` is the message's id. Apple does not say that it shows a notification with the same id
//! only once. It calls nobody back.

mod answer;
mod settings;
#[cfg(test)]
mod tests;
mod token;

use std::{fs, time::Duration};

use journey::{content::Push, failure::Failure};
use reqwest::{Url, header::AUTHORIZATION};
use serde_json::{Map, Value as Json, json};
use tokio::time::Instant;

pub use self::settings::{ApnsSettings, Environment};
use self::token::Tokens;
use crate::{
    About, Outcome, Outgoing, Problem,
    http::{self, Answer, Http},
    push::{self, Priority, jwt},
};

/// The longest device token, in characters: Apple's have 64 today.
const LONGEST: usize = 200;
/// How often a connection without requests is asked whether it is still there.
const PING: Duration = Duration::from_secs(60);
/// How long a connection without requests is kept: Apple wants few of them, and long ones.
const IDLE: Duration = Duration::from_secs(60 * 60);

/// The adapter.
#[derive(Debug)]
pub(crate) struct Apns {
    name: String,
    url: Url,
    topic: String,
    priority: Priority,
    tokens: Tokens,
    timeout: Duration,
    http: Http,
}

impl Apns {
    pub(crate) fn new(settings: &ApnsSettings) -> Result<Self, Problem> {
        let file = &settings.key_file;
        let pem = fs::read_to_string(file).map_err(|e| {
            (
                "key_file",
                format!("cannot be read: {}: {e}", file.display()),
            )
        })?;
        let key = jwt::p256(&pem).map_err(|problem| ("key_file", problem))?;
        let ids = [("key_id", &settings.key_id), ("team_id", &settings.team_id)];
        for (setting, id) in ids {
            if id.is_empty() || !id.bytes().all(|b| b.is_ascii_alphanumeric()) {
                let problem = "must be letters and digits, ten of them at Apple".to_owned();
                return Err((setting, problem));
            }
        }
        let in_topic = |b: u8| b.is_ascii_alphanumeric() || b == b'.' || b == b'-';
        if settings.topic.is_empty() || !settings.topic.bytes().all(in_topic) {
            let problem = "must be the app's bundle id, such as com.example.shop".to_owned();
            return Err(("topic", problem));
        }
        let url = http::url("url", settings.address())?;
        Ok(Self {
            name: settings.name.clone(),
            topic: settings.topic.clone(),
            priority: settings.priority,
            tokens: Tokens::new(key, &settings.key_id, &settings.team_id),
            timeout: Duration::from_secs(settings.timeout_seconds.max(1)),
            http: http(settings, &url)?,
            url,
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) async fn send(&self, message: &Outgoing<'_>, within: Duration) -> Outcome {
        let until = Instant::now() + self.timeout.min(within);
        match Box::pin(self.attempt(message, until)).await {
            Ok(answer) => answer::said(&answer, &message.id.to_string(), message.to),
            Err(outcome) => outcome,
        }
    }

    async fn attempt(&self, message: &Outgoing<'_>, until: Instant) -> Result<Answer, Outcome> {
        let push = push::content(message)?;
        let url = self.address(message.to)?;
        let body = payload(message, push).to_string();
        if body.len() > Push::MOST {
            return Err(push::too_large(body.len(), Push::MOST));
        }
        let no_token = || {
            let words = "the key of Apple's does not sign".into();
            Outcome::for_now(About::Trouble, Failure::Words { words })
        };
        let token = self.tokens.token(None).ok_or_else(no_token)?;
        let answer = self.post(message, push, &url, &body, &token, until).await?;
        if !answer::wants_another_token(&answer) {
            return Ok(answer);
        }
        let token = self.tokens.token(Some(&token)).ok_or_else(no_token)?;
        self.post(message, push, &url, &body, &token, until).await
    }

    async fn post(
        &self,
        message: &Outgoing<'_>,
        push: &Push,
        url: &Url,
        body: &str,
        token: &str,
        until: Instant,
    ) -> Result<Answer, Outcome> {
        let client = self.http.client();
        let mut request = client
            .post(url.clone())
            .header(AUTHORIZATION, format!("bearer {token}"))
            .header("apns-id", message.id.to_string())
            .header("apns-topic", &self.topic)
            .header("apns-push-type", "alert")
            .header("apns-expiration", push::expiration(message, push))
            .header(
                "apns-priority",
                match self.priority {
                    Priority::High => "10",
                    Priority::Normal => "5",
                },
            );
        if let Some(collapse) = &push.collapse {
            request = request.header("apns-collapse-id", collapse);
        }
        let within = until.saturating_duration_since(Instant::now());
        let request = request.body(body.to_owned());
        self.http.ask(request, message.at, within).await
    }

    /// Where a device's notifications are posted. The token becomes part of the path: nothing but what
    /// Apple hands out does.
    fn address(&self, to: &str) -> Result<Url, Outcome> {
        let hex = to.bytes().all(|b| b.is_ascii_hexdigit());
        let mut url = self.url.clone();
        if to.is_empty() || to.len() > LONGEST || !hex {
            let words = "a device token is hexadecimal".into();
            return Err(Outcome::for_good(Failure::AddressUnusable { words }));
        }
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["3", "device", to]);
        }
        Ok(url)
    }
}

/// A client that speaks HTTP/2 alone: agreed upon by TLS, or from the first byte without it.
fn http(settings: &ApnsSettings, url: &Url) -> Result<Http, Problem> {
    let seconds = settings.timeout_seconds;
    let clear = url.scheme() == "http";
    Http::tuned(seconds, settings.ca_file.as_deref(), |builder, mut tls| {
        tls.alpn_protocols = vec![b"h2".to_vec()];
        let builder = match clear {
            true => builder.http2_prior_knowledge(),
            false => builder,
        };
        builder
            .tls_backend_preconfigured(tls)
            .http2_keep_alive_interval(PING)
            .http2_keep_alive_timeout(Duration::from_secs(seconds.max(1)))
            .http2_keep_alive_while_idle(true)
            .pool_idle_timeout(IDLE)
    })
}

/// <https://developer.apple.com/documentation/usernotifications/generating-a-remote-notification>
fn payload(message: &Outgoing<'_>, push: &Push) -> Json {
    let mut aps = Map::new();
    let alert = json!({"title": push.title, "body": push.body});
    aps.insert("alert".to_owned(), alert);
    if push.image.is_some() || !push.actions.is_empty() {
        // The app's extension may fetch the picture, and register the buttons, before it is shown.
        aps.insert("mutable-content".to_owned(), json!(1));
    }
    if let Some(category) = push::category(push) {
        aps.insert("category".to_owned(), json!(category));
    }
    let mut payload = push::custom(message, push);
    if let Some(image) = &push.image {
        payload.insert("image".to_owned(), json!(image));
    }
    payload.insert("aps".to_owned(), Json::Object(aps));
    Json::Object(payload)
}
