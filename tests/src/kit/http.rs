//! A client of HTTP, as others have one.

/// A client, without settings. Connections are its own: who asks often keeps it.
///
/// # Panics
/// If the machine lacks what TLS needs.
#[must_use]
pub fn http() -> reqwest::Client {
    client(reqwest::redirect::Policy::default())
}

/// The same, which goes nowhere that it is sent on to.
#[must_use]
pub fn http_without_redirects() -> reqwest::Client {
    client(reqwest::redirect::Policy::none())
}

fn client(redirects: reqwest::redirect::Policy) -> reqwest::Client {
    // An error means that there is one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder().redirect(redirects);
    builder.build().expect("a client can be made")
}
