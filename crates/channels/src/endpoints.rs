//! Calls of endpoints (`config/endpoints.yaml`): a signed POST of JSON, and its answer.
//!
//! The body is `{id, at, journey, step, customer, hand_over, with}`; nothing else of the person is
//! told. `Idempotency-Key` and `webhook-id` are the call's id, the same on every attempt; where the
//! endpoint has a secret, `webhook-timestamp` and `webhook-signature` follow
//! <https://www.standardwebhooks.com>.

mod fetch;
#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc, time::Duration};

use jiff::Timestamp;
use journey::{
    call::Call,
    endpoints::Endpoint,
    failure::{Failure, Whom},
    intake,
    value::{Map, Value},
};
use reqwest::{Client, Response, Url, header::CONTENT_TYPE, redirect::Policy};
use serde::Serialize;
use tokio::time::timeout;

pub use self::fetch::{Ask, Fetched};
use crate::{
    guard::{self, Reach},
    http,
    settings::Secret,
    trust::client_config,
    webhook::Key,
};

/// Where secrets come from: the value of that environment variable, if there is one.
type Secrets = dyn Fn(&str) -> Option<Secret> + Send + Sync;

/// Makes calls: one HTTP client with its connections.
pub struct Caller {
    client: Option<Client>,
    secrets: Arc<Secrets>,
    reach: Reach,
    answers: fetch::Answers,
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller")
            .field("reach", &self.reach)
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
        /// What went wrong.
        detail: Failure,
    },
    /// It may work later.
    RefusedForNow {
        /// What went wrong.
        detail: Failure,
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
    /// `secrets`: how the binary looks an environment variable up. `reach`: where calls may lead. Where
    /// that is this machine alone, calls of other hosts are not made but answered at once with `{}`, and
    /// a call goes unsigned where its secret is not set.
    pub fn new(
        secrets: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
        reach: Reach,
    ) -> Self {
        let client = client_config(None).ok().and_then(|tls| {
            Client::builder()
                .redirect(Policy::none())
                .dns_resolver(reach.clone())
                .no_proxy()
                .tls_backend_preconfigured(tls)
                .user_agent("parcours")
                .build()
                .ok()
        });
        Self {
            client,
            secrets: Arc::new(move |name| secrets(name).map(Secret::new)),
            reach,
            answers: fetch::Answers::default(),
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
            let name = call.endpoint.clone();
            return for_good(Failure::NoEndpoint { name });
        };
        if self.reach.is_local() && !is_local(&url) {
            let (call, endpoint) = (call.id, &*call.endpoint);
            tracing::warn!(%call, endpoint, "not called, for it is elsewhere; a stand-in answered {{}}");
            return Called::Answered(Value::Map(Arc::new(Map::new())));
        }
        if let Err(barred) = self.reach.check(&url) {
            return for_now(barred.failure(&url));
        }
        let limit = Duration::try_from(endpoint.timeout).unwrap_or(Duration::from_secs(10));
        let attempt = Box::pin(self.attempt(url, endpoint, call, customer, now));
        timeout(limit, attempt).await.unwrap_or_else(|_| {
            let (whom, seconds) = (Whom::Endpoint, limit.as_secs());
            for_now(Failure::Slow { whom, seconds })
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
            let (whom, words) = (Whom::Endpoint, None);
            return for_now(Failure::Unreachable { whom, words });
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
            return for_good(Failure::NoJson);
        };
        let id = call.id.to_string();
        let mut request = client
            .post(url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("Idempotency-Key", &id)
            .header("webhook-id", &id);
        match self.key(endpoint.secret.as_deref()) {
            Ok(None) => {}
            Ok(Some(key)) => {
                let seconds = now.as_second();
                request = request
                    .header("webhook-timestamp", seconds)
                    .header("webhook-signature", key.sign(&id, seconds, &body));
            }
            Err(detail) => return for_now(detail),
        }
        match request.body(body).send().await {
            Ok(response) => read(response, now).await,
            Err(error) => for_now(unreachable(&error, &url, Whom::Endpoint)),
        }
    }

    /// The key of a signature, by the environment variable that holds it.
    fn key(&self, secret: Option<&str>) -> Result<Option<Key>, Failure> {
        let Some(name) = secret else {
            return Ok(None);
        };
        let unusable = |words| Failure::Secret {
            name: Arc::from(name),
            words,
        };
        match (self.secrets)(name) {
            Some(secret) => Key::new(&secret)
                .map(Some)
                .map_err(|(_, wrong)| unusable(Some(wrong.into()))),
            None if self.reach.is_local() => Ok(None),
            None => Err(unusable(None)),
        }
    }
}

/// An answer up to its bound, and one chunk more where it is longer: that says so.
async fn bounded(mut response: Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while body.len() <= intake::MAX_ANSWER {
        match response.chunk().await? {
            Some(chunk) => body.extend_from_slice(&chunk),
            None => break,
        }
    }
    Ok(body)
}

async fn read(response: Response, now: Timestamp) -> Called {
    let status = response.status();
    if !status.is_success() {
        let retry_after = http::retry_after(&response, now);
        let detail = Failure::Http {
            whom: Whom::Endpoint,
            status: status.as_u16(),
            words: None,
        };
        return if http::for_now(status) {
            Called::RefusedForNow {
                detail,
                retry_after,
            }
        } else {
            Called::RefusedForGood { detail }
        };
    }
    let body = match bounded(response).await {
        Ok(body) => body,
        // Half an answer is none.
        Err(error) => return for_now(http::unreachable(Whom::Endpoint, &error)),
    };
    match intake::answer(&body) {
        Ok(value) => Called::Answered(value),
        Err(wrong) => {
            let words = wrong.into();
            for_good(Failure::Answer { words })
        }
    }
}

/// Why no answer came; where the request was not even made, because of whom it would have met.
fn unreachable(error: &reqwest::Error, url: &Url, whom: Whom) -> Failure {
    match guard::barred(error) {
        Some(barred) => barred.failure(url),
        None => http::unreachable(whom, error),
    }
}

fn is_local(url: &Url) -> bool {
    matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

fn for_good(detail: Failure) -> Called {
    Called::RefusedForGood { detail }
}

fn for_now(detail: Failure) -> Called {
    Called::RefusedForNow {
        detail,
        retry_after: None,
    }
}
