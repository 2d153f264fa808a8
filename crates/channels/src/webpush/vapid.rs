//! Who sends: VAPID (RFC 8292), <https://www.rfc-editor.org/rfc/rfc8292>.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use p256::{SecretKey, elliptic_curve::sec1::ToSec1Point as _};
use reqwest::Url;
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use serde_json::json;

use super::decode;
use crate::{Problem, push::jwt, settings::Secret};

/// How long a token is good for, in seconds; a day is the most.
const GOOD: i64 = 12 * 60 * 60;

/// The server's keys, and whom they belong to.
pub(super) struct Vapid {
    pair: EcdsaKeyPair,
    /// The public key, as subscriptions are tied to it.
    pub(super) public: String,
    subject: String,
}

impl fmt::Debug for Vapid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vapid")
            .field("public", &self.public)
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}

impl Vapid {
    pub(super) fn new(private_key: &Secret, subject: &str) -> Result<Self, Problem> {
        let text = private_key.expose().trim();
        let pair = match text.contains("-----BEGIN") {
            true => jwt::p256(text),
            false => raw(text),
        };
        let pair = pair.map_err(|problem| ("private_key", problem))?;
        let mail = subject.strip_prefix("mailto:");
        let is_mail = mail.is_some_and(|m| m.contains('@'));
        let is_page = subject.starts_with("https://") && Url::parse(subject).is_ok();
        if !is_mail && !is_page {
            let problem = "must begin with mailto: or https://, for push services to write to";
            return Err(("subject", problem.to_owned()));
        }
        Ok(Self {
            public: URL_SAFE_NO_PAD.encode(pair.public_key()),
            pair,
            subject: subject.to_owned(),
        })
    }

    /// The value of `Authorization` for an endpoint; `None` where the machine has no random numbers.
    pub(super) fn authorization(&self, endpoint: &Url) -> Option<String> {
        let header = json!({"typ": "JWT", "alg": "ES256"});
        let claims = json!({
            "aud": endpoint.origin().ascii_serialization(),
            "exp": Timestamp::now().as_second() + GOOD,
            "sub": self.subject,
        });
        let token = jwt::token(&header, &claims, &self.pair)?;
        Some(format!("vapid t={token}, k={}", self.public))
    }
}

/// A private key by itself, as tools for Web Push print it: the public one follows from it.
fn raw(text: &str) -> Result<EcdsaKeyPair, String> {
    let no_key = || "must be 32 bytes in base64url, or a PEM block `BEGIN PRIVATE KEY`".to_owned();
    let bytes = decode(text).filter(|b| b.len() == 32).ok_or_else(no_key)?;
    let secret = SecretKey::from_slice(&bytes).map_err(|_| no_key())?;
    let public = secret.public_key().to_sec1_point(false);
    EcdsaKeyPair::from_private_key_and_public_key(
        &ECDSA_P256_SHA256_FIXED_SIGNING,
        &bytes,
        public.as_bytes(),
        &SystemRandom::new(),
    )
    .map_err(|_| no_key())
}
