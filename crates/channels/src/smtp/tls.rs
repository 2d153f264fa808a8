//! Encryption towards a mail server.

use std::{
    fmt, io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use lettre::transport::smtp::client::{
    AsyncTokioStream, Certificate, CertificateStore, TlsParameters,
};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::Problem;
use crate::settings::{SmtpSettings, TlsMode};

/// Encryption, ready to be applied.
pub(super) enum Tls {
    None,
    Starttls(TlsParameters),
    Implicit(TlsConnector, ServerName<'static>),
}

impl Tls {
    pub(super) fn new(settings: &SmtpSettings) -> Result<Self, Problem> {
        let bad_host = |e: &dyn fmt::Display| ("host", format!("cannot be used with TLS: {e}"));
        match settings.tls {
            TlsMode::None => Ok(Self::None),
            TlsMode::Starttls => {
                let mut parameters = TlsParameters::builder(settings.host.clone())
                    .certificate_store(CertificateStore::WebpkiRoots);
                if let Some(pem) = authorities(settings)? {
                    let further = Certificate::from_pem(&pem).map_err(|e| bad_ca(&e))?;
                    parameters = parameters.add_root_certificate(further);
                }
                let parameters = parameters.build_rustls().map_err(|e| bad_host(&e))?;
                Ok(Self::Starttls(parameters))
            }
            TlsMode::Tls => {
                let name = ServerName::try_from(settings.host.clone());
                let name = name.map_err(|e| bad_host(&e))?;
                Ok(Self::Implicit(connector(settings)?, name))
            }
        }
    }
}

/// The PEM file with further authorities.
fn authorities(settings: &SmtpSettings) -> Result<Option<Vec<u8>>, Problem> {
    let Some(path) = &settings.ca_file else {
        return Ok(None);
    };
    let pem = std::fs::read(path).map_err(|e| bad_ca(&format!("{}: {e}", path.display())))?;
    Ok(Some(pem))
}

fn bad_ca(problem: &dyn fmt::Display) -> Problem {
    ("ca_file", format!("cannot be read: {problem}"))
}

fn connector(settings: &SmtpSettings) -> Result<TlsConnector, Problem> {
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    if let Some(pem) = authorities(settings)? {
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate.map_err(|e| bad_ca(&e))?;
            roots.add(certificate).map_err(|e| bad_ca(&e))?;
        }
    }
    let config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// A TLS stream under a name of ours, so that lettre's trait can be implemented for it.
#[derive(Debug)]
pub(super) struct Encrypted(pub(super) TlsStream<TcpStream>);

impl AsyncTokioStream for Encrypted {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.get_ref().0.peer_addr()
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
