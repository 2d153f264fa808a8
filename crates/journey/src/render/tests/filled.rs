use serde_json::json;

use super::{render, sms, templates};
use crate::{
    content::{Content, Offer, Push, WhatsAppTemplate},
    explain::{Language, Tongue},
    message::Channel,
    render::{Context, Fault, Piece},
};

const LAYOUT: &str = r#"<mjml>
  <mj-head><mj-title>Shop</mj-title></mj-head>
  <mj-body>
    <mj-section><mj-column>{% block content %}{% endblock %}</mj-column></mj-section>
    <mj-section><mj-column><mj-text><a href="{{ links.unsubscribe }}">Unsubscribe</a></mj-text></mj-column></mj-section>
  </mj-body>
</mjml>"#;
const MAIL: &str = r#"---
subject: {{ customer.first_name }}: your cart # 1
preheader: "{{ cart.items | length }} things & more"
---
{% extends "_layouts/base.mjml" %}
{% block content %}
<mj-text>Hello {{ customer.first_name }}</mj-text>
{% for item in cart.items %}<mj-text>{{ item.name }}: {{ item.price | money("EUR") }}</mj-text>{% endfor %}
<mj-button href="{{ cart.url }}">Back to it</mj-button>
{% endblock %}"#;
const PLAIN: &str = "Hello {{ customer.first_name }}\n{% for item in cart.items %}- {{ item.name }}\n{% endfor %}{{ links.unsubscribe }}\n";

fn cart() -> serde_json::Value {
    json!({"cart": {
        "url": "https://shop.example/cart?a=1&b=2",
        "items": [{"name": "Arabica & co", "price": 12.5}, {"name": "Cup", "price": 1234}],
    }})
}

#[test]
fn a_whole_mail_in_mjml() {
    let list = [
        ("_layouts/base.mjml", LAYOUT),
        ("t/email.en.mjml", MAIL),
        ("t/email.en.txt", PLAIN),
    ];
    let content = render(&templates(&list), Channel::Email, None, cart()).unwrap();
    let Content::Email {
        subject,
        preheader,
        html,
        text,
        files: _,
    } = content
    else {
        panic!("{content:?}");
    };
    assert_eq!(subject, "Ana <3: your cart # 1");
    assert_eq!(preheader, "2 things & more");
    assert_eq!(
        text,
        "Hello Ana <3\n- Arabica & co\n- Cup\nhttps://shop.example/u/1?a=b&c=d"
    );
    for part in [
        "<!doctype html>",
        "Hello Ana &lt;3",
        "Arabica &amp; co: €12.50",
        "Cup: €1,234.00",
        "href=\"https://shop.example/cart?a=1&amp;b=2\"",
        "href=\"https://shop.example/u/1?a=b&amp;c=d\"",
        "mso-hide:all\">2 things &amp; more</div>",
    ] {
        assert!(html.contains(part), "{part} is not in {html}");
    }
    assert!(!html.contains("mj-") || !html.contains("<mj-"), "{html}");
    let body = html.find("<body").unwrap();
    assert!(html.find("mso-hide:all").unwrap() > body);
}

#[test]
fn the_names_that_a_mail_reads_are_known_beforehand() {
    let list = [
        ("_layouts/base.mjml", LAYOUT),
        ("t/email.en.mjml", MAIL),
        ("t/email.en.txt", PLAIN),
    ];
    let names = templates(&list).variables("t", Channel::Email);
    let expected = [
        "cart.items",
        "cart.url",
        "customer.first_name",
        "links.unsubscribe",
    ];
    assert_eq!(names.into_iter().collect::<Vec<_>>(), expected);
    assert!(templates(&list).variables("t", Channel::Sms).is_empty());
}

#[test]
fn plain_html_push_and_chat() {
    let list = [
        (
            "t/email.en.html",
            "---\nsubject: >\n  Two\n  lines\npreheader: P\n---\n<html><body class=\"a\"><p>{{ customer.first_name }}</p></body></html>",
        ),
        ("t/email.en.txt", "Hi"),
        (
            "t/push.en.yaml",
            "# a comment\ntitle: 'It''s {{ customer.first_name }}'\nbody: |\n  one {{ n }}\n    two\nurl: {{ links.unsubscribe }}\n",
        ),
        (
            "t/chat.en.yaml",
            "text: Hello\n  {{ customer.first_name }}\n",
        ),
    ];
    let templates = templates(&list);
    let mail = render(&templates, Channel::Email, None, json!(null)).unwrap();
    let Content::Email { subject, html, .. } = mail else {
        panic!("{mail:?}")
    };
    assert_eq!(subject, "Two lines");
    assert!(
        html.starts_with("<html><body class=\"a\"><div style"),
        "{html}"
    );
    assert!(html.contains(">P</div><p>Ana &lt;3</p>"), "{html}");
    let push = render(&templates, Channel::Push, None, json!({"n": 1})).unwrap();
    let expected = Content::Push(Push {
        title: "It's Ana <3".into(),
        body: "one 1\n  two".into(),
        url: Some("https://shop.example/u/1?a=b&c=d".into()),
        ..Push::default()
    });
    assert_eq!(push, expected);
    let chat = render(&templates, Channel::Chat, None, json!({})).unwrap();
    assert_eq!(
        chat,
        Content::Chat {
            text: "Hello Ana <3".into(),
            options: Vec::new(),
            whatsapp: None,
        }
    );
}

#[test]
fn whatsapp_gets_the_texts_of_its_own_template() {
    let head = "whatsapp:\n  template: cart_reminder\n  language: en_GB\n  parameters:\n    # of the body\n    - {{ customer.first_name }}\n    - '{{ n }}: {{ words }}'\n  always: true\n";
    let txt = format!("---\n{head}---\nHello {{{{ customer.first_name }}}}\n");
    let yaml = format!("{head}text: Hello {{{{ customer.first_name }}}}\n");
    for (file, text) in [("t/chat.en.txt", &txt), ("t/chat.en.yaml", &yaml)] {
        let templates = templates(&[(file, text)]);
        let values = json!({"n": 2, "words": " two\n\n\tlines "});
        let chat = render(&templates, Channel::Chat, None, values).unwrap();
        let whatsapp = WhatsAppTemplate {
            template: "cart_reminder".into(),
            language: "en_GB".into(),
            parameters: vec!["Ana <3".into(), "2: two lines".into()],
            always: true,
        };
        let expected = Content::Chat {
            text: "Hello Ana <3".into(),
            options: Vec::new(),
            whatsapp: Some(whatsapp),
        };
        assert_eq!(chat, expected, "{file}");
        let empty = render(&templates, Channel::Chat, None, json!({"n": 2}));
        let said = empty.unwrap_err().say(&Tongue::plain(Language::English));
        let line = if file.ends_with("txt") { 8 } else { 7 };
        assert!(said.contains(&format!("line {line}: ")), "{said}");
    }
    let templates = templates(&[(
        "t/chat.en.txt",
        "---\nwhatsapp:\n  template: a\n  language: en\n  parameters:\n    - \"{{ gap }}\"\n---\nHello\n",
    )]);
    let empty = render(&templates, Channel::Chat, None, json!({"gap": " "}));
    let part = Piece::Parameter;
    assert_eq!(empty.unwrap_err().fault, Fault::Empty { part });
}

#[test]
fn the_nearest_locale_is_taken() {
    let list = [
        ("t/sms.en.txt", "en"),
        ("t/sms.fr.txt", "fr"),
        ("t/sms.fr-CA.txt", "fr-CA"),
        ("u/sms.en.txt", "en"),
    ];
    let templates = templates(&list);
    for (locale, expected) in [
        (Some("fr-BE"), "fr"),
        (Some("fr"), "fr"),
        (Some("fr_CA"), "fr-CA"),
        (Some("FR-ca"), "fr-CA"),
        (Some("de"), "en"),
        (Some(""), "en"),
        (None, "en"),
    ] {
        let found = render(&templates, Channel::Sms, locale, json!({})).unwrap();
        assert_eq!(
            found,
            Content::Sms {
                text: expected.into()
            },
            "{locale:?}"
        );
    }
    let error = render(&templates, Channel::Push, Some("fr"), json!({})).unwrap_err();
    assert_eq!(error.message(), "there is no template `t` for push");
}

#[test]
fn a_line_keeps_the_spaces_that_do_not_break() {
    let list = [(
        "t/push.en.yaml",
        "title: \"On  vous\u{a0}le garde\u{202f}?\"\nbody: x",
    )];
    let found = render(&templates(&list), Channel::Push, None, json!({})).unwrap();
    let Content::Push(push) = found else {
        panic!("{found:?}")
    };
    assert_eq!(push.title, "On vous\u{a0}le garde\u{202f}?");
}

#[test]
fn the_event_is_never_seen_and_the_customer_cannot_be_replaced() {
    let with = json!({"customer": {"first_name": "Eve"}, "links": 3, "event": 1, "x": "y"});
    assert_eq!(
        sms("{{ customer.first_name }} {{ x }}", with.clone()).unwrap(),
        "Ana <3 y"
    );
    assert_eq!(
        sms("{{ links.unsubscribe }}", with).unwrap(),
        "https://shop.example/u/1?a=b&c=d"
    );
}

#[test]
fn a_question_sees_its_options_and_any_other_message_what_it_is_given() {
    let list = [(
        "t/sms.en.txt",
        "Reply{% for o in options %} {{ o.name }} ({{ o.label }}){% endfor %}",
    )];
    let templates = templates(&list);
    let nothing = crate::value::Map::new();
    let offer = |name: &str, label: &str| Offer {
        name: name.into(),
        label: label.into(),
    };
    let offers = [offer("yes", "Yes, please"), offer("no", "No")];
    let with = json!({ "options": [{ "name": "a", "label": "b" }] }).into();
    let filled = |options: &[Offer]| {
        let context = Context {
            with: &with,
            customer: &nothing,
            links: &nothing,
            options,
            more: &nothing,
        };
        match templates.render("t", Channel::Sms, None, &context) {
            Ok(Content::Sms { text }) => text,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(filled(&offers), "Reply yes (Yes, please) no (No)");
    assert_eq!(filled(&[]), "Reply a (b)");
}
