//! Everybody outside: the providers of all channels and the endpoints that journeys call, behind
//! one address. They answer as they are told, by key and attempt, and keep a book.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use channels::{AdapterSettings, Channels, Span, WebhookSettings};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};
use uuid::Uuid;

/// What they do with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Take it.
    Take,
    /// Take it, and say 503.
    TakeAndFail,
    /// Take it, and hang up without a word.
    TakeAndHangUp,
    /// Say 503.
    Fail,
    /// Say 429, and ask to be left alone for so many seconds.
    Throttle(u64),
    /// Say 400: for good.
    Refuse,
    /// Hang up without a word.
    HangUp,
}

impl Answer {
    pub fn takes(self) -> bool {
        matches!(self, Self::Take | Self::TakeAndFail | Self::TakeAndHangUp)
    }

    /// Whether the one who asked is told that it was taken.
    pub fn acknowledges(self) -> bool {
        self == Self::Take
    }
}

/// One request.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Its `Idempotency-Key`.
    pub key: Uuid,
    /// Whether it is the call of an endpoint; else it is a message.
    pub call: bool,
    /// Who asked: what [`Outside::tag`] said.
    pub tag: usize,
    pub answer: Answer,
}

/// By key and how often it has come before.
type Judge = Box<dyn Fn(Uuid, u64) -> Answer + Send>;

struct Book {
    judge: Judge,
    asked: Vec<Asked>,
    times: BTreeMap<Uuid, u64>,
    tag: usize,
    /// The next request is to wait.
    holds: bool,
}

struct Desk {
    book: Mutex<Book>,
    /// How many requests wait, and how many may go on.
    waiting: watch::Sender<u64>,
    going: watch::Sender<u64>,
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Desk")
    }
}

#[derive(Debug)]
pub struct Outside {
    url: String,
    desk: Arc<Desk>,
    task: JoinHandle<()>,
}

impl Outside {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let desk = Arc::new(Desk {
            book: Mutex::new(Book {
                judge: Box::new(|_, _| Answer::Take),
                asked: Vec::new(),
                times: BTreeMap::new(),
                tag: 0,
                holds: false,
            }),
            waiting: watch::Sender::new(0),
            going: watch::Sender::new(0),
        });
        let task = tokio::spawn(serve(listener, desk.clone()));
        Self { url, desk, task }
    }

    /// Forgets everything, and answers as `judge` says.
    pub fn judge(&self, judge: impl Fn(Uuid, u64) -> Answer + Send + 'static) {
        let mut book = self.desk.book();
        book.judge = Box::new(judge);
        book.asked.clear();
        book.times.clear();
        book.holds = false;
        book.tag = 0;
        drop(book);
        self.release();
    }

    /// Whom requests are from, from here on.
    pub fn tag(&self, tag: usize) {
        self.desk.book().tag = tag;
    }

    /// Lets the next request wait until [`Outside::release`]; what it asks for is done meanwhile.
    pub fn hold(&self) {
        self.desk.book().holds = true;
    }

    /// Until a request waits.
    pub async fn held(&self) {
        let mut waiting = self.desk.waiting.subscribe();
        let going = *self.desk.going.borrow();
        let _ = waiting.wait_for(|waiting| *waiting > going).await;
    }

    /// Whoever waits goes on.
    pub fn release(&self) {
        self.desk.book().holds = false;
        let waiting = *self.desk.waiting.borrow();
        self.desk.going.send_replace(waiting);
    }

    /// Every request so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.desk.book().asked.clone()
    }

    /// Adapters of every channel that end here.
    pub fn channels(&self) -> Arc<Channels> {
        let adapter = || {
            let url = format!("{}/send", self.url);
            let mut settings = WebhookSettings::new("outside", url);
            // Providers are left alone by the clock on the wall, which is not the one here.
            settings.limits.longest_pause = Span(Duration::from_nanos(1));
            settings.limits.circuit.failures = u32::MAX;
            AdapterSettings::Webhook(settings)
        };
        let settings = channels::Settings {
            email: adapter().into(),
            sms: adapter().into(),
            push: adapter().into(),
            chat: adapter().into(),
            ..channels::Settings::default()
        };
        Arc::new(Channels::new(&settings).unwrap())
    }

    /// The address of the endpoint that journeys call.
    pub fn endpoint(&self) -> String {
        format!("{}/call", self.url)
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Desk {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap()
    }

    /// Writes a request down. Returns the answer, and whether it has to wait.
    fn note(&self, key: Uuid, call: bool) -> (Answer, bool) {
        let mut book = self.book();
        let times = book.times.entry(key).or_default();
        *times += 1;
        let before = *times - 1;
        let (answer, tag) = ((book.judge)(key, before), book.tag);
        book.asked.push(Asked {
            key,
            call,
            tag,
            answer,
        });
        (answer, std::mem::take(&mut book.holds))
    }
}

async fn serve(listener: TcpListener, desk: Arc<Desk>) {
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        tokio::spawn(talk(BufReader::new(stream), desk.clone()));
    }
}

/// One HTTP connection; `None` when one side leaves.
async fn talk(mut stream: BufReader<TcpStream>, desk: Arc<Desk>) -> Option<()> {
    loop {
        let (key, call) = request(&mut stream).await?;
        let (answer, waits) = desk.note(key, call);
        if waits {
            let mut going = desk.going.subscribe();
            let mut mine = 0;
            desk.waiting.send_modify(|waiting| {
                *waiting += 1;
                mine = *waiting;
            });
            going.wait_for(|going| *going >= mine).await.ok()?;
        }
        let (status, head) = match answer {
            Answer::Take => ("200 OK", String::new()),
            Answer::TakeAndFail | Answer::Fail => ("503 Service Unavailable", String::new()),
            Answer::Throttle(s) => ("429 Too Many Requests", format!("retry-after: {s}\r\n")),
            Answer::Refuse => ("400 Bad Request", String::new()),
            Answer::TakeAndHangUp | Answer::HangUp => return None,
        };
        let body = format!("{{\"code\":\"{}\"}}", &key.simple().to_string()[..8]);
        let length = body.len();
        let answer = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{head}content-length: {length}\r\n\r\n{body}"
        );
        stream.get_mut().write_all(answer.as_bytes()).await.ok()?;
    }
}

/// The key of the next request, and whether it is a call.
async fn request(stream: &mut BufReader<TcpStream>) -> Option<(Uuid, bool)> {
    let (mut key, mut length, mut call) = (None, 0, false);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        call |= line.starts_with("POST /call ");
        if let Some((name, value)) = line.split_once(": ") {
            match name.to_ascii_lowercase().as_str() {
                "idempotency-key" => key = value.parse().ok(),
                "content-length" => length = value.parse().ok()?,
                _ => {}
            }
        }
    }
    stream.read_exact(&mut vec![0; length]).await.ok()?;
    Some((key?, call))
}
