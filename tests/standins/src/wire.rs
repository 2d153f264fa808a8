//! Requests and answers, and the small change of HTTP that several providers share.

use std::sync::Arc;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use bytes::Bytes;
use http_body_util::Full;
use hyper::{HeaderMap, Method, Response, Version};
use ring::rand::{SecureRandom, SystemRandom};
use serde_json::Value as Json;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path, as it was sent.
    pub path: String,
    /// What follows the question mark.
    pub query: Option<String>,
    /// The version of HTTP.
    pub version: Version,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// Scheme, host and port of the stand-in.
    pub origin: Arc<str>,
}

impl Request {
    /// A header's value; `None` as well where it is no text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as JSON; `null` where it is none.
    pub fn json(&self) -> Json {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The body as a form's fields.
    pub fn form(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(&self.body).into_owned().collect()
    }

    /// What kind of body it is said to be, without its parameters.
    pub(crate) fn content_type(&self) -> &str {
        let whole = self.header("content-type").unwrap_or_default();
        whole.split(';').next().unwrap_or_default().trim()
    }

    /// What follows the scheme in `Authorization`.
    pub(crate) fn authorization(&self, scheme: &str) -> Option<&str> {
        let (said, rest) = self.header("authorization")?.split_once(' ')?;
        said.eq_ignore_ascii_case(scheme).then(|| rest.trim())
    }

    /// User and password of HTTP Basic.
    pub(crate) fn basic(&self) -> Option<(String, String)> {
        let decoded = STANDARD.decode(self.authorization("basic")?).ok()?;
        let text = String::from_utf8(decoded).ok()?;
        let (user, password) = text.split_once(':')?;
        Some((user.to_owned(), password.to_owned()))
    }

    /// The body's JSON object, or what is wrong with it.
    pub(crate) fn object(&self) -> Result<Json, String> {
        if self.content_type() != "application/json" {
            return Err(format!("has the content type {:?}", self.content_type()));
        }
        match serde_json::from_slice(&self.body) {
            Ok(json @ Json::Object(_)) => Ok(json),
            Ok(_) => Err("is no JSON object".to_owned()),
            Err(error) => Err(format!("is no JSON: {error}")),
        }
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// An answer without a body.
    pub fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// An answer of JSON.
    pub fn json(status: u16, body: &Json) -> Self {
        let mut reply = Self::empty(status).header("content-type", "application/json");
        reply.body = body.to_string().into_bytes();
        reply
    }

    /// The same with one more header, in place of one of that name.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(n, _)| *n != name);
        self.headers.push((name, value.into()));
        self
    }

    /// The same with `Retry-After` where there is a time to come back in.
    #[must_use]
    pub(crate) fn retry_after(self, seconds: Option<u32>) -> Self {
        match seconds {
            Some(seconds) => self.header("retry-after", seconds.to_string()),
            None => self,
        }
    }

    /// The same status with a page instead of what is documented.
    pub(crate) fn garbled(self) -> Self {
        let mut reply = Self::empty(self.status).header("content-type", "text/html");
        reply.body = b"<!doctype html><title>Welcome</title>".to_vec();
        reply
    }

    pub(crate) fn into_response(self) -> Response<Full<Bytes>> {
        let mut response = Response::builder().status(self.status);
        for (name, value) in &self.headers {
            response = response.header(*name, value);
        }
        let body = Full::new(Bytes::from(self.body));
        response.body(body).expect("a status and headers of ours")
    }
}

/// A request that a provider makes of us, for a test to post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Its headers, the signature among them.
    pub headers: Vec<(&'static str, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

impl Webhook {
    pub(crate) fn json(body: &Json) -> Self {
        Self {
            headers: vec![("content-type", "application/json".to_owned())],
            body: body.to_string().into_bytes(),
        }
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let (_, value) = headers.find(|(n, _)| n.eq_ignore_ascii_case(name))?;
        Some(value)
    }
}

/// Bytes that nobody has seen before.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.expect("the system has randomness");
    bytes
}

/// `bytes` in hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A new UUID of version 4.
pub(crate) fn uuid() -> String {
    let mut bytes = random::<16>();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let digits = hex(&bytes);
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| &digits[part]);
    parts.join("-")
}

/// Whether it has the form of a UUID.
pub(crate) fn is_uuid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    let digits = text.chars().all(|c| c == '-' || c.is_ascii_hexdigit());
    digits && lengths.eq([8, 4, 4, 4, 12])
}

/// base64url without padding.
pub(crate) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The opposite of [`base64url`].
pub(crate) fn from_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// A number as ITU-T E.164 has it, with its plus sign.
pub(crate) fn is_e164(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(is_digits_of_e164)
}

/// The same without a plus sign.
pub(crate) fn is_digits_of_e164(text: &str) -> bool {
    (7..=15).contains(&text.len())
        && !text.starts_with('0')
        && text.bytes().all(|b| b.is_ascii_digit())
}

/// A web address with a host.
pub(crate) fn is_web_url(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

/// The seconds since 1970.
pub(crate) fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}
