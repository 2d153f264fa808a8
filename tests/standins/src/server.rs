//! The server behind every stand-in: it listens, has its provider read each request, and keeps what
//! was taken.

use std::{
    convert::Infallible,
    fmt,
    future::pending,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{Response, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    task::{JoinHandle, JoinSet},
};
use tokio_rustls::TlsAcceptor;

use crate::{
    mood::{Mood, Moods, Refusal},
    wire::{Reply, Request},
};

/// What a request is, for a provider that found nothing wrong with it.
#[derive(Debug)]
pub enum Read<M> {
    /// A message. The mood says what becomes of it.
    Message {
        /// What it says.
        message: M,
        /// What is wrong with it though the provider does not mind: fields that it does not know.
        remarks: Vec<String>,
    },
    /// Anything else, whatever the mood; and messages that a provider would refuse though they are
    /// well-formed, for what it knows.
    Answer(Reply),
}

/// A request that the provider refuses for what it is.
#[derive(Debug)]
pub struct Invalid {
    /// What is wrong with it.
    pub why: String,
    /// What the provider says to that.
    pub reply: Reply,
}

/// A provider: what it demands, and how it answers.
pub trait Provider: Sized + Send + Sync + 'static {
    /// What is kept of a message that was taken.
    type Message: Clone + Send + 'static;

    /// Whether it speaks HTTP/2 alone.
    const HTTP2_ONLY: bool = false;

    /// Finds out what a request is.
    fn read(&self, request: &Request) -> Result<Read<Self::Message>, Invalid>;

    /// The address that a message is for.
    fn to(message: &Self::Message) -> &str;

    /// The answer to a message that is taken.
    fn accept(&self, message: &Self::Message) -> Reply;

    /// The answer to a message that is refused because the test wants it.
    fn refuse(&self, refusal: Refusal, message: &Self::Message) -> Reply;

    /// A stand-in with the usual credentials, on a port of its own.
    fn start() -> impl Future<Output = StandIn<Self>> + Send
    where
        Self: Default,
    {
        Self::default().serve()
    }

    /// The same over TLS, for `localhost`, with a certificate that [`CA`](crate::CA) signed.
    fn start_tls() -> impl Future<Output = StandIn<Self>> + Send
    where
        Self: Default,
    {
        Self::default().serve_tls()
    }

    /// A stand-in with these settings.
    fn serve(self) -> impl Future<Output = StandIn<Self>> + Send {
        StandIn::new(self, None)
    }

    /// The same over TLS.
    fn serve_tls(self) -> impl Future<Output = StandIn<Self>> + Send {
        StandIn::new(self, Some(acceptor(Self::HTTP2_ONLY)))
    }
}

/// A running stand-in. It stops, and closes its connections, when it is dropped.
pub struct StandIn<P: Provider> {
    shared: Arc<Shared<P>>,
    listening: JoinHandle<()>,
}

struct Shared<P: Provider> {
    provider: P,
    origin: Arc<str>,
    state: Mutex<State<P::Message>>,
}

struct State<M> {
    moods: Moods,
    requests: usize,
    accepted: Vec<M>,
    violations: Vec<String>,
}

impl<P: Provider> fmt::Debug for StandIn<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StandIn({})", self.url())
    }
}

impl<P: Provider> StandIn<P> {
    async fn new(provider: P, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let origin = match tls {
            None => format!("http://127.0.0.1:{port}"),
            Some(_) => format!("https://localhost:{port}"),
        };
        let shared = Arc::new(Shared {
            provider,
            origin: origin.into(),
            state: Mutex::new(State {
                moods: Moods::default(),
                requests: 0,
                accepted: Vec::new(),
                violations: Vec::new(),
            }),
        });
        let listening = tokio::spawn(listen(listener, tls, Arc::clone(&shared)));
        Self { shared, listening }
    }

    /// Scheme, host and port, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.shared.origin
    }

    /// Its settings, and the web hooks that it can make.
    pub fn provider(&self) -> &P {
        &self.shared.provider
    }

    /// What all messages meet from now on.
    pub fn mood(&self, mood: Mood) {
        self.moods([mood]);
    }

    /// What the next messages meet, one after the other; the last mood stays.
    pub fn moods(&self, moods: impl IntoIterator<Item = Mood>) {
        self.shared.state().moods.set(moods);
    }

    /// What messages to this address meet, whatever the others do.
    pub fn mood_for(&self, to: &str, mood: Mood) {
        self.shared.state().moods.set_for(to, mood);
    }

    /// The messages that were taken, in order.
    pub fn accepted(&self) -> Vec<P::Message> {
        self.shared.state().accepted.clone()
    }

    /// How many requests came, of whatever kind.
    pub fn requests(&self) -> usize {
        self.shared.state().requests
    }

    /// What was wrong with requests: why they were refused for what they are, and what the provider
    /// does not mind, such as fields that it does not know. A test wants none.
    pub fn violations(&self) -> Vec<String> {
        self.shared.state().violations.clone()
    }
}

impl<P: Provider> Drop for StandIn<P> {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl<P: Provider> Shared<P> {
    fn state(&self) -> MutexGuard<'_, State<P::Message>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer; `None` where none ever comes.
    fn answer(&self, request: &Request) -> Option<Reply> {
        let read = self.provider.read(request);
        let state = &mut *self.state();
        state.requests += 1;
        let place = format!("{} {}", request.method, request.path);
        let message = match read {
            Ok(Read::Answer(reply)) => return Some(reply),
            Ok(Read::Message { message, remarks }) => {
                let noted = remarks.into_iter();
                let noted = noted.map(|remark| format!("{place}: {remark}"));
                state.violations.extend(noted);
                message
            }
            Err(Invalid { why, reply }) => {
                state.violations.push(format!("{place}: {why}"));
                return Some(reply);
            }
        };
        let mood = state.moods.next(P::to(&message));
        if let Some(refusal) = mood.refusal() {
            return Some(self.provider.refuse(refusal, &message));
        }
        if let Mood::Answer(reply) = mood {
            return Some(*reply);
        }
        let reply = self.provider.accept(&message);
        state.accepted.push(message);
        match mood {
            Mood::AcceptAndHang => None,
            Mood::Garble => Some(reply.garbled()),
            _ => Some(reply),
        }
    }
}

/// Takes connections until it is aborted, which ends them as well.
async fn listen<P: Provider>(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    shared: Arc<Shared<P>>,
) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let _ = stream.set_nodelay(true);
        let (tls, shared) = (tls.clone(), Arc::clone(&shared));
        connections.spawn(async move {
            match tls {
                None => converse(stream, shared).await,
                Some(tls) => {
                    // Whoever does not trust the certificate leaves.
                    if let Ok(stream) = tls.accept(stream).await {
                        converse(stream, shared).await;
                    }
                }
            }
        });
    }
}

async fn converse<P: Provider>(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    shared: Arc<Shared<P>>,
) {
    let service = service_fn(move |request| handle(request, Arc::clone(&shared)));
    let mut server = auto::Builder::new(TokioExecutor::new());
    if P::HTTP2_ONLY {
        server = server.http2_only();
    }
    // A client that leaves in the middle is no trouble of ours.
    let _ = server.serve_connection(TokioIo::new(stream), service).await;
}

async fn handle<P: Provider>(
    request: hyper::Request<Incoming>,
    shared: Arc<Shared<P>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let Ok(body) = body.collect().await else {
        return Ok(Reply::empty(400).into_response());
    };
    let request = Request {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().map(str::to_owned),
        version: head.version,
        headers: head.headers,
        body: body.to_bytes(),
        origin: Arc::clone(&shared.origin),
    };
    match shared.answer(&request) {
        Some(reply) => Ok(reply.into_response()),
        None => pending().await,
    }
}

fn acceptor(http2_only: bool) -> TlsAcceptor {
    let chain = CertificateDer::from_pem_slice(include_bytes!("../fixtures/server.pem"));
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("../fixtures/server.key"));
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring knows them")
        .with_no_client_auth()
        .with_single_cert(
            vec![chain.expect("a certificate of ours")],
            key.expect("a key of ours"),
        )
        .expect("they belong together");
    config.alpn_protocols = vec![b"h2".to_vec()];
    if !http2_only {
        config.alpn_protocols.push(b"http/1.1".to_vec());
    }
    TlsAcceptor::from(Arc::new(config))
}
