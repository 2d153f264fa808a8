//! Where a subscription may lead. It comes from a browser, that is, from anybody: it must not make us
//! talk to our own network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::{
    Url,
    dns::{Addrs, Name, Resolve, Resolving},
};

/// What is said of an address within our own network.
pub(super) const OWN_NETWORK: &str = "the endpoint leads into a private network";

/// What is wrong with an endpoint, as far as its URL tells.
pub(super) fn problem(endpoint: &Url) -> Option<&'static str> {
    if endpoint.scheme() != "https" {
        return Some("the endpoint is not https://");
    }
    if !endpoint.username().is_empty() || endpoint.password().is_some() {
        return Some("the endpoint holds a user or a password");
    }
    // A URL spells an address in one way only, however it was written.
    let host = endpoint.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    match host.parse() {
        Ok(ip) if !is_public(ip) => Some(OWN_NETWORK),
        Ok(_) => None,
        Err(_) if host.is_empty() => Some("the endpoint has no host"),
        Err(_) => None,
    }
}

/// Looks names up, and passes over what lies in a private network: at the moment of the connection, so
/// that a name cannot change in between.
#[derive(Debug)]
pub(super) struct Outside;

impl Resolve for Outside {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public = outside(found)?;
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// The name leads into a private network.
#[derive(Debug, thiserror::Error)]
#[error("{OWN_NETWORK}")]
struct Inside;

fn outside(found: impl Iterator<Item = SocketAddr>) -> Result<Vec<SocketAddr>, Inside> {
    let found: Vec<SocketAddr> = found.filter(|a| is_public(a.ip())).collect();
    match found.is_empty() {
        true => Err(Inside),
        false => Ok(found),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_internet_is_outside() {
        let inside = [
            "0.0.0.0",
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.8",
            "198.18.0.1",
            "203.0.113.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "64:ff9b::10.0.0.1",
            "2002:a00:1::",
            "2001::1",
            "2001:db8::1",
            "fec0::1",
        ];
        for ip in inside {
            assert!(!is_public(ip.parse().unwrap()), "{ip}");
        }
        let outside = [
            "1.1.1.1",
            "172.32.0.1",
            "2a00:1450:4007::200e",
            "64:ff9b::8.8.8.8",
            "2002:808:808::",
        ];
        for ip in outside {
            assert!(is_public(ip.parse().unwrap()), "{ip}");
        }
    }

    #[test]
    fn a_name_with_both_leads_outside() {
        let addr = |text: &str| text.parse::<SocketAddr>().unwrap();
        let mixed = [addr("10.0.0.1:0"), addr("1.1.1.1:0")];
        assert_eq!(outside(mixed.into_iter()).unwrap(), [addr("1.1.1.1:0")]);
        let said = outside([addr("127.0.0.1:0")].into_iter()).unwrap_err();
        assert_eq!(said.to_string(), OWN_NETWORK);
    }

    #[test]
    fn endpoints_are_looked_at_before_they_are_asked() {
        let problem = |url: &str| problem(&Url::parse(url).unwrap());
        assert_eq!(problem("https://fcm.googleapis.com/fcm/send/x"), None);
        assert_eq!(problem("https://1.1.1.1/x"), None);
        for own in [
            "https://127.0.0.1/x",
            "https://2130706433/x",
            "https://0x7f.1/x",
            "https://017700000001/",
            "https://[::1]/x",
            "https://[::ffff:10.0.0.1]/x",
            "https://169.254.169.254/latest",
        ] {
            assert_eq!(problem(own), Some(OWN_NETWORK), "{own}");
        }
        assert!(problem("http://push.example/x").is_some());
        assert!(problem("https://a:b@push.example/x").is_some());
        assert!(problem("file:///etc/passwd").is_some());
    }
}
