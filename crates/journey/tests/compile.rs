//! Journeys become machines, schemas refuse events, and no input makes the compiler panic.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::{collections::BTreeMap, sync::Arc};

use jiff::{SignedDuration, civil::time};
use journey::{
    diagnostic::{Severity, SourceFile},
    diagnostics::render,
    expr::Operand,
    input::Event,
    machine::{Again, Capped, Hours, Inside, Machine, Missed, NodeId, Op, Target, Weekday, Zone},
    message::Channel,
    value::Value,
    workspace::{self, Options, TemplateCheck},
};
use proptest::prelude::*;

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

fn hours(n: i64) -> SignedDuration {
    SignedDuration::from_hours(n)
}

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
    assert_eq!((&*entry.event, entry.fresh), ("cart.updated", hours(24)));
    assert_eq!(entry.key.as_ref().unwrap().source(), "event.cart_id");
    assert_eq!(m.goal.as_ref().unwrap().within, Some(hours(14 * 24)));
    let reasons: Vec<&str> = m.exits.iter().map(|e| &*e.reason).collect();
    assert_eq!(reasons, ["order.placed", "asked_for_peace"]);
    let stay = m.stay.as_ref().unwrap();
    assert_eq!((&*stay.reason, stay.after), ("too_long", hours(720)));
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
        (wait.then, wait.otherwise, wait.within),
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
    let Some(Operand::Map(with)) = &send.with else {
        panic!()
    };
    let shown: BTreeMap<&str, String> = with
        .iter()
        .map(|(k, v)| match v {
            Operand::Computed(e) => (&**k, format!("={}", e.source())),
            Operand::Literal(v) => (&**k, format!("{v:?}")),
            other => panic!("{other:?}"),
        })
        .collect();
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
    assert_eq!(
        (&*m.entries[0].event, m.entries[0].fresh),
        ("Order Completed", hours(168))
    );
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

fn event(name: &str, properties: Value) -> Event {
    Event {
        customer: "ana".into(),
        name: name.into(),
        at: "2026-01-05T10:00:00Z".parse().unwrap(),
        properties,
        traits: BTreeMap::new(),
        message_id: "1".into(),
        source: "".into(),
    }
}

#[test]
fn events_that_do_not_fit_are_refused_with_the_reason() {
    let schema = "required: [cart_id]\nproperties:\n  cart_id: { type: string, minLength: 2 }\n  total: { type: [number, 'null'], minimum: 0 }\n  \
                  at: { type: string, format: date-time }\n  kind: { enum: [web, 3] }\n  items: { type: array, maxItems: 2, items: { $ref: '#/$defs/item' } }\n\
                  $defs:\n  item: { type: object, required: [sku], additionalProperties: false, properties: { sku: { type: integer } } }\n";
    let mut sources = files("config/events/cart.updated.yaml", schema);
    sources.extend(files(
        "config/traits.yaml",
        "strict: true\nproperties: { vip: { type: boolean } }\n",
    ));
    let (workspace, found) = workspace::compile(&sources, &ALONE);
    assert!(found.is_empty(), "{found:?}");
    let schemas = workspace.unwrap().schemas;
    let refused =
        |json: &str| schemas.refuse(&event("cart.updated", serde_json::from_str(json).unwrap()));
    assert_eq!(
        refused(r#"{"cart_id":"c1","total":null,"kind":3.0,"other":1,"items":[{"sku":2}]}"#),
        None
    );
    for (json, why) in [
        (r#"{}"#, "event.cart_id is missing"),
        (r#"{"cart_id":null}"#, "event.cart_id is missing"),
        (
            r#"{"cart_id":7}"#,
            "event.cart_id must be text, and is a whole number",
        ),
        (
            r#"{"cart_id":"c"}"#,
            "event.cart_id must have at least 2 characters",
        ),
        (
            r#"{"cart_id":"c1","total":-1}"#,
            "event.total must be at least 0",
        ),
        (
            r#"{"cart_id":"c1","at":"soon"}"#,
            "event.at must be a date and time, such as 2026-01-05T10:00:00Z",
        ),
        (
            r#"{"cart_id":"c1","kind":"shop"}"#,
            "event.kind must be one of \"web\", 3",
        ),
        (
            r#"{"cart_id":"c1","items":[{"sku":1},{}]}"#,
            "event.items[1].sku is missing",
        ),
        (
            r#"{"cart_id":"c1","items":[{"sku":1,"x":2}]}"#,
            "event.items[0].x is not declared",
        ),
        (
            r#"{"cart_id":"c1","items":[1,2,3]}"#,
            "event.items must have at most 2 items",
        ),
        (r#"[]"#, "event must be an object, and is a list"),
    ] {
        assert_eq!(refused(json).as_deref(), Some(why), "{json}");
    }
    assert_eq!(schemas.refuse(&event("unheard.of", Value::Null)), None);
    let mut identify = event("identify", Value::map::<&str>([]));
    identify.traits.insert("vip".into(), Value::Null);
    assert_eq!(schemas.refuse(&identify), None);
    identify.traits.insert("vip".into(), Value::text("yes"));
    assert_eq!(
        schemas.refuse(&identify).as_deref(),
        Some("customer.vip must be true or false, and is text")
    );
    identify.traits = BTreeMap::from([("vipp".into(), Value::Bool(true))]);
    assert_eq!(
        schemas.refuse(&identify).as_deref(),
        Some("the trait `vipp` is not declared")
    );
}

#[test]
fn policies_are_read_whole() {
    let text = r#"
purposes:
  marketing: { consent: opt_in, channels: { email: double_opt_in } }
  service:   { consent: none }
caps:
  - { name: marketing_week, purpose: marketing, max: 3, per: 7d, window: rolling, capped: skip }
  - { name: sms_day, channel: sms, max: 1, per: day, window: calendar, zone: customer, capped: hold }
quiet_hours:
  - { name: night, channels: [sms, push], from: 21:00, to: "08:00", zone: customer, quiet: hold, except: [service] }
defaults: { zone: Europe/Paris, locale: fr, capped: skip, quiet: hold }
"#;
    let (workspace, found) = workspace::compile(&files("config/policies.yaml", text), &ALONE);
    assert!(found.is_empty(), "{found:?}");
    let expected = serde_json::json!({
        "purposes": {
            "marketing": { "consent": "opt_in", "channels": { "email": "double_opt_in" }, "overrides": null },
            "service": { "consent": "none", "channels": {}, "overrides": null },
        },
        "caps": [
            { "name": "marketing_week", "purpose": "marketing", "channel": null, "journey": null, "tag": null, "max": 3,
              "window": { "rolling": { "per": "PT168H" } }, "capped": "skip" },
            { "name": "sms_day", "purpose": null, "channel": "sms", "journey": null, "tag": null, "max": 1,
              "window": { "calendar": { "per": "day", "zone": "customer" } }, "capped": "hold" },
        ],
        "quiet_hours": [
            { "name": "night", "channels": ["sms", "push"], "from": "21:00:00", "to": "08:00:00", "zone": "customer", "quiet": "hold", "except": ["service"] },
        ],
        "defaults": { "zone": "Europe/Paris", "locale": "fr", "capped": "skip", "quiet": "hold" },
    });
    assert_eq!(
        serde_json::to_value(workspace.unwrap().policies).unwrap(),
        expected
    );
}

#[test]
fn programs_read_the_same_diagnostics() {
    let files = files(
        "drafts/é.yaml",
        "journey: demo\nenter: { event: a }\nsteps:\n  - { set: { run.é: 'ü' }, wait: 5 days }\n",
    );
    let (_, found) = workspace::compile(&files, &ALONE);
    let json: serde_json::Value = serde_json::from_str(&render::json(&found, &files)).unwrap();
    assert_eq!(json[0]["code"], "J012");
    assert_eq!(
        (&json[0]["start"]["line"], &json[0]["start"]["column"]),
        (&4.into(), &28.into())
    );
    let github = render::github(&found, &files);
    assert!(
        github.starts_with(
            "::error file=drafts/é.yaml,line=4,endLine=4,col=28,endColumn=32,title=J012::"
        ),
        "{github}"
    );
    assert_eq!(github.lines().count(), 1);
}

/// Compiles whatever it is, and shows it in every format.
fn survives(path: &str, text: &str) {
    let files = files(path, text);
    let (made, found) = workspace::compile(&files, &Options::default());
    assert_eq!(
        made.is_none(),
        found.iter().any(|d| d.severity == Severity::Error)
    );
    for d in &found {
        assert!(
            text.get(d.span.clone()).is_some(),
            "{:?} of {}",
            d.span,
            d.code
        );
        for (span, _) in &d.also {
            assert!(text.get(span.clone()).is_some(), "{span:?} of {}", d.code);
        }
    }
    render::text(&found, &files, false);
    render::github(&found, &files);
    render::json(&found, &files);
}

const PATHS: [&str; 4] = [
    "journeys/x/journey.yaml",
    "config/policies.yaml",
    "config/events/a.yaml",
    "config/traits.yaml",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), path in 0..4_usize) {
        survives(PATHS[path], &String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn no_yaml_like_text_makes_it_panic(text in "([a-c]: |- |\\{|\\}|\\[|\\]|, |'|\"|&a |\\*a|!t |#|é|\n|\n  |\t|<<: |steps|wait|if|1d|event\\.|:){0,40}", path in 0..4_usize) {
        survives(PATHS[path], &text);
    }

    #[test]
    fn no_mutation_of_a_journey_makes_it_panic(at in 0..CART.len(), length in 0..40_usize, insert in "[ -~éüß\n\t]{0,6}") {
        let start = (0..=at).rev().find(|i| CART.is_char_boundary(*i)).unwrap();
        let end = (start + length).min(CART.len());
        let end = (end..=CART.len()).find(|i| CART.is_char_boundary(*i)).unwrap();
        survives(PATHS[0], &format!("{}{insert}{}", &CART[..start], &CART[end..]));
    }
}
