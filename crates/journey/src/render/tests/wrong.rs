//! What is not sent, and what is said of it.

use serde_json::json;

use super::{render, sms, templates};
use crate::{content::Content, message::Channel};

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
