//! The only addresses that messages go to, where things are tried out.

use std::collections::BTreeSet;

use journey::{message::Channel, suppression::normalised};

/// As written; nothing: anybody.
#[derive(Debug)]
pub(crate) struct OnlyTo(Vec<String>);

impl OnlyTo {
    pub(crate) fn new(addresses: &[String]) -> Self {
        let all = addresses.iter().map(|a| a.trim().to_owned());
        let all: BTreeSet<String> = all.filter(|a| !a.is_empty()).collect();
        Self(all.into_iter().collect())
    }

    /// Whether the address is one of them, spelt as people spell it on that channel.
    pub(crate) fn has(&self, channel: Channel, address: &str) -> bool {
        if self.0.is_empty() {
            return true;
        }
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

    use super::OnlyTo;

    #[test]
    fn only_what_is_named_is_written_to() {
        let named = [
            "@shop.example",
            " Ada@Example.com ",
            "+33 6 12 34 56 78",
            "telegram:42",
        ];
        let only = OnlyTo::new(&named.map(str::to_owned));
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
        assert!(OnlyTo::new(&[]).has(Sms, "anybody"));
        assert!(OnlyTo::new(&[" ".to_owned()]).has(Sms, "anybody"));
    }
}
