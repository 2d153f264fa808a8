//! How many steps a second the pure code decides, on one core: entries, branches, waits and sends,
//! with consent, caps and quiet hours, and with the trace that support reads.

use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use jiff::{SignedDuration, Timestamp};
use journey::{
    advance::{self, Clock},
    customer::{Consent, ConsentState, Customer},
    ids::InputId,
    input::{Event, Input, InputKind},
    message::Channel,
    value::{Map, Value},
    workspace::{self, Options},
    world::World,
};

use super::{Report, median, rounds, work};

/// Customers of the workload.
pub(super) const CUSTOMERS: u32 = 20_000;
/// Steps a second.
const AIM: f64 = 1_000_000.0;

pub(super) fn measure(n: u32) -> Result<Report> {
    let world = world()?;
    let now: Timestamp = "2026-01-05T09:00:00Z".parse()?;
    let people: Vec<(Customer, Vec<Input>)> = (0..n).map(|i| person(i, now)).collect();
    let mut steps = 0;
    let rounds = rounds(|| {
        steps = 0;
        for (customer, inputs) in &people {
            let turn = advance::take(&world, customer.clone(), inputs.clone(), Clock::Recorded);
            steps += turn.effects.path.len();
        }
        if steps < people.len() {
            bail!("the workload does nothing");
        }
        Ok(())
    })?;
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let rates: Vec<f64> = rounds
        .iter()
        .map(|r| steps as f64 / r.as_secs_f64())
        .collect();
    let ours = median(&rates);
    Ok(Report {
        aim: AIM,
        ratio: ours / AIM,
        ..Report::new("simulate", "steps/s", ours, n, rates)
    })
}

fn world() -> Result<World> {
    let (made, found) = workspace::compile(&work::workspace(10), &Options::default());
    let made =
        made.with_context(|| format!("the workload does not compile: {:?}", found.first()))?;
    let machines = made.machines.into_iter().map(|c| c.machine);
    Ok(World::new(machines, [], made.policies))
}

/// A customer who may be written to, and what they do within two weeks.
fn person(number: u32, now: Timestamp) -> (Customer, Vec<Input>) {
    let mut customer = Customer::new(&format!("customer-{number}"));
    for (name, value) in [("email", "a@shop.example"), ("country", "FR")] {
        customer.traits.insert(Arc::from(name), Value::text(value));
    }
    let granted = Consent {
        state: ConsentState::Granted,
        at: now,
        how: None,
    };
    customer.ledger.consents.insert(
        Arc::from("marketing"),
        [(Channel::Email, granted)].into_iter().collect(),
    );
    let inputs = (0..4_i64)
        .map(|day| {
            let journey = (i64::from(number) + day) % 10;
            event(number, day, journey, now)
        })
        .collect();
    (customer, inputs)
}

fn event(number: u32, day: i64, journey: i64, start: Timestamp) -> Input {
    let now = start + SignedDuration::from_hours(day * 80);
    let id = format!("{number}-{day}");
    let properties = Value::map([
        ("cart_id", Value::text(&id)),
        ("total", Value::Int(i64::from(number % 100))),
    ]);
    Input {
        id: InputId::of_event("bench", &id),
        now,
        kind: InputKind::Event(Event {
            customer: Arc::from(format!("customer-{number}")),
            name: Arc::from(format!("bench.{journey}")),
            at: now,
            properties,
            traits: Map::new(),
            message_id: Arc::from(id),
            source: Arc::from("bench"),
        }),
    }
}
