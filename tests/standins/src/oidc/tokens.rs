//! ID tokens, right and wrong, and the keys that they are signed by.

use ring::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
        RsaPublicKeyComponents,
    },
};
use rustls::pki_types::{PrivatePkcs8KeyDer, pem::PemObject as _};
use serde_json::{Value as Json, json};

use super::{Oidc, locked};
use crate::{
    jwt::{hs256, token},
    wire::base64url,
};

const RSA: &str = include_str!("../../fixtures/google.pem");
const CURVE: &str = include_str!("../../fixtures/apns.p8");

/// What is wrong with what the provider gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Twist {
    /// Nothing.
    #[default]
    None,
    /// Nothing: it is signed by ES256.
    Es256,
    /// Nothing: it has another name for its key than it had.
    NewKey,
    /// The person says no.
    SaysNo,
    /// The browser comes back from another issuer.
    OtherIss,
    /// The browser comes back and does not say from where.
    NoIss,
    /// It is of another issuer.
    Issuer,
    /// It is for another client.
    Audience,
    /// It is for two, and says nowhere for which of them it was given.
    TwoAudiences,
    /// It was given to another client.
    Party,
    /// It is over, by two minutes.
    Over,
    /// It is good in two minutes.
    NotYet,
    /// It says of no other sign-in.
    NoNonce,
    /// It is for another sign-in.
    OtherNonce,
    /// It came with another access token.
    AccessToken,
    /// It is signed by nobody: `alg` is `none`.
    Unsigned,
    /// It is signed by HMAC with the client's secret.
    Secret,
    /// It is signed by HMAC with the public key, as a text that everybody has.
    PublicKey,
    /// It is signed by a key that nobody knows, under the name of the provider's.
    Forged,
    /// Its claims are not those that were signed.
    Changed,
    /// It is signed by an algorithm that is stronger, and not known here.
    Rs512,
}

/// The keys that the provider publishes.
pub(super) fn keys(twist: Twist) -> Json {
    let public = RsaPublicKeyComponents::<Vec<u8>>::from(rsa().public());
    let curve = curve();
    let point = curve.public_key().as_ref();
    let kid = if twist == Twist::NewKey {
        "rsa-2"
    } else {
        "rsa-1"
    };
    json!([
        {"kty": "RSA", "kid": kid, "use": "sig", "alg": "RS256", "n": base64url(&public.n), "e": base64url(&public.e)},
        {"kty": "EC", "kid": "ec-1", "use": "sig", "crv": "P-256", "x": base64url(&point[1..33]), "y": base64url(&point[33..])},
        {"kty": "OKP", "kid": "of-no-use-here", "crv": "Ed25519", "x": "AA"},
        {"kty": "RSA", "kid": kid, "use": "enc", "n": base64url(&public.n), "e": base64url(&public.e)},
    ])
}

fn rsa() -> RsaKeyPair {
    let key = PrivatePkcs8KeyDer::from_pem_slice(RSA.as_bytes()).expect("a key of ours");
    RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).expect("a key of ours")
}

fn curve() -> EcdsaKeyPair {
    let key = PrivatePkcs8KeyDer::from_pem_slice(CURVE.as_bytes()).expect("a key of ours");
    let random = SystemRandom::new();
    EcdsaKeyPair::from_pkcs8(
        &ECDSA_P256_SHA256_FIXED_SIGNING,
        key.secret_pkcs8_der(),
        &random,
    )
    .expect("a key of ours")
}

fn by_rsa(signed: &[u8]) -> Vec<u8> {
    let key = rsa();
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        signed,
        &mut signature,
    )
    .expect("it can be signed");
    signature
}

fn by_curve(key: &EcdsaKeyPair, signed: &[u8]) -> Vec<u8> {
    let signature = key.sign(&SystemRandom::new(), signed);
    signature.expect("it can be signed").as_ref().to_vec()
}

fn nobodys() -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
    let key = key.expect("a key");
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.as_ref(), &random)
        .expect("a key")
}

impl Oidc {
    /// The token of a sign-in (Core, section 2), with what is wrong with it.
    pub(super) fn id_token(
        &self,
        origin: &str,
        nonce: Option<&str>,
        person: &Json,
        access_token: &str,
    ) -> String {
        let twist = *locked(&self.twist);
        let now = (self.now)();
        let hash = ring::digest::digest(&ring::digest::SHA256, access_token.as_bytes());
        let mut claims = json!({
            "iss": origin, "aud": self.client_id, "iat": now, "exp": now + 300, "nonce": nonce,
            "at_hash": base64url(&hash.as_ref()[..16]),
        });
        for (name, value) in person.as_object().into_iter().flatten() {
            claims[name] = value.clone();
        }
        self.twisted(twist, &mut claims, now);
        match twist {
            Twist::Es256 => token("ES256", Some("ec-1"), &claims, |s| by_curve(&curve(), s)),
            Twist::Forged => token("ES256", Some("ec-1"), &claims, |s| by_curve(&nobodys(), s)),
            Twist::NewKey => token("RS256", Some("rsa-2"), &claims, by_rsa),
            Twist::Unsigned => token("none", None, &claims, |_| Vec::new()),
            Twist::Secret => hs256(&claims, self.client_secret.as_bytes()),
            Twist::PublicKey => hs256(&claims, keys(Twist::None)[0].to_string().as_bytes()),
            Twist::Rs512 => token("RS512", Some("rsa-1"), &claims, by_rsa),
            Twist::Changed => changed(&token("RS256", Some("rsa-1"), &claims, by_rsa)),
            _ => token("RS256", Some("rsa-1"), &claims, by_rsa),
        }
    }

    fn twisted(&self, twist: Twist, claims: &mut Json, now: i64) {
        match twist {
            Twist::Issuer => claims["iss"] = json!("https://evil.example"),
            Twist::Audience => claims["aud"] = json!("another"),
            Twist::TwoAudiences => claims["aud"] = json!([self.client_id, "another"]),
            Twist::Party => claims["azp"] = json!("another"),
            Twist::Over => claims["exp"] = json!(now - 120),
            Twist::NotYet => claims["nbf"] = json!(now + 120),
            Twist::NoNonce => drop(claims.as_object_mut().and_then(|c| c.remove("nonce"))),
            Twist::OtherNonce => claims["nonce"] = json!(base64url(&[7; 32])),
            Twist::AccessToken => claims["at_hash"] = json!(base64url(&[7; 16])),
            _ => {}
        }
    }
}

/// The same token with another person in it.
fn changed(token: &str) -> String {
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    let jwt = crate::jwt::Jwt::parse(token).expect("a token of ours");
    let mut claims = jwt.claims;
    claims["sub"] = json!("somebody else");
    parts[1] = base64url(claims.to_string().as_bytes());
    parts.join(".")
}
