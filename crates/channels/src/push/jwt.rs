//! JSON Web Tokens (RFC 7519), signed with a key of ours.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use rustls::pki_types::{PrivatePkcs8KeyDer, pem::PemObject as _};
use serde_json::Value as Json;

/// A private key.
pub(crate) trait Sign {
    /// The signature, unless the machine has no random numbers.
    fn sign(&self, bytes: &[u8]) -> Option<Vec<u8>>;
}

/// RS256.
impl Sign for RsaKeyPair {
    fn sign(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut signature = vec![0; self.public().modulus_len()];
        let random = SystemRandom::new();
        Self::sign(self, &RSA_PKCS1_SHA256, &random, bytes, &mut signature).ok()?;
        Some(signature)
    }
}

/// ES256.
impl Sign for EcdsaKeyPair {
    fn sign(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let signature = Self::sign(self, &SystemRandom::new(), bytes).ok()?;
        Some(signature.as_ref().to_vec())
    }
}

/// A token of these claims.
pub(crate) fn token(header: &Json, claims: &Json, key: &impl Sign) -> Option<String> {
    let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    let signed = format!("{header}.{claims}");
    let signature = URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes())?);
    Some(format!("{signed}.{signature}"))
}

/// The RSA key of a PEM text (`BEGIN PRIVATE KEY`).
pub(crate) fn rsa(pem: &str) -> Result<RsaKeyPair, String> {
    let key = pkcs8(pem)?;
    RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).map_err(|e| format!("holds no RSA key: {e}"))
}

/// The P-256 key of a PEM text (`BEGIN PRIVATE KEY`).
pub(crate) fn p256(pem: &str) -> Result<EcdsaKeyPair, String> {
    let key = pkcs8(pem)?;
    let key = key.secret_pkcs8_der();
    let random = SystemRandom::new();
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key, &random)
        .map_err(|e| format!("holds no key of the curve P-256: {e}"))
}

fn pkcs8(pem: &str) -> Result<PrivatePkcs8KeyDer<'static>, String> {
    PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes())
        .map_err(|_| "has no PEM block `BEGIN PRIVATE KEY` (PKCS#8)".to_owned())
}
