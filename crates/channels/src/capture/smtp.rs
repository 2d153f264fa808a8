//! A small SMTP server that keeps every mail and delivers none.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinHandle,
    time::timeout,
};

use super::{Error, Mailbox, session::Session};

/// The most connections at a time; further ones wait.
const CONNECTIONS: usize = 64;
/// The longest that one connection may last.
const LASTS: Duration = Duration::from_secs(10 * 60);

/// The server; dropping it stops the listening, and open connections end by themselves.
#[derive(Debug)]
pub struct SmtpSink {
    addr: SocketAddr,
    connections: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl SmtpSink {
    /// Listens on a free port of 127.0.0.1 and keeps mails in `mailbox`.
    pub async fn start(mailbox: Mailbox) -> Result<Self, Error> {
        Self::start_on(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), mailbox).await
    }

    /// The same on an address of the caller's choice. Anybody who reaches it can fill the
    /// mailbox, so it should be a local one.
    pub async fn start_on(addr: SocketAddr, mailbox: Mailbox) -> Result<Self, Error> {
        let listener = TcpListener::bind(addr).await.map_err(Error::Listen)?;
        let addr = listener.local_addr().map_err(Error::Listen)?;
        let connections = Arc::new(AtomicU64::new(0));
        let task = tokio::spawn(accept(listener, mailbox, Arc::clone(&connections)));
        Ok(Self {
            addr,
            connections,
            task,
        })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// How many connections it has taken so far.
    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, mailbox: Mailbox, connections: Arc<AtomicU64>) {
    let permits = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(permit) = Arc::clone(&permits).acquire_owned().await else {
            return;
        };
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.fetch_add(1, Ordering::Relaxed);
                let mailbox = mailbox.clone();
                tokio::spawn(async move {
                    serve(stream, mailbox).await;
                    drop(permit);
                });
            }
            Err(error) => {
                // Out of file handles, for example: it passes, and must not spin.
                tracing::warn!(%error, "the mail sink cannot accept");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn serve(stream: TcpStream, mailbox: Mailbox) {
    let session = Session::new(stream, mailbox);
    match timeout(LASTS, session.run()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a connection to the mail sink broke"),
        Err(_) => tracing::debug!("a connection to the mail sink lasted too long"),
    }
}
