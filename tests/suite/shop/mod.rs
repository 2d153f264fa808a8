//! A small shop's customers, as the engine would have left them, and the database to keep them.

pub mod rows;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx as _;
use journey::{
    customer::{Consent, ConsentState, Ledger, Pending, RunState, StepState, Suppression},
    ids::{CustomerId, InputId, MachineId, MessageId, RunId},
    machine::Machine,
    message::{Channel, Reason, Refusal},
    trace::{Fact, Line, NotEntered},
    value::{Map, Value},
};
pub use rows::customer;
use rows::{Sent, ended, input, message, run};
use serde_json::json;
use sqlx::PgPool;

/// Monday, ten in the morning in Paris.
pub const START: &str = "2026-01-05T09:00:00Z";

pub fn at(after: SignedDuration) -> Timestamp {
    START.parse::<Timestamp>().expect("an instant") + after
}

fn hours(n: i64) -> SignedDuration {
    SignedDuration::from_hours(n)
}

pub fn minutes(n: i64) -> SignedDuration {
    SignedDuration::from_mins(n)
}

/// The sample journey: waits for a checkout, splits, sends a mail, holds a text message.
pub fn machine() -> Machine {
    let content = json!({
        "journey": "cart-rescue", "title": "Rescue an abandoned cart", "priority": 40, "tags": [],
        "entries": [{ "by": { "event": { "name": "cart.updated", "fresh": "PT24H" } },
                      "condition": null, "key": "event.cart_id" }],
        "inside": "refresh", "again": "always", "goal": null, "exits": [], "stay": null,
        "nodes": [
            { "id": "resumed", "next": 1, "line": 20, "op": { "wait_for": {
                "arms": [{ "event": "checkout.started", "condition": "event.cart_id == run.key",
                           "then": 4_294_967_295_u32 }],
                "within": "PT2H", "otherwise": 1 } } },
            { "id": "offer", "next": 2, "line": 23, "op": { "split": { "salt": "",
                "arms": [{ "name": "reminder", "weight": 1, "first": 2 }] } } },
            { "id": "nudge", "next": 3, "line": 29, "op": { "send": {
                "channels": ["email"], "purpose": "marketing", "template": "cart/nudge",
                "with": null, "capped": null, "quiet": null, "expires": null } } },
            { "id": "last_call", "next": 4_294_967_295_u32, "line": 40, "op": { "send": {
                "channels": ["sms"], "purpose": "marketing", "template": "cart/last-call",
                "with": null, "capped": null, "quiet": null, "expires": null } } }
        ]
    });
    Machine::from_content(&serde_json::to_vec(&content).expect("json")).expect("a machine")
}

/// What the fixture's ids are, for tests to ask for.
pub struct Shop {
    pub ana: CustomerId,
    pub ben: CustomerId,
    pub nudge: MessageId,
    pub capped: MessageId,
}

/// Fills a database: Ana in the middle of a journey, Ben at his cap, Eve with hostile traits, and
/// `more` customers of whom little is known.
pub async fn fill(pool: &PgPool, more: u32) -> Shop {
    let machine = machine();
    sqlx::query("insert into machine values ($1, $2, 3, $3, $4, 'journey: cart-rescue', $5)")
        .bind(machine.id.0)
        .bind(at(SignedDuration::ZERO).to_sqlx())
        .bind(&*machine.journey)
        .bind(machine.content())
        .bind(&*machine.title)
        .execute(pool)
        .await
        .expect("machine");
    let (ana, nudge) = ana(pool, machine.id).await;
    let (ben, capped) = ben(pool, machine.id).await;
    let hostile = json!({
        "email": "eve@shop.example", "first_name": "<script>alert('eve')</script>",
        "note": "\"><img src=x onerror=alert(1)>"
    });
    customer(pool, "eve<b>", &hostile, &Ledger::default()).await;
    for n in 0..more {
        let traits = json!({ "email": format!("customer{n}@shop.example"), "country": "FR" });
        customer(pool, &format!("c-{n:04}"), &traits, &Ledger::default()).await;
    }
    Shop {
        ana,
        ben,
        nudge,
        capped,
    }
}

fn ledger(channels: &[Channel]) -> Ledger {
    let consent = Consent {
        state: ConsentState::Granted,
        at: at(-hours(48)),
        how: None,
    };
    let granted = channels.iter().map(|c| (*c, consent.clone())).collect();
    Ledger {
        consents: [(Arc::from("marketing"), granted)].into(),
        ..Ledger::default()
    }
}

fn line(run: RunId, step: Option<&str>, fact: Fact) -> Line {
    Line {
        journey: Some(Arc::from("cart-rescue")),
        run: Some(run),
        step: step.map(Arc::from),
        fact,
    }
}

fn about_customer(fact: Fact) -> Line {
    Line {
        journey: None,
        run: None,
        step: None,
        fact,
    }
}

async fn ana(pool: &PgPool, machine: MachineId) -> (CustomerId, MessageId) {
    let traits = json!({
        "email": "ana@shop.example", "phone": "+33 6 12 34 56 78", "first_name": "Ana",
        "country": "FR", "locale": "fr", "vip": true, "orders": 7
    });
    let mut known = ledger(&[Channel::Email, Channel::Sms]);
    known.suppressed.insert(
        Channel::Push,
        Suppression {
            reason: Arc::from("bounced"),
            at: at(-hours(40)),
            address: Arc::from("token-1"),
        },
    );
    let ana = customer(pool, "ana", &traits, &known).await;
    let id = RunId::of(ana, "cart-rescue", "c-17", InputId::of_event("", "1"));
    let old = RunId::of(ana, "cart-rescue", "c-03", InputId::of_event("", "0"));
    let nudge = MessageId::of(id, 2, 0);
    let night = Refusal {
        channel: Channel::Sms,
        reason: Reason::Quiet,
        rule: Arc::from("night"),
        until: Some(at(hours(22))),
        zone: None,
        used_by: Vec::new(),
        pace: None,
    };
    ended(pool, ana, old, machine).await;
    let mut vars = Map::new();
    vars.insert(Arc::from("code"), Value::text("BACK10"));
    let state = RunState {
        event: Value::map([("cart_id", Value::text("c-17")), ("total", Value::Int(84))]),
        vars,
        steps: [(
            Arc::from("nudge"),
            StepState {
                message: Some(nudge),
                sent: true,
                opened: true,
                ..StepState::default()
            },
        )]
        .into(),
        pending: Some(Pending {
            since: at(hours(13)),
            until: Some(at(hours(22))),
            held: Some(night.clone()),
            asked: None,
            call: None,
        }),
        ..RunState::default()
    };
    run(pool, ana, id, machine, 3, &state).await;
    message(
        pool,
        Sent {
            customer: ana,
            run: id,
            id: nudge,
            at: at(minutes(121)),
            status: "sent",
            channel: Channel::Email,
            step: "nudge",
            reason: None,
            refusals: Vec::new(),
            machine,
        },
    )
    .await;
    let profile = about_customer(Fact::Profile {
        traits: vec![Arc::from("country"), Arc::from("email")],
    });
    let consent = about_customer(Fact::Consent {
        purpose: Arc::from("marketing"),
        channels: vec![Channel::Email, Channel::Sms],
        state: Arc::from("granted"),
    });
    let body = json!({ "type": "identify", "userId": "ana", "traits": traits });
    input(
        pool,
        ana,
        at(minutes(0)),
        "identify",
        body,
        vec![profile, consent],
    )
    .await;
    let entered = vec![
        line(
            id,
            None,
            Fact::Entered {
                key: Arc::from("c-17"),
            },
        ),
        line(
            id,
            Some("resumed"),
            Fact::Waits {
                until: Some(at(minutes(121))),
                event: Some(Arc::from("checkout.started")),
                zone: None,
            },
        ),
    ];
    let body = json!({ "type": "track", "event": "cart.updated", "userId": "ana",
        "properties": { "cart_id": "c-17", "total": 84 } });
    input(pool, ana, at(minutes(1)), "cart.updated", body, entered).await;
    let woke = vec![
        line(id, Some("resumed"), Fact::Woke { matched: false }),
        line(
            id,
            Some("offer"),
            Fact::Split {
                arm: Arc::from("reminder"),
            },
        ),
        line(
            id,
            Some("nudge"),
            Fact::Sends {
                message: nudge,
                channel: Channel::Email,
                refusals: Vec::new(),
            },
        ),
    ];
    input(pool, ana, at(minutes(121)), "timer", json!(null), woke).await;
    let page = json!({ "type": "page", "userId": "ana", "name": "page" });
    input(pool, ana, at(minutes(200)), "page", page, Vec::new()).await;
    let held = vec![line(
        id,
        Some("last_call"),
        Fact::Held {
            until: at(hours(22)),
            refusals: vec![night],
        },
    )];
    input(pool, ana, at(hours(13)), "timer", json!(null), held).await;
    (ana, nudge)
}

async fn ben(pool: &PgPool, machine: MachineId) -> (CustomerId, MessageId) {
    let traits = json!({ "email": "ben@shop.example", "first_name": "Ben", "country": "BE" });
    let ben = customer(pool, "ben", &traits, &ledger(&[Channel::Email])).await;
    let id = RunId::of(ben, "cart-rescue", "c-9", InputId::of_event("", "9"));
    ended(pool, ben, id, machine).await;
    let used_by: Vec<MessageId> = (1..4).map(|n| MessageId::of(id, n, 0)).collect();
    for (n, used) in (1..).zip(&used_by) {
        message(
            pool,
            Sent {
                customer: ben,
                run: id,
                id: *used,
                at: at(-hours(24 * n)),
                status: "sent",
                channel: Channel::Email,
                step: "nudge",
                reason: None,
                refusals: Vec::new(),
                machine,
            },
        )
        .await;
    }
    let capped = MessageId::of(id, 9, 0);
    let refusal = Refusal {
        channel: Channel::Email,
        reason: Reason::Capped,
        rule: Arc::from("marketing_week"),
        until: Some(at(hours(96))),
        zone: None,
        used_by,
        pace: None,
    };
    message(
        pool,
        Sent {
            customer: ben,
            run: id,
            id: capped,
            at: at(minutes(30)),
            status: "suppressed",
            channel: Channel::Email,
            step: "nudge",
            reason: Some(Reason::Capped),
            refusals: vec![refusal.clone()],
            machine,
        },
    )
    .await;
    let trace = vec![
        line(
            id,
            Some("nudge"),
            Fact::Suppressed {
                message: capped,
                reason: Reason::Capped,
                refusals: vec![refusal],
            },
        ),
        line(
            id,
            None,
            Fact::Left {
                reason: Arc::from("bought"),
            },
        ),
        line(
            id,
            None,
            Fact::NotEntered {
                why: NotEntered::Again,
                what: None,
                until: Some(at(hours(48))),
            },
        ),
    ];
    let body = json!({ "type": "track", "event": "order.placed", "userId": "ben" });
    input(pool, ben, at(minutes(30)), "order.placed", body, trace).await;
    (ben, capped)
}

/// What the engine would have counted of these rows.
pub async fn count(pool: &PgPool) {
    let messages =
        "insert into message_count (n, day, journey, step, channel, provider, outcome, reason)
         select count(*), (at at time zone 'UTC')::date, journey, step, channel, '', 'decided', ''
         from message group by 2, 3, 4, 5
         union all
         select count(*), (at at time zone 'UTC')::date, journey, step, channel, '', status::text,
                case status when 'suppressed' then reason else '' end
         from message where status not in ('queued', 'leased') group by 2, 3, 4, 5, 7, 8";
    let runs = "insert into journey_counted (machine, day, journey, counts)
         select machine, (entered_at at time zone 'UTC')::date, journey,
                jsonb_build_array(jsonb_build_array('entered', '', '', 1))
                || case when goal_at is null then '[]' else '[[\"goal\", \"\", \"\", 1]]'::jsonb end
                || case when reason is null then '[]' else jsonb_build_array(jsonb_build_array('left', '', reason, 1)) end
         from (select machine, entered_at, journey, goal_at, reason from run
               union all select machine, entered_at, journey, goal_at, reason from run_ended) all_runs";
    for sql in [messages, runs] {
        sqlx::query(sql).execute(pool).await.expect("it is counted");
    }
}
