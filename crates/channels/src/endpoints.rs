//! Calls of endpoints (`config/endpoints.yaml`): a signed POST of JSON, and its answer.
//!
//! The body is `{id, at, journey, step, customer, hand_over, with}`; nothing else of the person is
//! told. `Idempotency-Key` and `webhook-id` are the call's id, the same on every attempt; where the
//! endpoint has a secret, `webhook-timestamp` and `webhook-signature` follow
//! <https://www.standardwebhooks.com>.

use std::{fmt, sync::Arc, time::Duration};

use jiff::Timestamp;
use journey::{call::Call, endpoints::Endpoint, value::Value};
use reqwest::{Client, Url, header::CONTENT_TYPE, redirect::Policy};
use serde::Serialize;
use tokio::time::timeout;

use crate::{
    settings::Secret,
    trust::client_config,
    webhook::{self, Key},
};

/// The longest answer that is kept as text, in bytes.
const LONGEST_TEXT: usize = 2_000;

/// Where secrets come from: the value of that environment variable, if there is one.
type Secrets = dyn Fn(&str) -> Option<Secret> + Send + Sync;

/// Makes calls: one HTTP client with its connections.
pub struct Caller {
    client: Option<Client>,
    secrets: Arc<Secrets>,
    local: bool,
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller")
            .field("local", &self.local)
            .finish_non_exhaustive()
    }
}

/// What became of one attempt. Details quote no personal data.
#[derive(Clone, Debug, PartialEq)]
pub enum Called {
    /// The endpoint has answered; null where it had nothing to say.
    Answered(Value),
    /// Trying again would change nothing.
    RefusedForGood {
        /// The endpoint's or our words.
        detail: String,
    },
    /// It may work later.
    RefusedForNow {
        /// The endpoint's or our words.
        detail: String,
        /// How long the endpoint asks to be left alone.
        retry_after: Option<Duration>,
    },
}

/// The request's body.
#[derive(Serialize)]
struct Body<'a> {
    id: uuid::Uuid,
    at: Timestamp,
    journey: &'a str,
    step: &'a str,
    customer: &'a str,
    hand_over: bool,
    with: &'a Value,
}

impl Caller {
    /// `secrets`: how the binary looks an environment variable up. `local`: whether calls stay on
    /// this machine; those of other hosts are then answered at once with nothing.
    pub fn new(
        secrets: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
        local: bool,
    ) -> Self {
        let client = client_config(None).ok().and_then(|tls| {
            Client::builder()
                .redirect(Policy::none())
                .no_proxy()
                .tls_backend_preconfigured(tls)
                .user_agent("parcours")
                .build()
                .ok()
        });
        Self {
            client,
            secrets: Arc::new(move |name| secrets(name).map(Secret::new)),
            local,
        }
    }

    /// Makes one attempt, within the endpoint's time-out. `customer`: what producers call them.
    pub async fn call(
        &self,
        endpoint: &Endpoint,
        call: &Call,
        customer: &str,
        now: Timestamp,
    ) -> Called {
        let Ok(url) = Url::parse(&endpoint.url) else {
            return for_good("the endpoint has no URL");
        };
        if self.local && !is_local(&url) {
            return Called::Answered(Value::Null);
        }
        let limit = Duration::try_from(endpoint.timeout).unwrap_or(Duration::from_secs(10));
        let attempt = Box::pin(self.attempt(url, endpoint, call, customer, now));
        timeout(limit, attempt).await.unwrap_or_else(|_| {
            let seconds = limit.as_secs();
            for_now(format!("the endpoint did not answer within {seconds} s"))
        })
    }

    async fn attempt(
        &self,
        url: Url,
        endpoint: &Endpoint,
        call: &Call,
        customer: &str,
        now: Timestamp,
    ) -> Called {
        let Some(client) = &self.client else {
            return for_now("there is no HTTP client".to_owned());
        };
        let body = Body {
            id: call.id.0,
            at: call.at,
            journey: &call.journey,
            step: &call.step,
            customer,
            hand_over: call.hand_over,
            with: &call.with,
        };
        let Ok(body) = serde_json::to_vec(&body) else {
            return for_good("what the call tells is no JSON");
        };
        let id = call.id.to_string();
        let mut request = client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("Idempotency-Key", &id)
            .header("webhook-id", &id);
        if let Some(name) = &endpoint.secret {
            let key = (self.secrets)(name).as_ref().map(Key::new);
            let Some(Ok(key)) = key else {
                return for_now(format!("the environment has no usable secret {name}"));
            };
            let seconds = now.as_second();
            request = request
                .header("webhook-timestamp", seconds)
                .header("webhook-signature", key.sign(&id, seconds, &body));
        }
        match request.body(body).send().await {
            Ok(response) => read(response, now).await,
            Err(error) => for_now(webhook::unreachable("the endpoint", &error)),
        }
    }
}

async fn read(response: reqwest::Response, now: Timestamp) -> Called {
    let status = response.status();
    let retry_after = webhook::retry_after(&response, now);
    if status.is_success() {
        return Called::Answered(value(&webhook::bounded(response).await));
    }
    let detail = format!("the endpoint answers HTTP {status}");
    if webhook::for_now(status) {
        Called::RefusedForNow {
            detail,
            retry_after,
        }
    } else {
        Called::RefusedForGood { detail }
    }
}

/// JSON as it is; other text as text; nothing as null.
fn value(bytes: &[u8]) -> Value {
    if let Ok(json) = serde_json::from_slice::<serde_json::Value>(bytes) {
        return Value::from(json);
    }
    let text = String::from_utf8_lossy(bytes);
    let text: String = text.trim().chars().take(LONGEST_TEXT).collect();
    if text.is_empty() {
        Value::Null
    } else {
        Value::text(text)
    }
}

fn is_local(url: &Url) -> bool {
    matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

fn for_good(detail: &str) -> Called {
    Called::RefusedForGood {
        detail: detail.to_owned(),
    }
}

fn for_now(detail: String) -> Called {
    Called::RefusedForNow {
        detail,
        retry_after: None,
    }
}
