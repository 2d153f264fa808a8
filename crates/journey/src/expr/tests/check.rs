use super::{brief, expr};
use crate::expr::{
    Root,
    types::{Env, Type},
};

fn map(fields: &[(&str, Type)], open: bool) -> Type {
    Type::Map {
        fields: fields
            .iter()
            .map(|(k, v)| ((*k).into(), v.clone()))
            .collect(),
        open,
    }
}

fn env() -> Env {
    let country = Type::Text(Some(vec!["FR".into(), "BE".into(), "CH".into()]));
    let item = map(&[("sku", Type::Text(None)), ("price", Type::Number)], false);
    let event = map(
        &[
            ("total", Type::Number),
            ("name", Type::Text(None)),
            ("items", Type::List(Box::new(item))),
            ("at", Type::Moment),
            ("gift", Type::Bool),
        ],
        false,
    );
    let customer = map(
        &[
            ("country", country),
            ("vip", Type::Bool),
            ("signed_up_at", Type::Moment),
        ],
        false,
    );
    let step = map(&[("opened", Type::Bool), ("clicked", Type::Bool)], false);
    let mut env = Env::default();
    env.roots.insert(Root::Event, event.clone());
    env.roots.insert(Root::Customer, customer);
    env.roots.insert(
        Root::Steps,
        map(&[("nudge", step), ("resumed", Type::Any)], false),
    );
    env.roots.insert(Root::Run, map(&[("event", event)], true));
    env.roots.insert(Root::Now, Type::Moment);
    let why = "no purpose is declared in config/policies.yaml".to_owned();
    env.absent.insert(Root::Consent, why);
    env
}

fn found(source: &str) -> Vec<String> {
    brief(source, &expr(source).check_condition(&env()))
}

#[test]
fn what_fits_passes() {
    for source in [
        "event.total >= 20 and customer.country in [\"FR\", \"BE\"]",
        "not customer.vip or steps.nudge.opened",
        "now - customer.signed_up_at > 30d",
        "event.items.exists(i, i.price > 100 and i.sku.startsWith('A'))",
        "event.items[0].price > 3",
        "run.anything == 3 and run.anything.at_all == 'x'",
        "customer.country == null",
        "null != event.total",
        "event.at < '2026-01-31'",
        "has(event.name)",
        "customer.country + '-' + event.name == 'FR-x'",
        "event.name.lower().contains('x')",
        "steps.resumed.whatever",
        "size(event.items) > 2 and size(event.name) < 9",
        "run.anything",
    ] {
        assert_eq!(found(source), [""; 0], "{source}");
    }
}

#[test]
fn names_that_do_not_exist() {
    for (source, expected) in [
        ("steps.nudgee.opened", "J101|nudgee|nudge"),
        ("steps.nudge.opend", "J106|opend|opened"),
        ("event.totl > 3", "J102|totl|total"),
        ("run.event.totl > 3", "J102|totl|total"),
        ("customer.contry == 'FR'", "J103|contry|country"),
        ("customer[\"contry\"] == 'FR'", "J103|[\"contry\"]|"),
        ("event.items.exists(i, i.prize > 3)", "J107|prize|price"),
        ("event.items[0].prize > 3", "J107|event.items[0].prize|"),
        ("consent.marketing.email", "J111|consent|"),
    ] {
        assert_eq!(found(source), [expected], "{source}");
    }
    let problem = expr("steps.nudgee.opened").check(&env()).1.remove(0);
    assert_eq!(problem.message, "no step is called `nudgee`");
    assert_eq!(problem.label, "did you mean `nudge`?");
    assert_eq!(problem.notes, ["known here: nudge, resumed"]);
    let absent = expr("consent.marketing.email").check(&env()).1.remove(0);
    assert!(absent.notes[0].contains("config/policies.yaml"));
}

#[test]
fn types_that_do_not_fit() {
    for (source, expected) in [
        ("event.total > \"20\"", "J220|event.total > \"20\"|20"),
        (
            "event.total == event.name",
            "J220|event.total == event.name|",
        ),
        ("event.at < 'soon'", "J220|'soon'|"),
        ("event.at > 30d", "J220|event.at > 30d|"),
        (
            "event.total in ['a', 'b']",
            "J220|event.total in ['a', 'b']|",
        ),
        ("event.total", "J221|event.total|"),
        ("not event.total", "J221|event.total|"),
        ("customer.vip and event.name", "J221|event.name|"),
        ("event.items.exists(i, i.price)", "J221|i.price|"),
        ("customer.vip > customer.vip", "J223|customer.vip|"),
        ("event.items >= event.items", "J223|event.items|"),
        ("event.name * 2 == 4", "J224|event.name * 2|"),
        (
            "event.total + event.name == 'x'",
            "J224|event.total + event.name|",
        ),
        ("-event.name == 3", "J224|event.name|"),
        ("customer.country == \"FRA\"", "J225|\"FRA\"|\"FR\""),
        ("\"FRA\" != customer.country", "J225|\"FRA\"|\"FR\""),
        ("customer.country in [\"FR\", \"UK\"]", "J225|\"UK\"|"),
        ("event.name in event.total", "J226|event.total|"),
        ("'x' in event.name", "J226|event.name|"),
        ("event.total.contains('x')", "J227|event.total|"),
        ("event.name.startsWith(3)", "J227|3|"),
        ("size(event.total) > 3", "J227|event.total|"),
        ("event.total.exists(i, i > 3)", "J227|event.total|"),
        ("event.total.net > 3", "J228|net|"),
        ("event.items.price > 3", "J228|price|"),
        ("event.items['x'].price > 3", "J228|['x']|"),
        ("event.total[0] > 3", "J228|event.total|"),
        ("now.hour > 3", "J228|hour|"),
    ] {
        assert_eq!(found(source), [expected], "{source}");
    }
}

#[test]
fn one_mistake_is_one_problem_and_several_are_several() {
    assert_eq!(
        found("event.totl + 1 > 'x' and customer.country == 'FRA' and not event.name"),
        ["J102|totl|total", "J225|'FRA'|\"FR\"", "J221|event.name|"]
    );
}

#[test]
fn each_item_of_a_list_that_does_not_exist_is_pointed_at() {
    assert_eq!(
        found("customer.country in [\"FR\", \"UK\", \"DEU\", 'BEE']"),
        ["J225|\"UK\"|", "J225|\"DEU\"|", "J225|'BEE'|\"BE\""]
    );
}

#[test]
fn the_type_of_a_value() {
    for (source, expected) in [
        ("event.total + 1", Type::Number),
        ("now - event.at", Type::Span),
        ("now + 1d", Type::Moment),
        ("event.name + 'x'", Type::Text(None)),
        ("event.total > 1", Type::Bool),
        ("[1, 2]", Type::List(Box::new(Type::Number))),
        ("run.anything", Type::Any),
        ("event.items[0].price", Type::Number),
    ] {
        assert_eq!(
            expr(source).check(&env()),
            (expected, Vec::new()),
            "{source}"
        );
    }
}
