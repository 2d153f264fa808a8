//! What makes a mail tell what is done with it: links that lead past us, and a picture of one pixel.

use std::borrow::Cow;

/// The document with each link of `<a>` and `<area>` to `http` or `https` led elsewhere, where `past` says so. Everything else
/// stays as it is, byte for byte: links in style sheets and comments, for mail programs of one make, other schemes, anchors.
pub fn links(html: &str, mut past: impl FnMut(&str) -> Option<String>) -> String {
    let mut done = String::with_capacity(html.len() + html.len() / 4);
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        let (before, tag) = rest.split_at(start);
        done.push_str(before);
        let end = end_of(tag);
        let (tag, after) = tag.split_at(end);
        match href(tag) {
            Some(value) => {
                let url = unescaped(&tag[value.clone()]);
                let web = url.starts_with("https://") || url.starts_with("http://");
                match web.then(|| past(&url)).flatten() {
                    Some(other) => {
                        done.push_str(&tag[..value.start]);
                        done.push_str(&escaped(&other));
                        done.push_str(&tag[value.end..]);
                    }
                    None => done.push_str(tag),
                }
            }
            None => done.push_str(tag),
        }
        rest = after;
    }
    done.push_str(rest);
    done
}

/// The document with a picture at its end that nobody sees.
pub fn pixel(html: &str, url: &str) -> String {
    let at = html
        .to_ascii_lowercase()
        .rfind("</body")
        .unwrap_or(html.len());
    let url = escaped(url);
    let picture = format!(
        "<img src=\"{url}\" width=\"1\" height=\"1\" alt=\"\" style=\"display:block;border:0;width:1px;height:1px\">"
    );
    format!("{}{picture}{}", &html[..at], &html[at..])
}

/// Where the tag or comment ends that begins here: behind its `>`, which may stand in a quoted value before.
fn end_of(tag: &str) -> usize {
    if tag.starts_with("<!--") {
        return tag.find("-->").map_or(tag.len(), |end| end + 3);
    }
    let mut quote = None;
    for (at, c) in tag.char_indices() {
        match (quote, c) {
            (None, '>') => return at + 1,
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    tag.len()
}

/// Where the value of `href` stands in the tag of a link.
fn href(tag: &str) -> Option<std::ops::Range<usize>> {
    let name_end = tag[1..].find(|c: char| c.is_ascii_whitespace())? + 1;
    let name = &tag[1..name_end];
    if !(name.eq_ignore_ascii_case("a") || name.eq_ignore_ascii_case("area")) {
        return None;
    }
    let mut at = name_end;
    loop {
        at += tag[at..].find(|c: char| !c.is_ascii_whitespace() && c != '/')?;
        let rest = &tag[at..];
        let end = rest.find(|c: char| c.is_ascii_whitespace() || matches!(c, '=' | '>'))?;
        let is_href = rest[..end].eq_ignore_ascii_case("href");
        at += end;
        let gap = tag[at..].len() - tag[at..].trim_start().len();
        if !tag[at + gap..].starts_with('=') {
            if tag[at + gap..].starts_with('>') {
                return None;
            }
            at += gap;
            continue;
        }
        at += gap + 1;
        at += tag[at..].len() - tag[at..].trim_start().len();
        let rest = &tag[at..];
        let (start, length) = match rest.chars().next()? {
            quote @ ('"' | '\'') => (at + 1, rest[1..].find(quote)?),
            _ => (
                at,
                rest.find(|c: char| c.is_ascii_whitespace() || c == '>')?,
            ),
        };
        let value = start..start + length;
        if is_href {
            return Some(value);
        }
        at = value.end + usize::from(start > at);
    }
}

/// An attribute's value as it is meant; `&amp;` is the reference that addresses have.
fn unescaped(value: &str) -> Cow<'_, str> {
    let value = value.trim();
    if !value.contains('&') {
        return Cow::Borrowed(value);
    }
    let plain = value
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&#x27;", "'")
        .replace("&#x2f;", "/")
        .replace("&#x2F;", "/")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&");
    Cow::Owned(plain)
}

fn escaped(url: &str) -> String {
    url.replace('&', "&amp;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::{links, pixel};

    fn led(html: &str) -> (String, Vec<String>) {
        let mut met = Vec::new();
        let done = links(html, |url| {
            met.push(url.to_owned());
            (!url.contains("ours.example")).then(|| format!("https://t/?to={}&x", met.len()))
        });
        (done, met)
    }

    #[test]
    fn links_lead_past_us_and_nothing_else_changes() {
        for (html, expected, met) in [
            (
                "<p><a href=\"https://a.example/x?b=1&amp;c=2\" title=\"a > b\">go</a></p>",
                "<p><a href=\"https://t/?to=1&amp;x\" title=\"a > b\">go</a></p>",
                vec!["https://a.example/x?b=1&c=2"],
            ),
            (
                "<A class=x data-href='no' HREF = 'http://a.example' >go</A>",
                "<A class=x data-href='no' HREF = 'https://t/?to=1&amp;x' >go</A>",
                vec!["http://a.example"],
            ),
            (
                "<area shape=\"rect\" href=https://a.example/y>",
                "<area shape=\"rect\" href=https://t/?to=1&amp;x>",
                vec!["https://a.example/y"],
            ),
            (
                "<a href=\"https://ours.example/u/abc\">stop</a>",
                "<a href=\"https://ours.example/u/abc\">stop</a>",
                vec!["https://ours.example/u/abc"],
            ),
        ] {
            let (done, urls) = led(html);
            assert_eq!(done, expected);
            assert_eq!(urls, met);
        }
        for same in [
            "<a href=\"mailto:a@b.example\">m</a> <a href='#top'>t</a> <a name=x>n</a> <a>y</a>",
            "<!-- <a href=\"https://a.example\"> --> <link href=\"https://a.example/x.css\">",
            "a < b, 1 <2 <a href=\"https://broken",
            "<abbr href=\"https://a.example\">x</abbr><a href=\"\">e</a><a href>f</a><a/href>",
            "é<",
            "",
        ] {
            assert_eq!(led(same), (same.to_owned(), Vec::new()), "{same}");
        }
    }

    #[test]
    fn the_picture_is_the_last_of_the_body() {
        assert!(
            pixel("<BODY>x</BODY></html>", "https://t/o?a&b")
                .starts_with("<BODY>x<img src=\"https://t/o?a&amp;b\"")
        );
        assert!(pixel("plain", "https://t/o").starts_with("plain<img "));
    }
}
