//! Provider tokens, which stand for the team at Apple:
//! <https://developer.apple.com/documentation/usernotifications/establishing-a-token-based-connection-to-apns>.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use ring::signature::EcdsaKeyPair;
use serde_json::json;
use tokio::time::Instant;

use crate::push::jwt;

/// How long a token is used. Apple refuses those of an hour, and a new one within twenty minutes.
const USED: Duration = Duration::from_secs(40 * 60);

/// The team's key, and the token that there is.
pub(super) struct Tokens {
    key: EcdsaKeyPair,
    key_id: String,
    team_id: String,
    made: Mutex<Option<(Arc<str>, Instant)>>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("key_id", &self.key_id)
            .field("team_id", &self.team_id)
            .finish_non_exhaustive()
    }
}

impl Tokens {
    pub(super) fn new(key: EcdsaKeyPair, key_id: &str, team_id: &str) -> Self {
        Self {
            key,
            key_id: key_id.to_owned(),
            team_id: team_id.to_owned(),
            made: Mutex::default(),
        }
    }

    /// The token, but not the one that was `refused` for its age; `None` where the machine has no random
    /// numbers.
    pub(super) fn token(&self, refused: Option<&str>) -> Option<Arc<str>> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((token, at)) = &*made
            && at.elapsed() < USED
            && refused != Some(&**token)
        {
            return Some(Arc::clone(token));
        }
        let header = json!({"alg": "ES256", "kid": self.key_id});
        let claims = json!({"iss": self.team_id, "iat": Timestamp::now().as_second()});
        let token: Arc<str> = jwt::token(&header, &claims, &self.key)?.into();
        *made = Some((Arc::clone(&token), Instant::now()));
        Some(token)
    }
}
