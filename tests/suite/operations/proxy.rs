//! A wire between a process and a server that can be cut, and can fall silent.

use std::sync::Arc;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinHandle,
};

/// How the wire is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    Whole,
    /// Connections end, and new ones do as well.
    Cut,
    /// Connections stand, and nothing passes.
    Silent,
}

/// It stands until it is dropped.
pub struct Proxy {
    pub port: u16,
    wire: Arc<watch::Sender<Wire>>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// To the host and port of that address.
    pub async fn to(server: &str) -> Self {
        let server = server.to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let wire = Arc::new(watch::Sender::new(Wire::Whole));
        let of_all = wire.clone();
        let task = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let (server, wire) = (server.clone(), of_all.subscribe());
                tokio::spawn(async move { both(near, &server, wire).await });
            }
        });
        Self { port, wire, task }
    }

    pub fn set(&self, wire: Wire) {
        self.wire.send_replace(wire);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
        self.wire.send_replace(Wire::Cut);
    }
}

async fn both(near: TcpStream, server: &str, mut wire: watch::Receiver<Wire>) {
    let open = wire.wait_for(|w| *w != Wire::Silent).await.map(|w| *w);
    if !matches!(open, Ok(Wire::Whole)) {
        return;
    }
    let Ok(far) = TcpStream::connect(server).await else {
        return;
    };
    let (near_in, near_out) = near.into_split();
    let (far_in, far_out) = far.into_split();
    tokio::select! {
        () = one_way(near_in, far_out, wire.clone()) => {}
        () = one_way(far_in, near_out, wire.clone()) => {}
        _ = wire.wait_for(|w| *w == Wire::Cut) => {}
    }
}

async fn one_way(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut wire: watch::Receiver<Wire>) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        // What was read while the wire is silent waits.
        if wire.wait_for(|w| *w != Wire::Silent).await.is_err() {
            return;
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}

/// `url` with the port of a proxy before its server, and where that is.
pub fn through(url: &str) -> (String, impl Fn(u16) -> String) {
    let (scheme, rest) = url.split_once("://").unwrap();
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (account, server) = authority
        .rsplit_once('@')
        .map_or((None, authority), |(a, s)| (Some(a.to_owned()), s));
    let (scheme, path) = (scheme.to_owned(), path.to_owned());
    let with = move |port: u16| {
        let account = account
            .as_ref()
            .map(|a| format!("{a}@"))
            .unwrap_or_default();
        format!("{scheme}://{account}127.0.0.1:{port}/{path}")
    };
    (server.to_owned(), with)
}
