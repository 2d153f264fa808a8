//! Limits, as the configuration file spells them.

use std::{collections::BTreeMap, fmt, time::Duration};

use jiff::SignedDuration;
use serde::{Deserialize, Deserializer, de::Error as _};

/// What a provider is spared, and when it is left alone.
///
/// ```yaml
/// rate: { max: 100, per: 1s }
/// domains: { gmail.com: { rate: { max: 20, per: 1s }, concurrency: 4 }, "*": { concurrency: 8 } }
/// circuit: { failures: 5, pause: 2s, longest_pause: 5m }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// The most messages in a time, by this process; default: as many as there are.
    pub rate: Option<RateSettings>,
    /// For e-mail: limits by the domain of the address, `*` for each that is not named.
    pub domains: BTreeMap<String, DomainSettings>,
    /// The most domains that are remembered at a time; default 10,000. Messages to a further one
    /// wait until another has had its time.
    pub most_domains: usize,
    /// The longest that a message is put off at once because its domain is at its limit; default
    /// 10 minutes. It is then looked at again.
    pub longest_put_off: Span,
    /// When it is left alone because it fails.
    pub circuit: CircuitSettings,
    /// The longest that it is left alone because it says so (`Retry-After`); default 1 hour.
    pub longest_pause: Span,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rate: None,
            domains: BTreeMap::new(),
            most_domains: 10_000,
            longest_put_off: Span(Duration::from_secs(600)),
            circuit: CircuitSettings::default(),
            longest_pause: Span(Duration::from_secs(3_600)),
        }
    }
}

/// So many in a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateSettings {
    /// The most messages in any stretch of `per`.
    pub max: u32,
    /// The time: `1s`, `1m`, `1h`.
    pub per: Span,
    /// How many may go at once after a rest; default 1, which spaces them evenly. With more, up
    /// to `max + burst - 1` go in the first `per`.
    #[serde(default = "one")]
    pub burst: u32,
}

/// Limits of one domain of addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DomainSettings {
    /// The most messages to it in a time, by this process.
    pub rate: Option<RateSettings>,
    /// The most messages to it at a time, by this process.
    pub concurrency: Option<usize>,
}

/// When a provider that fails is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CircuitSettings {
    /// After so many failures in a row that are its own; default 5.
    pub failures: u32,
    /// For so long at first; default 2 seconds. It doubles each time that one message, sent to
    /// try, fails as well.
    pub pause: Span,
    /// For no longer than this at a time; default 5 minutes.
    pub longest_pause: Span,
}

impl Default for CircuitSettings {
    fn default() -> Self {
        Self {
            failures: 5,
            pause: Span(Duration::from_secs(2)),
            longest_pause: Span(Duration::from_secs(300)),
        }
    }
}

/// A span of time: `1s`, `5m`, `2h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

/// The longest span: a day more than a year.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3_600);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let parsed = text.trim().parse::<SignedDuration>().ok();
        parsed
            .and_then(|span| Duration::try_from(span).ok())
            .filter(|span| !span.is_zero() && *span <= LONGEST)
            .map(Self)
            .ok_or_else(|| D::Error::custom(format!("`{text}` is no time such as 1s, 5m or 2h")))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

fn one() -> u32 {
    1
}

impl Limits {
    /// A setting that cannot be meant, and what is wrong with it. `mail`: whether it is e-mail.
    pub(crate) fn problem(&self, mail: bool) -> Option<crate::Problem> {
        let none = |what: &'static str| Some((what, "must be 1 or more".to_owned()));
        let bad = |rate: &RateSettings| rate.max == 0 || rate.burst == 0;
        if self.rate.as_ref().is_some_and(bad) {
            return none("limits.rate.max and burst");
        }
        if self.circuit.failures == 0 {
            return none("limits.circuit.failures");
        }
        if self.most_domains == 0 {
            return none("limits.most_domains");
        }
        if !mail && !self.domains.is_empty() {
            return Some(("limits.domains", "is for e-mail only".to_owned()));
        }
        for (domain, limit) in &self.domains {
            if limit.rate.as_ref().is_some_and(bad) || limit.concurrency == Some(0) {
                let words = format!("has a limit of 0 for {domain}; it must be 1 or more");
                return Some(("limits.domains", words));
            }
            if domain != "*" && (domain.is_empty() || domain.contains(['@', '*', ' '])) {
                let words = format!("names `{domain}`, which is no domain such as gmail.com");
                return Some(("limits.domains", words));
            }
        }
        None
    }
}
