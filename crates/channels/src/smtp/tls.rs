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
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{
    Problem,
    smtp::settings::{SmtpSettings, TlsMode},
    trust::{authorities, bad_ca, client_config},
};

/// Encryption, ready to be applied.
pub(super) enum Tls {
    None,
    Starttls(TlsParameters),
    Implicit(TlsConnector, ServerName<'static>),
}

impl Tls {
    pub(super) fn new(settings: &SmtpSettings) -> Result<Self, Problem> {
        let bad_host = |e: &dyn fmt::Display| ("host", format!("cannot be used with TLS: {e}"));
        let ca_file = settings.ca_file.as_deref();
        match settings.tls {
            TlsMode::None => Ok(Self::None),
            TlsMode::Starttls => {
                let mut parameters = TlsParameters::builder(settings.host.clone())
                    .certificate_store(CertificateStore::WebpkiRoots);
                if let Some(pem) = authorities(ca_file)? {
                    let further = Certificate::from_pem(&pem).map_err(|e| bad_ca(&e))?;
                    parameters = parameters.add_root_certificate(further);
                }
                let parameters = parameters.build_rustls().map_err(|e| bad_host(&e))?;
                Ok(Self::Starttls(parameters))
            }
            TlsMode::Tls => {
                let name = ServerName::try_from(settings.host.clone());
                let name = name.map_err(|e| bad_host(&e))?;
                let connector = TlsConnector::from(Arc::new(client_config(ca_file)?));
                Ok(Self::Implicit(connector, name))
            }
        }
    }
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
