use serde_json::json;

use super::{files, render, sms, templates};
use crate::{message::Channel, render::Templates};

fn refusal(text: &str) -> String {
    let long = "x".repeat(1_000);
    let many: Vec<_> = (0..1_000).collect();
    let with = json!({"long": long, "many": many});
    let error = sms(text, with).expect_err(text);
    error.message
}

#[test]
fn a_long_range_is_refused() {
    let message = refusal("{% for i in range(10**9) %}x{% endfor %}");
    assert!(
        message.contains("`range` has at most 1000 items"),
        "{message}"
    );
    for text in [
        "{% for i in range(1001) %}x{% endfor %}",
        "{% for i in range(0, 10**15, 1) %}x{% endfor %}",
        "{% for i in range(10**9, 0, -1) %}x{% endfor %}",
        "{% for i in range(-9223372036854775807, 9223372036854775807) %}x{% endfor %}",
        "{% for i in range(0, 5, 0) %}x{% endfor %}",
    ] {
        assert!(refusal(text).contains("`range`"), "{text}");
    }
    assert_eq!(
        sms(
            "{{ range(3)|join }}{{ range(5, 1, -2)|join }}{{ range(1000)|length }}",
            json!({})
        )
        .unwrap(),
        "012531000"
    );
    assert_eq!(sms("x{{ range(5, 1)|join }}", json!({})).unwrap(), "x");
}

#[test]
fn loops_within_loops_run_out_of_fuel() {
    let message = refusal(
        "{% for i in many %}{% for j in many %}{% if i > j %}{% endif %}{% endfor %}{% endfor %}",
    );
    assert_eq!(message, "the template runs too long");
}

#[test]
fn the_format_bomb_and_its_like_are_gone() {
    for text in [
        "{{ '%1000000000d'|format(1) }}",
        "{{ 'x'|indent(1000000000) }}",
        "{{ [1]|batch(1000000000, 'x')|list }}",
        "{{ [1]|slice(1000000000)|list }}",
        "{{ long|pprint }}",
    ] {
        let message = refusal(text);
        assert!(message.contains("filter"), "{text}: {message}");
    }
    assert!(refusal("{{ debug() }}").contains("debug"));
    assert!(refusal("{% set n = namespace(x=1) %}{{ n.x }}").contains("namespace"));
}

#[test]
fn filters_that_multiply_are_bounded() {
    let message = refusal("{{ long|replace('x', long)|replace('x', long) }}");
    assert!(
        message.contains("`replace` makes too long a text"),
        "{message}"
    );
    let message = refusal("{{ many|join(long) }}");
    assert!(
        message.contains("`join` makes too long a text"),
        "{message}"
    );
    assert!(refusal("{{ 'x' * 1000000 }}").contains("larger than 512 kB"));
    refusal("{{ 'x' * 1000000000000 }}");
}

#[test]
fn output_is_bounded() {
    let message = refusal("{% for i in many %}{{ long }}{% endfor %}");
    assert_eq!(message, "the output is larger than 512 kB");
}

#[test]
fn recursion_ends() {
    let list = [
        ("_layouts/again.txt", "x{% include '_layouts/again.txt' %}"),
        ("t/sms.en.txt", "{% include '_layouts/again.txt' %}"),
    ];
    let error = render(&templates(&list), Channel::Sms, None, json!({})).unwrap_err();
    assert!(error.message.contains("recursion limit"), "{error}");
    refusal("{% macro f(x) %}{{ f(x ~ x) }}{% endmacro %}{{ f('x') }}");
}

#[test]
fn large_files_are_refused() {
    let large = "x".repeat(300_000);
    let found = Templates::compile(&files(&[("t/sms.en.txt", &large)]), "en").1;
    assert_eq!(found[0].code, "J609");
}
