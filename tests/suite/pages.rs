//! The pages of customers: what a link does, and what no link does.

mod browser;
mod confirm;
mod fatigue;
mod followed;
mod hostile;
mod preferences;
mod push;
mod rights;
mod short;
mod suppressions;
mod unsubscribe;

use std::sync::Arc;

use api::{Look, State};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use cli::{intake::IntoTurn, service};
use engine::Engine;
use jiff::Timestamp;
use journey::{
    customer::{ConsentState, Ledger},
    ids::{CustomerId, MessageId},
    links::{Link, LinkKind},
    message::Channel,
};
use parcours_tests::kit::{self, Rig, Workspace, events};
use serde_json::json;
use tower::ServiceExt as _;

const POLICIES: &str = "purposes:
  marketing:
    consent: opt_in
    channels: { email: double_opt_in }
    title: { en: News and offers, fr: Nouveautés et offres }
    about: { en: Twice a month at most., fr: Deux fois par mois au plus. }
  feedback: { consent: opt_out, title: { en: Surveys, fr: Enquêtes } }
  service: { consent: none }
defaults: { locale: en }
";

/// A shop that sends on `go`, and its pages.
struct Shop {
    rig: Rig,
    engine: Arc<Engine>,
    router: Router,
}

/// An answer, whole.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Shop {
    async fn new() -> Self {
        Self::with(Look::default()).await
    }

    async fn with(look: Look) -> Self {
        Self::under(look, POLICIES).await
    }

    async fn under(look: Look, policies: &str) -> Self {
        let send = |name: &str, purpose: &str| {
            format!(
                "purpose: {purpose}\nenter: {{ event: {name}, again: always, if: customer.orders != 7 }}\nsteps:\n  \
                 - {{ id: nudge, send: sms, template: hello }}\n"
            )
        };
        let workspace = Workspace::new()
            .file("config/policies.yaml", policies)
            .sms("hello", "Hello! {{ links.preferences }}\n")
            .journey("go", &send("go", "marketing"))
            .journey("paid", &send("paid", "service"));
        let rig = Rig::new(&workspace).await;
        let engine = rig.engine(kit::quick()).await;
        let accept = Arc::new(IntoTurn(engine.clone()));
        let router = api::router(State {
            // Nobody is kept from saying no by a schema.
            refuse: Arc::new(|_| Some("no event fits".to_owned())),
            write_key: Some("key".into()),
            pages: Some(service::pages(&engine, look)),
            ..service::state(&engine, accept)
        });
        Self {
            rig,
            engine,
            router,
        }
    }

    /// Another shop, of an engine of its own, with its pages.
    fn of(rig: Rig, engine: Arc<Engine>) -> Self {
        let accept = Arc::new(IntoTurn(engine.clone()));
        let router = api::router(State {
            pages: Some(service::pages(&engine, Look::default())),
            ..service::state(&engine, accept)
        });
        Self {
            rig,
            engine,
            router,
        }
    }

    /// A customer with every address, who has given every consent.
    async fn customer(&self, key: &str) {
        let traits = json!({ "email": format!("{key}@customer.example"), "phone": "+33639980181",
            "first_name": "Léa <b>", "locale": "en-GB", "orders": 3 });
        let consent = json!({ "purpose": "marketing", "channels": ["email", "sms"], "confirmed": true, "how": "form" });
        let bodies = [
            events::identify(key, &format!("{key}-i"), &traits),
            events::track(key, "consent.granted", &format!("{key}-c"), &consent),
        ];
        events::take(&self.engine, &bodies, Timestamp::now()).await;
    }

    async fn happens(&self, key: &str, event: &str) {
        let id = format!("{key} {event} {}", Timestamp::now().as_nanosecond());
        let body = events::track(key, event, &id, &json!({}));
        assert_eq!(
            events::take(&self.engine, &[body], Timestamp::now()).await,
            1
        );
    }

    fn link(&self, kind: LinkKind, key: &str) -> String {
        let link = Link::new(kind, CustomerId::of(key), message(), Timestamp::now());
        self.engine.linker().key().sign(&link)
    }

    fn unsubscribe(&self, key: &str, channel: Channel) -> String {
        let purpose = Arc::from("marketing");
        self.link(LinkKind::Unsubscribe { purpose, channel }, key)
    }

    fn preferences(&self, key: &str) -> String {
        let channel = Channel::Email;
        self.link(LinkKind::Preferences { channel }, key)
    }

    async fn ask(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    async fn post(&self, path: &str, form: &str) -> Answer {
        let kind = "application/x-www-form-urlencoded";
        let request = Request::post(path).header(header::CONTENT_TYPE, kind);
        self.ask(request.body(Body::from(form.to_owned())).unwrap())
            .await
    }

    async fn ledger(&self, key: &str) -> Ledger {
        let customer = self.rig.reader().customer(key).await.unwrap();
        customer.unwrap().ledger
    }

    async fn state(&self, key: &str, purpose: &str, channel: Channel) -> Option<ConsentState> {
        let ledger = self.ledger(key).await;
        let consent = ledger.consents.get(purpose)?.get(&channel)?;
        Some(consent.state)
    }

    /// Records of consents, oldest first: `withdrawn marketing sms one_click`.
    async fn records(&self) -> Vec<String> {
        sqlx::query_scalar(
            "select concat_ws(' ', state, purpose, channel, how) from consent
             where how is distinct from 'form' order by at, purpose, channel",
        )
        .fetch_all(self.rig.store.pool())
        .await
        .unwrap()
    }
}

fn message() -> MessageId {
    MessageId(uuid::Uuid::from_u128(7))
}
