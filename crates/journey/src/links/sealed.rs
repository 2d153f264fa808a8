//! Tokens that are no links: what a page keeps for a visitor and brings back, signed by the same secrets.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use super::{Key, Refused, SIGNATURE};

/// What every such signature begins with, so that no link is a token, and no token a link.
const DOMAIN: &[u8] = b"parcours seal 1";
/// The longest token, in characters.
const LONGEST: usize = 1_000;

impl Key {
    /// What is said, signed for that use alone: letters, digits, `-` and `_`. Not hidden: whoever holds it can read it.
    pub fn seal(&self, used_for: &str, said: &[u8]) -> String {
        let whole = begun(&self.current, used_for, said).finalize().into_bytes();
        let bytes = [said, &whole[..SIGNATURE]].concat();
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// What was sealed for that use. Whether it is still good is for the reader to say.
    ///
    /// # Errors
    /// If it is none of ours.
    pub fn unseal(&self, used_for: &str, word: &str) -> Result<Vec<u8>, Refused> {
        if word.len() > LONGEST {
            return Err(Refused::Forged);
        }
        let bytes = URL_SAFE_NO_PAD.decode(word).map_err(|_| Refused::Forged)?;
        let end = bytes.len().checked_sub(SIGNATURE).ok_or(Refused::Forged)?;
        let (said, signed) = bytes.split_at(end);
        let mut keys = std::iter::once(&self.current).chain(&self.before);
        let ours = |key: &Hmac<Sha256>| {
            let mac = begun(key, used_for, said);
            mac.verify_truncated_left(signed).is_ok()
        };
        match keys.any(ours) {
            true => Ok(said.to_vec()),
            false => Err(Refused::Forged),
        }
    }
}

fn begun(key: &Hmac<Sha256>, used_for: &str, said: &[u8]) -> Hmac<Sha256> {
    let mut mac = key.clone();
    mac.update(DOMAIN);
    mac.update(&(used_for.len() as u64).to_le_bytes());
    mac.update(used_for.as_bytes());
    mac.update(said);
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_its_use_and_unchanged() {
        let key = Key::new(&["a".repeat(32)]).unwrap();
        let sealed = key.seal("chat", b"ana");
        assert_eq!(key.unseal("chat", &sealed).unwrap(), b"ana");
        assert_eq!(key.unseal("cha", &sealed), Err(Refused::Forged));
        let after = Key::new(&["b".repeat(32), "a".repeat(32)]).unwrap();
        assert_eq!(after.unseal("chat", &sealed).unwrap(), b"ana");
        let other = Key::new(&["b".repeat(32)]).unwrap();
        let longer = format!("{sealed}AAAA");
        for (key, word) in [(&other, &*sealed), (&key, &longer), (&key, ""), (&key, "é")] {
            assert_eq!(key.unseal("chat", word), Err(Refused::Forged), "{word}");
        }
        assert!(key.read(&sealed, jiff::Timestamp::UNIX_EPOCH).is_err());
    }
}
