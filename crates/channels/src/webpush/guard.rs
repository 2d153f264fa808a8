//! Where a subscription may lead. It comes from a browser, that is, from anybody.

use reqwest::Url;

use crate::guard::Reach;

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
    if endpoint.host_str().unwrap_or_default().is_empty() {
        return Some("the endpoint has no host");
    }
    Reach::default()
        .check(endpoint)
        .is_err()
        .then_some(OWN_NETWORK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_looked_at_before_they_are_asked() {
        let problem = |url: &str| problem(&Url::parse(url).unwrap());
        assert_eq!(problem("https://fcm.googleapis.com/fcm/send/x"), None);
        assert_eq!(problem("https://1.1.1.1/x"), None);
        assert_eq!(problem("https://2130706433/x"), Some(OWN_NETWORK));
        assert!(problem("http://push.example/x").is_some());
        assert!(problem("https://a:b@push.example/x").is_some());
        assert!(problem("file:///etc/passwd").is_some());
    }
}
