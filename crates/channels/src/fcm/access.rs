//! Access tokens for a service account: an assertion that is signed with its key, for a token of an
//! hour. <https://developers.google.com/identity/protocols/oauth2/service-account#httprest>

use std::{fmt, fs, path::Path, sync::Arc, time::Duration};

use jiff::Timestamp;
use journey::failure::{Failure, Whom};
use reqwest::Url;
use ring::signature::RsaKeyPair;
use serde::Deserialize;
use serde_json::json;
use tokio::{
    sync::Mutex,
    time::{Instant, timeout_at},
};

use crate::{
    About, Outcome, Problem,
    http::{self, Answer, Http},
    push::jwt,
};

const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// How long an assertion is good for, in seconds: the longest that Google allows.
const HOUR: i64 = 3_600;
/// How long before it expires a token is renewed.
const EARLY: Duration = Duration::from_secs(300);

/// The service account's file, as far as it is needed.
#[derive(Deserialize)]
struct File {
    project_id: String,
    private_key_id: String,
    private_key: String,
    client_email: String,
    token_uri: String,
}

/// Who asks, and the token that there is.
pub(super) struct Access {
    pub(super) project: String,
    key: RsaKeyPair,
    key_id: String,
    email: String,
    url: Url,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    token: Option<Token>,
    /// What the last request came to, if it failed, and when: whoever waited for it failed as well.
    failed: Option<(Instant, Outcome)>,
}

struct Token {
    value: Arc<str>,
    until: Instant,
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access")
            .field("project", &self.project)
            .finish_non_exhaustive()
    }
}

impl Access {
    pub(super) fn new(file: &Path) -> Result<Self, Problem> {
        let bad = |problem: String| ("service_account_file", problem);
        let text =
            fs::read(file).map_err(|e| bad(format!("cannot be read: {}: {e}", file.display())))?;
        // The error may quote what stands there.
        let file: File = serde_json::from_slice(&text).map_err(|e| {
            let (line, column) = (e.line(), e.column());
            bad(format!(
                "is no key of a service account, which has `project_id`, `private_key_id`, \
                 `private_key`, `client_email` and `token_uri`: line {line}, column {column}"
            ))
        })?;
        let key = jwt::rsa(&file.private_key).map_err(|e| bad(format!("`private_key` {e}")))?;
        let url = http::url("service_account_file", &file.token_uri)
            .map_err(|(setting, problem)| (setting, format!("`token_uri` {problem}")))?;
        Ok(Self {
            project: file.project_id,
            key,
            key_id: file.private_key_id,
            email: file.client_email,
            url,
            state: Mutex::default(),
        })
    }

    /// A token that is good for some time, and not the one that was `refused`. Whoever asks while
    /// another one does waits for that.
    ///
    /// # Errors
    /// There is none; the message has certainly not been handed over.
    pub(super) async fn token(
        &self,
        http: &Http,
        refused: Option<&str>,
        until: Instant,
    ) -> Result<Arc<str>, Outcome> {
        let asked = Instant::now();
        let wait = Box::pin(async {
            let mut state = self.state.lock().await;
            if let Some(token) = &state.token
                && token.until > Instant::now()
                && refused != Some(&*token.value)
            {
                return Ok(Arc::clone(&token.value));
            }
            state.token = None;
            if let Some((at, outcome)) = &state.failed
                && *at >= asked
            {
                return Err(outcome.clone());
            }
            match self.fetch(http, until).await {
                Ok(token) => {
                    let value = Arc::clone(&token.value);
                    *state = State {
                        token: Some(token),
                        failed: None,
                    };
                    Ok(value)
                }
                Err(outcome) => {
                    state.failed = Some((Instant::now(), outcome.clone()));
                    Err(outcome)
                }
            }
        });
        timeout_at(until, wait).await.unwrap_or_else(|_| {
            let (whom, seconds) = (Whom::Provider, (until - asked).as_secs());
            let slow = Failure::Slow { whom, seconds };
            Err(Outcome::for_now(About::Trouble, slow))
        })
    }

    async fn fetch(&self, http: &Http, until: Instant) -> Result<Token, Outcome> {
        let (asked, now) = (Instant::now(), Timestamp::now());
        let iat = now.as_second();
        let header = json!({"alg": "RS256", "typ": "JWT", "kid": self.key_id});
        let claims = json!({
            "iss": self.email,
            "scope": SCOPE,
            "aud": self.url.as_str(),
            "iat": iat,
            "exp": iat + HOUR,
        });
        let Some(assertion) = jwt::token(&header, &claims, &self.key) else {
            return Err(trouble("the service account's key does not sign"));
        };
        let form = [("grant_type", GRANT), ("assertion", &*assertion)];
        let request = http.client().post(self.url.clone()).form(&form);
        let answer = http.ask(request, now, until - asked).await;
        let answer = answer.map_err(not_taken)?;
        if !answer.status.is_success() {
            return Err(refused(&answer));
        }
        let Some(value) = answer.body["access_token"].as_str() else {
            return Err(trouble("Google's answer holds no access token"));
        };
        let good = Duration::from_secs(answer.body["expires_in"].as_u64().unwrap_or(0));
        Ok(Token {
            value: value.into(),
            until: asked + good.saturating_sub(EARLY).max(good / 2),
        })
    }
}

/// Why Google gives no token: a matter of the settings, unless it has trouble itself.
fn refused(answer: &Answer) -> Outcome {
    let of = |name: &str| answer.body[name].as_str().unwrap_or_default();
    let words = format!(
        "Google gives no access token: {} {}",
        of("error"),
        of("error_description")
    );
    let detail = answer.failure(Some(&words), "");
    if http::for_now(answer.status) {
        not_taken(answer.refused(detail))
    } else {
        Outcome::for_now(About::Trouble, detail)
    }
}

fn trouble(words: &str) -> Outcome {
    let words = words.into();
    Outcome::for_now(About::Trouble, Failure::Words { words })
}

/// Whatever became of the request for a token, the message was no part of it.
fn not_taken(mut outcome: Outcome) -> Outcome {
    if let Outcome::RefusedForNow { unclear, .. } = &mut outcome {
        *unclear = false;
    }
    outcome
}
