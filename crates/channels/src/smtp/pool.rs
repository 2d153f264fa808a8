//! A few connections to one mail server, kept open between mails.

use std::{
    collections::VecDeque,
    fmt, io,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use lettre::transport::smtp::{
    Error,
    authentication::{Credentials, Mechanism},
    client::{AsyncSmtpConnection, AsyncTokioStream},
    extension::ClientId,
};
use tokio::{net::TcpStream, time::Instant};

use super::tls::{Encrypted, Tls};
use crate::{
    Problem,
    smtp::settings::{SmtpSettings, TlsMode},
};

/// Servers close idle connections after a minute or five; we go first.
const IDLE: Duration = Duration::from_secs(50);

pub(super) struct Pool {
    host: String,
    port: u16,
    tls: Tls,
    hello: ClientId,
    account: Option<Credentials>,
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
            idle: Mutex::default(),
        })
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

    /// Takes a connection back. There are never more than there are places at the provider.
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
            Tls::Implicit(connector, name) => {
                let stream = connector.connect(name.clone(), tcp).await?;
                Ok(Box::new(Encrypted(stream)))
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
