//! What a preview is filled with, when nothing is given.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use jiff::Timestamp;
use journey::{
    diagnostic::SourceFile,
    diagnostics::render,
    preview::{self, Use},
    value::Map,
    workspace::{self, Options, TemplateCheck, Workspace},
};

const EVENT: &str = "type: object
properties:
  cart_id: { type: string, examples: [c-1] }
  total: { type: number, minimum: 20 }
  vip: { type: boolean }
  size: { type: string, enum: [small, large] }
  items: { type: array, items: { type: object, properties: { name: { type: string, example: Tea } } } }
  inner: { $ref: '#/$defs/inner' }
$defs:
  inner: { type: object, properties: { again: { $ref: '#/$defs/inner' }, word: { type: string } } }
";

fn workspace(steps: &str) -> Workspace {
    entered("{ event: cart.updated, key: event.cart_id }", steps)
}

fn entered(enter: &str, steps: &str) -> Workspace {
    let file = |path: &str, text: &str| SourceFile {
        path: path.into(),
        text: text.into(),
    };
    let journey = format!("journey: demo\npurpose: service\nenter: {enter}\nsteps:\n{steps}");
    let files = [
        file("config/events/cart.updated.yaml", EVENT),
        file(
            "config/traits.yaml",
            "type: object\nproperties:\n  first_name: { type: string, examples: [Ana] }\n  last_name: { type: string }\n  renews_at: { type: string, format: date }\nexamples:\n  - { city: Lyon }\n",
        ),
        file(
            "config/segments/rich.yaml",
            "if: customer.first_name == \"Ana\"",
        ),
        file("somewhere/demo.yaml", &journey),
    ];
    let options = Options {
        templates: TemplateCheck::Ignored,
        alone: true,
        ..Options::default()
    };
    let (made, found) = workspace::compile(&files, &options);
    made.unwrap_or_else(|| panic!("{}", render::text(&found, &files, false)))
}

fn uses(workspace: &Workspace, customer: &Map) -> Vec<Use> {
    let machines = workspace.machines.iter().map(|c| &*c.machine);
    preview::uses(
        "t",
        machines,
        &workspace.schemas,
        customer,
        Timestamp::UNIX_EPOCH,
    )
}

fn with(steps: &str) -> serde_json::Value {
    let workspace = workspace(steps);
    let traits = workspace.schemas.sample_traits();
    let uses = uses(&workspace, &traits);
    serde_json::to_value(&uses[0].with).unwrap()
}

#[test]
fn an_event_without_an_example_of_its_own_is_made_of_its_fields() {
    let value = with(
        "  - send: email\n    template: t\n    with: { e: run.event, k: run.key, n: customer.first_name }\n",
    );
    assert_eq!((&value["k"], &value["n"]), (&"c-1".into(), &"Ana".into()));
    let event = &value["e"];
    assert_eq!(
        (&event["total"], &event["vip"], &event["size"]),
        (&20.into(), &true.into(), &"small".into())
    );
    assert_eq!(event["items"], serde_json::json!([{ "name": "Tea" }]));
    // A schema that refers to itself comes to an end.
    assert_eq!(event["inner"]["again"]["word"], "word");
}

#[test]
fn variables_and_steps_have_the_values_that_the_journey_gives_them() {
    let value = with("  - split: offer
    arms:
      small: { weight: 10 }
      big: { weight: 90, steps: [ { set: { run.code: BACK10 } } ] }
  - id: score
    ask: chat
    template: other
    expect: { number: { min: 0, max: 10 } }
    save: run.score
  - id: rounds
    repeat:
      every: 2d
      times: 3
      steps:
        - send: email
          template: t
          with: { code: run.code, arm: steps.offer.arm, round: steps.rounds.round, score: run.score }
");
    assert_eq!(
        value,
        serde_json::json!({ "code": "BACK10", "arm": "big", "round": 1, "score": 10.0 })
    );
}

#[test]
fn traits_are_those_with_an_example() {
    let traits = workspace("  - wait: 1h\n").schemas.sample_traits();
    let json = serde_json::to_value(traits).unwrap();
    assert_eq!(
        json,
        serde_json::json!({ "first_name": "Ana", "city": "Lyon" })
    );
}

#[test]
fn a_question_is_previewed_with_what_it_offers() {
    let workspace = workspace(
        "  - ask: chat\n    template: t\n    options: { yes: { label: { en: Yes, fr: Oui } }, no: { label: No } }\n",
    );
    let found = uses(&workspace, &Map::new());
    let ask = found[0].ask.as_ref().expect("a question");
    let labels: Vec<_> = ask
        .offers("fr", "en")
        .into_iter()
        .map(|o| o.label)
        .collect();
    assert_eq!(labels, ["Oui", "No"]);
}

/// What enters otherwise than by an event is what it is when the journey runs.
#[test]
fn entries_that_no_event_makes_have_their_own_event() {
    let steps = "  - { id: s, send: sms, template: t, with: { event: run.event } }\n";
    let now = "1970-01-01T00:00:00Z";
    for (enter, event) in [
        (
            "{ date: customer.renews_at, offset: -7d }",
            serde_json::json!({ "date": now }),
        ),
        (
            "{ schedule: \"0 9 * * 1\", zone: UTC }",
            serde_json::json!({ "at": now }),
        ),
        (
            "{ segment: rich, change: left }",
            serde_json::json!({ "segment": "rich", "change": "left" }),
        ),
    ] {
        let workspace = entered(enter, steps);
        let uses = uses(&workspace, &workspace.schemas.sample_traits());
        let with = serde_json::to_value(&uses[0].with).unwrap();
        assert_eq!(with["event"], event, "{enter}");
    }
}
