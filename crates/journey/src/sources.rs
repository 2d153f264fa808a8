//! Content sources (`config/content.yaml`): what the shop's own services are asked when a message leaves.

use std::{collections::BTreeMap, sync::Arc};

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::value::Value;

/// Sources by name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sources(pub BTreeMap<Arc<str>, Source>);

/// One source: an address that answers a GET with JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// Where: `https`, or `http`; `{NAME}` behind the host stands for a parameter.
    pub url: Arc<str>,
    /// How long it is waited for.
    pub timeout: SignedDuration,
    /// How long an answer is kept; zero: not at all.
    pub cache: SignedDuration,
    /// What stands for its answer where it gives none.
    pub default: Option<Value>,
    /// The environment variable that holds the key of the signature, if requests are signed.
    pub secret: Option<Arc<str>>,
    /// The labels of its answers; `None`: those of its parameters.
    pub labels: Option<Vec<Arc<str>>>,
}

/// A part of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part<'u> {
    Text(&'u str),
    Parameter(&'u str),
}

/// A parameter that its address cannot take: it is empty or missing, or would change the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit(pub Arc<str>);

impl Source {
    /// How long it is waited for without a word about it.
    pub const TIMEOUT: SignedDuration = SignedDuration::from_secs(2);
    /// The longest that it may be waited for: a message that waits holds a place in dispatch.
    pub const MAX_TIMEOUT: SignedDuration = SignedDuration::from_secs(10);
    /// The longest that an answer may be kept.
    pub const MAX_CACHE: SignedDuration = SignedDuration::from_hours(24);
    /// The longest value of a parameter, in bytes.
    pub const LONGEST_PARAMETER: usize = 1_024;

    /// The names of its parameters, each once, as they come.
    pub fn parameters(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for part in parts(&self.url) {
            match part {
                Part::Parameter(name) if !names.contains(&name) => names.push(name),
                _ => {}
            }
        }
        names
    }

    /// Its address with these parameters in their places, percent-encoded.
    ///
    /// # Errors
    /// With the parameter that is missing, empty, longer than [`Source::LONGEST_PARAMETER`], or `.` or `..`,
    /// by which a path would lead elsewhere.
    pub fn address(&self, parameters: &BTreeMap<Arc<str>, String>) -> Result<String, Unfit> {
        let mut url = String::new();
        for part in parts(&self.url) {
            match part {
                Part::Text(text) => url.push_str(text),
                Part::Parameter(name) => {
                    let value = parameters.get(name).map_or("", |v| v.trim());
                    let dots = !value.is_empty() && value.chars().all(|c| c == '.');
                    if value.is_empty() || dots || value.len() > Self::LONGEST_PARAMETER {
                        return Err(Unfit(Arc::from(name)));
                    }
                    encode(value, &mut url);
                }
            }
        }
        Ok(url)
    }
}

/// What is wrong with the parameters of an address, if something is.
pub(crate) fn fault(url: &str) -> Option<&'static str> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if host.contains(['{', '}']) {
        return Some("a parameter cannot stand in the host: nobody could tell who is asked");
    }
    let is_name = |name: &str| {
        let mut letters = name.chars();
        letters.next().is_some_and(|c| c.is_ascii_lowercase())
            && letters.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    for part in parts(url) {
        match part {
            Part::Parameter("from") => {
                return Some("`from` says in a template which source is meant: call it otherwise");
            }
            Part::Parameter(name) if !is_name(name) => {
                return Some("a parameter is a name in braces: `{sku}`");
            }
            Part::Text(text) if text.contains(['{', '}']) => {
                return Some("a parameter is a name in braces: `{sku}`");
            }
            _ => {}
        }
    }
    None
}

/// The parts of an address. Braces that do not close stay text.
fn parts(url: &str) -> Vec<Part<'_>> {
    let (mut found, mut rest) = (Vec::new(), url);
    while let Some(open) = rest.find('{') {
        let Some(close) = rest[open..].find('}') else {
            break;
        };
        found.push(Part::Text(&rest[..open]));
        found.push(Part::Parameter(&rest[open + 1..open + close]));
        rest = &rest[open + close + 1..];
    }
    found.push(Part::Text(rest));
    found
}

/// RFC 3986: all but the unreserved characters as `%XX`.
fn encode(value: &str, url: &mut String) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            url.push(char::from(byte));
        } else {
            url.push_str(&format!("%{byte:02X}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(url: &str) -> Source {
        Source {
            url: Arc::from(url),
            timeout: Source::TIMEOUT,
            cache: SignedDuration::ZERO,
            default: None,
            secret: None,
            labels: None,
        }
    }

    #[test]
    fn parameters_stay_what_they_are() {
        let stock = source("https://shop.example/stock/{sku}?in={city}&of={sku}");
        assert_eq!(stock.parameters(), ["sku", "city"]);
        let with = |sku: &str| {
            let all = [("sku", sku), ("city", "Saint-Étienne & co")];
            stock.address(
                &all.map(|(k, v)| (Arc::from(k), v.to_owned()))
                    .into_iter()
                    .collect(),
            )
        };
        assert_eq!(
            with("a/../b?x#y").unwrap(),
            "https://shop.example/stock/a%2F..%2Fb%3Fx%23y?in=Saint-%C3%89tienne%20%26%20co&of=a%2F..%2Fb%3Fx%23y"
        );
        let long = "x".repeat(2_000);
        for unfit in ["", " ", ".", "..", &long] {
            assert_eq!(with(unfit), Err(Unfit(Arc::from("sku"))), "{unfit}");
        }
    }

    #[test]
    fn what_is_no_parameter_is_found() {
        for wrong in [
            "https://{host}/",
            "https://shop.example/{Sku}",
            "https://shop.example/{",
            "https://shop.example/{}",
            "https://shop.example/?from={from}",
            "https://shop.example/a}",
        ] {
            assert!(fault(wrong).is_some(), "{wrong}");
        }
        assert_eq!(fault("https://shop.example/{sku}?a={b_1}"), None);
    }
}
