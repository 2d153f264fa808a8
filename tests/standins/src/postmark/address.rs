//! Mail addresses, by the rules that Postmark publishes.

/// The addresses of a list; `None` where one of them is none.
pub(super) fn list(text: &str) -> Option<Vec<String>> {
    split(text).into_iter().map(one).collect()
}

/// Splits at commas that stand outside of quotes.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut begin) = (Vec::new(), 0);
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            ',' if !quoted => {
                parts.push(&text[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[begin..]);
    parts
}

/// The address of `name <address>`, or of `address`.
fn one(text: &str) -> Option<String> {
    let text = text.trim();
    let address = match text.strip_suffix('>') {
        None => text,
        Some(rest) => {
            let (name, address) = rest.rsplit_once('<')?;
            is_name(name.trim()).then_some(address)?
        }
    };
    let (mailbox, domain) = address.rsplit_once('@')?;
    (is_mailbox(mailbox) && is_domain(domain)).then(|| address.to_owned())
}

/// A name with punctuation needs quotes.
fn is_name(name: &str) -> bool {
    let quoted = name.len() >= 2 && name.starts_with('"') && name.ends_with('"');
    quoted || !name.contains(['"', ',', ';', ':', '<', '>', '@', '(', ')', '[', ']', '\\'])
}

fn is_mailbox(text: &str) -> bool {
    let others = b".!#$%&'`*+-/=^_{}|~";
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || others.contains(&b))
}

fn is_domain(text: &str) -> bool {
    let mut labels = text.split('.');
    text.contains('.')
        && labels.all(|label| {
            !label.is_empty()
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-')
        })
}

#[cfg(test)]
mod tests {
    use super::list;

    #[test]
    fn addresses_with_and_without_names() {
        let cases = [
            ("zoe@example.com", Some(vec!["zoe@example.com"])),
            ("Zoë <zoe@example.com>", Some(vec!["zoe@example.com"])),
            (
                "\"Doe, Jo\" <jo@example.com>, a@b.fr",
                Some(vec!["jo@example.com", "a@b.fr"]),
            ),
            ("Doe, Jo <jo@example.com>", None),
            ("zoe@example", None),
            ("zoe", None),
            ("<zoe@example.com", None),
            ("z oe@example.com", None),
            ("", None),
        ];
        for (text, addresses) in cases {
            let addresses = addresses.map(|a| a.into_iter().map(str::to_owned).collect());
            assert_eq!(list(text), addresses, "{text}");
        }
    }
}
