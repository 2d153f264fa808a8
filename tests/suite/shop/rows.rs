//! Rows as the engine writes them.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp, ToSpan as _};
use jiff_sqlx::ToSqlx as _;
use journey::{
    customer::{Ledger, RunState},
    ids::{CustomerId, InputId, MachineId, MessageId, RunId},
    input::InputKind,
    intake,
    message::{Channel, Decision, Reason, Refusal},
    trace::Line,
    value::Value,
};
use sqlx::PgPool;

use super::{at, hours, minutes};

pub async fn customer(
    pool: &PgPool,
    key: &str,
    traits: &serde_json::Value,
    ledger: &Ledger,
) -> CustomerId {
    let id = CustomerId::of(key);
    let known = Value::from(traits.clone());
    let known = known.as_map().cloned().unwrap_or_default();
    sqlx::query(
        "insert into customer (id, seen_at, key, traits, ledger, name, devices)
         values ($1,$2,$3,$4,$5,$6,$7::tsvector)",
    )
    .bind(id.0)
    .bind(at(SignedDuration::ZERO).to_sqlx())
    .bind(key)
    .bind(traits)
    .bind(serde_json::to_vec(ledger).expect("json"))
    .bind(store::search::name(&known))
    .bind(store::search::devices(&known))
    .execute(pool)
    .await
    .expect("customer");
    id
}

/// One input, with its trace.
pub async fn input(
    pool: &PgPool,
    customer: CustomerId,
    at: Timestamp,
    name: &str,
    body: serde_json::Value,
    trace: Vec<Line>,
) {
    let kind: i16 = if name == "timer" { 1 } else { 0 };
    let body = (kind == 0).then(|| {
        let mut body = body;
        body["messageId"] = format!("{name}{at}").into();
        let text = serde_json::to_vec(&body).expect("json");
        let parsed = intake::parse(&text, at).expect("an event");
        let encoded = store::encode(&InputKind::Event(parsed.event));
        encoded.expect("a body").1
    });
    let id = InputId::of_event(&customer.to_string(), &format!("{name}{at}"));
    sqlx::query(
        "insert into input (customer, id, at, kind, name, body, trace) values ($1,$2,$3,$4,$5,$6,$7)",
    )
    .bind(customer.0)
    .bind(id.0)
    .bind(at.to_sqlx())
    .bind(kind)
    .bind(name)
    .bind(body)
    .bind((!trace.is_empty()).then(|| serde_json::to_vec(&trace).expect("json")))
    .execute(pool)
    .await
    .expect("input");
}

pub struct Sent<'a> {
    pub customer: CustomerId,
    pub run: RunId,
    pub id: MessageId,
    pub at: Timestamp,
    pub status: &'a str,
    pub channel: Channel,
    pub step: &'a str,
    pub reason: Option<Reason>,
    pub refusals: Vec<Refusal>,
    pub machine: MachineId,
}

pub async fn message(pool: &PgPool, sent: Sent<'_>) {
    let decision = Decision {
        machine: sent.machine,
        node: 2,
        key: Arc::from("c-17"),
        template: Arc::from("cart/nudge"),
        with: Value::map([("total", Value::Int(84))]),
        once: None,
        repeats: None,
        expires_at: Some(sent.at + hours(24)),
        priority: 40,
        tags: Vec::new(),
        refusals: sent.refusals,
    };
    let waiting = sent.status == "queued";
    sqlx::query(
        "insert into message (customer, at, id, run, due_at, done_at, attempt, status, channel,
            purpose, journey, step, reason, provider, decision)
         values ($1,$2,$3,$4,$5,$6,$13,$7::message_status,$8,'marketing','cart-rescue',$9,$10,$11,$12)",
    )
    .bind(sent.customer.0)
    .bind(sent.at.to_sqlx())
    .bind(sent.id.0)
    .bind(sent.run.0)
    .bind(waiting.then(|| sent.at.to_sqlx()))
    .bind((!waiting).then(|| (sent.at + 2.seconds()).to_sqlx()))
    .bind(sent.status)
    .bind(sent.channel.as_str())
    .bind(sent.step)
    .bind(sent.reason.map(Reason::as_str))
    .bind((sent.status == "sent").then_some("smtp"))
    .bind(serde_json::to_vec(&decision).expect("json"))
    // What a rule refused, dispatch never takes up.
    .bind(i16::from(sent.status != "suppressed"))
    .execute(pool)
    .await
    .expect("message");
}

pub async fn run(
    pool: &PgPool,
    customer: CustomerId,
    id: RunId,
    machine: MachineId,
    node: i32,
    state: &RunState,
) {
    let until = state.pending.as_ref().and_then(|p| p.until);
    sqlx::query(
        "insert into run (customer, id, machine, entered_at, due_at, revision, node, journey, key, state)
         values ($1,$2,$3,$4,$5,4,$6,'cart-rescue','c-17',$7)",
    )
    .bind(customer.0)
    .bind(id.0)
    .bind(machine.0)
    .bind(at(minutes(1)).to_sqlx())
    .bind(until.map(jiff_sqlx::ToSqlx::to_sqlx))
    .bind(node)
    .bind(serde_json::to_vec(state).expect("json"))
    .execute(pool)
    .await
    .expect("run");
}

pub async fn ended(pool: &PgPool, customer: CustomerId, id: RunId, machine: MachineId) {
    sqlx::query(
        "insert into run_ended (customer, id, machine, entered_at, left_at, goal_at, journey, key, reason, state)
         values ($1,$2,$3,$4,$5,$5,'cart-rescue','c-03','bought',$6)",
    )
    .bind(customer.0)
    .bind(id.0)
    .bind(machine.0)
    .bind(at(-hours(30)).to_sqlx())
    .bind(at(-hours(29)).to_sqlx())
    .bind(serde_json::to_vec(&RunState::default()).expect("json"))
    .execute(pool)
    .await
    .expect("run_ended");
}
