//! A few addresses: the only ones that messages go to, where things are tried out, or that tests may go to.

use std::collections::BTreeSet;

use journey::{message::Channel, suppression::normalised};

/// As written.
#[derive(Debug)]
pub(crate) struct Few(Vec<String>);

impl Few {
    pub(crate) fn new(addresses: &[String]) -> Self {
        let all = addresses.iter().map(|a| a.trim().to_owned());
        let all: BTreeSet<String> = all.filter(|a| !a.is_empty()).collect();
        Self(all.into_iter().collect())
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the address is one of them, spelt as people spell it on that channel.
    pub(crate) fn has(&self, channel: Channel, address: &str) -> bool {
        let address = normalised(channel, address);
        self.0.iter().any(|known| {
            let known = normalised(channel, known);
            match known.strip_prefix('@') {
                Some(domain) if channel == Channel::Email => {
                    address.rsplit_once('@').is_some_and(|(_, of)| of == domain)
                }
                _ => known == address,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use journey::message::Channel::{Chat, Email, Sms};

    use super::Few;

    #[test]
    fn only_what_is_named_is_written_to() {
        let named = [
            "@shop.example",
            " Ada@Example.com ",
            "+33 6 12 34 56 78",
            "telegram:42",
        ];
        let only = Few::new(&named.map(str::to_owned));
        for (channel, address, goes) in [
            (Email, "Bo@Shop.Example", true),
            (Email, "bo@sub.shop.example", false),
            (Email, "bo@notshop.example", false),
            (Email, "ada@example.com", true),
            (Email, "ada@example.com.evil.example", false),
            (Sms, "+33612345678", true),
            (Sms, "+33612345679", false),
            (Chat, "telegram:42", true),
            (Chat, "42", false),
        ] {
            assert_eq!(only.has(channel, address), goes, "{address}");
        }
        for none in [&[][..], &[" ".to_owned()]] {
            let none = Few::new(none);
            assert!(none.is_empty() && !none.has(Sms, "anybody"));
        }
    }
}
