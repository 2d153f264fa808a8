//! Providers' words, made fit to be kept: one short line without addresses.

/// The longest detail, in characters.
const MOST: usize = 300;

/// `words` on one line, cut, with `to` and whatever looks like a mail address taken out.
pub(crate) fn clean(words: &str, to: &str) -> String {
    let words = match to {
        "" => words.to_owned(),
        to => words.replace(to, "[address]"),
    };
    let mut line = String::new();
    for word in words.split(|c: char| c.is_whitespace() || c.is_control()) {
        if word.is_empty() {
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(if word.contains('@') {
            "[address]"
        } else {
            word
        });
        if line.len() > MOST {
            break;
        }
    }
    match line.char_indices().nth(MOST) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn no_address_is_kept() {
        let words = "5.1.1 <Ada@Example.com>:\r\n +33612345678 is unknown";
        assert_eq!(
            clean(words, "+33612345678"),
            "5.1.1 [address] [address] is unknown"
        );
        assert_eq!(clean(&"é".repeat(9_000), "").chars().count(), 301);
    }
}
