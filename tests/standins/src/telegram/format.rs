//! Texts with formatting: how many characters they show, or why they cannot be parsed.

const TAGS: [&str; 17] = [
    "b",
    "strong",
    "i",
    "em",
    "u",
    "ins",
    "s",
    "strike",
    "del",
    "span",
    "tg-spoiler",
    "a",
    "tg-emoji",
    "tg-time",
    "code",
    "pre",
    "blockquote",
];
/// What is to be escaped in `MarkdownV2` where it begins no entity.
const RESERVED: &str = ">#+-=|{}.!";

/// HTML of the few tags that there are, properly nested.
pub(super) fn html(text: &str) -> Result<usize, String> {
    let (mut rest, mut shown, mut open) = (text, 0, Vec::new());
    while let Some(at) = rest.find(['<', '&']) {
        shown += rest[..at].chars().count();
        let offset = text.len() - rest.len() + at;
        rest = &rest[at..];
        if rest.starts_with('&') {
            // What is no entity is shown as it is.
            let end = rest.find(';').filter(|end| is_entity(&rest[1..*end]));
            shown += 1;
            rest = &rest[end.map_or(1, |end| end + 1)..];
            continue;
        }
        let Some(end) = rest.find('>') else {
            return Err(format!("Unclosed start tag at byte offset {offset}"));
        };
        let tag = &rest[1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            match open.pop() {
                Some(last) if last == name => {}
                last => {
                    let last = last.unwrap_or_default();
                    return Err(format!(
                        "Unexpected end tag at byte offset {offset}: expected {last:?}"
                    ));
                }
            }
            continue;
        }
        let name = tag.split([' ', '\n']).next().unwrap_or_default();
        if !TAGS.contains(&name) {
            return Err(format!(
                "Unsupported start tag \"{name}\" at byte offset {offset}"
            ));
        }
        open.push(name);
    }
    match open.pop() {
        Some(name) => Err(format!(
            "Can't find end tag corresponding to start tag {name:?}"
        )),
        None => Ok(shown + rest.chars().count()),
    }
}

fn is_entity(name: &str) -> bool {
    let number = name.strip_prefix('#').map(|n| n.trim_start_matches('x'));
    matches!(name, "lt" | "gt" | "amp" | "quot")
        || number.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// `MarkdownV2`, of which the escapes are looked at alone: outside of code and of links' addresses,
/// reserved characters need a backslash, and marks come in pairs.
pub(super) fn markdown(text: &str) -> Result<usize, String> {
    let (mut shown, mut code, mut address) = (0, false, false);
    let mut marks = 0;
    let mut characters = text.chars().peekable();
    let mut last = '\n';
    while let Some(c) = characters.next() {
        match c {
            '\\' => {
                characters.next();
                shown += 1;
            }
            '`' => code = !code,
            ')' if address => address = false,
            _ if code || address => shown += usize::from(code),
            '(' if last == ']' => address = true,
            '*' | '_' | '~' => marks += 1,
            '[' | ']' => {}
            // The beginning of a quotation, of a spoiler, and of a custom emoji.
            '>' if last == '\n' => {}
            '|' if last == '|' || characters.peek() == Some(&'|') => {}
            '!' if characters.peek() == Some(&'[') => {}
            '(' | ')' => return Err(reserved(c)),
            c if RESERVED.contains(c) => return Err(reserved(c)),
            _ => shown += 1,
        }
        last = c;
    }
    match code || address || marks % 2 == 1 {
        true => Err("Can't find end of the entity".to_owned()),
        false => Ok(shown),
    }
}

fn reserved(c: char) -> String {
    format!("Character '{c}' is reserved and must be escaped with the preceding '\\'")
}

#[cfg(test)]
mod tests {
    use super::{html, markdown};

    #[test]
    fn html_of_few_tags() {
        let fine = [
            ("plain", 5),
            ("<b>été</b> &amp; <a href=\"https://x.example\">x</a>", 7),
            ("<pre><code class=\"language-rust\">x</code></pre>", 1),
            ("a & b &nbsp;", 12),
        ];
        for (text, shown) in fine {
            assert_eq!(html(text), Ok(shown), "{text}");
        }
        for wrong in [
            "<p>x</p>",
            "<b>x",
            "x</b>",
            "<b><i>x</b></i>",
            "1 < 2",
            "<br>",
        ] {
            assert!(html(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn markdown_with_its_escapes() {
        let fine = [
            ("plain", 5),
            ("*bold* _it_", 7),
            ("1\\.5 \\(x\\)", 7),
            ("`a.b`", 3),
            ("[x](https://x.example/a-b)", 1),
            (">quoted", 6),
            ("||x||", 1),
        ];
        for (text, shown) in fine {
            assert_eq!(markdown(text), Ok(shown), "{text}");
        }
        for wrong in [
            "1.5", "hello!", "a-b", "(x)", "*bold", "`code", "a > b", "a | b",
        ] {
            assert!(markdown(wrong).is_err(), "{wrong}");
        }
    }
}
