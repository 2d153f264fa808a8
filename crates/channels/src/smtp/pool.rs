//! A few connections to one mail server, kept open between mails.

use std::{
    collections::VecDeque,
    fmt, io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use lettre::transport::smtp::{
    Error,
    authentication::{Credentials, Mechanism},
    client::{AsyncSmtpConnection, AsyncTokioStream, Certificate, CertificateStore, TlsParameters},
    extension::ClientId,
};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::{Semaphore, SemaphorePermit},
    time::Instant,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::Problem;
use crate::settings::{SmtpSettings, TlsMode};

/// Servers close idle connections after a minute or five; we go first.
const IDLE: Duration = Duration::from_secs(50);

pub(super) struct Pool {
    host: String,
    port: u16,
    tls: Tls,
    hello: ClientId,
    account: Option<Credentials>,
    permits: Semaphore,
    idle: Mutex<VecDeque<(Instant, AsyncSmtpConnection)>>,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    /// The network or TLS.
    #[error("the mail server cannot be reached: {0}")]
    Io(#[from] io::Error),
    /// The server's own words.
    #[error("the mail server lets nobody in: {0}")]
    Smtp(#[from] Error),
}

/// Encryption, ready to be applied.
enum Tls {
    None,
    Starttls(TlsParameters),
    Tls(TlsConnector, ServerName<'static>),
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("host", &self.host)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

impl Pool {
    pub(super) fn new(settings: &SmtpSettings, domain: &str) -> Result<Self, Problem> {
        let port = match settings.tls {
            TlsMode::None => 25,
            TlsMode::Starttls => 587,
            TlsMode::Tls => 465,
        };
        let hello = settings.hello.as_deref().unwrap_or(domain);
        if hello.is_empty() || hello.contains(|c: char| c.is_control() || c.is_whitespace()) {
            return Err(("hello", "must be one host name".to_owned()));
        }
        Ok(Self {
            host: settings.host.clone(),
            port: settings.port.unwrap_or(port),
            tls: Tls::new(settings)?,
            hello: ClientId::Domain(hello.to_owned()),
            account: account(settings)?,
            permits: Semaphore::new(settings.connections.clamp(1, 1_000)),
            idle: Mutex::default(),
        })
    }

    /// The right to one connection. Waits for it; the attempt's time-out is the bound.
    pub(super) async fn permit(&self) -> Option<SemaphorePermit<'_>> {
        self.permits.acquire().await.ok()
    }

    /// The connection that was used last, if it is fresh enough.
    pub(super) fn idle(&self) -> Option<AsyncSmtpConnection> {
        let mut idle = self.lock();
        while idle
            .front()
            .is_some_and(|(since, _)| since.elapsed() > IDLE)
        {
            idle.pop_front();
        }
        idle.pop_back().map(|(_, connection)| connection)
    }

    /// Takes a connection back. There are never more than there are permits.
    pub(super) fn give_back(&self, connection: AsyncSmtpConnection) {
        if !connection.has_broken() {
            self.lock().push_back((Instant::now(), connection));
        }
    }

    /// A new connection, greeted, encrypted and logged in.
    pub(super) async fn connect(&self) -> Result<AsyncSmtpConnection, ConnectError> {
        let stream = self.stream().await?;
        let mut connection =
            AsyncSmtpConnection::connect_with_transport(stream, &self.hello).await?;
        if let Tls::Starttls(parameters) = &self.tls {
            connection.starttls(parameters.clone(), &self.hello).await?;
        }
        if let Some(account) = &self.account {
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            connection.auth(&mechanisms, account).await?;
        }
        Ok(connection)
    }

    /// The TCP stream, opened here because lettre leaves Nagle's algorithm on, which costs
    /// 40 ms per mail.
    async fn stream(&self) -> io::Result<Box<dyn AsyncTokioStream>> {
        let tcp = TcpStream::connect((self.host.as_str(), self.port)).await?;
        tcp.set_nodelay(true)?;
        match &self.tls {
            Tls::None | Tls::Starttls(_) => Ok(Box::new(tcp)),
            Tls::Tls(connector, name) => {
                let tls = connector.connect(name.clone(), tcp).await?;
                Ok(Box::new(Encrypted(tls)))
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(Instant, AsyncSmtpConnection)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn account(settings: &SmtpSettings) -> Result<Option<Credentials>, Problem> {
    match (&settings.user, &settings.password) {
        (None, None) => Ok(None),
        (Some(user), Some(password)) => Ok(Some(Credentials::new(
            user.clone(),
            password.expose().to_owned(),
        ))),
        (Some(_), None) => Err(("password", "is missing beside `user`".to_owned())),
        (None, Some(_)) => Err(("user", "is missing beside `password`".to_owned())),
    }
}

impl Tls {
    fn new(settings: &SmtpSettings) -> Result<Self, Problem> {
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
                Ok(Self::Tls(connector(settings)?, name))
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
struct Encrypted(TlsStream<TcpStream>);

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
