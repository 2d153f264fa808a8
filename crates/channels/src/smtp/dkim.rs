//! DKIM signatures (RFC 6376), by RSA-SHA256 or Ed25519-SHA256 (RFC 8463), relaxed in headers and body.
//!
//! A relay may sign as well, or instead; a mail may carry several signatures. What says how to unsubscribe is
//! signed, as RFC 8058 (section 4) asks, and the headers that people read are signed once more than they are there, so
//! that nobody can add a second one.

use std::{fs, path::PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use ring::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject};
use serde::Deserialize;

use crate::Problem;

#[cfg(test)]
mod tests;

/// What is signed where it is there, in this order.
const SIGNED: [&str; 14] = [
    "from",
    "reply-to",
    "to",
    "subject",
    "date",
    "message-id",
    "list-id",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "feedback-id",
    "content-language",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
];
/// What is signed once more than it is there.
const ONCE: [&str; 5] = ["from", "reply-to", "to", "subject", "list-unsubscribe"];
/// The longest line of a folded header, in characters.
const LINE: usize = 72;

/// One signature.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DkimSettings {
    /// The domain that signs; to be aligned (DMARC) it is the sender's, or one above it.
    pub domain: String,
    /// Its key's name there: the public half stands in the TXT record `SELECTOR._domainkey.DOMAIN`.
    pub selector: String,
    /// A PEM file with the private key, PKCS#8 or PKCS#1: RSA of 2,048 bits or more, or Ed25519.
    pub key_file: PathBuf,
}

/// Signs for one domain.
#[derive(Debug)]
pub(super) struct Dkim {
    domain: String,
    selector: String,
    key: Key,
}

enum Key {
    Rsa(RsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.algorithm())
    }
}

impl Key {
    fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "rsa-sha256",
            Self::Ed25519(_) => "ed25519-sha256",
        }
    }

    fn read(pem: &[u8]) -> Result<Self, String> {
        let der = PrivateKeyDer::from_pem_slice(pem).map_err(|e| format!("holds no key: {e}"))?;
        let rsa = |key: Result<RsaKeyPair, ring::error::KeyRejected>| {
            key.map(Self::Rsa)
                .map_err(|e| format!("holds no RSA key that can sign: {e}"))
        };
        match &der {
            PrivateKeyDer::Pkcs1(der) => rsa(RsaKeyPair::from_der(der.secret_pkcs1_der())),
            PrivateKeyDer::Pkcs8(der) => {
                let der = der.secret_pkcs8_der();
                match Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
                    Ok(key) => Ok(Self::Ed25519(key)),
                    Err(_) => rsa(RsaKeyPair::from_pkcs8(der)),
                }
            }
            _ => Err("holds neither an RSA nor an Ed25519 key".to_owned()),
        }
    }

    fn sign(&self, data: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(
                    &RSA_PKCS1_SHA256,
                    &SystemRandom::new(),
                    data,
                    &mut signature,
                )
                .ok()?;
                Some(signature)
            }
            // Of the hash, not of what is hashed (RFC 8463, section 3).
            Self::Ed25519(key) => {
                let hash = digest(&SHA256, data);
                Some(key.sign(hash.as_ref()).as_ref().to_vec())
            }
        }
    }
}

impl Dkim {
    pub(super) fn new(settings: &DkimSettings) -> Result<Self, Problem> {
        let bad = |words: String| ("dkim", words);
        for (name, value) in [
            ("domain", &settings.domain),
            ("selector", &settings.selector),
        ] {
            let letters = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
            if value.is_empty() || !value.bytes().all(letters) {
                return Err(bad(format!("has a {name} that is none: `{value}`")));
            }
        }
        let file = settings.key_file.display();
        let pem = fs::read(&settings.key_file)
            .map_err(|e| bad(format!("has a key_file that cannot be read: {file}: {e}")))?;
        let key =
            Key::read(&pem).map_err(|words| bad(format!("has a key_file that {words}: {file}")))?;
        Ok(Self {
            domain: settings.domain.clone(),
            selector: settings.selector.clone(),
            key,
        })
    }

    /// The header that signs the mail, to be put before it; `None` if the system gives no randomness.
    pub(super) fn header(&self, mail: &[u8], at: Timestamp) -> Option<Vec<u8>> {
        let text = String::from_utf8_lossy(mail);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let headers = headers(head);
        let (mut names, mut signed) = (Vec::new(), String::new());
        for name in SIGNED {
            // From the last to the first, as they are looked for.
            for (_, value) in headers.iter().rev().filter(|(n, _)| n == name) {
                names.push(name);
                signed += &format!("{name}:{value}\r\n");
            }
            if ONCE.contains(&name) {
                names.push(name);
            }
        }
        let hash = STANDARD.encode(digest(&SHA256, relaxed_body(body).as_bytes()));
        let begun = format!(
            "v=1; a={}; c=relaxed/relaxed; d={}; s={}; t={}; h={}; bh={hash}; b=",
            self.key.algorithm(),
            self.domain,
            self.selector,
            at.as_second(),
            names.join(":"),
        );
        signed += &format!("dkim-signature:{begun}");
        let signature = STANDARD.encode(self.key.sign(signed.as_bytes())?);
        Some(folded(&begun, &signature).into_bytes())
    }
}

/// Names in small letters, values relaxed (RFC 6376, section 3.4.2).
fn headers(head: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for line in head.split("\r\n") {
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = found.last_mut() {
                value.push_str(line);
            }
        } else if let Some((name, value)) = line.split_once(':') {
            found.push((name.trim_end().to_ascii_lowercase(), value.to_owned()));
        }
    }
    for (_, value) in &mut found {
        *value = squeezed(value).trim().to_owned();
    }
    found
}

/// Runs of spaces and tabs become one space.
fn squeezed(text: &str) -> String {
    let mut all = String::with_capacity(text.len());
    let mut space = false;
    for c in text.chars() {
        if matches!(c, ' ' | '\t') {
            space = true;
        } else {
            if space {
                all.push(' ');
            }
            space = false;
            all.push(c);
        }
    }
    if space {
        all.push(' ');
    }
    all
}

/// RFC 6376, section 3.4.4: no spaces at the ends of lines, one where there were several, no empty lines at
/// the end.
fn relaxed_body(body: &str) -> String {
    let lines = body.split("\r\n").map(|line| {
        let line = squeezed(line);
        line.trim_end_matches(' ').to_owned()
    });
    let mut lines: Vec<String> = lines.collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines.iter().map(|line| format!("{line}\r\n")).collect()
}

/// The header on lines that every server takes. Between tags a fold is a space, which stands there already; within the
/// list of names and the signature it counts for nothing (section 3.2).
fn folded(begun: &str, signature: &str) -> String {
    let mut text = String::from("DKIM-Signature:");
    let mut length = text.len();
    for word in begun.split(' ') {
        if length + 1 + word.len() > LINE && length > 1 {
            text.push_str("\r\n");
            length = 0;
        }
        text.push(' ');
        text.push_str(word);
        length += 1 + word.len();
    }
    for chunk in signature.as_bytes().chunks(LINE - 2) {
        text.push_str("\r\n ");
        text.push_str(&String::from_utf8_lossy(chunk));
    }
    text.push_str("\r\n");
    text
}
