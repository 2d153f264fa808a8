//! JSON Web Tokens: read where providers demand them, made where they send them.

use ring::hmac;
use serde_json::{Value as Json, json};

use crate::wire::{base64url, from_base64url, now};

/// A token's parts.
#[derive(Clone, Debug)]
pub(crate) struct Jwt {
    pub(crate) header: Json,
    pub(crate) claims: Json,
    /// What was signed.
    pub(crate) signed: Vec<u8>,
    pub(crate) signature: Vec<u8>,
}

impl Jwt {
    pub(crate) fn parse(token: &str) -> Option<Self> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let json = |part| serde_json::from_slice(&from_base64url(part)?).ok();
        Some(Self {
            header: json(header)?,
            claims: json(claims)?,
            signed: signed.as_bytes().to_vec(),
            signature: from_base64url(signature)?,
        })
    }

    /// A claim that is a text.
    pub(crate) fn text(&self, claim: &str) -> Option<&str> {
        self.claims.get(claim)?.as_str()
    }

    /// How many seconds ago a claim's time was; negative where it is yet to come.
    pub(crate) fn age(&self, claim: &str) -> Option<i64> {
        Some(now() - self.claims.get(claim)?.as_i64()?)
    }
}

/// A token of these claims, signed by HMAC-SHA256.
pub(crate) fn hs256(claims: &Json, key: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    token("HS256", None, claims, |signed| {
        hmac::sign(&key, signed).as_ref().to_vec()
    })
}

/// A token of these claims, signed by a function.
pub(crate) fn token(
    alg: &str,
    kid: Option<&str>,
    claims: &Json,
    sign: impl FnOnce(&[u8]) -> Vec<u8>,
) -> String {
    let mut header = json!({"alg": alg, "typ": "JWT"});
    if let Some(kid) = kid {
        header["kid"] = json!(kid);
    }
    let [header, claims] = [&header, claims].map(|part| base64url(part.to_string().as_bytes()));
    let signed = format!("{header}.{claims}");
    let signature = base64url(&sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}
