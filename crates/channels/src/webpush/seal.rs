//! Encryption for one browser: RFC 8291, <https://www.rfc-editor.org/rfc/rfc8291>, over the content
//! coding `aes128gcm` of RFC 8188.

use p256::{PublicKey, SecretKey, ecdh::diffie_hellman, elliptic_curve::sec1::ToSec1Point as _};
use ring::{
    aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    hkdf::{HKDF_SHA256, KeyType, Salt},
    rand::{SecureRandom as _, SystemRandom},
};

/// The size of a record: the whole message is one.
const RECORD: u32 = 4_096;
/// What stands before the record: salt, size, length of the key, key.
const HEAD: usize = 16 + 4 + 1 + 65;
/// The most that a message says: every push service carries 4,096 bytes (RFC 8030, section 7.2), of
/// which the head, the delimiter and the tag take their part.
pub(super) const MOST: usize = 4_096 - HEAD - 1 - 16;

/// The message for whoever has the private key and the secret; `None` where the machine has no random
/// numbers.
pub(super) fn seal(plain: &[u8], receiver: &PublicKey, auth: &[u8]) -> Option<Vec<u8>> {
    let random = SystemRandom::new();
    let mut salt = [0; 16];
    random.fill(&mut salt).ok()?;
    seal_with(plain, receiver, auth, &ephemeral(&random)?, salt)
}

/// A key for this message alone.
fn ephemeral(random: &SystemRandom) -> Option<SecretKey> {
    // All but one in four thousand millions are keys.
    for _ in 0..4 {
        let mut bytes = [0; 32];
        random.fill(&mut bytes).ok()?;
        if let Ok(secret) = SecretKey::from_slice(&bytes) {
            return Some(secret);
        }
    }
    None
}

pub(super) fn seal_with(
    plain: &[u8],
    receiver: &PublicKey,
    auth: &[u8],
    sender: &SecretKey,
    salt: [u8; 16],
) -> Option<Vec<u8>> {
    let shared = diffie_hellman(sender.to_nonzero_scalar(), receiver.as_affine());
    let sender = sender.public_key().to_sec1_point(false);
    let receiver = receiver.to_sec1_point(false);
    let info = [b"WebPush: info\0", receiver.as_bytes(), sender.as_bytes()].concat();
    let material: [u8; 32] = derive(auth, shared.raw_secret_bytes(), &info)?;
    let key: [u8; 16] = derive(&salt, &material, b"Content-Encoding: aes128gcm\0")?;
    let nonce: [u8; 12] = derive(&salt, &material, b"Content-Encoding: nonce\0")?;

    // The delimiter of the last record.
    let mut record = [plain, &[2]].concat();
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).ok()?);
    // Key and nonce come from a salt and a key pair that are used once.
    let nonce = Nonce::assume_unique_for_key(nonce);
    key.seal_in_place_append_tag(nonce, Aad::empty(), &mut record)
        .ok()?;

    let mut sealed = Vec::with_capacity(HEAD + record.len());
    sealed.extend_from_slice(&salt);
    sealed.extend_from_slice(&RECORD.to_be_bytes());
    sealed.push(u8::try_from(sender.as_bytes().len()).ok()?);
    sealed.extend_from_slice(sender.as_bytes());
    sealed.append(&mut record);
    Some(sealed)
}

/// A length, for HKDF.
struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn derive<const N: usize>(salt: &[u8], material: &[u8], info: &[u8]) -> Option<[u8; N]> {
    let mut derived = [0; N];
    let key = Salt::new(HKDF_SHA256, salt).extract(material);
    let info = [info];
    let okm = key.expand(&info, Length(N)).ok()?;
    okm.fill(&mut derived).ok()?;
    Some(derived)
}
