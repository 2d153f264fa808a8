use serde_json::json;

use super::{in_locale, render, sms, templates};
use crate::{
    content::{Action, Content, Offer, Push, WhatsAppTemplate},
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

const RICH: &str = "title: Votre panier
body: {{ n }} articles
image: https://shop.example/{{ n }}.png
ttl: {{ wait }}
collapse: cart-{{ n }}
actions:
  # What a phone shows as a button.
  - name: buy
    label: \"Acheter : {{ n }}\"
    url: https://shop.example/buy?n={{ n }}
  -   name: later
      label: >
        Plus
        tard
data:
  screen: cart
  cart: \"{{ n }}\"
  note: |
    un
      deux
";

#[test]
fn a_notification_has_buttons_and_data() {
    let templates = templates(&[("t/push.en.yaml", RICH)]);
    let names = templates.variables("t", Channel::Push);
    assert!(names.contains("n") && names.contains("wait"), "{names:?}");
    let push = |wait: &str| {
        let with = json!({"n": 3, "wait": wait});
        render(&templates, Channel::Push, None, with)
    };
    let action = |name: &str, label: &str, url: Option<&str>| Action {
        name: name.into(),
        label: label.into(),
        url: url.map(Into::into),
    };
    let data = [("screen", "cart"), ("cart", "3"), ("note", "un\n  deux")];
    let expected = Content::Push(Push {
        title: "Votre panier".into(),
        body: "3 articles".into(),
        url: None,
        image: Some("https://shop.example/3.png".into()),
        ttl: Some(14_400),
        collapse: Some("cart-3".into()),
        actions: vec![
            action("buy", "Acheter : 3", Some("https://shop.example/buy?n=3")),
            action("later", "Plus tard", None),
        ],
        data: data.map(|(name, value)| (name.into(), value.into())).into(),
    });
    assert_eq!(push("4h"), Ok(expected.clone()));
    assert_eq!(push("14400"), Ok(expected.clone()));
    // What was kept before there was any of it is still read, and what is kept now as well.
    let json = serde_json::to_string(&expected).unwrap();
    assert_eq!(serde_json::from_str::<Content>(&json).unwrap(), expected);
    let old = r#"{"channel":"push","title":"a","body":"b","url":"https://x.example/"}"#;
    let Content::Push(read) = serde_json::from_str(old).unwrap() else {
        panic!("{old}")
    };
    assert_eq!((&*read.title, read.ttl, read.actions.len()), ("a", None, 0));
    assert_eq!(serde_json::to_string(&Content::Push(read)).unwrap(), old);
    let without = Content::Push(Push {
        ttl: None,
        ..match expected {
            Content::Push(push) => push,
            other => panic!("{other:?}"),
        }
    });
    assert_eq!(push(""), Ok(without));
}

#[test]
fn what_providers_would_refuse_of_a_notification_is_told_by_its_line() {
    let push = |text: &str, n: &str| {
        let templates = templates(&[("t/push.en.yaml", text)]);
        let error = render(&templates, Channel::Push, None, json!({"n": n})).unwrap_err();
        (error.line, error.message())
    };
    let ttl = "title: a\nbody: b\nttl: {{ n }}";
    let said = (
        Some(3),
        "`ttl` is no time of up to four weeks, such as 4h".to_owned(),
    );
    for wrong in ["soon", "5w", "-1h", "2419201", "1.5h"] {
        assert_eq!(push(ttl, wrong), said, "{wrong}");
    }
    let key = "title: a\nbody: b\n\ncollapse: {{ n }}";
    let said = (
        Some(4),
        "`collapse` has not 1 to 32 letters, digits, - and _".to_owned(),
    );
    for wrong in ["a b", "é", &"x".repeat(33)] {
        assert_eq!(push(key, wrong), said, "{wrong}");
    }
    let body = "title: a\nbody: \"{{ n }}\"";
    let said = "the notification has 4097 bytes, and providers carry 4096".to_owned();
    let frame = r#"{"channel":"push","title":"a","body":""}"#.len();
    assert_eq!(push(body, &"x".repeat(4_097 - frame)), (None, said));
    let most = json!({"n": "x".repeat(4_096 - frame)});
    let templates = templates(&[("t/push.en.yaml", body)]);
    assert!(render(&templates, Channel::Push, None, most).is_ok());
    let label = "title: a\nbody: b\nactions:\n  - name: x\n    label: \"{{ n }}\"";
    let said = "the label of an action comes out empty".to_owned();
    assert_eq!(push(label, " "), (None, said));
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
fn an_unfilled_variable_is_an_error_with_its_line() {
    let error = sms("Hello\n\n{{ customer.nickname }}", json!({})).unwrap_err();
    assert_eq!(
        (error.line, error.message().as_str()),
        (Some(3), "`customer.nickname` has no value")
    );
    assert_eq!(
        error.to_string(),
        "template t (sms, en), line 3: `customer.nickname` has no value"
    );
    // Null is as good as absent; tests and defaults are for that.
    assert!(sms("{{ customer.city }}", json!({})).is_err());
    assert!(sms("{{ customer.city.name }}", json!({})).is_err());
    assert!(sms("{% for x in items %}{% endfor %}x", json!({})).is_err());
    let text =
        "{{ customer.city | default('town') }}{% if customer.city %}!{% endif %}{{ code or '-' }}";
    assert_eq!(sms(text, json!({"code": null})).unwrap(), "town-");
    assert_eq!(
        sms("{% if city is defined %}a{% else %}b{% endif %}", json!({})).unwrap(),
        "b"
    );
}

#[test]
fn lines_are_those_of_the_file_whichever_part_it_is() {
    let list = [
        ("_layouts/foot.html", "\n\n{{ links.nothing }}"),
        (
            "t/email.en.html",
            "---\nsubject: x\npreheader: {{ a }}\n---\n\n<p>{{ b }}</p>{% include '_layouts/foot.html' %}",
        ),
        ("t/email.en.txt", "\n{{ c }}x"),
    ];
    let templates = templates(&list);
    for (with, line, word) in [
        (json!({}), 3, "a"),
        (json!({"a": 1}), 6, "b"),
        (json!({"a": 1, "b": 1}), 3, "links.nothing"),
    ] {
        let error = render(&templates, Channel::Email, None, with).unwrap_err();
        assert_eq!(
            (error.line, error.message()),
            (Some(line), format!("`{word}` has no value"))
        );
    }
}

#[test]
fn errors_hold_no_personal_data() {
    for text in [
        "{{ customer.email + 3 }}",
        "{{ customer.email | int }}",
        "{{ customer.email | date }}",
        "{{ customer.email | money('EUR') }}",
        "{{ customer.email.nothing() }}",
        "{{ customer.email | round }}",
        "{{ customer | sum }}",
        "{{ customer.email() }}",
        "{% include customer.email %}",
        "{{ [1] | map(customer.email) | list }}",
        "{{ 1 | attr(customer.email) }}",
        "{{ range(1)[customer.email].x }}",
        "{{ customer | dictsort(by=customer.email) }}",
        "{{ customer }}",
        "{{ [customer.email] }}",
    ] {
        let error = sms(text, json!({})).expect_err(text);
        assert!(!error.to_string().contains("ana@"), "{text}: {error}");
    }
    let bad = "---\nsubject: x\n---\n<mjml><mj-body>{{ customer.first_name | safe }}</mj-column></mj-body></mjml>";
    let list = [("t/email.en.mjml", bad), ("t/email.en.txt", "x")];
    let error = render(&templates(&list), Channel::Email, None, json!({})).unwrap_err();
    assert!(!error.to_string().contains("Ana"), "{error}");
}

#[test]
fn only_texts_and_numbers_are_printed() {
    let error = sms("a\n{{ items }}", json!({"items": ["a"]})).unwrap_err();
    assert_eq!(error.line, Some(2));
    assert!(
        error
            .message()
            .starts_with("`items`: `{{ … }}` prints texts"),
        "{error}"
    );
    assert!(sms("{{ none }}", json!({})).is_err());
    let text = "{{ n }} {{ f }} {{ yes }} {{ items | join(', ') }}{% macro m(x) %} <{{ x }}>{% endmacro %}{{ m(1) }}";
    let with = json!({"n": 3, "f": 2.5, "yes": true, "items": ["a", 2]});
    assert_eq!(sms(text, with).unwrap(), "3 2.5 True a, 2 <1>");
}

#[test]
fn what_comes_out_empty_is_not_sent() {
    assert_eq!(
        sms(" {% if code %}x{% endif %}\n", json!({}))
            .unwrap_err()
            .message(),
        "the text comes out empty"
    );
    let list = [
        ("t/email.en.html", "---\nsubject: \"{{ s }}\"\n---\n{{ h }}"),
        ("t/email.en.txt", "{{ p }}"),
    ];
    let templates = templates(&list);
    for (with, message) in [
        (
            json!({"s": " \n", "h": "h", "p": "p"}),
            "the subject comes out empty",
        ),
        (
            json!({"s": "s", "h": " ", "p": "p"}),
            "the HTML part comes out empty",
        ),
        (
            json!({"s": "s", "h": "h", "p": ""}),
            "the plain text comes out empty",
        ),
    ] {
        let error = render(&templates, Channel::Email, None, with).unwrap_err();
        assert_eq!(error.message(), message);
    }
    let with = json!({"s": "one\r\nBcc: all@x\ttwo", "h": "h", "p": "p"});
    let mail = render(&templates, Channel::Email, None, with).unwrap();
    let Content::Email { subject, .. } = mail else {
        panic!("{mail:?}")
    };
    assert_eq!(subject, "one Bcc: all@x two");
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

#[test]
fn money_in_english_and_french() {
    for (locale, source, expected) in [
        ("en", "{{ 1234.5 | money('EUR') }}", "€1,234.50"),
        ("en", "{{ 1234567 | money('usd') }}", "$1,234,567.00"),
        ("en", "{{ -3 | money('GBP') }}", "-£3.00"),
        ("en", "{{ -0.001 | money('GBP') }}", "£0.00"),
        ("en", "{{ 999.9 | money('JPY') }}", "¥1,000"),
        ("en", "{{ 12 | money('CHF') }}", "CHF\u{a0}12.00"),
        (
            "fr",
            "{{ 1234.5 | money('EUR') }}",
            "1\u{202f}234,50\u{a0}€",
        ),
        ("fr-BE", "{{ '12.3' | money('EUR') }}", "12,30\u{a0}€"),
        ("fr", "{{ 12 | money('CHF') }}", "12,00\u{a0}CHF"),
        (
            "fr",
            "{{ 1500 | money('TND') }}",
            "1\u{202f}500,000\u{a0}TND",
        ),
    ] {
        assert_eq!(in_locale(source, locale, json!({})).unwrap(), expected);
    }
    assert!(sms("{{ 'x' | money('EUR') }}", json!({})).is_err());
    assert!(sms("{{ nothing | money('EUR') }}", json!({})).is_err());
}

#[test]
fn dates_in_english_and_french() {
    let with = json!({"at": "2026-01-05T23:30:00Z", "there": "2026-08-01T09:05:00+02:00", "day": "2026-02-14"});
    for (locale, source, expected) in [
        ("en", "{{ at | date }}", "January 5, 2026"),
        (
            "en-US",
            "{{ at | date('full') }}",
            "Monday, January 5, 2026",
        ),
        ("en-GB", "{{ at | date('full') }}", "Monday 5 January 2026"),
        ("en", "{{ day | date('short') }}", "2/14/2026"),
        ("en-GB", "{{ day | date('short') }}", "14/02/2026"),
        ("en", "{{ there | date('time') }}", "09:05"),
        ("fr", "{{ there | date }}", "1er août 2026"),
        ("fr", "{{ day | date('full') }}", "samedi 14 février 2026"),
        ("fr-BE", "{{ at | date('short') }}", "05/01/2026"),
        (
            "fr",
            "{{ at | date('full', zone='Europe/Paris') }}",
            "mardi 6 janvier 2026",
        ),
        (
            "en",
            "{{ at | date('time', zone='America/New_York') }}",
            "18:30",
        ),
    ] {
        assert_eq!(
            in_locale(source, locale, with.clone()).unwrap(),
            expected,
            "{source}"
        );
    }
    for (source, message) in [
        ("{{ 'soon' | date }}", "this is no date and no moment"),
        ("{{ '2026-02-30' | date }}", "this is no date"),
        (
            "{{ day | date('medium') }}",
            "the styles of `date` are short, long, full and time",
        ),
        (
            "{{ at | date('long', zone='Mars/Olympus') }}",
            "no such time zone",
        ),
    ] {
        let error = sms(source, with.clone()).unwrap_err();
        assert!(error.message().ends_with(message), "{error}");
    }
}
