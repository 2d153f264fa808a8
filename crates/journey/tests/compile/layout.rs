//! How a journey is laid out as a machine.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{SignedDuration, civil::time};
use journey::{
    diagnostic::Severity,
    expr::Operand,
    machine::{
        Again, By, Capped, Entry, Hours, Inside, Machine, Missed, NodeId, Op, Target, Weekday, Zone,
    },
    message::Channel,
    value::Value,
    workspace,
};

use super::{ALONE, CART, files, hours, machine, operands, steps};

#[test]
fn the_head_of_the_example_is_read() {
    let m = machine(CART);
    assert_eq!(
        (&*m.journey, &*m.title, m.priority),
        ("cart-rescue", "Rescue an abandoned cart", 40)
    );
    assert_eq!(m.tags, [Arc::from("carts")]);
    assert_eq!(m.inside, Inside::Refresh);
    assert_eq!(
        m.again,
        Again::After {
            after: hours(168),
            per_customer: true
        }
    );
    let entry = &m.entries[0];
    assert_eq!(by_event(entry), ("cart.updated", hours(24)));
    assert_eq!(entry.key.as_ref().unwrap().source(), "event.cart_id");
    assert_eq!(m.goal.as_ref().unwrap().within, Some(hours(14 * 24)));
    let reasons: Vec<&str> = m.exits.iter().map(|e| &*e.reason).collect();
    assert_eq!(reasons, ["order.placed", "asked_for_peace"]);
    let stay = m.stay.as_ref().unwrap();
    assert_eq!((&*stay.reason, stay.after), ("too_long", hours(720)));
}

/// The event and the freshness of an entry by event.
fn by_event(entry: &Entry) -> (&str, SignedDuration) {
    match &entry.by {
        By::Event { name, fresh } => (name, *fresh),
        other => panic!("{other:?}"),
    }
}

#[test]
fn branches_stand_behind_their_step_and_go_on_behind_it() {
    let m = machine(CART);
    let shape: Vec<(u32, &str, NodeId)> =
        m.nodes.iter().map(|n| (n.line, &*n.id, n.next)).collect();
    let end = NodeId::END;
    let expected = [
        (28, "resumed", NodeId(2)),
        (29, "exit#1", end),
        (31, "offer", NodeId(5)),
        (33, "exit#2", end),
        (35, "set#1", NodeId(5)),
        (37, "wait#1", NodeId(6)),
        (40, "nudge", NodeId(7)),
        (46, "wait#2", NodeId(8)),
        (47, "if#1", end),
        (49, "send#2", end),
        (53, "exit#3", end),
    ];
    assert_eq!(shape, expected);
    let Op::WaitFor(wait) = &m.nodes[0].op else {
        panic!()
    };
    assert_eq!(
        (wait.arms[0].then, wait.otherwise, wait.within),
        (NodeId(1), NodeId(2), Some(hours(2)))
    );
    let Op::Split { arms, .. } = &m.nodes[2].op else {
        panic!()
    };
    let arms: Vec<_> = arms.iter().map(|a| (&*a.name, a.weight, a.first)).collect();
    assert_eq!(
        arms,
        [
            ("held_out", 10, NodeId(3)),
            ("reminder", 45, NodeId(5)),
            ("discount", 45, NodeId(4))
        ]
    );
    let Op::Choose { arms, otherwise } = &m.nodes[8].op else {
        panic!()
    };
    assert_eq!((arms[0].1, *otherwise), (NodeId(9), NodeId(10)));
    assert_eq!(Machine::from_content(&m.content()).unwrap(), *m);
}

#[test]
fn values_are_read_by_what_their_field_expects() {
    let m = machine(CART);
    let Op::Set(set) = &m.nodes[4].op else {
        panic!()
    };
    assert_eq!(set[0].0, Target::Run("code".into()));
    assert_eq!(set[0].1, Operand::Literal(Value::text("BACK10")));
    let Op::Send(send) = &m.nodes[6].op else {
        panic!()
    };
    assert_eq!(
        (&*send.purpose, send.capped, send.quiet),
        ("marketing", Some(Capped::Skip), None)
    );
    let shown = operands(&m, 6);
    let shown: BTreeMap<&str, String> = shown.iter().map(|(k, v)| (&**k, v.clone())).collect();
    let expected = BTreeMap::from([
        ("cart", "=run.event".to_owned()),
        ("code", "=run.code".to_owned()),
        ("on", "Text(\"yes\")".to_owned()),
        ("percent", "Int(10)".to_owned()),
        ("phone", "Text(\"0612\")".to_owned()),
        ("tax", "=2 * 10".to_owned()),
    ]);
    assert_eq!(shown, expected);
    let Op::Send(last) = &m.nodes[9].op else {
        panic!()
    };
    assert_eq!(
        (&*last.purpose, last.channels.as_slice()),
        ("service", &[Channel::Push, Channel::Sms, Channel::Chat][..])
    );
}

#[test]
fn waits_have_all_their_forms() {
    let m = steps(
        "  - wait: 1d 12h
  - wait: { for: 3d, at: 9:00, days: [fri-mon], zone: europe/paris }
  - wait: { until: 22:00-06:00, days: wed }
  - wait: { until: customer.renews_at, offset: -3d, at: \"10:00\", missed: exit }
  - wait: { until: 2026-12-24T09:00, zone: Europe/Paris, missed: [ { exit: too_late } ] }
  - wait: { until: '= now + 3d' }
",
    );
    let waits: Vec<_> = m
        .nodes
        .iter()
        .filter_map(|n| match &n.op {
            Op::Wait(w) => Some(w),
            _ => None,
        })
        .collect();
    assert_eq!(waits[0].span, hours(36));
    assert_eq!(waits[1].at, Some(Hours::At(time(9, 0, 0, 0))));
    assert_eq!(
        waits[1].days,
        [Weekday::Mon, Weekday::Fri, Weekday::Sat, Weekday::Sun]
    );
    assert_eq!(waits[1].zone, Zone::Named("Europe/Paris".into()));
    assert_eq!(
        waits[2].at,
        Some(Hours::Between {
            from: time(22, 0, 0, 0),
            to: time(6, 0, 0, 0)
        })
    );
    assert_eq!(
        (waits[2].days.as_slice(), &waits[2].zone),
        (&[Weekday::Wed][..], &Zone::Customer)
    );
    assert_eq!(
        waits[3].moment.as_ref().unwrap().source(),
        "customer.renews_at"
    );
    assert_eq!(
        (waits[3].offset, &waits[3].missed),
        (hours(-72), &Missed::Exit)
    );
    assert_eq!(
        waits[4].moment.as_ref().unwrap().source(),
        "\"2026-12-24T08:00:00Z\""
    );
    assert_eq!(waits[4].missed, Missed::Steps(NodeId(5)));
    assert_eq!(waits[5].moment.as_ref().unwrap().source(), "now + 3d");
}

#[test]
fn several_entries_share_what_stands_beside_enter() {
    let m = machine(
        "journey: two\nenter: [{ event: Order Completed, fresh: 7d }, { event: b, key: event.x }]\ninside: restart\nagain: { after: 1w }\nsteps: []\n",
    );
    assert_eq!(by_event(&m.entries[0]), ("Order Completed", hours(168)));
    assert_eq!(
        (m.inside, m.again),
        (
            Inside::Restart,
            Again::After {
                after: hours(168),
                per_customer: false
            }
        )
    );
    let plain = machine("journey: one\nenter: { event: a }\nsteps: []\n");
    assert_eq!(
        (plain.inside, plain.again, plain.priority),
        (Inside::Ignore, Again::Always, 50)
    );
    assert!(plain.goal.is_none() && plain.stay.is_none() && plain.nodes.is_empty());
}

#[test]
fn empty_branches_go_on_and_choices_take_the_first_that_holds() {
    let m = steps(
        "  - choose:
      - { when: customer.a, then: [] }
      - when: customer.b
        then: [ { wait: 1h }, { wait: 2h } ]
  - wait_for: { if: customer.c, within: 1d }
  - id: last
    set: { customer.tier: gold }
",
    );
    let Op::Choose { arms, otherwise } = &m.nodes[0].op else {
        panic!()
    };
    let firsts: Vec<NodeId> = arms.iter().map(|a| a.1).collect();
    assert_eq!(
        (firsts.as_slice(), *otherwise),
        (&[NodeId(3), NodeId(1)][..], NodeId(3))
    );
    assert_eq!((m.nodes[1].next, m.nodes[2].next), (NodeId(2), NodeId(3)));
    assert_eq!((&*m.nodes[2].id, &*m.nodes[3].id), ("wait#2", "wait_for#1"));
}

#[test]
fn aliases_and_merge_keys_are_followed() {
    let m = steps(
        "  - &mail\n    send: email\n    template: a\n    with: &shared { x: 1 }\n  - <<: *mail\n    template: b\n    with: { <<: *shared, y: 2 }\n",
    );
    let Op::Send(send) = &m.nodes[1].op else {
        panic!()
    };
    assert_eq!(
        (&*send.template, send.channels.as_slice()),
        ("b", &[Channel::Email][..])
    );
    let Some(Operand::Map(with)) = &send.with else {
        panic!()
    };
    assert_eq!(with.len(), 2);
}

#[test]
fn a_bomb_of_aliases_is_refused() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for i in 1..9 {
        let previous = format!("*a{}", i - 1);
        text.push_str(&format!("a{i}: &a{i} [{}]\n", vec![previous; 9].join(", ")));
    }
    let (made, found) = workspace::compile(&files("journeys/x/journey.yaml", &text), &ALONE);
    assert!(made.is_none());
    assert_eq!(found.iter().map(|d| d.code).collect::<Vec<_>>(), ["J008"]);
}

#[test]
fn an_event_that_a_send_may_have_outlived_is_a_warning() {
    let text = "journey: demo\npurpose: service\nenter: { event: a }\nsteps:\n  - { send: sms, template: x }\n  - set: { run.y: event.y }\n";
    let (made, found) = workspace::compile(&files("journeys/demo/journey.yaml", text), &ALONE);
    assert!(made.is_some());
    assert_eq!(
        (found[0].code, found[0].severity),
        ("J302", Severity::Warning)
    );
}
