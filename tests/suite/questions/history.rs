//! A year of a shop: a crowd that buys every month, and people who call support about what happened to them.

use std::sync::Arc;

use axum::Router;
use bytes::Bytes;
use cli::intake::IntoTurn;
use engine::{Engine, Settings};
use jiff::{SignedDuration, Timestamp};
use journey::{advance::Clock, ids::CustomerId};
use parcours_tests::kit::{self, Answer, Rig, Workspace, events};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// Everybody else.
const CROWD: usize = 40;
/// The history, in days.
const YEAR: i64 = 360;

const POLICIES: &str = "caps:
  - { name: week, purpose: marketing, max: 2, per: 7d, window: rolling, capped: skip }
retention: { content: 400d }
";

const WELCOME: &str = "title: Welcome
purpose: marketing
enter: { event: signed_up, again: never }
exit: [ { event: ordered, as: bought } ]
steps:
  - { id: hi, send: sms, template: hello }
  - split: offer
    arms:
      discount: { weight: 1, steps: [ { id: code, send: sms, template: code } ] }
      plain: { weight: 1 }
  - { id: rest, wait: 30d }
  - { id: tips, send: sms, template: hello }
";

const CART: &str = "title: Rescue a cart
purpose: marketing
enter: { event: cart_updated, if: event.total >= 20, again: always }
exit: [ { event: ordered, as: bought } ]
steps:
  - { id: patience, wait: 2h }
  - { id: nudge, send: sms, template: hello }
";

const ORDER: &str = "title: Order confirmation
purpose: service
enter: { event: ordered, again: always }
steps:
  - { id: thanks, send: sms, template: thanks, with: { number: event.number } }
";

const RENEWAL: &str = "title: Renewal
purpose: service
enter: { event: subscribed, again: always }
steps:
  - { id: term, wait: 30d }
  - { id: reminder, send: sms, template: hello }
";

const WIN_BACK: &str = "title: Win back
purpose: marketing
enter: { event: went_quiet, if: customer.orders >= 2, again: always }
steps:
  - { id: miss_you, send: sms, template: hello }
";

fn shop() -> Workspace {
    Workspace::new()
        .policies(POLICIES)
        .sms("code", "Ten percent with TEN")
        .sms("thanks", "Your order {{ number }} is on its way")
        .journey("welcome", WELCOME)
        .journey("cart", CART)
        .journey("order", ORDER)
        .journey("renewal", RENEWAL)
        .journey("win_back", WIN_BACK)
}

/// A process with a year behind it.
pub struct Year {
    pub rig: Rig,
    pub engine: Arc<Engine>,
    pub router: Router,
    today: Timestamp,
}

/// Something that happens on a day, counted from today backwards.
struct Happens {
    day: i64,
    body: Bytes,
}

impl Year {
    /// Lets it pass: month by month events come in, timers fire, and messages leave.
    pub async fn passed() -> Self {
        let rig = Rig::new(&shop()).await;
        let settings = Settings {
            clock: Clock::Recorded,
            ..kit::quick()
        };
        let engine = rig.engine(settings).await;
        let state = cli::service::state(&engine, Arc::new(IntoTurn(engine.clone())));
        // In whole microseconds, as the database keeps it.
        let now = Timestamp::now().as_microsecond();
        let year = Self {
            router: api::router(state),
            today: Timestamp::from_microsecond(now).unwrap(),
            rig,
            engine,
        };
        let mut all = year.crowd();
        all.extend(year.callers());
        all.sort_by_key(|happens| -happens.day);
        for month in (0..=YEAR).rev().step_by(30) {
            let of_month: Vec<_> = all.extract_if(.., |happens| happens.day >= month).collect();
            year.take(&of_month).await;
            year.leave(month).await;
        }
        year.aftermath().await;
        year
    }

    fn ago(&self, days: i64) -> Timestamp {
        self.today - SignedDuration::from_hours(24 * days)
    }

    fn on(&self, day: i64, customer: &str, event: &str, fields: &Value) -> Happens {
        let id = format!("{customer} {event} {day}");
        let body = json!({
            "type": "track", "userId": customer, "event": event, "messageId": id,
            "timestamp": self.ago(day).to_string(), "properties": fields,
        });
        let body = body.to_string().into();
        Happens { day, body }
    }

    fn known(&self, day: i64, customer: &str, traits: &Value) -> Happens {
        let body = json!({
            "type": "identify", "userId": customer, "messageId": format!("{customer} is"),
            "timestamp": self.ago(day).to_string(), "traits": traits,
        });
        let body = body.to_string().into();
        Happens { day, body }
    }

    /// Somebody who may be written to, from that day on.
    fn comes(&self, day: i64, customer: &str, phone: &str) -> [Happens; 2] {
        let traits = json!({ "phone": phone, "email": format!("{customer}@customer.example"), "first_name": customer,
            "orders": 1 });
        let consent = json!({ "purpose": "marketing", "confirmed": true });
        [
            self.known(day, customer, &traits),
            self.on(day, customer, "consent.granted", &consent),
        ]
    }

    fn crowd(&self) -> Vec<Happens> {
        let mut all = Vec::new();
        for n in 0..CROWD {
            let name = format!("crowd{n:02}");
            all.extend(self.comes(YEAR, &name, &format!("+3361234{n:04}")));
            let shift = i64::try_from(n % 28).unwrap();
            for month in (0..YEAR).step_by(30) {
                let cart = json!({ "total": 10 + n });
                all.push(self.on(month + shift + 2, &name, "cart_updated", &cart));
                let order = json!({ "number": format!("{n}-{month}") });
                all.push(self.on(month + shift + 1, &name, "ordered", &order));
            }
        }
        all
    }

    /// Those who will call, in the order of their questions.
    fn callers(&self) -> Vec<Happens> {
        let mut all = Vec::new();
        let none = json!({});
        let cart = json!({ "total": 50 });
        for (n, (name, since)) in [
            ("nina", 40),
            ("omar", 90),
            ("pia", 50),
            ("quentin", 20),
            ("rosa", 80),
            ("sam", 70),
            ("tara", 120),
            ("umar", 100),
            ("vera", 60),
            ("wim", 25),
        ]
        .into_iter()
        .enumerate()
        {
            all.extend(self.comes(since, name, &format!("+3369900{n:04}")));
        }
        // Two carts, and a third within the week of the cap.
        for day in [16, 14, 12] {
            all.push(self.on(day, "nina", "cart_updated", &cart));
        }
        all.push(self.on(64, "omar", "ordered", &json!({ "number": "4711" })));
        all.push(self.on(20, "pia", "subscribed", &none));
        all.push(self.on(12, "quentin", "signed_up", &none));
        all.push(self.on(75, "rosa", "signed_up", &none));
        all.push(self.on(66, "rosa", "ordered", &json!({ "number": "4712" })));
        all.push(self.on(65, "sam", "signed_up", &none));
        let stop = json!({ "purpose": "marketing", "channel": "sms", "how": "reply STOP" });
        all.push(self.on(95, "tara", "consent.withdrawn", &stop));
        all.push(self.on(33, "tara", "cart_updated", &cart));
        all.push(self.on(40, "umar", "went_quiet", &none));
        all.push(self.on(55, "vera", "ordered", &json!({ "number": "4713" })));
        all.push(self.on(15, "wim", "subscribed", &none));
        all
    }

    /// What happens is taken in when it does.
    async fn take(&self, all: &[Happens]) {
        for some in all.chunks(200) {
            let arrivals = some
                .iter()
                .map(|happens| events::arrival(&happens.body, self.ago(happens.day)));
            let decided = self.engine.turn(arrivals.collect()).await.unwrap();
            assert!(decided.rejected.is_empty(), "{:?}", decided.rejected);
        }
    }

    /// What is due by that day leaves.
    async fn leave(&self, day: i64) {
        while self.engine.timers_once(self.ago(day)).await.unwrap().timers > 0 {}
        while self
            .engine
            .dispatch_once(&CancellationToken::new())
            .await
            .unwrap()
            .leased
            > 0
        {}
    }

    /// What providers told afterwards, a pause by hand, and a provider's bad hour.
    async fn aftermath(&self) {
        let omar = self.message("omar", "thanks").await;
        let vera = self.message("vera", "thanks").await;
        let told = |id: &str| json!({ "message_id": id, "channel": "sms", "provider": "text" });
        let mut bounced = told(&vera);
        bounced["permanent"] = true.into();
        bounced["reason"] = "unknown subscriber".into();
        let told = [
            self.on(0, "omar", "message.delivered", &told(&omar)),
            self.on(0, "vera", "message.bounced", &bounced),
        ];
        self.take(&told).await;
        // Three confirmations that the provider takes for nonsense.
        self.rig.provider.script(vec![Answer::Refuse(400); 3]);
        let late = json!({ "number": "late" });
        let ordered = (0..3).map(|n| self.on(0, &format!("crowd{n:02}"), "ordered", &late));
        self.take(&ordered.collect::<Vec<_>>()).await;
        self.leave(0).await;
        while self.engine.counts_once().await.unwrap() {}
    }

    /// The id of the last message that a step decided for somebody.
    pub async fn message(&self, customer: &str, step: &str) -> String {
        let id: uuid::Uuid = sqlx::query_scalar(
            "select id from message where customer = $1 and step = $2 order by at desc limit 1",
        )
        .bind(CustomerId::of(customer).0)
        .bind(step)
        .fetch_one(self.rig.store.pool())
        .await
        .unwrap();
        id.to_string()
    }

    /// The id of an open run.
    pub async fn run(&self, customer: &str) -> String {
        let reader = self.rig.reader();
        let runs = reader.runs(CustomerId::of(customer)).await.unwrap();
        runs.open[0].id.to_string()
    }
}
