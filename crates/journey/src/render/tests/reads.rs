use serde_json::json;

use super::{files, sms, templates};
use crate::{
    message::Channel,
    render::{Templates, written},
};

/// What a text message made from `text` needs without a test.
fn needs(text: &str) -> Vec<String> {
    let list = [
        ("t/sms.en.txt", text),
        ("_parts/more.txt", "{{ more }}"),
        (
            "_parts/base.txt",
            "{{ top }}{% block a %}{{ old }}{% endblock %}",
        ),
        (
            "_parts/macros.txt",
            "{% macro m(x) %}{{ x }}{{ y }}{% endmacro %}",
        ),
    ];
    let templates = templates(&list);
    let parts = templates.parts("t", Channel::Sms);
    let mut needs: Vec<String> = parts[0]
        .reads
        .needs
        .iter()
        .filter(|n| n.tested == 0)
        .map(|n| written(&n.path))
        .collect();
    needs.dedup();
    needs
}

#[test]
fn a_message_fails_without_any_name_that_it_needs() {
    for (text, expected) in [
        ("{{ a }}", "a"),
        ("{{ a.b }}", "a.b"),
        ("{{ a['b'] }}", "a.b"),
        ("{{ -a }}", "a"),
        ("{{ a + 1 }}", "a"),
        ("{{ 1 * a }}", "a"),
        ("{{ 'x' ~ a }}", "a"),
        ("{{ 'x' if b else a }}", "a"),
        ("{% if a.b %}{% endif %}", "a"),
        ("{{ a.b | default('x') }}", "a"),
        ("{{ b or a }}", "a"),
        ("{{ 'x' and a }}", "a"),
        ("{% for x in a %}{% endfor %}", "a"),
        ("{% for x in a.b %}{{ x.c }}{% endfor %}", "a.b a.b[].c"),
        ("{% set x = a.b %}{{ x.c }}", "a a.b.c"),
        ("{% with x = a.b %}{{ x }}{% endwith %}", "a a.b"),
        ("{% set x %}{{ a }}{% endset %}{{ x }}", "a"),
        ("{{ a | upper }}", "a"),
        ("{{ a | lower }}", "a"),
        ("{{ a | title }}", "a"),
        ("{{ a | capitalize }}", "a"),
        ("{{ a | trim }}", "a"),
        ("{{ a | replace('x', 'y') }}", "a"),
        ("{% if a == 1 %}{% endif %}", "a"),
        ("{% if 1 < a %}{% endif %}", "a"),
        ("{% if 'x' in a %}{% endif %}", "a"),
        ("{% if 1 not in a %}{% endif %}", "a"),
        ("{{ a | money('EUR') }}", "a"),
        ("{{ a | date }}", "a"),
        ("{% include '_parts/more.txt' %}", "more"),
        ("{{ a.b.upper() }}", "a.b"),
        ("{% filter upper %}{{ a }}{% endfilter %}", "a"),
    ] {
        let list = [("t/sms.en.txt", text), ("_parts/more.txt", "{{ more }}")];
        assert_eq!(
            needs(text),
            expected.split(' ').collect::<Vec<_>>(),
            "{text}"
        );
        let missing = super::render(&templates(&list), Channel::Sms, None, json!({}));
        let needs_first = missing.expect_err(text).message();
        assert!(!needs_first.contains("empty"), "{text}: {needs_first}");
    }
}

#[test]
fn a_message_goes_out_without_the_names_that_it_tests() {
    for text in [
        "x{{ a | default('x') }}",
        "x{{ a | d('x') }}",
        "x{{ a or 'y' }}",
        "x{{ 'y' if a else 'z' }}",
        "x{{ a if a else 'z' }}",
        "x{% if a %}{{ a }}{{ a.b }}{% endif %}",
        "x{% if a is defined and a.b %}{{ a.b }}{% endif %}",
        "x{% if a is defined %}{{ a }}{% else %}y{% endif %}",
        "x{% if not a %}y{% else %}{{ a }}{% endif %}",
        "x{% if a %}{% for b in a %}{{ b.c }}{% endfor %}{% endif %}",
        "x{% set b = a %}{{ b | default('x') }}",
        "x{% for i in range(2) %}{{ loop.index }}{{ i }}{% endfor %}",
        "x{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1) }}",
        "x{% if a and a == 1 %}{% endif %}",
    ] {
        assert_eq!(needs(text), Vec::<String>::new(), "{text}");
        assert!(sms(text, json!({})).is_ok(), "{text}");
    }
}

#[test]
fn what_a_test_promises_is_no_more_than_it_says() {
    let parts = |text| templates(&[("t/sms.en.txt", text)]).parts("t", Channel::Sms);
    let tested = |text| {
        let parts = parts(text);
        let needs = parts[0].reads.needs.iter();
        needs
            .map(|n| (written(&n.path), n.tested))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        tested("{% if a %}{{ a.b }}{% endif %}"),
        [("a.b".to_owned(), 1)]
    );
    assert_eq!(
        tested("{% if a.c %}{{ a.b }}{% endif %}")[1],
        ("a.b".to_owned(), 0)
    );
}

#[test]
fn a_replaced_block_needs_nothing() {
    let own = "{% extends '_parts/base.txt' %}{{ nothing }}{% block a %}{{ new }}{% endblock %}";
    assert_eq!(needs(own), ["new", "top"]);
    let both = "{% extends '_parts/base.txt' %}{% block a %}{{ super() }}{% endblock %}";
    assert_eq!(needs(both), ["top", "old"]);
}

#[test]
fn names_are_told_though_they_are_not_needed() {
    let text = "{% from '_parts/macros.txt' import m %}{{ m(a) }}{% if b.c %}{% endif %}{{ d[1:2] | join }}";
    let list = [
        ("t/sms.en.txt", text),
        (
            "_parts/macros.txt",
            "{% macro m(x) %}{{ x }}{{ y }}{% endmacro %}",
        ),
    ];
    let parts = templates(&list).parts("t", Channel::Sms);
    let named: Vec<String> = parts[0].reads.named.keys().map(|p| written(p)).collect();
    assert_eq!(named, ["a", "b.c", "d", "y"]);
    assert!(!parts[0].reads.unknown);
}

#[test]
fn what_cannot_be_followed_is_said() {
    let (templates, _) = Templates::compile(&files(&[("t/sms.en.txt", "{% include a %}")]), "en");
    assert!(templates.parts("t", Channel::Sms)[0].reads.unknown);
}
