//! Access tokens for whoever holds the service account's key.

use std::collections::HashSet;

use ring::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use rustls::pki_types::{PrivatePkcs8KeyDer, pem::PemObject as _};
use serde_json::json;

use super::Fcm;
use crate::{
    Invalid, Reply, Request,
    jwt::Jwt,
    wire::{base64url, random},
};

/// The service account's key, as PEM.
pub(super) const KEY: &str = include_str!("../../fixtures/google.pem");
/// The key's name.
pub(super) const KEY_ID: &str = "0123456789abcdef0123456789abcdef01234567";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";
/// Google's own address for tokens, which is an audience as well.
const GOOGLE: &str = "https://oauth2.googleapis.com/token";
/// The longest that an assertion may be good for, in seconds.
const LONGEST: i64 = 3600;
/// How much clocks may differ, in seconds.
const SKEW: i64 = 300;

/// The tokens that were given.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    good: HashSet<String>,
    over: HashSet<String>,
}

/// What an access token is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    Granted,
    Over,
    Unknown,
}

impl Tokens {
    pub(super) fn access(&self, token: &str) -> Access {
        match (self.good.contains(token), self.over.contains(token)) {
            (true, _) => Access::Granted,
            (_, true) => Access::Over,
            _ => Access::Unknown,
        }
    }

    pub(super) fn given(&self) -> usize {
        self.good.len() + self.over.len()
    }

    pub(super) fn expire(&mut self) {
        self.over.extend(self.good.drain());
    }

    /// The answer to a request of a token.
    pub(super) fn grant(&mut self, fcm: &Fcm, request: &Request) -> Result<Reply, Invalid> {
        if request.method != "POST" || request.content_type() != "application/x-www-form-urlencoded"
        {
            return Err(bad("invalid_request", "Bad Request"));
        }
        let form = request.form();
        let field = |name: &str| {
            let mut fields = form.iter().filter(|(n, _)| n == name);
            fields.next().map_or("", |(_, value)| value)
        };
        if field("grant_type") != GRANT {
            let words = "Invalid grant_type";
            return Err(bad("unsupported_grant_type", words));
        }
        check(fcm, field("assertion"), request)?;
        let token = format!("ya29.{}", base64url(&random::<32>()));
        self.good.insert(token.clone());
        let body = json!({"access_token": token, "expires_in": 3599, "token_type": "Bearer"});
        Ok(Reply::json(200, &body))
    }
}

/// The assertion is the service account's, and says what it must.
fn check(fcm: &Fcm, assertion: &str, request: &Request) -> Result<(), Invalid> {
    let grant = |words: &str| bad("invalid_grant", words);
    let jwt = Jwt::parse(assertion).ok_or_else(|| grant("Bad Request"))?;
    if jwt.header["alg"] != "RS256" || !signed(&jwt) {
        return Err(grant("Invalid JWT Signature."));
    }
    let kid = &jwt.header["kid"];
    if !kid.is_null() && kid != KEY_ID {
        return Err(grant("Invalid JWT Signature."));
    }
    if jwt.text("iss") != Some(&fcm.client_email()) {
        return Err(grant("Invalid grant: account not found"));
    }
    let audience = jwt.text("aud").unwrap_or_default();
    if audience != GOOGLE && audience != format!("{}/token", request.origin) {
        let words = "Invalid JWT: Failed audience check. The right audience is the token_uri";
        return Err(grant(words));
    }
    let mut scopes = jwt.text("scope").unwrap_or_default().split(' ');
    if !scopes.any(|scope| scope == SCOPE) {
        let words = "Invalid OAuth scope or ID token audience provided.";
        return Err(bad("invalid_scope", words));
    }
    let (Some(issued), Some(expired)) = (jwt.age("iat"), jwt.age("exp")) else {
        return Err(grant("Invalid JWT: iat and exp are needed."));
    };
    if issued < -SKEW || expired >= 0 || issued - expired > LONGEST {
        let words = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a \
                     reasonable timeframe. Check your iat and exp values in the JWT claim.";
        return Err(grant(words));
    }
    Ok(())
}

fn signed(jwt: &Jwt) -> bool {
    let key = key();
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public_key());
    key.verify(&jwt.signed, &jwt.signature).is_ok()
}

pub(super) fn key() -> RsaKeyPair {
    let key = PrivatePkcs8KeyDer::from_pem_slice(KEY.as_bytes()).expect("a key of ours");
    RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).expect("a key of ours")
}

fn bad(error: &str, words: &str) -> Invalid {
    let body = json!({"error": error, "error_description": words});
    Invalid {
        why: format!("{error}: {words}"),
        reply: Reply::json(400, &body),
    }
}
