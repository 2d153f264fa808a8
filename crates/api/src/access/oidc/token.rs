//! ID tokens: a signature by a key of the provider, and claims that are meant for this sign-in.
//!
//! Signed by RS256 or ES256 alone, so that nothing can pass for a signature that is none: an algorithm is never taken from the token
//! without the key being one for it.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// The longest token that is looked at, in bytes.
const LONGEST: usize = 32 << 10;
/// The longest subject (OpenID Connect Core, section 2).
const LONGEST_SUBJECT: usize = 255;
/// By how much the clocks of the provider and ours may differ, in seconds.
const SKEW: i64 = 60;
/// The bytes of a coordinate of P-256.
const COORDINATE: usize = 32;

/// The claims of a token.
pub(super) type Claims = Map<String, Value>;

/// A key of a provider (RFC 7517) of a kind that is used here.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kty")]
pub(super) enum Key {
    #[serde(rename = "RSA")]
    Rsa {
        #[serde(flatten)]
        about: AboutKey,
        n: String,
        e: String,
    },
    #[serde(rename = "EC")]
    Curve {
        #[serde(flatten)]
        about: AboutKey,
        crv: String,
        x: String,
        y: String,
    },
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct AboutKey {
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    for_what: Option<String>,
}

/// What a token is held against.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    /// What it came with.
    pub(super) access_token: Option<&'a str>,
    pub(super) now: Timestamp,
}

/// What is wrong with a token, for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Wrong {
    #[error("it is no signed token")]
    Form,
    #[error("it is signed by another algorithm than RS256 and ES256")]
    Algorithm,
    #[error("no key of the provider is meant")]
    Key,
    #[error("the signature is not right")]
    Signature,
    #[error("it is of another issuer")]
    Issuer,
    #[error("it is for somebody else")]
    Audience,
    #[error("it is over")]
    Over,
    #[error("it is not yet good")]
    NotYet,
    #[error("it is for another sign-in")]
    Nonce,
    #[error("it came with another access token")]
    AccessToken,
    #[error("it names nobody")]
    Subject,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// Extensions that must be understood; none is.
    crit: Option<Value>,
}

/// The claims of a token that is meant for this sign-in.
///
/// # Errors
/// What is wrong with it. [`Wrong::Key`] may pass with newer keys.
pub(super) fn checked(token: &str, keys: &[Key], wanted: &Wanted<'_>) -> Result<Claims, Wrong> {
    let claims = signed(token, keys)?;
    meant(&claims, wanted)?;
    Ok(claims)
}

/// The claims of a token that a key has signed.
fn signed(token: &str, keys: &[Key]) -> Result<Claims, Wrong> {
    if token.len() > LONGEST {
        return Err(Wrong::Form);
    }
    let (content, signature) = token.rsplit_once('.').ok_or(Wrong::Form)?;
    let (header, claims) = content.split_once('.').ok_or(Wrong::Form)?;
    let header: Header = json(header).ok_or(Wrong::Form)?;
    if header.crit.is_some() {
        return Err(Wrong::Form);
    }
    let signature = bytes(signature).ok_or(Wrong::Form)?;
    let key = meant_key(&header, keys)?;
    if !key.signed(content.as_bytes(), &signature) {
        return Err(Wrong::Signature);
    }
    json(claims).ok_or(Wrong::Form)
}

/// The key of that name and algorithm; without a name, the only one of the algorithm.
fn meant_key<'k>(header: &Header, keys: &'k [Key]) -> Result<&'k Key, Wrong> {
    if !matches!(&*header.alg, "RS256" | "ES256") {
        return Err(Wrong::Algorithm);
    }
    let fits = |key: &&Key| {
        let named = header.kid.is_none() || key.about().kid == header.kid;
        named && key.is_for(&header.alg)
    };
    let mut fitting = keys.iter().filter(fits);
    match (fitting.next(), fitting.next()) {
        (Some(key), None) => Ok(key),
        _ => Err(Wrong::Key),
    }
}

impl Key {
    fn about(&self) -> &AboutKey {
        match self {
            Self::Rsa { about, .. } | Self::Curve { about, .. } => about,
        }
    }

    /// Whether it signs by that algorithm.
    fn is_for(&self, alg: &str) -> bool {
        let about = self.about();
        let kind = match self {
            Self::Rsa { .. } => alg == "RS256",
            Self::Curve { crv, .. } => alg == "ES256" && crv == "P-256",
        };
        kind && about.alg.as_deref().is_none_or(|a| a == alg)
            && about.for_what.as_deref().is_none_or(|u| u == "sig")
    }

    fn signed(&self, content: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Rsa { n, e, .. } => {
                let (Some(n), Some(e)) = (bytes(n), bytes(e)) else {
                    return false;
                };
                let key = RsaPublicKeyComponents { n, e };
                key.verify(&RSA_PKCS1_2048_8192_SHA256, content, signature)
                    .is_ok()
            }
            Self::Curve { x, y, .. } => {
                let (Some(x), Some(y)) = (coordinate(x), coordinate(y)) else {
                    return false;
                };
                let point = [&[4], &x[..], &y[..]].concat();
                let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
                key.verify(content, signature).is_ok()
            }
        }
    }
}

/// OpenID Connect Core, section 3.1.3.7.
fn meant(claims: &Claims, wanted: &Wanted<'_>) -> Result<(), Wrong> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(wanted.issuer) {
        return Err(Wrong::Issuer);
    }
    let party = text("azp");
    let audience = audience(claims);
    let alone = audience.len() == 1 || party.is_some();
    if !audience.contains(&wanted.client_id)
        || !alone
        || party.is_some_and(|p| p != wanted.client_id)
    {
        return Err(Wrong::Audience);
    }
    in_time(claims, wanted.now)?;
    if text("nonce") != Some(wanted.nonce) {
        return Err(Wrong::Nonce);
    }
    if claims.contains_key("at_hash") && text("at_hash") != wanted.access_token.map(half).as_deref()
    {
        return Err(Wrong::AccessToken);
    }
    let named = text("sub").is_some_and(|s| !s.is_empty() && s.len() <= LONGEST_SUBJECT);
    if named { Ok(()) } else { Err(Wrong::Subject) }
}

fn audience(claims: &Claims) -> Vec<&str> {
    match claims.get("aud") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn in_time(claims: &Claims, now: Timestamp) -> Result<(), Wrong> {
    let now = now.as_second();
    // Seconds may have a fraction (RFC 7519, section 2).
    #[expect(clippy::cast_possible_truncation, reason = "it saturates")]
    let seconds = |name: &str| {
        let given = claims.get(name)?;
        given.as_i64().or_else(|| Some(given.as_f64()? as i64))
    };
    let (over, made) = (seconds("exp"), seconds("iat"));
    if over.is_none_or(|at| at.saturating_add(SKEW) <= now) {
        return Err(Wrong::Over);
    }
    let begins = seconds("nbf").into_iter().chain(made).max();
    if made.is_none() || begins.is_some_and(|at| at > now + SKEW) {
        return Err(Wrong::NotYet);
    }
    Ok(())
}

/// The left half of a token's SHA-256, as `at_hash` has it: for RS256 and ES256 alike.
fn half(token: &str) -> String {
    let hash = Sha256::digest(token.as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(&hash[..16])
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(text).ok()
}

fn coordinate(text: &str) -> Option<Vec<u8>> {
    bytes(text).filter(|bytes| bytes.len() == COORDINATE)
}

fn json<T: for<'de> Deserialize<'de>>(part: &str) -> Option<T> {
    serde_json::from_slice(&bytes(part)?).ok()
}
