//! The words of the console, in English and French.
//!
//! Pages are written in English: `{{ frame.say("Customers") }}` in a template, `i18n::say("Customers")` in the code.
//! What stands there is also the name of the text; the French for it stands in `french/`, a file for each room of
//! the console. A test holds both against each other, so that no page is half translated.

mod french;
#[cfg(test)]
mod tests;

use std::fmt;

use askama::FastWritable;
use axum::{
    extract::Request,
    http::{HeaderValue, Method, Uri, header},
    middleware::Next,
    response::Response,
};
pub(crate) use journey::explain::Language;

use crate::console::words::When;

/// The cookie that keeps which language was chosen.
const COOKIE: &str = "parcours_lang";
/// For how long, in seconds: a year.
const KEPT: u32 = 365 * 24 * 60 * 60;

/// How a page was asked for.
struct Heard {
    language: Language,
    /// The query of its address.
    query: String,
}

tokio::task_local! {
    static HEARD: Heard;
}

/// The language of the page that is being made; English outside of a request.
pub(crate) fn language() -> Language {
    HEARD.try_with(|heard| heard.language).unwrap_or_default()
}

/// Leads to the page that is being made, in another language.
pub(crate) fn here_in(word: &str) -> String {
    let query = HEARD.try_with(|heard| heard.query.clone());
    let query = query.unwrap_or_default();
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    let others = pairs.filter(|(name, _)| name != "lang");
    let mut made = url::form_urlencoded::Serializer::for_suffix(String::from("?"), 1);
    made.extend_pairs(others).append_pair("lang", word);
    made.finish()
}

/// A text in the language of the page.
pub(crate) fn say(english: &'static str) -> &'static str {
    match language() {
        Language::English => english,
        Language::French => french::of(english).unwrap_or(english),
    }
}

/// A text with gaps, `{0}` being the first, in the language of the page. What stands in the gaps is not translated.
pub(crate) fn fill(english: &'static str, parts: &[&dyn fmt::Display]) -> String {
    let mut out = String::new();
    for (text, gap) in gaps(say(english)) {
        out.push_str(text);
        if let Some(part) = gap.and_then(|n| parts.get(n)) {
            out.push_str(&part.to_string());
        }
    }
    out
}

/// One of two texts by a number, which stands in the gap `{0}`: in French, none is like one.
pub(crate) fn count(n: u64, one: &'static str, many: &'static str) -> String {
    let single = match language() {
        Language::English => n == 1,
        Language::French => n <= 1,
    };
    let number = crate::console::words::number(n);
    fill(if single { one } else { many }, &[&number])
}

/// A text with moments in its gaps, as HTML.
pub(crate) fn timed(english: &'static str, moments: &[When]) -> Html {
    let mut out = String::new();
    for (text, gap) in gaps(say(english)) {
        out.push_str(&escaped(text));
        if let Some(moment) = gap.and_then(|n| moments.get(n)) {
            out.push_str(&moment.to_string());
        }
    }
    Html(out)
}

/// HTML that was made here of escaped parts.
pub(crate) struct Html(String);

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl askama::filters::HtmlSafe for Html {}

impl FastWritable for Html {
    fn write_into(
        &self,
        dest: &mut dyn fmt::Write,
        _values: &dyn askama::Values,
    ) -> askama::Result<()> {
        Ok(dest.write_str(&self.0)?)
    }
}

fn escaped(text: &str) -> String {
    askama::filters::escape(text, askama::filters::Html)
        .map(|text| text.to_string())
        .unwrap_or_default()
}

/// The text in pieces, each with the number of the gap behind it.
fn gaps(text: &str) -> impl Iterator<Item = (&str, Option<usize>)> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let whole = rest.take()?;
        let gap = whole.char_indices().find_map(|(at, c)| {
            let inside = whole[at..].strip_prefix('{').filter(|_| c == '{')?;
            let end = inside.find('}')?;
            let n: usize = inside[..end].parse().ok()?;
            Some((at, n, at + end + 2))
        });
        match gap {
            Some((at, n, after)) => {
                rest = Some(&whole[after..]);
                Some((&whole[..at], Some(n)))
            }
            None => Some((whole, None)),
        }
    })
}

/// Finds out which language a page is asked for in: `lang` in its address, what was chosen before, what the
/// browser likes best, else English. What stands in the address of a page is kept for the next.
pub(crate) async fn heard(mut request: Request, next: Next) -> Response {
    let asked = asked(request.uri().query().unwrap_or_default());
    let cookie = || {
        let cookies = request.headers().get_all(header::COOKIE).iter();
        cookies.filter_map(|v| v.to_str().ok()).find_map(chosen)
    };
    let accepted = || {
        let header = request.headers().get(header::ACCEPT_LANGUAGE)?;
        Language::accepted(header.to_str().ok()?)
    };
    let language = asked.or_else(cookie).or_else(accepted).unwrap_or_default();
    let is_page_asked = !request.uri().path().starts_with("/v1/");
    let keep = asked.filter(|_| request.method() == Method::GET && is_page_asked);
    let query = request.uri().query().unwrap_or_default().to_owned();
    if asked.is_some() && is_page_asked {
        // The language is heard: what reads the rest of the query need not know of it.
        if let Some(uri) = without_language(request.uri()) {
            *request.uri_mut() = uri;
        }
    }
    let heard = Heard { language, query };
    let mut response = HEARD.scope(heard, next.run(request)).await;
    if let Some(language) = keep.filter(|_| is_page(&response)) {
        let word = language.as_str();
        let cookie = format!("{COOKIE}={word}; Path=/; Max-Age={KEPT}; SameSite=Lax; HttpOnly");
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    response
}

fn is_page(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    kind.and_then(|v| v.to_str().ok())
        .is_some_and(|kind| kind.starts_with("text/html"))
}

/// The address without `lang`.
fn without_language(uri: &Uri) -> Option<Uri> {
    let pairs = uri.query()?.split('&');
    let others: Vec<&str> = pairs
        .filter(|pair| pair.split('=').next() != Some("lang"))
        .collect();
    let path = uri.path();
    let made = match others.is_empty() {
        true => path.to_owned(),
        false => format!("{path}?{}", others.join("&")),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(made.parse().ok()?);
    Uri::from_parts(parts).ok()
}

/// `lang` of a query.
fn asked(query: &str) -> Option<Language> {
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    let (_, word) = pairs.find(|(name, _)| name == "lang")?;
    Language::of(&word)
}

fn chosen(cookies: &str) -> Option<Language> {
    let mut cookies = cookies.split(';').filter_map(|c| c.trim().split_once('='));
    let (_, word) = cookies.find(|(name, _)| *name == COOKIE)?;
    Language::of(word)
}

/// What is made in a language, outside of a request.
pub(crate) fn within<T>(language: Language, make: impl FnOnce() -> T) -> T {
    let query = String::new();
    HEARD.sync_scope(Heard { language, query }, make)
}
