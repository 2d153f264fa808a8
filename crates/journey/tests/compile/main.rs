//! Journeys become machines, schemas refuse events, and no input makes the compiler panic.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod content;
mod declarations;
mod labels;
mod laws;
mod layout;
mod reading;

use std::{collections::BTreeMap, sync::Arc};

use jiff::SignedDuration;
use journey::{
    diagnostic::SourceFile,
    diagnostics::render,
    expr::Operand,
    machine::{Machine, Op},
    workspace::{self, Options, TemplateCheck},
};

const CART: &str = r#"
# yaml-language-server: $schema=../../config/schema/journey.json
journey: cart-rescue
title: Rescue an abandoned cart
owner: crm@shop.example
purpose: marketing
priority: 40
tags: [carts]

enter:
  event: cart.updated
  if: event.total >= 20 and customer.country in ["FR", "BE"]
  key: event.cart_id
  inside: refresh
  again: { after: 7d, per: customer }

goal: { event: order.placed, if: event.cart_id == run.key, within: 14d }

exit:
  - event: order.placed
    if: event.cart_id == run.key
  - if: customer.do_not_disturb
    as: asked_for_peace
  - after: 30d

steps:
  - id: resumed
    wait_for: { event: checkout.started, if: event.cart_id == run.key, within: 2h }
    then: [ { exit: resumed } ]

  - split: offer
    arms:
      held_out: { weight: 10, steps: [ { exit: held_out } ] }
      reminder: { weight: 45 }
      discount: { weight: 45, steps: [ { set: { run.code: BACK10 } } ] }

  - wait: { until: "09:00-20:00", days: [mon-sat], zone: customer }

  - id: nudge
    send: email
    template: cart/nudge
    with: { cart: run.event, code: run.code, percent: 10, phone: 0612, tax: "= 2 * 10", on: yes }
    capped: skip
    expires: 24h

  - wait: 1d
  - if: steps.nudge.opened and not steps.nudge.clicked
    then:
      - send: [push, sms, chat]
        template: cart/last-call
        purpose: service
    else:
      - exit: quiet_leaver
"#;
fn files(path: &str, text: &str) -> Vec<SourceFile> {
    vec![SourceFile {
        path: path.into(),
        text: text.into(),
    }]
}

const ALONE: Options = Options {
    templates: TemplateCheck::Ignored,
    alone: true,
    unused: false,
    short: None,
};

fn machine(text: &str) -> Arc<Machine> {
    let files = files("somewhere/draft.yaml", text);
    let (workspace, found) = workspace::compile(&files, &ALONE);
    assert!(found.is_empty(), "{}", render::text(&found, &files, false));
    workspace.unwrap().machines.remove(0).machine
}

fn steps(text: &str) -> Arc<Machine> {
    machine(&format!(
        "journey: demo\npurpose: service\nenter: {{ event: a }}\nsteps:\n{text}"
    ))
}

/// What the send at that place gives to its template: `=` and an expression, or a value.
fn operands(machine: &Machine, place: usize) -> BTreeMap<Arc<str>, String> {
    let Op::Send(send) = &machine.nodes[place].op else {
        panic!("no send: {:?}", machine.nodes[place])
    };
    let Some(Operand::Map(with)) = &send.with else {
        panic!("no map: {:?}", send.with)
    };
    let shown = with.iter().map(|(name, given)| match given {
        Operand::Computed(e) => (name.clone(), format!("={}", e.source())),
        Operand::Literal(v) => (name.clone(), format!("{v:?}")),
        other => panic!("{other:?}"),
    });
    shown.collect()
}

fn hours(n: i64) -> SignedDuration {
    SignedDuration::from_hours(n)
}
