//! The browser: what it subscribes with, and how it reads a message (RFC 8291).

use std::fmt;

use p256::{PublicKey, SecretKey, ecdh::diffie_hellman, elliptic_curve::sec1::ToSec1Point as _};
use ring::{
    aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    digest::{SHA256, digest},
    hkdf::{HKDF_SHA256, KeyType, Salt},
};

use crate::wire::random;

/// What a browser hands to the application that it subscribed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Where its messages are posted.
    pub endpoint: String,
    /// The browser's public key, in base64url.
    pub p256dh: String,
    /// The secret that goes with it, in base64url.
    pub auth: String,
}

/// A browser with one key, and a secret for each of its subscriptions.
pub struct Browser {
    secret: SecretKey,
}

impl Default for Browser {
    fn default() -> Self {
        loop {
            // All but one in four thousand millions are keys.
            if let Ok(secret) = SecretKey::from_slice(&random::<32>()) {
                return Self { secret };
            }
        }
    }
}

impl fmt::Debug for Browser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Browser")
    }
}

impl Browser {
    /// The public key, as an uncompressed point.
    pub fn public_key(&self) -> Vec<u8> {
        let point = self.secret.public_key().to_sec1_point(false);
        point.as_bytes().to_vec()
    }

    /// The secret of the subscription of that name.
    pub fn auth(&self, name: &str) -> Vec<u8> {
        let seed = [&*self.secret.to_bytes(), name.as_bytes()].concat();
        digest(&SHA256, &seed).as_ref()[..16].to_vec()
    }

    /// What a message to the subscription of that name says, or what is wrong with it.
    pub fn read(&self, name: &str, body: &[u8]) -> Result<Vec<u8>, &'static str> {
        open(&self.secret, &self.auth(name), body)
    }
}

/// What a message says, for the private key and the secret of a subscription.
pub fn decrypt(private_key: &[u8], auth: &[u8], body: &[u8]) -> Result<Vec<u8>, &'static str> {
    let secret = SecretKey::from_slice(private_key).map_err(|_| "that is no private key")?;
    open(&secret, auth, body)
}

fn open(secret: &SecretKey, auth: &[u8], body: &[u8]) -> Result<Vec<u8>, &'static str> {
    let (salt, rest) = body.split_at_checked(16).ok_or("it has no salt")?;
    let (size, rest) = rest
        .split_first_chunk::<4>()
        .ok_or("it has no record size")?;
    let (length, rest) = rest.split_first().ok_or("it has no key")?;
    let (sender, record) = rest
        .split_at_checked(usize::from(*length))
        .ok_or("its key is cut off")?;
    // One record, its tag and its delimiter included.
    if record.len() < 17 || record.len() > u32::from_be_bytes(*size) as usize {
        return Err("it must be one record of the size that it says");
    }
    if sender.len() != 65 {
        return Err("its key must be an uncompressed point");
    }
    let point = PublicKey::from_sec1_bytes(sender).map_err(|_| "its key is no point of P-256")?;
    let shared = diffie_hellman(secret.to_nonzero_scalar(), point.as_affine());
    let receiver = secret.public_key().to_sec1_point(false);
    let info = [b"WebPush: info\0", receiver.as_bytes(), sender].concat();
    let material: [u8; 32] = derive(auth, shared.raw_secret_bytes(), &info);
    let key: [u8; 16] = derive(salt, &material, b"Content-Encoding: aes128gcm\0");
    let nonce: [u8; 12] = derive(salt, &material, b"Content-Encoding: nonce\0");
    let key = UnboundKey::new(&AES_128_GCM, &key).expect("16 bytes are a key");
    let mut record = record.to_vec();
    let plain = LessSafeKey::new(key)
        .open_in_place(
            Nonce::assume_unique_for_key(nonce),
            Aad::empty(),
            &mut record,
        )
        .map_err(|_| "it was not encrypted for this subscription")?;
    let end = plain.iter().rposition(|byte| *byte != 0);
    match end.map(|end| (plain[end], end)) {
        Some((2, end)) => Ok(plain[..end].to_vec()),
        _ => Err("its last record has not the delimiter 2"),
    }
}

/// A length, for HKDF.
struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

pub(super) fn derive<const N: usize>(salt: &[u8], material: &[u8], info: &[u8]) -> [u8; N] {
    let mut derived = [0; N];
    let key = Salt::new(HKDF_SHA256, salt).extract(material);
    key.expand(&[info], Length(N))
        .and_then(|expanded| expanded.fill(&mut derived))
        .expect("it is short enough");
    derived
}
