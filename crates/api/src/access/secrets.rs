//! Tokens, passwords and one-time codes.

use std::{fmt::Write as _, sync::LazyLock};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;
use ring::rand::{SecureRandom as _, SystemRandom};
use sha2::{Digest as _, Sha256};
use totp_rs::{Builder, Totp};

use crate::i18n::{fill, say};

/// What keys of programs begin with.
pub const KEY_PREFIX: &str = "pk_";
/// The shortest password, in characters.
const SHORTEST: usize = 12;
/// The longest, in bytes.
const LONGEST: usize = 1024;

/// RFC 9106, section 4, the second recommended option: 64 MiB, three passes, four lanes.
static ARGON: LazyLock<Argon2<'static>> = LazyLock::new(|| {
    let parameters = Params::new(64 << 10, 3, 4, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters)
});

/// What passwords of nobody are held against, so that they take the same time.
static NOBODY: LazyLock<String> =
    LazyLock::new(|| hashed("nobody has this password").unwrap_or_default());

/// There is no randomness to be had, or no memory to hash in.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("no randomness, or no memory to hash in")]
pub struct NoSecret;

/// So many bytes that nobody can guess.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], NoSecret> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| NoSecret)?;
    Ok(bytes)
}

/// A token of 32 bytes, in letters of a URL.
///
/// # Errors
/// If the system has no randomness.
pub fn token() -> Result<String, NoSecret> {
    Ok(BASE64_URL_SAFE_NO_PAD.encode(random::<32>()?))
}

/// A key for a program: `pk_` and a token.
///
/// # Errors
/// If the system has no randomness.
pub fn new_key() -> Result<String, NoSecret> {
    Ok(format!("{KEY_PREFIX}{}", token()?))
}

/// What is kept of a token. It is random, so a plain hash is enough.
pub fn hash_of(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// A password as it is kept. Takes some 100 ms and 64 MiB.
///
/// # Errors
/// If there is no memory or no randomness.
pub fn hashed(password: &str) -> Result<String, NoSecret> {
    let hash: Result<PasswordHash, _> = ARGON.hash_password(password.as_bytes());
    hash.map(|h| h.to_string()).map_err(|_| NoSecret)
}

/// Whether it is that password; against nobody's it takes as long, and is not.
pub(crate) fn verified(password: &str, kept: Option<&str>) -> bool {
    let nobody = &*NOBODY;
    let Ok(parsed) = PasswordHash::new(kept.unwrap_or(nobody)) else {
        return false;
    };
    let right = ARGON.verify_password(password.as_bytes(), &parsed).is_ok();
    right && kept.is_some()
}

/// Why a password is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unacceptable {
    /// It has too few characters.
    #[error("A password has at least {SHORTEST} characters.")]
    Short,
    /// It is longer than anybody needs.
    #[error("A password has at most {LONGEST} bytes.")]
    Long,
    /// It takes few guesses.
    #[error(
        "That password is easily guessed. A few words that have nothing to do with one another are a good one."
    )]
    Guessed,
    /// There is no memory or no randomness.
    #[error("It could not be hashed. Try again.")]
    NotHashed,
}

impl Unacceptable {
    /// As a page says it.
    pub(crate) fn said(self) -> String {
        match self {
            Self::Short => fill("A password has at least {0} characters.", &[&SHORTEST]),
            Self::Long => fill("A password has at most {0} bytes.", &[&LONGEST]),
            Self::Guessed => {
                say("That password is easily guessed. A few words that have nothing to do with one another are a good one.").into()
            }
            Self::NotHashed => say("It could not be hashed. Try again.").into(),
        }
    }
}

/// A password for that account as it is kept, if it is one.
pub(crate) fn accepted(password: &str, email: &str) -> Result<String, Unacceptable> {
    acceptable(password, email)?;
    hashed(password).map_err(|_| Unacceptable::NotHashed)
}

/// Whether that is a password for that account.
///
/// # Errors
/// Why not.
pub fn acceptable(password: &str, email: &str) -> Result<(), Unacceptable> {
    if password.chars().count() < SHORTEST {
        return Err(Unacceptable::Short);
    }
    if password.len() > LONGEST {
        return Err(Unacceptable::Long);
    }
    let name = email.split('@').next().unwrap_or_default();
    // From 3 on, it takes more than a hundred million guesses.
    let guessed = zxcvbn::zxcvbn(password, &[email, name, "parcours"]);
    if guessed.score() < zxcvbn::Score::Three {
        return Err(Unacceptable::Guessed);
    }
    Ok(())
}

/// Codes of RFC 6238: six digits, half a minute, one step more in both directions.
fn totp(secret: &[u8], email: &str) -> Option<Totp> {
    Builder::new()
        .with_secret(secret.to_vec())
        .with_skew(1)
        .with_issuer(Some("Parcours"))
        .with_account_name(email.replace(':', "_"))
        .build()
        .ok()
}

/// The step of a code, if it is right.
pub(crate) fn step(secret: &[u8], code: &str, now: Timestamp) -> Option<i64> {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let seconds = u64::try_from(now.as_second()).ok()?;
    let step = totp(secret, "")?.check(&code, seconds)?;
    i64::try_from(step).ok()
}

/// What an app is told: `otpauth://…`.
pub(crate) fn otpauth(secret: &[u8], email: &str) -> Option<String> {
    totp(secret, email)?.to_url().ok()
}

/// A text as a QR code, in SVG: dark on light whatever the palette, for apps want it so.
pub(crate) fn qr(text: &str) -> Option<String> {
    let code = fast_qr::QRBuilder::new(text).build().ok()?;
    // Four light modules around it, as ISO/IEC 18004 asks.
    let side = code.size + 8;
    let label = say("QR code of the address below");
    let mut path = String::new();
    for y in 0..code.size {
        for x in 0..code.size {
            if code[y][x].value() {
                let _ = write!(path, "M{} {}h1v1h-1z", x + 4, y + 4);
            }
        }
    }
    Some(format!(
        "<svg class=\"qr\" role=\"img\" aria-label=\"{label}\" viewBox=\"0 0 {side} {side}\" \
         shape-rendering=\"crispEdges\"><rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/>\
         <path fill=\"#000\" d=\"{path}\"/></svg>"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_rfc_6238() {
        // Appendix B, cut to six digits, as section 5.3 of RFC 4226 does.
        let secret = b"12345678901234567890";
        for (at, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (2_000_000_000, "279037"),
        ] {
            let now = Timestamp::from_second(at).unwrap();
            assert_eq!(step(secret, code, now), Some(at / 30));
            let later = |by| Timestamp::from_second(at + by).unwrap();
            assert_eq!(
                step(secret, code, later(30)),
                Some(at / 30),
                "one step late"
            );
            assert_eq!(step(secret, code, later(61)), None);
        }
    }

    #[test]
    fn passwords_are_kept_as_rfc_9106_says() {
        let kept = hashed("le thé refroidit à midi").unwrap();
        assert!(
            kept.starts_with("$argon2id$v=19$m=65536,t=3,p=4$"),
            "{kept}"
        );
        assert!(verified("le thé refroidit à midi", Some(&kept)));
        assert!(!verified("le thé refroidit", Some(&kept)));
        assert!(!verified("nobody has this password", None));
    }

    #[test]
    fn what_is_easily_guessed_is_refused() {
        for bad in [
            "short",
            "password1234",
            "123456789012",
            "qwertyuiop12",
            "anatilleul2026",
            "aaaaaaaaaaaaaaaa",
        ] {
            assert!(acceptable(bad, "anatilleul@shop.example").is_err(), "{bad}");
        }
        assert_eq!(
            acceptable("cardboard otter ninety", "ana@shop.example"),
            Ok(())
        );
        assert!(acceptable(&"x9#".repeat(400), "ana@shop.example").is_err());
    }

    #[test]
    fn the_picture_is_of_the_address() {
        let url = otpauth(b"12345678901234567890", "ana@shop.example").unwrap();
        assert!(
            url.starts_with("otpauth://totp/Parcours:ana%40shop.example?"),
            "{url}"
        );
        assert!(
            url.contains("secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"),
            "{url}"
        );
        assert!(qr(&url).unwrap().len() > 5_000);
    }
}
