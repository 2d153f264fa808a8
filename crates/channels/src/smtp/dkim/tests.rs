//! Signatures, looked at by somebody else's verifier: dkimpy (`python3-dkim` of Debian).

use std::{path::Path, process::Command};

use journey::{content::Content, message::Channel};

use super::{Dkim, DkimSettings, relaxed_body, squeezed};
use crate::{
    mail::Sender,
    smtp::mail::compose,
    testing::{Scratch, at, mail, outgoing},
};

/// Verifies every signature of the mail in a file against the records of another; prints one word for each.
const VERIFIER: &str = "
import sys, dkim
records = dict(line.rstrip().split(' ', 1) for line in open(sys.argv[2]))
def dns(name, timeout=5):
    return records[name.decode().split('.')[0]].encode()
mail = open(sys.argv[1], 'rb').read()
count = mail.split(b'\\r\\n\\r\\n')[0].count(b'DKIM-Signature:')
def verify(n):
    try:
        return dkim.DKIM(mail).verify(idx=n, dnsfunc=dns)
    except dkim.ValidationError:
        return False
print(*['pass' if verify(n) else 'fail' for n in range(count)])
";

fn fixture(name: &str) -> std::path::PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixtures")).join(name)
}

fn dkim(selector: &str, key: &str) -> Dkim {
    Dkim::new(&DkimSettings {
        domain: "shop.example".to_owned(),
        selector: selector.to_owned(),
        key_file: fixture(key),
    })
    .unwrap()
}

/// What the verifier says of a mail; `None` where there is none.
fn verified(mail: &[u8]) -> Option<String> {
    let scratch = Scratch::new();
    let file = scratch.path().join("mail.eml");
    std::fs::write(&file, mail).unwrap();
    // Debian's own, where another is the first in PATH.
    let python = ["python3", "/usr/bin/python3"].into_iter().find(|python| {
        let there = Command::new(python)
            .args(["-c", "import dkim, nacl"])
            .output();
        there.is_ok_and(|there| there.status.success())
    })?;
    let ran = Command::new(python)
        .args(["-c", VERIFIER])
        .arg(&file)
        .arg(fixture("dkim.txt"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).trim().to_owned();
    assert!(
        ran.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    Some(said)
}

fn composed(content: &Content) -> Vec<u8> {
    let mut message = outgoing(1, Channel::Email, "ada@example.com", content);
    message.unsubscribe_url = Some("https://shop.example/u/abc");
    let sender = Sender::new("Boutique Zoë <news@shop.example>", None, None).unwrap();
    compose(&sender, &message).unwrap().formatted()
}

#[expect(clippy::print_stderr, reason = "whoever runs the tests must see it")]
fn skipped() {
    eprintln!("SKIPPED: there is no python3 with the package dkim");
}

#[test]
fn somebody_elses_verifier_believes_every_signature_and_no_changed_mail() {
    let both = [dkim("rsa", "dkim-rsa.key"), dkim("ed", "dkim-ed25519.key")];
    for content in [mail(), odd()] {
        let plain = composed(&content);
        let mut signed = Vec::new();
        for dkim in &both {
            signed.extend(dkim.header(&plain, at("2026-03-14T09:26:53Z")).unwrap());
        }
        let head = String::from_utf8_lossy(&signed).into_owned();
        assert!(head.lines().all(|line| line.len() < 300), "{head}");
        signed.extend(&plain);
        let Some(said) = verified(&signed) else {
            return skipped();
        };
        assert_eq!(said, "pass pass");
        let text = String::from_utf8(signed.clone()).unwrap();
        for (from, to) in [
            ("To: ada@", "To: bob@"),
            ("abc>", "abd>"),
            ("\r\n\r\n", "\r\nSubject: another\r\n\r\n"),
            ("\r\n--", "\r\nx--"),
        ] {
            assert!(text.contains(from), "{from}");
            let changed = text.replacen(from, to, 1);
            let said = verified(changed.as_bytes()).unwrap();
            assert_eq!(said, "fail fail", "{from}");
        }
    }
}

/// Spaces, empty lines and long words where canonicalisation has something to do.
fn odd() -> Content {
    Content::Email {
        subject: "a  b\tc".into(),
        preheader: String::new(),
        html: "<p>a   b </p>\r\n\r\n\t\r\n".into(),
        text: "x \t y  \r\n \r\n\r\n\r\n".into(),
        files: Vec::new(),
    }
}

#[test]
fn what_is_signed_is_relaxed_as_the_rfc_says() {
    // RFC 6376, section 3.4.5, and what the sections before it say of empty bodies.
    assert_eq!(relaxed_body(" C \r\nD \t E\r\n\r\n\r\n"), " C\r\nD E\r\n");
    assert_eq!(relaxed_body(""), "");
    assert_eq!(relaxed_body("\r\n\r\n"), "");
    assert_eq!(relaxed_body("no end"), "no end\r\n");
    assert_eq!(squeezed("Y\t   Z  "), "Y Z ");
}

#[test]
fn a_key_that_cannot_sign_is_refused_at_the_start() {
    let refused = |domain: &str, key: &str| {
        let settings = DkimSettings {
            domain: domain.to_owned(),
            selector: "a".to_owned(),
            key_file: fixture(key),
        };
        Dkim::new(&settings).unwrap_err().1
    };
    let said = refused("shop.example", "nowhere.key");
    assert!(
        said.starts_with("has a key_file that cannot be read: "),
        "{said}"
    );
    let said = refused("shop.example", "ca.pem");
    assert!(
        said.starts_with("has a key_file that holds no key"),
        "{said}"
    );
    assert_eq!(
        refused("sh op", "dkim-rsa.key"),
        "has a domain that is none: `sh op`"
    );
}
