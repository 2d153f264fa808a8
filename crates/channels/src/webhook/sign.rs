//! Signatures of Standard Webhooks: HMAC-SHA256 over `ID.SECONDS.BODY`.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::hmac;

use crate::{Problem, settings::Secret};

/// The shortest key, in bytes, that Standard Webhooks allow.
const SHORTEST: usize = 24;

/// A signing key.
pub(crate) struct Key(hmac::Key);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Key {
    /// The key that a `whsec_` secret spells.
    pub(crate) fn new(secret: &Secret) -> Result<Self, Problem> {
        let text = secret.expose().trim();
        let bytes = STANDARD
            .decode(text.strip_prefix("whsec_").unwrap_or(text))
            .map_err(|_| ("secret", "must be `whsec_` and base64".to_owned()))?;
        if bytes.len() < SHORTEST {
            let problem = format!("must hold at least {SHORTEST} bytes");
            return Err(("secret", problem));
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    /// The value of `webhook-signature`.
    pub(crate) fn sign(&self, id: &str, seconds: i64, body: &[u8]) -> String {
        let mut signed = hmac::Context::with_key(&self.0);
        signed.update(format!("{id}.{seconds}.").as_bytes());
        signed.update(body);
        format!("v1,{}", STANDARD.encode(signed.sign()))
    }
}
