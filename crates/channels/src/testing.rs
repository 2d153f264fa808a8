//! Stand-ins for the world outside: directories, mail servers and HTTP servers that do what a
//! test tells them.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use journey::{
    content::{Content, File},
    message::Channel,
};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;
use uuid::Uuid;

use tokio_util::sync::CancellationToken;

use crate::{Channels, Outcome, Outgoing, Turn, Wish};

impl Channels {
    /// One attempt, as dispatch makes it.
    pub(crate) async fn send(&self, message: &Outgoing<'_>) -> Outcome {
        let stop = CancellationToken::new();
        let wish = Wish {
            channel: message.channel,
            to: message.to,
            tied_to: None,
            passed: &[],
            until: tokio::time::Instant::now() + LONG,
            stop: &stop,
        };
        match self.place(&wish).await {
            Turn::Place(place) => place.send(message, LONG, &stop, LONG).await,
            turn => panic!("{turn:?}"),
        }
    }
}

/// More than any attempt takes.
pub(crate) const LONG: Duration = Duration::from_secs(600);

/// A directory that goes away with its owner.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("parcours-channels-{}-{next}", std::process::id());
        let dir = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&dir).unwrap();
        Self(dir)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn mail() -> Content {
    Content::Email {
        subject: "Été : votre panier vous attend encore, œuvres comprises — 20 % de remise".into(),
        preheader: String::new(),
        html: format!(
            "<html><body><p>Ça va ? {}</p><img src=\"cid:0a1b@parcours\"></body></html>",
            "é".repeat(2_000)
        ),
        text: "Bonjour Zoë\r\n.\r\n..two dots\r\n.one dot\r\nend".into(),
        files: files(),
    }
}

/// A picture that the mail shows, and two files that are attached to it.
pub(crate) fn files() -> Vec<File> {
    let all: [(&str, &str, Option<&str>, &[u8]); 3] = [
        (
            "logo.png",
            "image/png",
            Some("0a1b@parcours"),
            b"\x89PNG\r\n\x1a\n.\r\n\xff",
        ),
        (
            "Conditions générales — été.pdf",
            "application/pdf",
            None,
            b"%PDF-1.4\n.\n\xfe",
        ),
        (
            "invite.ics",
            "text/calendar; charset=utf-8; method=REQUEST",
            None,
            b"BEGIN:VCALENDAR\r\n",
        ),
    ];
    let file = |(name, media_type, cid, bytes): (&str, &str, Option<&str>, &[u8])| File {
        name: name.into(),
        media_type: media_type.into(),
        cid: cid.map(str::to_owned),
        bytes: bytes.into(),
    };
    all.into_iter().map(file).collect()
}

pub(crate) fn sms() -> Content {
    Content::Sms {
        text: "Votre code : 123".into(),
    }
}

/// The message `n` to `to`.
pub(crate) fn outgoing<'a>(
    n: u128,
    channel: Channel,
    to: &'a str,
    content: &'a Content,
) -> Outgoing<'a> {
    Outgoing {
        id: id(n),
        at: at("2026-03-14T09:26:53Z"),
        channel,
        to,
        content,
        purpose: "news",
        journey: "abandoned-cart",
        locale: Some("fr"),
        unsubscribe_url: None,
        unsubscribe_mailto: None,
        report: None,
        country: None,
        traceparent: None,
    }
}

/// A mail server that answers as a function says: of the number of the connection, from 0, and
/// of the line (`.` stands for the end of a mail, an empty line for the greeting). `None` closes,
/// an empty answer says nothing.
pub(crate) async fn scripted<F>(answer: F) -> SocketAddr
where
    F: Fn(usize, &str) -> Option<&'static str> + Send + Sync + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let answer = Arc::new(answer);
    tokio::spawn(async move {
        for connection in 0.. {
            let (stream, _) = listener.accept().await.unwrap();
            let answer = Arc::clone(&answer);
            tokio::spawn(async move {
                converse(stream, |line| answer(connection, line)).await;
            });
        }
    });
    addr
}

/// Talks until the client leaves, an answer is `None`, or STARTTLS was agreed upon.
async fn converse<S>(stream: S, answer: impl Fn(&str) -> Option<&'static str>) -> Option<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    let mut in_mail = false;
    loop {
        let text = line.trim_end();
        if !in_mail || text == "." {
            let reply = answer(text)?;
            in_mail = reply.starts_with("354");
            let reply = match reply {
                "" => String::new(),
                reply => format!("{reply}\r\n"),
            };
            stream.get_mut().write_all(reply.as_bytes()).await.ok()?;
            if text == "STARTTLS" {
                return Some(stream.into_inner());
            }
        }
        line.clear();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
    }
}

/// A polite mail server for `localhost` with TLS, from the start or after STARTTLS.
pub(crate) async fn encrypted(starttls: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let acceptor = acceptor();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                if starttls {
                    stream = converse(stream, in_the_clear).await.unwrap();
                }
                let Ok(stream) = acceptor.accept(stream).await else {
                    return;
                };
                // After STARTTLS nobody greets again.
                converse(stream, |line| match line {
                    "" if starttls => Some(""),
                    line => polite(line),
                })
                .await;
            });
        }
    });
    addr
}

/// Offers STARTTLS and takes no mail.
fn in_the_clear(line: &str) -> Option<&'static str> {
    match line {
        "" | "STARTTLS" => Some("220 go on"),
        l if l.starts_with("EHLO") => Some("250-hello\r\n250 STARTTLS"),
        _ => Some("530 STARTTLS first"),
    }
}

fn acceptor() -> TlsAcceptor {
    let pem = include_bytes!("fixtures/server.pem");
    let key = include_bytes!("fixtures/server.key");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(pem).unwrap()],
            PrivateKeyDer::from_pem_slice(key).unwrap(),
        )
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// What a well-behaved server says.
pub(crate) fn polite(line: &str) -> Option<&'static str> {
    let verb = line.split([' ', ':']).next().unwrap_or_default();
    Some(match verb {
        "" => "220 hello",
        "EHLO" => "250-hello\r\n250 8BITMIME",
        "DATA" => "354 go on",
        "QUIT" => "221 bye",
        _ => "250 fine",
    })
}

/// One request as it came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }
}

/// An HTTP server that gives every request the same answer and keeps the requests. An empty
/// answer stays silent.
pub(crate) async fn http(answer: Vec<u8>) -> (SocketAddr, Arc<Mutex<Vec<Request>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&seen);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let (answer, keep) = (answer.clone(), Arc::clone(&keep));
            tokio::spawn(async move {
                respond(&mut stream, &answer, &keep).await;
            });
        }
    });
    (addr, seen)
}

/// The same for `localhost` over TLS.
pub(crate) async fn https(answer: Vec<u8>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (keep, acceptor) = (Mutex::default(), acceptor());
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            if let Ok(mut stream) = acceptor.accept(stream).await {
                respond(&mut stream, &answer, &keep).await;
            }
        }
    });
    addr
}

async fn respond<S>(stream: &mut S, answer: &[u8], keep: &Mutex<Vec<Request>>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let request = request(stream).await;
    keep.lock().unwrap().push(request);
    if answer.is_empty() {
        std::future::pending::<()>().await;
    }
    let _ = stream.write_all(answer).await;
    let _ = stream.shutdown().await;
}

async fn request(stream: &mut (impl AsyncRead + Unpin)) -> Request {
    let mut stream = BufReader::new(stream);
    let mut request = Request::default();
    while !request.head.ends_with("\r\n\r\n") {
        stream.read_line(&mut request.head).await.unwrap();
    }
    // A GET has none.
    let length = request.header("content-length");
    let length = length.map_or(0, |length| length.parse().unwrap());
    request.body = vec![0; length];
    stream.read_exact(&mut request.body).await.unwrap();
    request
}
