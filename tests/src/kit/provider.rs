//! A stand-in for a provider behind a web hook.
//!
//! It does what Standard Webhooks ask of a receiver: it verifies `webhook-signature`, the
//! HMAC-SHA256 over `ID.SECONDS.BODY`, and takes a message once however often it comes, by its
//! `Idempotency-Key`. Beyond that it answers as the test says.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use channels::{AdapterSettings, Channels, Secret, WebhookSettings};
use journey::message::Channel;
use ring::hmac;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

/// The key of the signatures.
const KEY: &[u8; 32] = b"a key that only the two of us kn";

/// How the provider answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It takes the message.
    Accept,
    /// It takes the message and then says this status, as if the answer had been lost.
    AcceptThen(u16),
    /// It refuses with this status.
    Refuse(u16),
    /// It refuses with this status and asks to be left alone for so many seconds.
    RetryAfter(u16, u64),
}

/// One request.
#[derive(Clone, Debug)]
pub struct Post {
    /// Its `Idempotency-Key`.
    pub key: String,
    /// Its body.
    pub body: Value,
    /// Whether its signature was right.
    pub signed: bool,
    /// Whether this was the request by which the message was taken.
    pub taken: bool,
    /// When it came.
    pub at: Instant,
    /// Its header `traceparent`.
    pub traceparent: Option<String>,
}

/// The stand-in; it stops listening when it is dropped.
#[derive(Debug)]
pub struct Provider {
    url: String,
    desk: Arc<Desk>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Desk {
    book: Mutex<Book>,
    open: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct Book {
    script: VecDeque<Answer>,
    by_channel: BTreeMap<String, Answer>,
    posts: Vec<Post>,
}

impl Provider {
    /// Listens on a free port and takes everything.
    ///
    /// # Panics
    /// There is no free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let desk = Arc::new(Desk {
            book: Mutex::default(),
            open: watch::Sender::new(true),
        });
        let router = Router::new()
            .route("/", post(answer))
            .with_state(desk.clone());
        let task = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Self {
            url: format!("http://{address}/"),
            desk,
            task,
        }
    }

    /// What it says to the next requests, one after another; then it takes everything again.
    pub fn script(&self, answers: impl IntoIterator<Item = Answer>) {
        self.desk.book().script.extend(answers);
    }

    /// What it says to every request of a channel, until it is told something else.
    pub fn always(&self, channel: Channel, answer: Answer) {
        let mut book = self.desk.book();
        book.by_channel.insert(channel.as_str().to_owned(), answer);
    }

    /// Lets requests come in, and answers none until [`Provider::resume`].
    pub fn hold(&self) {
        self.desk.open.send_replace(false);
    }

    /// Answers again.
    pub fn resume(&self) {
        self.desk.open.send_replace(true);
    }

    /// Every request so far, in order of arrival.
    #[must_use]
    pub fn posts(&self) -> Vec<Post> {
        self.desk.book().posts.clone()
    }

    /// How often each message came, by its `Idempotency-Key`.
    #[must_use]
    pub fn requests(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for post in self.posts() {
            *counts.entry(post.key).or_default() += 1;
        }
        counts
    }

    /// The messages that were taken, in order.
    #[must_use]
    pub fn taken(&self) -> Vec<Post> {
        self.posts().into_iter().filter(|p| p.taken).collect()
    }

    /// Adapters that hand text, push and chat messages to this provider.
    ///
    /// # Panics
    /// Never: the settings are right.
    #[must_use]
    pub fn channels(&self) -> Arc<Channels> {
        let settings = channels::Settings {
            sms: self.adapter().into(),
            push: self.adapter().into(),
            chat: self.adapter().into(),
            ..channels::Settings::default()
        };
        Arc::new(Channels::new(&settings).expect("the settings are right"))
    }

    /// The lines of `config/parcours.yaml` that name it for text messages, within `channels`.
    #[must_use]
    pub fn settings(&self) -> String {
        let (url, secret) = (&self.url, STANDARD.encode(KEY));
        format!(
            "  sms:\n    webhook: {{ name: stand-in, url: \"{url}\", secret: whsec_{secret} }}\n"
        )
    }

    /// The settings of an adapter for this provider.
    #[must_use]
    pub fn adapter(&self) -> AdapterSettings {
        AdapterSettings::Webhook(self.named("stand-in"))
    }

    /// The same under a name, to be changed.
    #[must_use]
    pub fn named(&self, name: &str) -> WebhookSettings {
        WebhookSettings {
            secret: Some(Secret::new(format!("whsec_{}", STANDARD.encode(KEY)))),
            ..WebhookSettings::new(name, &self.url)
        }
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Desk {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    /// Notes a request, and says what the answer is.
    fn note(
        &mut self,
        key: String,
        body: Value,
        signed: bool,
        traceparent: Option<String>,
    ) -> Answer {
        let channel = body["channel"].as_str().unwrap_or_default();
        let answer = match self.by_channel.get(channel) {
            _ if !signed => Answer::Refuse(401),
            Some(answer) => answer.clone(),
            None => self.script.pop_front().unwrap_or(Answer::Accept),
        };
        let known = self.posts.iter().any(|p| p.key == key && p.taken);
        let takes = matches!(answer, Answer::Accept | Answer::AcceptThen(_));
        self.posts.push(Post {
            key,
            body,
            signed,
            taken: takes && !known,
            at: Instant::now(),
            traceparent,
        });
        answer
    }
}

async fn answer(State(desk): State<Arc<Desk>>, headers: HeaderMap, body: Bytes) -> Response {
    let text = |name| {
        let value = headers.get(name).and_then(|v| v.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let key = text("idempotency-key");
    let signed = text("webhook-id") == key
        && is_signed(
            &key,
            &text("webhook-timestamp"),
            &text("webhook-signature"),
            &body,
        );
    let json = serde_json::from_slice(&body).unwrap_or_default();
    let traceparent = Some(text("traceparent")).filter(|t| !t.is_empty());
    let answer = desk.book().note(key.clone(), json, signed, traceparent);
    let mut open = desk.open.subscribe();
    // The sender lives as long as the desk, which this request holds.
    let _ = open.wait_for(|open| *open).await;
    let status = |code| StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match answer {
        Answer::Accept => (
            StatusCode::OK,
            axum::Json(json!({ "id": format!("p-{key}") })),
        )
            .into_response(),
        Answer::AcceptThen(code) | Answer::Refuse(code) => {
            (status(code), axum::Json(json!({ "message": "no" }))).into_response()
        }
        Answer::RetryAfter(code, seconds) => {
            (status(code), [("retry-after", seconds.to_string())]).into_response()
        }
    }
}

fn is_signed(id: &str, seconds: &str, signature: &str, body: &[u8]) -> bool {
    let Some(signature) = signature.strip_prefix("v1,") else {
        return false;
    };
    let mut signed = format!("{id}.{seconds}.").into_bytes();
    signed.extend_from_slice(body);
    let key = hmac::Key::new(hmac::HMAC_SHA256, KEY);
    STANDARD
        .decode(signature)
        .is_ok_and(|tag| hmac::verify(&key, &signed, &tag).is_ok())
}
