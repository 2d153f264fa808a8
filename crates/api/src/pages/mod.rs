//! Pages of customers: to unsubscribe, to choose what to receive, to confirm, to have their data, to get notifications.
//! Each is reached by a signed link and by nothing else, works without a script (but for notifications, which browsers give
//! to scripts alone), sets no cookie, and tells nobody who has no link whether a customer exists.

mod choices;
mod confirm;
mod followed;
pub(crate) mod given;
mod mail;
mod preferences;
mod push;
mod rights;
mod say;
mod unsubscribe;
mod words;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    sync::Arc,
};

use askama::Template;
use axum::{
    Router,
    body::Body,
    extract::State as Shared,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware,
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use journey::{
    links::{Key, Link},
    message::Channel,
    policies::Policies,
    value::Value,
};
use store::read::CustomerView;

use self::words::{Language, Words};
use crate::{Accept, State, request};

/// The most bytes of a form.
const FORM: usize = 16 << 10;

const STYLE: &str = include_str!("../../static/pages.css");

/// The purposes that each trait is read for.
pub type Uses = BTreeMap<Arc<str>, BTreeSet<Arc<str>>>;

/// What the pages of customers need.
#[derive(Clone)]
pub struct Pages {
    /// What links are signed with.
    pub key: Key,
    /// Takes what customers say. When it answers, it is decided: a message that was queued before
    /// does not go any more.
    pub turn: Arc<dyn Accept>,
    /// The policies in force.
    pub policies: Arc<dyn Fn() -> Policies + Send + Sync>,
    /// For which purposes each trait is read.
    pub uses: Arc<dyn Fn() -> Uses + Send + Sync>,
    /// What browsers subscribe with for push notifications; `None` where no provider of Web Push is set up.
    pub browsers: Option<channels::Browsers>,
    /// Whose pages they are, and how they look.
    pub look: Look,
}

/// Whose pages they are, and how they look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// What the sender is called.
    pub name: String,
    /// The colour of buttons and marks, `#rrggbb`; white on it must be readable.
    pub accent: String,
    /// Where a picture of at most 48 pixels in height is, instead of the name.
    pub logo: Option<String>,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            name: "Parcours".into(),
            accent: "#0f6b3c".into(),
            logo: None,
        }
    }
}

impl Look {
    /// The contrast of white text on the accent, from 1 to 21; `None`: the accent is no colour. WCAG
    /// 2.2, 1.4.3, asks for 4.5.
    pub fn contrast(&self) -> Option<f64> {
        let digits = self.accent.strip_prefix('#').filter(|d| d.len() == 6)?;
        let part = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
        let linear = |part: u8| {
            let c = f64::from(part) / 255.0;
            if c <= 0.04045 {
                c / 12.92
            } else {
                ((c + 0.055) / 1.055).powf(2.4)
            }
        };
        let (r, g, b) = (linear(part(0)?), linear(part(2)?), linear(part(4)?));
        Some(1.05 / (0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05))
    }
}

pub(crate) fn routes() -> Router<State> {
    Router::new()
        .route("/u/{word}", get(unsubscribe::ask).post(unsubscribe::submit))
        .route(
            "/p/{word}",
            get(preferences::show).post(preferences::submit),
        )
        .route("/p/{word}/data", get(rights::data))
        .route("/e/{word}", get(rights::ask).post(rights::submit))
        .route("/c/{word}", get(confirm::ask).post(confirm::submit))
        .route("/l/{word}", get(followed::link))
        .route("/s/{code}", get(followed::short))
        .route("/o/{word}", get(followed::picture))
        .route("/push/{word}", get(push::show).post(push::submit))
        .route("/push/worker.js", get(push::worker))
        .route("/push/subscribe.js", get(push::subscribe))
        .route("/push/page.js", get(push::page_script))
        .route("/pages.css", get(style))
        .layer(middleware::map_response(unlisted))
        .route("/v1/unsubscribe/mail", post(mail::submit))
}

/// What the shop's own servers ask for, beside intake.
pub(crate) fn given_routes() -> Router<State> {
    Router::new().route("/v1/customers/{key}/links", get(given::links))
}

/// One who has followed a link.
struct Guest {
    pages: Pages,
    policies: Policies,
    link: Link,
    customer: CustomerView,
    words: &'static Words,
}

impl Guest {
    /// The customer's address on a channel, with all but its ends hidden: whoever was forwarded the
    /// link need not read it.
    fn address(&self, channel: Channel) -> Option<String> {
        let customer = journey::customer::Customer {
            traits: self.customer.row.traits.clone(),
            ..journey::customer::Customer::new(&self.customer.row.key)
        };
        let address = customer.address(channel)?;
        Some(hidden(address.as_text()?))
    }

    fn frame(&self) -> Frame<'_> {
        Frame {
            words: self.words,
            look: &self.pages.look,
        }
    }
}

/// `l…@example.com`, `…81`.
pub(crate) fn hidden(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((name, domain)) => {
            let first = name.chars().next().map(String::from).unwrap_or_default();
            format!("{first}…@{domain}")
        }
        None => {
            let letters = address.chars().count();
            let end: String = address.chars().skip(letters.saturating_sub(2)).collect();
            format!("…{end}")
        }
    }
}

/// What surrounds every page.
struct Frame<'g> {
    words: &'static Words,
    look: &'g Look,
}

/// A page that says one thing.
#[derive(Template)]
#[template(path = "pages/told.html")]
struct Told<'g> {
    frame: Frame<'g>,
    title: String,
    text: String,
    /// Where to go from here, and what that is called.
    next: Option<(String, &'static str)>,
}

/// Why a page is not shown.
enum Gone {
    /// No link of ours, too old, or of somebody who is not known any more: all look the same.
    Link,
    /// What was sent makes no sense.
    Wrong,
    /// Nothing can be read or taken right now.
    Busy,
}

impl From<store::read::ReadError> for Gone {
    fn from(error: store::read::ReadError) -> Self {
        tracing::error!(%error, "a customer's page could not be read");
        Self::Busy
    }
}

impl From<askama::Error> for Gone {
    fn from(error: askama::Error) -> Self {
        tracing::error!(%error, "a customer's page could not be rendered");
        Self::Busy
    }
}

type Page = Result<Response, Gone>;

/// Answers with the page, or says why there is none.
fn answered(state: &State, headers: &HeaderMap, page: Page) -> Response {
    let gone = match page {
        Ok(response) => return response,
        Err(gone) => gone,
    };
    let words = Language::asked(headers).words();
    let (status, title, text) = match gone {
        Gone::Link => (StatusCode::NOT_FOUND, words.gone, words.gone_text),
        Gone::Wrong => (StatusCode::BAD_REQUEST, words.wrong, words.wrong_text),
        Gone::Busy => (StatusCode::SERVICE_UNAVAILABLE, words.busy, words.busy_text),
    };
    let look = state
        .pages
        .as_ref()
        .map_or_else(Look::default, |p| p.look.clone());
    let told = Told {
        frame: Frame { words, look: &look },
        title: title.to_owned(),
        text: text.to_owned(),
        next: None,
    };
    match told.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(_) => (status, title).into_response(),
    }
}

fn html(page: &impl Template) -> Page {
    Ok(Html(page.render()?).into_response())
}

/// Follows a link. The signature is looked at before anything else is.
async fn guest(state: &State, word: &str, headers: &HeaderMap) -> Result<Guest, Gone> {
    let pages = state.pages.clone().ok_or(Gone::Link)?;
    let link = pages.key.read(word, state.now()).map_err(|_| Gone::Link)?;
    let id = link.customer.to_string();
    let customer = state.reader.customer(&id).await?.ok_or(Gone::Link)?;
    // The same id as somebody's key would be another customer.
    if customer.row.id != link.customer {
        return Err(Gone::Link);
    }
    let customer = who_stays(state, customer).await?;
    let policies = (pages.policies)();
    let locale = customer.row.traits.get("locale").and_then(Value::as_text);
    let language = locale
        .and_then(Language::of)
        .or_else(|| Language::accepted(headers))
        .or_else(|| Language::of(&policies.defaults.locale))
        .unwrap_or_default();
    Ok(Guest {
        pages,
        policies,
        link,
        customer,
        words: language.words(),
    })
}

/// A link of somebody who was merged shows, and changes, what holds for whom they turned out to be.
async fn who_stays(state: &State, customer: CustomerView) -> Result<CustomerView, Gone> {
    if customer.ledger.merged_into.is_none() {
        return Ok(customer);
    }
    let id = state.reader.stays(customer.row.id).await?;
    let found = state.reader.customer(&id.to_string()).await?;
    // Whoever is not there yet will be told by the one who was merged.
    Ok(found.filter(|found| found.row.id == id).unwrap_or(customer))
}

/// The fields of a form, in their order.
async fn form(headers: &HeaderMap, body: Body) -> Result<Vec<(String, String)>, Gone> {
    let bytes = request::bytes(headers, body, FORM)
        .await
        .map_err(|_| Gone::Wrong)?;
    Ok(url::form_urlencoded::parse(&bytes).into_owned().collect())
}

/// Takes a form only with its button's `sure=yes`: nothing that cannot be undone is done by a bare POST.
async fn agreed(headers: &HeaderMap, body: Body) -> Result<(), Gone> {
    let fields = form(headers, body).await?;
    let sure = fields
        .iter()
        .any(|(name, value)| name == "sure" && value == "yes");
    if sure { Ok(()) } else { Err(Gone::Wrong) }
}

/// Any other address.
pub(crate) async fn nothing(Shared(state): Shared<State>, headers: HeaderMap) -> Response {
    answered(&state, &headers, Err(Gone::Link))
}

async fn style(Shared(state): Shared<State>) -> Response {
    let accent = state
        .pages
        .map_or_else(|| Look::default().accent, |p| p.look.accent);
    let mut sheet = format!(":root {{ --accent: {accent}; }}\n");
    // Writing into a string cannot fail.
    let _ = sheet.write_str(STYLE);
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], sheet).into_response()
}

/// No search engine keeps them, and a picture may come from the shop.
async fn unlisted(mut response: Response) -> Response {
    const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' https: data:; \
        form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    let headers = response.headers_mut();
    headers.insert(
        "x-robots-tag",
        HeaderValue::from_static("noindex, nofollow"),
    );
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(POLICY));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_hidden_but_for_its_ends() {
        for (address, shown) in [
            ("lea.morel@example.com", "l…@example.com"),
            ("@example.com", "…@example.com"),
            ("+33639980181", "…81"),
            ("é", "…é"),
            ("", "…"),
        ] {
            assert_eq!(hidden(address), shown);
        }
    }

    #[test]
    fn white_on_the_accent_can_be_measured() {
        let on = |accent: &str| {
            let accent = accent.to_owned();
            Look {
                accent,
                ..Look::default()
            }
            .contrast()
        };
        let close = |found: Option<f64>, wanted: f64| (found.unwrap() - wanted).abs() < 0.01;
        assert!(close(on("#000000"), 21.0));
        assert!(close(on("#ffffff"), 1.0));
        assert!(close(on("#767676"), 4.54));
        for wrong in ["", "#fff", "red", "#gggggg", "#ééé"] {
            assert_eq!(on(wrong), None, "{wrong}");
        }
        assert!(Look::default().contrast().unwrap() >= 4.5);
    }
}
