//! What a provider says of itself (OpenID Connect Discovery), and its keys: asked for when they are needed, kept for a while.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;
use tokio::sync::Mutex;
use url::Url;

use super::{Oidc, Question, token::Key};

/// For how long what it says of itself is believed.
const FRESH: SignedDuration = SignedDuration::from_hours(1);
/// For how long it is believed where the provider does not answer any more.
const STALE: SignedDuration = SignedDuration::from_hours(24);
/// No oftener is it asked again: neither where it does not answer, nor for a key that it does not have.
const AGAIN: SignedDuration = SignedDuration::from_secs(10);
/// The most keys that are kept.
const MOST_KEYS: usize = 64;

/// What is known of a provider.
#[derive(Default)]
pub(super) struct Issuer {
    about: Mutex<Kept<About>>,
    keys: Mutex<Kept<Vec<Key>>>,
}

/// Something that was asked for.
struct Kept<T> {
    value: Option<(Arc<T>, Timestamp)>,
    /// When it was asked for last.
    asked: Option<Timestamp>,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self {
            value: None,
            asked: None,
        }
    }
}

impl<T> Kept<T> {
    fn within(&self, age: SignedDuration, now: Timestamp) -> Option<Arc<T>> {
        let kept = self.value.as_ref();
        let kept = kept.filter(|(_, at)| now.duration_since(*at) < age);
        kept.map(|(value, _)| value.clone())
    }

    /// What is kept if it is no older, else what `ask` answers, else what was kept long ago.
    async fn or<F>(&mut self, age: SignedDuration, now: Timestamp, ask: F) -> Option<Arc<T>>
    where
        F: Future<Output = Result<T, String>>,
    {
        if let Some(kept) = self.within(age, now) {
            return Some(kept);
        }
        let rested = self.asked.is_none_or(|at| now.duration_since(at) >= AGAIN);
        if rested {
            self.asked = Some(now);
            match ask.await {
                Ok(value) => self.value = Some((Arc::new(value), now)),
                Err(why) => {
                    tracing::warn!(%why, "the provider of identities does not say what it should");
                }
            }
        }
        self.within(STALE, now)
    }
}

/// Of what a provider says of itself, what is needed.
#[derive(Debug, Deserialize)]
pub(super) struct About {
    issuer: String,
    #[serde(deserialize_with = "address")]
    pub(super) authorization_endpoint: Url,
    #[serde(deserialize_with = "address")]
    pub(super) token_endpoint: Url,
    #[serde(deserialize_with = "address")]
    jwks_uri: Url,
    #[serde(default, deserialize_with = "perhaps")]
    pub(super) userinfo_endpoint: Option<Url>,
    #[serde(default, deserialize_with = "perhaps")]
    pub(super) end_session_endpoint: Option<Url>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
    /// Whether it names itself when it sends the browser back (RFC 9207).
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
    let text = String::deserialize(deserializer)?;
    Url::parse(&text).map_err(D::Error::custom)
}

fn perhaps<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Url>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    let url = text.map(|text| Url::parse(&text));
    url.transpose().map_err(D::Error::custom)
}

impl About {
    /// Whether the client's secret stands in the form: where HTTP Basic, which is meant where nothing is said, is not taken.
    pub(super) fn secret_in_form(&self) -> bool {
        let methods = &self.token_endpoint_auth_methods_supported;
        let takes = |name: &str| methods.iter().any(|m| m == name);
        !takes("client_secret_basic") && takes("client_secret_post")
    }

    fn addresses(&self) -> impl Iterator<Item = &Url> {
        [
            Some(&self.authorization_endpoint),
            Some(&self.token_endpoint),
            Some(&self.jwks_uri),
            self.userinfo_endpoint.as_ref(),
            self.end_session_endpoint.as_ref(),
        ]
        .into_iter()
        .flatten()
    }
}

#[derive(Deserialize)]
struct Keys {
    keys: Vec<Value>,
}

impl Oidc {
    /// What the provider says of itself; `None`: it does not answer, or not as it should, which was logged.
    pub(super) async fn about(&self, now: Timestamp) -> Option<Arc<About>> {
        let mut kept = self.inner.issuer.about.lock().await;
        kept.or(FRESH, now, self.discovered()).await
    }

    async fn discovered(&self) -> Result<About, String> {
        let issuer = &self.settings().issuer;
        let place = format!(
            "{}/.well-known/openid-configuration",
            issuer.trim_end_matches('/')
        );
        let url =
            Url::parse(&place).map_err(|error| format!("the issuer is no address: {error}"))?;
        let answer = self.inner.ask.ask(Question::Get {
            url: &url,
            bearer: None,
        });
        let about: About =
            serde_json::from_value(answer.await?).map_err(|e| format!("{place}: {e}"))?;
        if about.issuer != *issuer {
            return Err(format!(
                "{place} is of {}, and of nobody else",
                about.issuer
            ));
        }
        // What is asked over https is told nothing in the clear.
        if let Some(bad) = about.addresses().find(|a| a.scheme() != url.scheme()) {
            return Err(format!(
                "{place} names {bad}, which is not {}",
                url.scheme()
            ));
        }
        Ok(about)
    }

    /// Its keys; with `anew`, those of the last moments at most: it may have others since.
    pub(super) async fn keys(
        &self,
        about: &About,
        anew: bool,
        now: Timestamp,
    ) -> Option<Arc<Vec<Key>>> {
        let mut kept = self.inner.issuer.keys.lock().await;
        let age = if anew { AGAIN } else { FRESH };
        kept.or(age, now, self.published(about)).await
    }

    async fn published(&self, about: &About) -> Result<Vec<Key>, String> {
        let url = &about.jwks_uri;
        let answer = self.inner.ask.ask(Question::Get { url, bearer: None });
        let Keys { keys } =
            serde_json::from_value(answer.await?).map_err(|e| format!("{url}: {e}"))?;
        // What is of a kind that is not known here is passed over.
        let keys = keys.into_iter().take(MOST_KEYS);
        Ok(keys
            .filter_map(|key| serde_json::from_value(key).ok())
            .collect())
    }
}
