//! Simulations: the same player, fed from elsewhere.

use journey::{
    customer::Customer,
    diagnostic::SourceFile,
    testing::{
        default_start,
        play::{Player, Stage},
        simulate,
    },
};

use crate::shop::{compiled, files};

const JOURNEY: &str = "steps:\n  - { id: hello, send: email, template: hello }\n  - { id: pause, wait: 1d }\n  - split: offer\n    arms: { a: { weight: 1 }, b: { weight: 0 } }\n";

fn script(text: &str) -> SourceFile {
    SourceFile {
        path: "events.yaml".into(),
        text: text.into(),
    }
}

#[test]
fn a_script_is_played_and_tells_where_the_customer_stands() {
    let workspace = compiled(&files(JOURNEY, "- { name: a, expect: { sends: [] } }\n"));
    let world = simulate::world(&workspace, "demo", &[], &[]).unwrap();
    let stage = Stage {
        world: &world,
        templates: &workspace.templates,
        schemas: &workspace.schemas,
        sources: &workspace.sources,
    };
    let start = default_start(&workspace.policies);
    let file = script(
        "- { event: cart.updated, with: { cart_id: c1 } }\n- { after: 1h, opens: hello }\n- { after: 2h, clicks: bye }\n",
    );
    let found = simulate::script(&workspace, "demo", &file).unwrap_err();
    assert_eq!(found[0].code, "J701");
    let file = script(&file.text.replace("clicks: bye", "traits: { vip: true }"));
    let script = simulate::script(&workspace, "demo", &file).unwrap();
    let mut customer = Customer::new("ana");
    customer.ledger.assumed_reachable = vec![journey::message::Channel::Email];
    let mut player = Player::new(stage, customer, start).begin();
    assert!(player.follow(&script, &file, start).is_empty());
    player.run(Some(journey::time::plus(
        start,
        simulate::length("3h").unwrap(),
    )));
    let played = player.finish();
    let next = played.next().unwrap();
    assert_eq!(
        (&*next.step, next.due.unwrap().to_string()),
        ("pause", "2026-01-06T08:00:00Z".into())
    );
    assert_eq!(played.sends.len(), 1);
}

#[test]
fn what_is_not_there_is_named_with_what_there_is() {
    let workspace = compiled(&files(JOURNEY, "- { name: a, expect: { sends: [] } }\n"));
    let world = |journey: &str, arm: (&str, &str)| {
        let arms = [(arm.0.to_owned(), arm.1.to_owned())];
        simulate::world(&workspace, journey, &[], &arms)
            .map(drop)
            .unwrap_err()
    };
    assert_eq!(
        world("dem", ("offer", "a")),
        "there is no journey `dem`; there are: demo"
    );
    assert_eq!(world("demo", ("ofer", "a")), "demo has no split `ofer`");
    assert_eq!(
        world("demo", ("offer", "c")),
        "the split `offer` has no arm `c`; it has: a, b"
    );
}

#[test]
fn one_simulation_is_played_as_it_is_filled_in() {
    let workspace = compiled(&files(JOURNEY, "- { name: a, expect: { sends: [] } }\n"));
    let once = simulate::Once {
        journey: "demo",
        customer: "id: ana\r\ncountry: FR\r\n",
        events: "[{ event: cart.updated, with: { cart_id: c1 } }]",
        run_for: "3h",
        at: "tue 10:00",
        ..simulate::Once::default()
    };
    let played = simulate::once(&workspace, &once).unwrap();
    assert_eq!(&*played.key, "ana");
    assert_eq!(played.start.to_string(), "2026-01-06T09:00:00Z");
    assert_eq!(
        played.next().map(|n| n.step.to_string()).as_deref(),
        Some("pause")
    );
    let wrong = simulate::Once {
        customer: "[]",
        events: "- { clicks: nothing }\n- 7",
        run_for: "4000d",
        at: "noonish",
        ..once
    };
    let found = simulate::once(&workspace, &wrong).unwrap_err();
    let fields: Vec<_> = found.iter().map(|w| w.field.as_str()).collect();
    assert_eq!(
        fields,
        ["customer", "events", "events", "run_for"],
        "{found:?}"
    );
    assert!(found[2].what.starts_with("line 2: "), "{found:?}");
    let late = simulate::Once {
        at: "noonish",
        ..once
    };
    let found = simulate::once(&workspace, &late).unwrap_err();
    assert_eq!(found[0].field, simulate::Field::At);
    let nowhere = simulate::Once {
        journey: "dmo",
        ..once
    };
    let found = simulate::once(&workspace, &nowhere).unwrap_err();
    assert_eq!(found[0].field, simulate::Field::Journey);
}

#[test]
fn the_test_in_which_most_happens_is_a_sample() {
    let text = "- { name: a, events: [ { event: cart.updated } ], expect: { sends: [] } }
- name: b
  customer: { country: FR }
  events:
    - { event: cart.updated }
    - { after: 1h,
        event: cart.updated }
  expect: { sends: [] }
";
    let workspace = compiled(&files(JOURNEY, text));
    let sample = journey::testing::sample(&workspace.tests[0], text).unwrap();
    assert_eq!(sample.0, "{ country: FR }");
    assert_eq!(
        sample.1,
        "- { event: cart.updated }\n- { after: 1h,\n    event: cart.updated }"
    );
    let once = simulate::Once {
        journey: "demo",
        customer: &sample.0,
        events: &sample.1,
        ..simulate::Once::default()
    };
    assert!(simulate::once(&workspace, &once).unwrap().is_concerned());
}
