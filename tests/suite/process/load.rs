//! What the crash tests do to a workspace: journeys that use everything that can be lost or
//! doubled, and a stream of events.

use std::fmt::Write as _;

use jiff::Timestamp;
use journey::ids::InputId;
use uuid::Uuid;

/// The most marketing messages of one customer; see [`POLICIES`].
pub const CAP: i64 = 2;
/// Messages of one `receipt` run.
pub const RECEIPTS: u64 = 2;

const POLICIES: &str = "\
purposes:
  marketing: { consent: opt_out }
  service:   { consent: none }
caps:
  - { name: two_a_day, purpose: marketing, max: 2, per: 1d, window: rolling, capped: skip }
defaults: { zone: Europe/Paris, locale: en, capped: skip, quiet: hold }
";

/// One run and two messages for every order, whatever happens.
const RECEIPT: &str = "\
journey: receipt
purpose: service
enter: { event: order.placed, key: event.order_id, again: always }
steps:
  - id: confirm
    send: email
    template: order
    with: { order: event.order_id }
  - wait: 1s
  - id: thanks
    send: sms
    template: order
    with: { order: run.key }
";

/// One run for every cart. An order of the cart ends it at any moment; the cap lets two of its
/// customer's messages through.
const CART: &str = "\
journey: cart
purpose: marketing
enter: { event: cart.updated, key: event.cart_id, again: always }
exit:
  - { event: order.placed, if: event.cart_id == run.key, as: bought }
steps:
  - wait: 1s
  - id: nudge
    send: email
    template: order
    with: { order: run.key }
  - wait: 1s
  - id: again
    send: sms
    template: order
    with: { order: run.key }
";

/// The files of the workspace; `settings` is its `config/parcours.yaml`.
pub fn files(settings: &str) -> Vec<(&'static str, &str)> {
    vec![
        ("journeys/receipt/journey.yaml", RECEIPT),
        ("journeys/cart/journey.yaml", CART),
        ("config/policies.yaml", POLICIES),
        ("config/parcours.yaml", settings),
        (
            "templates/order/email.en.html",
            "---\nsubject: About {{ order }}\n---\n<p>{{ order }} <a href=\"{{ links.unsubscribe }}\">no more</a></p>\n",
        ),
        (
            "templates/order/email.en.txt",
            "{{ order }} {{ links.unsubscribe }}\n",
        ),
        ("templates/order/sms.en.txt", "{{ order }}\n"),
    ]
}

/// A stream of events.
pub struct Stream {
    /// Segment's bodies, one a line.
    pub ndjson: String,
    /// The id under which each takes effect.
    pub ids: Vec<Uuid>,
    pub orders: u64,
    pub carts: u64,
    now: Timestamp,
}

/// Customers whose events come together.
const BLOCK: usize = 100;

impl Stream {
    /// `events` events of a fifth as many customers: two carts each, an order of the first, and
    /// two things that nobody listens to. Every second customer orders while the cart's run waits,
    /// the others at the end.
    pub fn of(events: usize) -> Self {
        let customers = events / 5;
        let mut stream = Self {
            ndjson: String::new(),
            ids: Vec::with_capacity(events),
            orders: customers as u64,
            carts: 2 * customers as u64,
            // In the past, and not so long ago that nobody may enter.
            now: Timestamp::now()
                .checked_sub(jiff::SignedDuration::from_hours(1))
                .unwrap(),
        };
        let all: Vec<usize> = (0..customers).collect();
        let orders_at_once = |customer: &usize| customer.is_multiple_of(2);
        for block in all.chunks(BLOCK) {
            for kind in [0, 1, 2] {
                stream.push(kind, block.iter().copied());
            }
            stream.push(3, block.iter().copied().filter(orders_at_once));
        }
        stream.push(3, all.iter().copied().filter(|c| !orders_at_once(c)));
        stream.push(4, all.iter().copied());
        stream
    }

    fn push(&mut self, kind: usize, customers: impl Iterator<Item = usize>) {
        for customer in customers {
            // A clock of the producer's: one event a millisecond.
            self.now = self
                .now
                .checked_add(jiff::SignedDuration::from_millis(1))
                .unwrap();
            let id = format!("{kind}-{customer}");
            writeln!(self.ndjson, "{}", body(kind, customer, &id, self.now)).unwrap();
            self.ids.push(InputId::of_event("", &id).0);
        }
    }
}

/// Every event says where its customer is reached: redelivery may change the order.
fn body(kind: usize, customer: usize, id: &str, now: Timestamp) -> String {
    let (name, properties) = match kind {
        0 => ("page.seen", "{}".to_owned()),
        1 => (
            "cart.updated",
            format!(r#"{{"cart_id":"a-{customer}","total":50}}"#),
        ),
        2 => (
            "cart.updated",
            format!(r#"{{"cart_id":"b-{customer}","total":20}}"#),
        ),
        3 => (
            "order.placed",
            format!(r#"{{"order_id":"o-{customer}","cart_id":"a-{customer}"}}"#),
        ),
        _ => ("page.left", "{}".to_owned()),
    };
    format!(
        r#"{{"type":"track","messageId":"{id}","timestamp":"{now}","userId":"customer-{customer}","event":"{name}","properties":{properties},"context":{{"traits":{{"email":"c{customer}@example.com","phone":"+336{customer:08}"}}}}}}"#
    )
}
