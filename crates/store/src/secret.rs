//! The secret under which erased addresses and keys are hashed.

use std::{fmt, sync::Arc};

use journey::{message::Channel, suppression};

/// The fewest bytes of a secret: what is shorter can be guessed.
const SHORTEST: usize = 16;

/// A secret of the installation. It must stay the same for as long as what was erased is to be known again.
#[derive(Clone)]
pub struct Secret(Arc<[u8]>);

/// Never shown.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The text is too short to be a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it must have at least {SHORTEST} bytes, and has {0}")]
pub struct TooShort(usize);

impl Secret {
    /// The secret that a setting holds, as it is but for spaces around it.
    ///
    /// # Errors
    /// If it has fewer than 16 bytes.
    pub fn new(text: &str) -> Result<Self, TooShort> {
        let text = text.trim();
        if text.len() < SHORTEST {
            return Err(TooShort(text.len()));
        }
        Ok(Self(Arc::from(text.as_bytes())))
    }

    pub(crate) fn of_address(&self, channel: Channel, address: &str) -> [u8; 32] {
        suppression::address_hash(&self.0, channel, address)
    }

    pub(crate) fn of_key(&self, key: &str) -> [u8; 32] {
        suppression::key_hash(&self.0, key)
    }
}

#[cfg(test)]
mod tests {
    use super::{Secret, TooShort};

    #[test]
    fn a_secret_is_long_enough_and_never_shown() {
        assert_eq!(Secret::new(" short ").unwrap_err(), TooShort(5));
        let secret = Secret::new("sixteen bytes it").unwrap();
        assert_eq!(format!("{secret:?}"), "***");
    }
}
