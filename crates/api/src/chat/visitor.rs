//! Who a visitor is: a token that their browser keeps.

use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode, header};
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::{SignedDuration, Timestamp};
use journey::{ids::CustomerId, time};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use uuid::Uuid;

use super::Chat;
use crate::problem::Problem;

/// What tokens are sealed for.
const USE: &str = "chat";
/// How long a stranger's token is good: who comes back within that time finds their conversation.
const STRANGER: SignedDuration = SignedDuration::from_hours(24 * 180);
/// How long a customer's is: the page proves it again whenever it is loaded.
const CUSTOMER: SignedDuration = SignedDuration::from_hours(24);
/// The longest that the shop may call a customer, in bytes.
const LONGEST_KEY: usize = 256;

/// One who has the widget open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Visitor {
    /// What producers call them.
    pub(super) key: Arc<str>,
    /// Whether the shop has said who they are.
    pub(super) known: bool,
}

/// The token, before it is sealed.
#[derive(Serialize, Deserialize)]
struct Sealed {
    #[serde(rename = "k")]
    key: String,
    #[serde(rename = "c")]
    known: bool,
    #[serde(rename = "e")]
    expires: i64,
}

impl Visitor {
    /// Somebody new. Their name is chance, and tells nothing.
    pub(super) fn stranger(chat: &Chat) -> Self {
        let name = Uuid::from_bytes(chance());
        Self {
            key: format!("{}:{}", chat.name, name.simple()).into(),
            known: false,
        }
    }

    /// The customer of that id, if the shop says so: `proof` is the HMAC-SHA-256 of the id under the widget's secret, in hexadecimal.
    pub(super) fn proven(chat: &Chat, id: &str, proof: &str) -> Result<Self, Problem> {
        let refused = |detail: &str| Problem::new(StatusCode::FORBIDDEN, "proof", detail);
        let secret = chat
            .secret
            .as_deref()
            .ok_or_else(|| refused("Nobody can be named here: the widget has no `secret`."))?;
        if id.is_empty() || id.len() > LONGEST_KEY {
            return Err(refused("A customer's id has from 1 to 256 bytes."));
        }
        let wrong = || refused("The proof is not the HMAC-SHA-256 of the id, in hexadecimal.");
        let given = unhex(proof).ok_or_else(wrong)?;
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes())
            .map_err(|_| refused("The widget's `secret` cannot be used."))?;
        mac.update(id.as_bytes());
        // In constant time.
        mac.verify_slice(&given).map_err(|_| wrong())?;
        Ok(Self {
            key: Arc::from(id),
            known: true,
        })
    }

    /// Whose request it is.
    pub(super) fn of(chat: &Chat, headers: &HeaderMap, now: Timestamp) -> Result<Self, Problem> {
        let bearer = headers.get(header::AUTHORIZATION);
        let bearer = bearer.and_then(|h| h.to_str().ok()?.strip_prefix("Bearer "));
        bearer
            .and_then(|token| Self::read(chat, token, now))
            .ok_or_else(gone)
    }

    /// Whose token it is; `None`: nobody's, or it is too old.
    pub(super) fn read(chat: &Chat, token: &str, now: Timestamp) -> Option<Self> {
        let sealed = chat.key.unseal(USE, token).ok()?;
        let Sealed {
            key,
            known,
            expires,
        } = serde_json::from_slice(&sealed).ok()?;
        (expires > now.as_second()).then(|| Self {
            key: key.into(),
            known,
        })
    }

    /// A token for them, good from now on.
    pub(super) fn token(&self, chat: &Chat, now: Timestamp) -> String {
        let lifetime = if self.known { CUSTOMER } else { STRANGER };
        let sealed = Sealed {
            key: self.key.to_string(),
            known: self.known,
            expires: time::plus(now, lifetime).as_second(),
        };
        // Text, a truth and a number are always JSON.
        let said = serde_json::to_vec(&sealed).unwrap_or_default();
        chat.key.seal(USE, &said)
    }

    pub(super) fn id(&self) -> CustomerId {
        CustomerId::of(&self.key)
    }
}

/// The widget begins anew.
pub(super) fn gone() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "session",
        "This visitor is not known, or not any more: begin with POST /chat/session.",
    )
}

fn chance() -> [u8; 16] {
    Uuid::new_v4().into_bytes()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let byte = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    (0..64).step_by(2).map(byte).collect()
}
