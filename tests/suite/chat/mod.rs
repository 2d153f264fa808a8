//! The chat widget: what it asks of the server, and a whole conversation in a browser.

mod browser;
mod french;
mod hostile;
mod inbox;
mod talks;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use channels::{AdapterSettings, Channels, Secret, Settings, WebSettings};
use cli::{board, intake::IntoTurn, service};
use engine::{Engine, Roles};
use jiff::Timestamp;
use journey::{ids::CustomerId, localized::Localized};
use parcours_tests::kit::{self, Rig, Workspace};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// The key by which the shop proves who its visitor is.
const SECRET: &str = "the widget's own secret";

/// A shop that answers whoever says something in the widget.
fn concierge() -> Workspace {
    let hello = |text: &str| format!("{text}\n");
    Workspace::new()
        .file("templates/hello/chat.en.txt", &hello("Hello! What is it about?"))
        .file("templates/hello/chat.fr.txt", &hello("Bonjour ! De quoi s’agit-il ?"))
        .file("templates/number/chat.en.txt", &hello("What is the number of your order? It has four digits."))
        .file("templates/number/chat.fr.txt", &hello("Quel est le numéro de votre commande ? Il a quatre chiffres."))
        .file("templates/found/chat.en.txt", &hello("Order {{ number }} arrives tomorrow. See https://shop.example/orders/{{ number }}."))
        .file("templates/found/chat.fr.txt", &hello("La commande {{ number }} arrive demain. Voir https://shop.example/orders/{{ number }}."))
        .file("templates/hours/chat.en.txt", &hello("We are there from 9 to 18, from Monday to Saturday."))
        .file("templates/hours/chat.fr.txt", &hello("Nous sommes là de 9 h à 18 h, du lundi au samedi."))
        .journey(
            "concierge",
            "purpose: service
enter: { event: message.replied, if: 'event.channel == \"chat\"', again: always }
steps:
  - id: topic
    ask: chat
    template: hello
    retry: 1
    options:
      order:
        label: { en: Where is my order?, fr: Où est ma commande ? }
        synonyms: [order, commande, parcel, colis]
        then:
          - { id: number, ask: chat, template: number, expect: { number: { min: 1000, max: 9999 } }, retry: 2, save: run.number }
          - { send: chat, template: found, with: { number: run.number } }
      hours:
        label: { en: Opening hours, fr: Horaires d’ouverture }
        synonyms: [hours, horaires]
        then: [ { send: chat, template: hours } ]
",
        )
}

/// A process with the widget, listening.
struct Place {
    rig: Rig,
    engine: Arc<Engine>,
    address: SocketAddr,
    stop: CancellationToken,
    client: reqwest::Client,
}

impl Place {
    async fn new(workspace: &Workspace, change: impl FnOnce(&mut WebSettings)) -> Self {
        let rig = Rig::new(workspace).await;
        let mut web = WebSettings {
            secret: Some(Secret::new(SECRET)),
            title: Some("Maison Tilleul".into()),
            greeting: Localized::from([
                (
                    "en".into(),
                    "Hello! Ask us anything about your order or our teas.".into(),
                ),
                (
                    "fr".into(),
                    "Bonjour ! Posez-nous vos questions sur votre commande ou nos thés.".into(),
                ),
            ]),
            origins: vec!["https://shop.example".into()],
            lines_per_minute: 1_000,
            ..WebSettings::default()
        };
        change(&mut web);
        let settings = Settings {
            chat: AdapterSettings::Web(web.clone()).into(),
            ..Settings::default()
        };
        let channels = Channels::new(&settings).unwrap();
        let channels = channels.with_board(&board::board(&rig.store));
        let engine = rig.engine_with(kit::quick(), channels.into()).await;
        let stop = CancellationToken::new();
        let listener = service::listen("127.0.0.1:0", false).await.unwrap();
        let address = listener.local_addr().unwrap();
        let accept = Arc::new(IntoTurn(engine.clone()));
        let look = api::Look {
            accent: "#2f4a3a".into(),
            ..api::Look::default()
        };
        let state = api::State {
            pages: Some(service::pages(&engine, look.clone())),
            chat: Some(board::chat(&engine, &web, &look, &stop)),
            ..service::state(&engine, accept)
        };
        let http = service::Http::start(listener, state, &stop).unwrap();
        let (running, stops) = (engine.clone(), stop.clone());
        tokio::spawn(async move {
            let roles = Roles {
                intake: false,
                ..Roles::ALL
            };
            running.run(None, roles, stops).await.unwrap();
            http.ended().await.unwrap();
        });
        Self {
            rig,
            engine,
            address,
            stop,
            client: kit::http(),
        }
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> (StatusCode, Value) {
        let mut request = self
            .client
            .request(method, format!("http://{}{path}", self.address));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        (status, response.json().await.unwrap_or(Value::Null))
    }

    /// Begins to talk, with what the widget says of itself.
    async fn session(&self, known: Value) -> Value {
        let (status, session) = self
            .ask(Method::POST, "/chat/session", None, Some(known))
            .await;
        assert_eq!(status, StatusCode::OK, "{session}");
        session
    }

    async fn say(&self, token: &str, line: Value) -> (StatusCode, Value) {
        self.ask(Method::POST, "/chat/say", Some(token), Some(line))
            .await
    }

    /// What is said, with an id of its own.
    async fn says(&self, token: &str, text: &str) {
        let (status, body) = self
            .say(
                token,
                json!({ "id": Uuid::from_u128(next()), "text": text }),
            )
            .await;
        assert_eq!(status, StatusCode::OK, "{body}");
    }

    async fn lines(&self, token: &str) -> Vec<Value> {
        let (status, page) = self
            .ask(Method::GET, "/chat/lines?after=0", Some(token), None)
            .await;
        assert_eq!(status, StatusCode::OK, "{page}");
        page["lines"].as_array().unwrap().clone()
    }

    /// Waits until so many lines are there; their texts, in the order of time.
    async fn talk(&self, token: &str, lines: usize) -> Vec<String> {
        let there = async || self.lines(token).await.len() >= lines;
        kit::eventually(Duration::from_secs(30), "lines", there).await;
        let mut all = self.lines(token).await;
        all.sort_by_key(|line| line["at"].as_str().unwrap().parse::<Timestamp>().unwrap());
        let text = |l: &Value| {
            format!(
                "{}: {}",
                l["who"].as_str().unwrap(),
                l["text"].as_str().unwrap()
            )
        };
        all.iter().map(text).collect()
    }

    async fn customers(&self) -> Vec<String> {
        sqlx::query_scalar("select key from customer order by key")
            .fetch_all(self.rig.store.pool())
            .await
            .unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// What the shop's server says of a customer: the HMAC of the id, from its definition.
fn proof(id: &str) -> String {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, SECRET.as_bytes());
    let tag = ring::hmac::sign(&key, id.as_bytes());
    tag.as_ref().iter().map(|b| format!("{b:02x}")).collect()
}

fn next() -> u128 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static LAST: AtomicU64 = AtomicU64::new(1_000_000);
    LAST.fetch_add(1, Ordering::Relaxed).into()
}
