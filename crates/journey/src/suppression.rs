//! Addresses that must not be written to, known by a keyed hash and not by themselves: a list of them
//! tells nobody whose they are who does not have the secret.

use std::collections::BTreeSet;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::{
    message::Channel,
    value::{Map, Value},
};

/// The traits that hold addresses.
const TRAITS: [(&str, Channel); 5] = [
    ("email", Channel::Email),
    ("phone", Channel::Sms),
    ("push_token", Channel::Push),
    ("push_tokens", Channel::Push),
    ("chat_id", Channel::Chat),
];

/// Every address that these traits hold: also those of a list that no message would go to.
pub fn addresses(traits: &Map) -> BTreeSet<(Channel, String)> {
    let held = TRAITS
        .iter()
        .filter_map(|(name, channel)| Some((*channel, traits.get(*name)?)));
    held.flat_map(|(channel, value)| {
        let all = match value {
            Value::List(list) => &list[..],
            one => std::slice::from_ref(one),
        };
        let texts = all.iter().filter_map(Value::as_text);
        texts.map(move |text| (channel, text.to_owned()))
    })
    .filter(|(_, address)| !address.trim().is_empty())
    .collect()
}

/// HMAC-SHA-256 under `secret` over the channel and the [`normalised`] address. The same address of two
/// channels gives two hashes.
pub fn address_hash(secret: &[u8], channel: Channel, address: &str) -> [u8; 32] {
    keyed(secret, channel.as_str(), &normalised(channel, address))
}

/// SHA-256 of the [`normalised`] address: what suppression lists are exchanged in. Whoever knows an address
/// can look it up, and nobody can read a list.
pub fn plain_hash(channel: Channel, address: &str) -> [u8; 32] {
    <Sha256 as sha2::Digest>::digest(normalised(channel, address)).into()
}

/// Names of mailboxes that belong to a function and not to a person (RFC 2142), and those that nobody reads.
const ROLES: [&str; 20] = [
    "abuse",
    "admin",
    "billing",
    "contact",
    "ftp",
    "hostmaster",
    "info",
    "mailer-daemon",
    "marketing",
    "news",
    "no-reply",
    "noc",
    "noreply",
    "postmaster",
    "root",
    "sales",
    "security",
    "support",
    "usenet",
    "webmaster",
];

/// Whether a mail address is a role's: `info@`, `postmaster@`, also with a `+tag`.
pub fn is_role(address: &str) -> bool {
    let address = normalised(Channel::Email, address);
    let name = address.split('@').next().unwrap_or_default();
    let name = name.split('+').next().unwrap_or_default();
    ROLES.contains(&name)
}

/// HMAC-SHA-256 under `secret` over the key by which producers call a customer, as it is.
pub fn key_hash(secret: &[u8], key: &str) -> [u8; 32] {
    keyed(secret, "key", key)
}

/// An address in the form in which two that reach the same person are equal: e-mail without spaces around
/// it and in lower case; a telephone number as its digits, behind a leading `+` if there is one; anything
/// else without spaces around it.
pub fn normalised(channel: Channel, address: &str) -> String {
    let address = address.trim();
    match channel {
        Channel::Email => address.to_lowercase(),
        Channel::Sms => {
            let plus = if address.starts_with('+') { "+" } else { "" };
            let digits = address.chars().filter(|c| c.is_alphanumeric());
            plus.chars().chain(digits).collect()
        }
        Channel::Push | Channel::Chat => address.to_owned(),
    }
}

fn keyed(secret: &[u8], kind: &str, text: &str) -> [u8; 32] {
    // The key is hashed to one block first: HMAC's own constructor for keys of one block cannot fail.
    let mut block = hmac::digest::Key::<Hmac<Sha256>>::default();
    let short = <Sha256 as sha2::Digest>::digest(secret);
    block[..short.len()].copy_from_slice(&short);
    let mut mac = Hmac::<Sha256>::new(&block);
    mac.update(kind.as_bytes());
    mac.update(&[0]);
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::{address_hash, addresses, key_hash, normalised};
    use crate::{message::Channel, value::Value};

    const SECRET: &[u8] = b"a secret of the shop, long enough";

    #[test]
    fn one_person_written_in_two_ways_has_one_hash() {
        for (channel, one, other) in [
            (
                Channel::Email,
                "Ana.Lima@Shop.example ",
                "ana.lima@shop.example",
            ),
            (Channel::Sms, "+33 6 12-34-56.78", "+33612345678"),
            (Channel::Sms, "(06) 12 34 56 78", "0612345678"),
            (Channel::Push, " token ", "token"),
        ] {
            let hash = |address| address_hash(SECRET, channel, address);
            assert_eq!(hash(one), hash(other), "{one}");
        }
    }

    #[test]
    fn what_differs_has_another_hash() {
        let email = address_hash(SECRET, Channel::Email, "ana@shop.example");
        assert_ne!(
            email,
            address_hash(SECRET, Channel::Chat, "ana@shop.example")
        );
        assert_ne!(
            email,
            address_hash(SECRET, Channel::Email, "ann@shop.example")
        );
        assert_ne!(
            email,
            address_hash(b"another", Channel::Email, "ana@shop.example")
        );
        assert_ne!(email, key_hash(SECRET, "ana@shop.example"));
        assert_ne!(
            address_hash(SECRET, Channel::Sms, "+33612345678"),
            address_hash(SECRET, Channel::Sms, "33612345678"),
            "with and without the plus are two numbers"
        );
        assert_ne!(
            address_hash(SECRET, Channel::Push, "Token"),
            address_hash(SECRET, Channel::Push, "token"),
            "tokens know upper and lower case"
        );
    }

    #[test]
    fn every_address_of_every_channel_is_found() {
        let traits = serde_json::json!({
            "email": "a@x.de", "phone": " ", "push_token": "p", "push_tokens": ["q", 7, "r"], "name": "Ana"
        });
        let traits = Value::from(traits).as_map().cloned().unwrap_or_default();
        let found: Vec<_> = addresses(&traits).into_iter().map(|a| a.1).collect();
        assert_eq!(found, ["a@x.de", "p", "q", "r"]);
    }

    #[test]
    fn every_address_has_a_form() {
        assert_eq!(normalised(Channel::Sms, "++33+6"), "+336");
        assert_eq!(normalised(Channel::Sms, " - "), "");
        assert_eq!(normalised(Channel::Email, " ÄNA@X.DE"), "äna@x.de");
        assert_ne!(
            address_hash(b"", Channel::Sms, ""),
            [0; 32],
            "an empty secret is one"
        );
    }
}
