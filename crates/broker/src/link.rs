//! One connection, made again when it is gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::StreamExt;
use lapin::uri::AMQPUri;
use lapin::{Channel, Connection, ConnectionProperties, Event};
use tokio::sync::{Mutex, watch};
use tokio::time::timeout;

use crate::{Error, Settings, address};

/// Seconds between heartbeats, unless the address says otherwise. RabbitMQ's own 60 would leave a
/// dead peer unnoticed for two minutes.
const HEARTBEAT: u16 = 10;

#[derive(Debug)]
pub(crate) struct Link {
    settings: Arc<Settings>,
    /// What RabbitMQ's own tools show.
    name: &'static str,
    connection: Mutex<Option<Connection>>,
    /// Which host is tried first, modulo their number: the one that answered last.
    host: AtomicUsize,
    /// Why RabbitMQ takes nothing on this connection, while it does not.
    blocked: watch::Sender<Option<Arc<str>>>,
    closing: watch::Sender<bool>,
}

impl Link {
    pub(crate) fn new(
        settings: Arc<Settings>,
        name: &'static str,
        closing: watch::Sender<bool>,
    ) -> Link {
        Link {
            settings,
            name,
            connection: Mutex::new(None),
            // Processes spread over the nodes of a cluster.
            host: AtomicUsize::new(std::process::id() as usize),
            blocked: watch::Sender::new(None),
            closing,
        }
    }

    /// A fresh channel, on a fresh connection if need be. One attempt; the caller repeats.
    pub(crate) async fn channel(&self) -> Result<Channel, Error> {
        timeout(self.settings.patience, self.try_channel())
            .await
            .unwrap_or(Err(Error::Slow("connect")))
    }

    async fn try_channel(&self) -> Result<Channel, Error> {
        let mut slot = self.connection.lock().await;
        if *self.closing.borrow() {
            return Err(Error::Closed);
        }
        if let Some(connection) = slot.as_ref().filter(|c| c.status().connected()) {
            return Ok(connection.create_channel().await?);
        }
        // The old one goes before the new one comes: it may still hold deliveries.
        *slot = None;
        let connection = self.connect().await?;
        let channel = connection.create_channel().await?;
        *slot = Some(connection);
        Ok(channel)
    }

    /// To the first host that takes us, each of them tried once.
    async fn connect(&self) -> Result<Connection, Error> {
        let hosts = address::hosts(&self.settings.url)?;
        let patience = self.settings.patience / u32::try_from(hosts.len()).unwrap_or(u32::MAX);
        let first = self.host.load(Ordering::Relaxed);
        let mut failed = Error::Closed;
        for number in first..first + hosts.len() {
            match self
                .connect_to(hosts[number % hosts.len()].clone(), patience)
                .await
            {
                Ok(connection) => {
                    self.host.store(number, Ordering::Relaxed);
                    return Ok(connection);
                }
                Err(error) => {
                    // Whoever gives up waiting for the rest begins with the next.
                    self.host.store(number + 1, Ordering::Relaxed);
                    failed = error;
                }
            }
        }
        Err(failed)
    }

    async fn connect_to(&self, mut uri: AMQPUri, patience: Duration) -> Result<Connection, Error> {
        uri.query.heartbeat.get_or_insert(HEARTBEAT);
        let address = format!("{}:{}", uri.authority.host, uri.authority.port);
        let properties = ConnectionProperties::default().with_connection_name(self.name.into());
        let connection = timeout(patience, Connection::connect_uri(uri, properties))
            .await
            .map_err(|_| Error::Slow("connect"))?
            .map_err(|source| Error::Connect { address, source })?;
        self.listen(&connection);
        Ok(connection)
    }

    /// Keeps in mind, and logs, whether RabbitMQ takes what is published on this connection. It says so to those who
    /// publish while it is short of memory or disk, and takes nothing from them until it has room again.
    fn listen(&self, connection: &Connection) {
        let (blocked, name) = (self.blocked.clone(), self.name);
        blocked.send_replace(None);
        let mut events = connection.events_listener();
        tokio::spawn(async move {
            // Ends with the connection.
            while let Some(event) = events.next().await {
                match event {
                    Event::ConnectionBlocked(reason) => {
                        tracing::warn!(connection = name, reason, "RabbitMQ takes nothing for now");
                        blocked.send_replace(Some(reason.into()));
                    }
                    Event::ConnectionUnblocked => {
                        tracing::info!(connection = name, "RabbitMQ has room again");
                        blocked.send_replace(None);
                    }
                    _ => {}
                }
            }
        });
    }

    /// Why RabbitMQ takes nothing on this connection, while it does not.
    pub(crate) fn blocked(&self) -> watch::Receiver<Option<Arc<str>>> {
        self.blocked.subscribe()
    }

    /// Becomes true when the broker is closed.
    pub(crate) fn closing(&self) -> watch::Receiver<bool> {
        self.closing.subscribe()
    }

    /// Closes the connection, if there is one. A failure to say goodbye changes nothing.
    pub(crate) async fn close(&self) {
        let Some(connection) = self.connection.lock().await.take() else {
            return;
        };
        if let Err(error) = timeout(self.settings.patience, farewell(&connection)).await {
            tracing::debug!(%error, "RabbitMQ did not say goodbye");
        }
    }
}

/// Channels that were dropped just now are closed by lapin in the background. It takes it for a
/// failure of the connection, and logs it as one, if the connection is closing when their turn
/// comes; the round trips of one more channel let them go first.
async fn farewell(connection: &Connection) {
    let said = async {
        let last = connection.create_channel().await?;
        last.close(200, "closing".into()).await?;
        connection.close(200, "closing".into()).await
    };
    if let Err(error) = said.await {
        tracing::debug!(%error, "RabbitMQ was gone before the connection was closed");
    }
}
