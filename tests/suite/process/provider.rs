//! Providers that accept everything and count what came under which key.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use uuid::Uuid;

/// How long they think: so that a kill meets messages on their way.
const THINKS: Duration = Duration::from_millis(3);

type Counts = Arc<Mutex<BTreeMap<Uuid, u32>>>;

/// A mail server and a web hook.
pub struct Providers {
    pub smtp_port: u16,
    pub webhook_port: u16,
    accepted: Counts,
    tasks: [JoinHandle<()>; 2],
}

impl Providers {
    pub async fn start() -> Self {
        let accepted = Counts::default();
        let (smtp, smtp_port) = listener().await;
        let (webhook, webhook_port) = listener().await;
        let tasks = [
            tokio::spawn(serve(smtp, accepted.clone(), |stream, counts| {
                Box::pin(mail(stream, counts))
            })),
            tokio::spawn(serve(webhook, accepted.clone(), |stream, counts| {
                Box::pin(hook(stream, counts))
            })),
        ];
        Self {
            smtp_port,
            webhook_port,
            accepted,
            tasks,
        }
    }

    /// How often each message was accepted, by its idempotency key.
    pub fn accepted(&self) -> BTreeMap<Uuid, u32> {
        self.accepted.lock().unwrap().clone()
    }

    /// The lines of `config/parcours.yaml` that name them.
    pub fn settings(&self) -> String {
        format!(
            "channels:\n  email:\n    smtp: {{ host: 127.0.0.1, port: {}, tls: none, from: shop@shop.example }}\n  \
             sms:\n    webhook: {{ url: \"http://127.0.0.1:{}/sms\" }}\n",
            self.smtp_port, self.webhook_port
        )
    }
}

impl Drop for Providers {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

type Talk = std::pin::Pin<Box<dyn Future<Output = Option<()>> + Send>>;

async fn serve(listener: TcpListener, counts: Counts, talk: fn(TcpStream, Counts) -> Talk) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let _ = stream.set_nodelay(true);
        tokio::spawn(talk(stream, counts.clone()));
    }
}

/// Counted before the answer leaves: whoever dies without hearing it has sent all the same.
async fn accept(counts: &Counts, key: &str) {
    tokio::time::sleep(THINKS).await;
    let key = key.trim().parse().unwrap();
    *counts.lock().unwrap().entry(key).or_default() += 1;
}

/// One SMTP connection; `None` when the other side leaves.
async fn mail(stream: TcpStream, counts: Counts) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let mut answer = "220 hello";
    loop {
        let line = format!("{answer}\r\n");
        stream.get_mut().write_all(line.as_bytes()).await.ok()?;
        let said = line_of(&mut stream).await?;
        answer = match said.split([' ', ':']).next().unwrap_or_default() {
            "EHLO" => "250-hello\r\n250 8BITMIME",
            "DATA" => {
                stream.get_mut().write_all(b"354 go on\r\n").await.ok()?;
                let key = whole_mail(&mut stream).await?;
                accept(&counts, &key).await;
                "250 kept"
            }
            "QUIT" => "221 bye",
            _ => "250 fine",
        };
    }
}

/// Reads a mail to its end and returns its key.
async fn whole_mail(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut key = None;
    loop {
        let line = line_of(stream).await?;
        if line == "." {
            return key;
        }
        if let Some(id) = line.strip_prefix("X-Parcours-Message: ") {
            key = Some(id.to_owned());
        }
    }
}

/// One HTTP connection of POSTs.
async fn hook(stream: TcpStream, counts: Counts) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let (mut key, mut length) = (String::new(), 0);
        loop {
            let line = line_of(&mut stream).await?;
            if line.is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(": ") {
                match name.to_ascii_lowercase().as_str() {
                    "idempotency-key" => key = value.to_owned(),
                    "content-length" => length = value.parse().ok()?,
                    _ => {}
                }
            }
        }
        stream.read_exact(&mut vec![0; length]).await.ok()?;
        accept(&counts, &key).await;
        let answer =
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
        stream.get_mut().write_all(answer).await.ok()?;
    }
}

async fn line_of(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = Vec::new();
    if stream.read_until(b'\n', &mut line).await.ok()? == 0 {
        return None;
    }
    Some(String::from_utf8_lossy(&line).trim_end().to_owned())
}
