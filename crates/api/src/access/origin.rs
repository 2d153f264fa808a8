//! Where a request comes from, where a sign-in leads, and the cookie.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use url::Url;

/// Where it is served over https, the browser holds the cookie to this host and to https.
const SECURE: &str = "__Host-parcours";
const PLAIN: &str = "parcours";
/// The same of the cookie that somebody has who is on their way to sign in elsewhere.
const WAY: [&str; 2] = ["parcours_way", "__Host-parcours_way"];
/// The longest address that a sign-in leads back to.
const LONGEST: usize = 500;
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const FORWARDED: HeaderName = HeaderName::from_static("x-forwarded-proto");

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// Whether a page of ours has sent it, or a person by hand, as far as the browser says. One that does not say is not
/// believed.
pub(super) fn is_own(headers: &HeaderMap) -> bool {
    if let Some(site) = text(headers, FETCH_SITE) {
        return matches!(site, "same-origin" | "none");
    }
    let (Some(origin), Some(host)) = (text(headers, header::ORIGIN), text(headers, header::HOST))
    else {
        return false;
    };
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    authority.is_some_and(|a| a.eq_ignore_ascii_case(host))
}

/// Whether the browser sees https, also where a proxy ends it.
pub(super) fn is_https(headers: &HeaderMap) -> bool {
    text(headers, header::ORIGIN).is_some_and(|o| o.starts_with("https://"))
        || text(headers, FORWARDED).is_some_and(|p| p.eq_ignore_ascii_case("https"))
}

/// An address of ours to go to, or the first page.
pub(super) fn inside(to: &str) -> &str {
    let plain = to.len() <= LONGEST && to.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    let stays = || {
        let base = Url::parse("http://here.invalid/").ok()?;
        let joined = base.join(to).ok()?;
        Some(joined.origin() == base.origin())
    };
    let ours = plain && to.starts_with('/') && !to.starts_with("//") && stays() == Some(true);
    if ours { to } else { "/" }
}

/// The token of the session's cookie.
pub(super) fn token(headers: &HeaderMap) -> Option<&str> {
    named(headers, SECURE).or_else(|| named(headers, PLAIN))
}

fn named<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let all = headers.get_all(header::COOKIE).iter();
    let pairs = all
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(';'));
    pairs
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(n, value)| (n == name).then_some(value))
}

/// Sets the cookie, for that long; none at all takes it away.
pub(super) fn cookie(https: bool, token: &str, life: Duration) -> Option<HeaderValue> {
    set([PLAIN, SECURE], https, token, life)
}

/// What somebody set out with who is on their way to sign in elsewhere. Over https, no other host can have put it there.
pub(super) fn way(https: bool, headers: &HeaderMap) -> Option<&str> {
    named(headers, WAY[usize::from(https)])
}

/// Sets that, as [`cookie`].
pub(super) fn on_the_way(https: bool, way: &str, life: Duration) -> Option<HeaderValue> {
    set(WAY, https, way, life)
}

fn set(names: [&str; 2], https: bool, value: &str, life: Duration) -> Option<HeaderValue> {
    let name = names[usize::from(https)];
    let secure = if https { "; Secure" } else { "" };
    let seconds = life.as_secs();
    let cookie =
        format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&cookie).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn nothing_leads_out() {
        for out in [
            "https://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "javascript:alert(1)",
            "evil.example",
            "",
            "/%0d%0a\r\nLocation: x",
        ] {
            assert_eq!(inside(out), "/", "{out:?}");
        }
        assert_eq!(inside("/customers/ana?lang=fr"), "/customers/ana?lang=fr");
        assert_eq!(inside(&"/a".repeat(400)), "/");
    }

    #[test]
    fn who_does_not_say_where_from_is_not_believed() {
        let own = |pairs: &[(&'static str, &'static str)]| is_own(&headers(pairs));
        assert!(own(&[("sec-fetch-site", "same-origin")]));
        assert!(own(&[
            ("origin", "https://crm.shop.example"),
            ("host", "crm.shop.example")
        ]));
        assert!(own(&[
            ("origin", "http://127.0.0.1:8080"),
            ("host", "127.0.0.1:8080")
        ]));
        for other in [
            &[][..],
            &[("sec-fetch-site", "cross-site")],
            &[
                ("sec-fetch-site", "same-site"),
                ("origin", "http://a.example"),
                ("host", "a.example"),
            ],
            &[("origin", "null"), ("host", "null")],
            &[
                ("origin", "https://evil.example"),
                ("host", "crm.shop.example"),
            ],
            &[
                ("origin", "http://127.0.0.1:8081"),
                ("host", "127.0.0.1:8080"),
            ],
        ] {
            assert!(!own(other), "{other:?}");
        }
    }

    #[test]
    fn the_cookie_of_https_goes_first() {
        let both = headers(&[("cookie", "a=1; parcours=plain; __Host-parcours=secure")]);
        assert_eq!(token(&both), Some("secure"));
        let https = is_https(&headers(&[("origin", "https://a.example")]));
        let set = cookie(https, "t", Duration::from_secs(5)).unwrap();
        assert_eq!(
            set,
            "__Host-parcours=t; Path=/; Max-Age=5; HttpOnly; SameSite=Lax; Secure"
        );
    }
}
