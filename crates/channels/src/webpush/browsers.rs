//! What browsers subscribe with, and subscriptions as they are kept.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use p256::elliptic_curve::sec1::ToSec1Point as _;
use serde_json::json;

use super::{Parts, parts};

/// The longest subscription that is taken from a browser, in bytes: endpoints have a few hundred.
pub const LONGEST_SUBSCRIPTION: usize = 2_048;

/// What browsers subscribe with to a provider of Web Push. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Browsers {
    key: Arc<str>,
    private_endpoints: bool,
}

impl Browsers {
    pub(super) fn new(key: &str, private_endpoints: bool) -> Self {
        Self {
            key: Arc::from(key),
            private_endpoints,
        }
    }

    /// The server's public key (VAPID), uncompressed, in base64url: `applicationServerKey` of a browser.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The address that a subscription is, from `PushSubscription.toJSON()` in bytes: the same text for the same subscription.
    ///
    /// # Errors
    /// What is wrong with it: too long, no `https://` endpoint of the Internet, `p256dh` is no point of P-256 (65 bytes),
    /// or `auth` has not 16 bytes.
    pub fn address(&self, subscription: &[u8]) -> Result<String, &'static str> {
        if subscription.len() > LONGEST_SUBSCRIPTION {
            return Err("the subscription is too long");
        }
        let Parts {
            endpoint,
            key,
            auth,
        } = parts(subscription, self.private_endpoints)?;
        let key = URL_SAFE_NO_PAD.encode(key.to_sec1_point(false).as_bytes());
        let keys = json!({ "p256dh": key, "auth": URL_SAFE_NO_PAD.encode(auth) });
        Ok(json!({ "endpoint": endpoint.as_str(), "keys": keys }).to_string())
    }
}
