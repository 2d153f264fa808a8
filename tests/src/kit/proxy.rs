//! Between an engine and PostgreSQL: counts round trips, and lets one of them go wrong.
//!
//! A *round trip* is what a client sends up to the point where it waits: a simple query, or
//! everything up to a `Sync`. Inside of one there is nothing to be told apart: a server that has
//! heard half of it does none of it. Making a connection is a round trip of its own.
//!
//! When a connection is cut, the server's side of it is waited for, so that its locks are gone
//! before the client learns of anything: the same cut has the same outcome every time.

mod wire;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};
use wire::Line;

/// What goes wrong with a round trip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection is lost before the server hears of it.
    Before,
    /// The server does it, and the connection is lost with the answer.
    After,
    /// The server refuses with this code; a transaction that was open is rolled back.
    Refuse(&'static str),
}

/// The proxy; it goes away when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    url: String,
    plan: Arc<Plan>,
    struck: watch::Receiver<u64>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Plan {
    book: Mutex<Book>,
    struck: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Book {
    trips: u64,
    fault: Option<(u64, Fault)>,
}

impl Proxy {
    /// Listens on a free port for the server that `url` names.
    ///
    /// # Panics
    /// The URL has no host and port, or there is no free port.
    pub async fn start(url: &str) -> Self {
        let at = url
            .rfind('@')
            .map_or_else(|| url.find("//").expect("a URL") + 2, |at| at + 1);
        let end = url[at..].find('/').map_or(url.len(), |end| at + end);
        let server = url[at..end].to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (sender, struck) = watch::channel(0);
        let plan = Arc::new(Plan {
            book: Mutex::default(),
            struck: sender,
        });
        let task = tokio::spawn(accept(listener, server, plan.clone()));
        Self {
            url: format!("{}{address}{}", &url[..at], &url[end..]),
            plan,
            struck,
            task,
        }
    }

    /// The same database, through here.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Lets the round trip of that number go wrong, counted from here on, from 1.
    pub fn arm(&self, trip: u64, fault: Fault) {
        let mut book = self.plan.book();
        book.fault = Some((book.trips + trip, fault));
    }

    /// Nothing goes wrong any more. True if what was armed has not happened.
    pub fn disarm(&self) -> bool {
        self.plan.book().fault.take().is_some()
    }

    /// Round trips so far.
    #[must_use]
    pub fn trips(&self) -> u64 {
        self.plan.book().trips
    }

    /// Until a fault strikes. The client does not know of it yet.
    pub async fn struck(&self) {
        let mut struck = self.struck.clone();
        struck.mark_unchanged();
        // The sender lives as long as the proxy.
        let _ = struck.changed().await;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Plan {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a round trip, and says whether it is the one.
    fn next(&self) -> Option<Fault> {
        let mut book = self.book();
        book.trips += 1;
        let trips = book.trips;
        book.fault
            .take_if(|(trip, _)| *trip == trips)
            .map(|(_, fault)| fault)
    }

    fn strike(&self) {
        self.struck.send_modify(|count| *count += 1);
    }
}

async fn accept(listener: TcpListener, server: String, plan: Arc<Plan>) {
    while let Ok((client, _)) = listener.accept().await {
        let (server, plan) = (server.clone(), plan.clone());
        tokio::spawn(async move {
            let _ = client.set_nodelay(true);
            if let Ok(server) = TcpStream::connect(&server).await {
                let _ = server.set_nodelay(true);
                // An error means that one of the two has left.
                let _ = talk(Line::new(client), Line::new(server), &plan).await;
            }
        });
    }
}

/// One connection, from its first byte to its last.
async fn talk(mut client: Line, mut server: Line, plan: &Plan) -> std::io::Result<()> {
    let hello = client.startup().await?;
    match plan.next() {
        Some(Fault::After) => {
            server.send(&hello).await?;
            greet(&mut client, &mut server, true).await?;
            return cut(server, plan).await;
        }
        Some(Fault::Before) => return cut(server, plan).await,
        Some(Fault::Refuse(code)) => {
            plan.strike();
            return client.send(&wire::refusal("FATAL", code)).await;
        }
        None => {
            server.send(&hello).await?;
            greet(&mut client, &mut server, false).await?;
        }
    }
    // Whether a transaction is open, as the server says when it is ready.
    let mut status = b'I';
    loop {
        let unit = tokio::select! {
            unit = client.unit() => unit?,
            // News that nobody has asked for.
            told = server.message() => {
                client.send(&told?).await?;
                continue;
            }
        };
        if wire::is_goodbye(&unit) {
            return server.send(&unit).await;
        }
        match plan.next() {
            None => {
                server.send(&unit).await?;
                status = pass_on(&mut server, Some(&mut client)).await?;
            }
            Some(Fault::Before) => return cut(server, plan).await,
            Some(Fault::After) => {
                server.send(&unit).await?;
                pass_on(&mut server, None).await?;
                return cut(server, plan).await;
            }
            Some(Fault::Refuse(code)) => {
                plan.strike();
                let open = status != b'I';
                if open {
                    server.send(&wire::query("ROLLBACK")).await?;
                    pass_on(&mut server, None).await?;
                }
                status = if open && !wire::is_query(&unit, "COMMIT") {
                    b'E'
                } else {
                    b'I'
                };
                let mut answer = wire::refusal("ERROR", code);
                answer.extend(wire::ready(status));
                client.send(&answer).await?;
            }
        }
    }
}

/// The answers to one round trip, to its end. Returns the server's status.
async fn pass_on(server: &mut Line, mut client: Option<&mut Line>) -> std::io::Result<u8> {
    loop {
        let message = server.message().await?;
        let status = wire::status(&message);
        if let Some(client) = &mut client {
            client.queue(&message);
        }
        if let Some(status) = status {
            if let Some(client) = client {
                client.flush().await?;
            }
            return Ok(status);
        }
    }
}

/// The server asks who is there, until it is ready. `silent`: that it is ready is not told.
async fn greet(client: &mut Line, server: &mut Line, silent: bool) -> std::io::Result<()> {
    loop {
        let message = server.message().await?;
        let ready = wire::status(&message).is_some();
        if !(ready && silent) {
            client.send(&message).await?;
        }
        if ready {
            return Ok(());
        }
        if wire::asks(&message) {
            let answer = client.message().await?;
            server.send(&answer).await?;
        }
    }
}

/// The server's side first; whoever calls drops the client's.
async fn cut(server: Line, plan: &Plan) -> std::io::Result<()> {
    server.close().await?;
    plan.strike();
    // Whoever waits for the strike is to hear of it first.
    tokio::task::yield_now().await;
    Ok(())
}
