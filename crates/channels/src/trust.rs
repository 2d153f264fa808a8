//! Whom TLS trusts: Mozilla's list, built in so that an empty container image will do, and the
//! authorities of a settings' `ca_file`.

use std::{fmt, fs, path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};

use crate::Problem;

/// A client's side of TLS.
pub(crate) fn client_config(ca_file: Option<&Path>) -> Result<ClientConfig, Problem> {
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    if let Some(pem) = authorities(ca_file)? {
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate.map_err(|e| bad_ca(&e))?;
            roots.add(certificate).map_err(|e| bad_ca(&e))?;
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| ("tls", format!("cannot be used: {e}")))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// The PEM file with further authorities.
pub(crate) fn authorities(ca_file: Option<&Path>) -> Result<Option<Vec<u8>>, Problem> {
    let Some(path) = ca_file else {
        return Ok(None);
    };
    let pem = fs::read(path).map_err(|e| bad_ca(&format!("{}: {e}", path.display())))?;
    Ok(Some(pem))
}

pub(crate) fn bad_ca(problem: &dyn fmt::Display) -> Problem {
    ("ca_file", format!("cannot be read: {problem}"))
}
