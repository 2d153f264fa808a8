//! A provider that accepts at once: HTTP, as little of it as an answer needs. It counts exactly what it was given.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, BufStream},
    net::{TcpListener, TcpStream},
    sync::watch,
};
use uuid::Uuid;

/// The longest head and body that are read, in bytes.
const MOST: usize = 256 * 1024;
const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";

/// What was taken: by message, how often, and when it first came.
type Taken = HashMap<Uuid, (u32, Instant, String)>;

/// The provider.
pub(super) struct Sink {
    pub(super) address: SocketAddr,
    taken: Arc<Mutex<Taken>>,
    count: watch::Receiver<usize>,
}

#[derive(Deserialize)]
struct Body {
    id: Uuid,
    to: String,
}

impl Sink {
    pub(super) async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let taken = Arc::new(Mutex::new(Taken::new()));
        let (told, count) = watch::channel(0);
        let (all, told) = (taken.clone(), Arc::new(told));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (all, told) = (all.clone(), told.clone());
                tokio::spawn(async move {
                    // It ends when the other side hangs up.
                    drop(serve(stream, &all, &told).await);
                });
            }
        });
        Ok(Self {
            address,
            taken,
            count,
        })
    }

    /// Waits until it has been given so many different messages.
    pub(super) async fn has(&mut self, messages: usize) -> Result<()> {
        self.count
            .wait_for(|count| *count >= messages)
            .await
            .context("the sink has died")
            .map(drop)
    }

    /// How many messages came more than once.
    pub(super) fn doubled(&self) -> usize {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.values().filter(|t| t.0 > 1).count()
    }

    /// When each address was first written to.
    pub(super) fn arrivals(&self) -> HashMap<String, Instant> {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.values().map(|t| (t.2.clone(), t.1)).collect()
    }
}

async fn serve(stream: TcpStream, taken: &Mutex<Taken>, told: &watch::Sender<usize>) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufStream::new(stream);
    let mut head = Vec::new();
    loop {
        head.clear();
        while !head.ends_with(b"\r\n\r\n") {
            if head.len() > MOST {
                bail!("the head is too long");
            }
            head.push(stream.read_u8().await?);
        }
        let text = String::from_utf8_lossy(&head).to_ascii_lowercase();
        let length = text
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"))
            .and_then(|length| length.trim().parse::<usize>().ok())
            .filter(|length| *length <= MOST)
            .context("no length")?;
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        let body: Body = serde_json::from_slice(&body)?;
        let count = {
            let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
            let came = Instant::now();
            taken.entry(body.id).or_insert((0, came, body.to)).0 += 1;
            taken.len()
        };
        stream.write_all(ANSWER).await?;
        stream.flush().await?;
        told.send_if_modified(|told| {
            let more = count > *told;
            *told = count.max(*told);
            more
        });
    }
}
