//! A client of HTTP, as others have one.

/// A client, without settings. Connections are its own: who asks often keeps it.
///
/// # Panics
/// If the machine lacks what TLS needs.
#[must_use]
pub fn http() -> reqwest::Client {
    // An error means that there is one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}
