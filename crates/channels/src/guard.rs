//! Where requests may lead whose address was not written by whoever runs the process: a browser's
//! subscription, or an address of the workspace. They must not make us talk to our own network.
//!
//! Addresses are looked at after names were resolved, at the moment of the connection, so that a name
//! cannot change in between; no request follows a redirect.

#[cfg(test)]
mod tests;

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use ipnet::IpNet;
use journey::failure::Failure;
use reqwest::{
    Url,
    dns::{Addrs, Name, Resolve, Resolving},
};
use serde::Deserialize;

use crate::{Problem, settings::one_or_more_texts};

/// The most hosts and networks that one list may name.
const MOST: usize = 1_000;

/// Where addresses of the workspace may lead (`endpoints` of `config/parcours.yaml`).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReachSettings {
    /// The only hosts that are called: `shop.example`, or `*.shop.example` for all below it. None: any
    /// that is public.
    #[serde(deserialize_with = "one_or_more_texts")]
    pub allow: Vec<String>,
    /// What may be called within our own network: hosts, addresses, and networks such as `10.1.0.0/16`.
    #[serde(deserialize_with = "one_or_more_texts")]
    pub private: Vec<String>,
}

/// Where requests may lead.
#[derive(Clone, Debug, Default)]
pub struct Reach(Arc<Rules>);

#[derive(Debug, Default)]
struct Rules {
    /// Nothing but this machine.
    local: bool,
    allow: Vec<Pattern>,
    hosts: Vec<Pattern>,
    networks: Vec<IpNet>,
}

/// A host, or all below it.
#[derive(Debug, PartialEq, Eq)]
enum Pattern {
    Host(String),
    Below(String),
}

/// Why a request is not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Barred {
    /// It leads into a private network.
    #[error("the endpoint leads into a private network")]
    OwnNetwork,
    /// Its host is not on the list.
    #[error("the host may not be called")]
    NotAllowed,
}

impl Barred {
    /// The same for support. Whoever runs the process can allow it, so it is tried again.
    pub(crate) fn failure(self, url: &Url) -> Failure {
        let host = Arc::from(host(url));
        match self {
            Self::OwnNetwork => Failure::OwnNetwork { host },
            Self::NotAllowed => Failure::NotAllowed { host },
        }
    }
}

impl Reach {
    /// What the settings say.
    ///
    /// # Errors
    /// If one of them names no host and no network.
    pub fn new(settings: &ReachSettings) -> Result<Self, Problem> {
        let mut rules = Rules::default();
        let all = [("allow", &settings.allow), ("private", &settings.private)];
        if let Some((setting, _)) = all.iter().find(|(_, list)| list.len() > MOST) {
            return Err((setting, format!("names more than {MOST}")));
        }
        for text in &settings.allow {
            rules.allow.push(Pattern::read("allow", text)?);
        }
        for text in &settings.private {
            match network(text) {
                Some(network) => rules.networks.push(network),
                None => rules.hosts.push(Pattern::read("private", text)?),
            }
        }
        Ok(Self(Arc::new(rules)))
    }

    /// This machine alone: for development.
    pub fn local() -> Self {
        let local = true;
        Self(Arc::new(Rules {
            local,
            ..Rules::default()
        }))
    }

    /// Whether nothing but this machine is called.
    pub(crate) fn is_local(&self) -> bool {
        self.0.local
    }

    /// Looks at an address before it is asked; names are looked at again when they are resolved.
    pub(crate) fn check(&self, url: &Url) -> Result<(), Barred> {
        let host = host(url);
        let ip = host.parse::<IpAddr>().ok();
        let rules = &self.0;
        let named = rules.hosts.iter().any(|p| p.fits(&host));
        let inside = ip.is_some_and(|ip| rules.networks.iter().any(|n| n.contains(&ip)));
        // What may be called within our own network need not be said twice.
        if !rules.allow.is_empty()
            && !named
            && !inside
            && !rules.allow.iter().any(|p| p.fits(&host))
        {
            return Err(Barred::NotAllowed);
        }
        match ip {
            Some(ip) if !named && !self.may_connect(ip) => Err(Barred::OwnNetwork),
            _ => Ok(()),
        }
    }

    fn may_connect(&self, ip: IpAddr) -> bool {
        self.0.local || is_public(ip) || self.0.networks.iter().any(|n| n.contains(&ip))
    }

    /// Of what a name was resolved to, what may be connected to.
    fn outside(
        &self,
        name: &str,
        found: impl Iterator<Item = SocketAddr>,
    ) -> Result<Vec<SocketAddr>, Barred> {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let named = self.0.hosts.iter().any(|p| p.fits(&name));
        let found: Vec<_> = found
            .filter(|a| named || self.may_connect(a.ip()))
            .collect();
        match found.is_empty() {
            true => Err(Barred::OwnNetwork),
            false => Ok(found),
        }
    }
}

/// Looks names up, and passes over what may not be connected to.
impl Resolve for Reach {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let found = reach.outside(name.as_str(), found)?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

impl Pattern {
    fn read(setting: &'static str, text: &str) -> Result<Self, Problem> {
        let host = text.trim().trim_end_matches('.').to_ascii_lowercase();
        let (below, name) = match host.strip_prefix("*.") {
            Some(name) => (true, name),
            None => (false, &*host),
        };
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
        let is_ip = name.parse::<IpAddr>().is_ok();
        if name.is_empty() || !name.chars().all(fits) || (name.contains(':') && !is_ip) {
            let problem = format!(
                "holds `{text}`, which is no host; write `shop.example`, or `*.shop.example` for all below it"
            );
            return Err((setting, problem));
        }
        Ok(match below {
            true => Self::Below(format!(".{name}")),
            false => Self::Host(host),
        })
    }

    fn fits(&self, host: &str) -> bool {
        match self {
            Self::Host(own) => own == host,
            Self::Below(own) => host.ends_with(own.as_str()),
        }
    }
}

/// A network, or one address.
fn network(text: &str) -> Option<IpNet> {
    let text = text.trim();
    let one = text.parse::<IpAddr>().ok().map(IpNet::from);
    text.parse().ok().or(one)
}

/// The host of an address, as a URL spells it: in one way only, however it was written.
fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.trim_end_matches('.').to_ascii_lowercase()
}

/// Why a request was not made, if that is why.
pub(crate) fn barred(error: &reqwest::Error) -> Option<Barred> {
    let mut cause = std::error::Error::source(error);
    while let Some(here) = cause {
        if let Some(barred) = here.downcast_ref() {
            return Some(*barred);
        }
        cause = here.source();
    }
    None
}

/// Whether an address is one of the Internet's
/// (<https://www.iana.org/assignments/iana-ipv4-special-registry>,
/// <https://www.iana.org/assignments/iana-ipv6-special-registry>).
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = ip.is_loopback()
        || ip.is_private()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_documentation();
    // This network, carriers' own, protocol assignments, benchmarks, and what is reserved.
    let reserved = a == 0
        || (a == 100 && (64..128).contains(&b))
        || (a, b, c) == (192, 0, 0)
        || (a == 198 && (b == 18 || b == 19))
        || a >= 240;
    !special && !reserved
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = ip.segments();
    // Of IPv4 within, what is private stays so.
    let within = |high: u16, low: u16| {
        let [[a, b], [c, d]] = [high.to_be_bytes(), low.to_be_bytes()];
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match (a, b) {
        (0x64, 0xff9b) => c == 0 && d == 0 && e == 0 && f == 0 && within(g, h),
        (0x2002, _) => within(b, c),
        // Teredo, benchmarks, ORCHID, documentation.
        (0x2001, 0..0x200 | 0xdb8) => false,
        (0x3fff, 0..0x1000) => false,
        // Global unicast; mapped, loopback, unique local, link-local and multicast lie outside.
        _ => (0x2000..0x4000).contains(&a),
    }
}
