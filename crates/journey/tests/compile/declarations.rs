//! Policies, schemas, and diagnostics for programs.

use journey::{
    diagnostics::render,
    input::Event,
    value::{Map, Value},
    workspace,
};

use super::{ALONE, files};

fn event(name: &str, properties: Value) -> Event {
    Event {
        customer: "ana".into(),
        name: name.into(),
        at: "2026-01-05T10:00:00Z".parse().unwrap(),
        properties,
        traits: Map::new(),
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
    identify.traits = Map::from([("vipp".into(), Value::Bool(true))]);
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
  service:   { consent: none, while_restricted: true }
caps:
  - { name: marketing_week, purpose: marketing, max: 3, per: 7d, window: rolling, capped: skip }
  - { name: sms_day, channel: sms, max: 1, per: day, window: calendar, zone: customer, capped: hold }
quiet_hours:
  - { name: night, channels: [sms, push], from: 21:00, to: "08:00", zone: customer, quiet: hold, except: [service] }
defaults: { zone: Europe/Paris, locale: fr, capped: skip, quiet: hold }
retention: { inputs: 400d, messages: 800d, runs: 30d, calls: 12h }
"#;
    let (workspace, found) = workspace::compile(&files("config/policies.yaml", text), &ALONE);
    assert!(found.is_empty(), "{found:?}");
    let expected = serde_json::json!({
        "purposes": {
            "marketing": { "basis": "consent", "consent": "opt_in", "channels": { "email": "double_opt_in" }, "overrides": null, "personal": null, "while_restricted": false },
            "service": { "basis": "contract", "consent": "none", "channels": {}, "overrides": null, "personal": null, "while_restricted": true },
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
        "control_group": null,
        "defaults": { "zone": "Europe/Paris", "locale": "fr", "capped": "skip", "quiet": "hold" },
        "retention": { "inputs": "PT9600H", "messages": "PT19200H", "runs": "PT720H", "calls": "PT12H" },
    });
    assert_eq!(
        serde_json::to_value(workspace.unwrap().policies).unwrap(),
        expected
    );
}

#[test]
fn fatigue_is_read_with_what_it_does_not_say() {
    let read = |fatigue: &str| {
        let text =
            format!("purposes: {{ marketing: {{ consent: opt_in }} }}\nfatigue: {fatigue}\n");
        let (workspace, found) = workspace::compile(&files("config/policies.yaml", &text), &ALONE);
        assert!(found.is_empty(), "{found:?}");
        serde_json::to_value(workspace.unwrap().policies.fatigue).unwrap()
    };
    let short = serde_json::json!({
        "max": 3, "per": "PT168H", "least": 1, "after": 4, "rest": "PT2160H", "purposes": [], "channels": ["email"],
        "heeds": ["opened", "clicked", "replied", "goal"], "capped": null,
    });
    assert_eq!(read("{ max: 3, per: 7d, after: 4 }"), short);
    let whole = "{ max: 9, per: 2d, after: 1, least: 2, rest: 1d, purposes: marketing, channels: [sms, chat], heeds: replied, capped: hold }";
    let long = serde_json::json!({
        "max": 9, "per": "PT48H", "least": 2, "after": 1, "rest": "PT24H", "purposes": ["marketing"],
        "channels": ["sms", "chat"], "heeds": ["replied"], "capped": "hold",
    });
    assert_eq!(read(whole), long);
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
            "::error file=drafts/é.yaml,line=4,col=28,endLine=4,endColumn=32,title=J012::"
        ),
        "{github}"
    );
    assert_eq!(github.lines().count(), 1);
}
