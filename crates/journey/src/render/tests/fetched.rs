//! What a template fetches and draws: what sources are asked, what stands for answers, what is wrong.

use serde_json::json;

use super::{files, map, mistakes, templates};
use crate::{
    content::Content,
    message::Channel,
    render::{Context, Templates, Wanted},
    sources::Sources,
    value::{Map, Value},
};

const SMS: &str = "---
fetch:
  stock:
    sku: \"{{ item.sku }}\"
    city: {{ customer.city | default(\"Lyon\") }}
  soon:
    from: arrivals
---
{{ stock.left }} left at {{ stock.price | money(\"EUR\") }}, {% for s in soon.list %}{{ s.name }} {{ s.at | date(\"short\") }}{% endfor %}{{ vouchers.spring }}
";

fn context<'a>(with: &'a Value, more: &'a Map, nothing: &'a Map) -> Context<'a> {
    Context {
        with,
        customer: nothing,
        links: nothing,
        options: &[],
        more,
    }
}

fn wants(templates: &Templates, with: serde_json::Value) -> Vec<Wanted> {
    let (nothing, with) = (Map::new(), Value::from(with));
    let context = context(&with, &nothing, &nothing);
    templates.wants("t", Channel::Sms, None, &context).unwrap()
}

fn text(templates: &Templates, more: &Map) -> String {
    let nothing = Map::new();
    let with = json!({ "item": { "sku": "X" } }).into();
    let context = context(&with, more, &nothing);
    match templates.render("t", Channel::Sms, None, &context) {
        Ok(Content::Sms { text }) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn parameters_are_filled_in_before_anything_is_asked() {
    let templates = templates(&[("t/sms.en.txt", SMS)]);
    let wanted = wants(&templates, json!({ "item": { "sku": "A 1/2" } }));
    let told: Vec<_> = wanted
        .iter()
        .map(|w| (&*w.name, &*w.source, w.parameters.len()))
        .collect();
    assert_eq!(told, [("stock", "stock", 2), ("soon", "arrivals", 0)]);
    assert_eq!(wanted[0].parameters["sku"], "A 1/2");
    assert_eq!(wanted[0].parameters["city"], "Lyon");
    let pools = templates.vouchers("t", Channel::Sms, Some("en-GB"));
    assert_eq!(pools.iter().map(|p| &**p).collect::<Vec<_>>(), ["spring"]);
    let (nothing, empty) = (Map::new(), Value::Null);
    let context = context(&empty, &nothing, &nothing);
    let failed = templates
        .wants("t", Channel::Sms, None, &context)
        .unwrap_err();
    assert_eq!(failed.line, Some(4), "{failed}");
}

#[test]
fn answers_are_names_and_win_over_what_is_passed_on() {
    let templates = templates(&[(
        "t/sms.en.txt",
        "---\nfetch:\n  item:\n    from: stock\n---\n{{ item.sku }}",
    )]);
    assert_eq!(text(&templates, &Map::new()), "X");
    assert_eq!(text(&templates, &map(json!({ "item": { "sku": 7 } }))), "7");
}

#[test]
fn samples_fill_in_whatever_the_template_reads() {
    let templates = templates(&[("t/sms.en.txt", SMS)]);
    let none = Sources::default();
    let more = templates.samples("t", Channel::Sms, None, &none, |_| None);
    assert_eq!(
        text(&templates, &more),
        "left left at €12.50, name 1/5/2026SPRING-0000"
    );
    let given = |source: &str| (source == "stock").then(|| json!({ "left": 3, "price": 2 }).into());
    let more = templates.samples("t", Channel::Sms, None, &none, given);
    assert!(text(&templates, &more).starts_with("3 left at €2.00, name"));
}

#[test]
fn every_kind_of_file_fetches() {
    let head = "fetch:\n  stock:\n    sku: \"1\"\n";
    let mjml = format!("---\nsubject: s\n{head}---\n<mjml><mj-body></mj-body></mjml>");
    let list = [
        ("t/email.en.mjml", &*mjml),
        ("t/email.en.txt", "{{ stock.left }}"),
        ("t/push.en.yaml", &format!("title: t\nbody: b\n{head}")),
        ("t/chat.en.yaml", &format!("text: t\n{head}")),
        ("t/chat.fr.txt", &format!("---\n{head}---\nt")),
    ];
    let (templates, found) = Templates::compile(&files(&list), "en");
    assert!(found.iter().all(|d| d.code == "J619"), "{found:?}");
    let (nothing, empty) = (Map::new(), Value::Null);
    for (channel, locale) in [
        (Channel::Email, "en"),
        (Channel::Push, "en"),
        (Channel::Chat, "en"),
        (Channel::Chat, "fr"),
    ] {
        let context = context(&empty, &nothing, &nothing);
        let wanted = templates
            .wants("t", channel, Some(locale), &context)
            .unwrap();
        assert_eq!(wanted.len(), 1, "{channel} {locale}");
        assert_eq!(wanted[0].parameters["sku"], "1");
    }
}

#[test]
fn what_cannot_be_read_is_said() {
    let many: String = (0..9).map(|n| format!("  s{n}:\n")).collect();
    for (head, place) in [
        ("fetch: stock\n", "stock"),
        ("fetch:\n  stock: { sku: 1 }\n", "{ sku: 1 }"),
        ("fetch:\n  stock:\n  stock:\n", "stock"),
        ("fetch:\n  stock:\n    sku: 1\n    sku: 2\n", "sku"),
        (&format!("fetch:\n{many}"), "fetch"),
        ("fetch:\n  stock:\n    sku: {{ a\n", "a"),
    ] {
        let text = format!("---\n{head}---\nx");
        let found = mistakes(&[("t/sms.en.txt", &text)]);
        assert_eq!(found.len(), 1, "{head}: {found:?}");
        assert_eq!(&text[found[0].span.clone()], place, "{head}");
    }
}
