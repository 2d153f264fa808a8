use serde_json::json;

use super::{files, render, sms, templates};
use crate::{message::Channel, render::Templates};

fn refusal(text: &str) -> String {
    let long = "x".repeat(1_000);
    let many: Vec<_> = (0..1_000).collect();
    let with = json!({"long": long, "many": many});
    let error = sms(text, with).expect_err(text);
    error.message()
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
        let (_, found) = Templates::compile(&files(&[("t/sms.en.txt", text)]), "en");
        let messages: Vec<&str> = found.iter().map(|d| &*d.message).collect();
        assert!(
            matches!(*messages, [one] if one.starts_with("no filter is called")),
            "{text}: {messages:?}"
        );
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
    assert!(refusal("{{ long * 1000 }}").contains("larger than 512 kB"));
    refusal("{{ long * 1000000000000 }}");
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
    assert!(error.message().contains("recursion limit"), "{error}");
    refusal("{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f('x') }}");
}

#[test]
fn large_files_are_refused() {
    let large = "x".repeat(300_000);
    let found = Templates::compile(&files(&[("t/sms.en.txt", &large)]), "en").1;
    assert_eq!(found[0].code, "J609");
}

fn grows(text: &str) -> bool {
    let found = Templates::compile(&files(&[("t/sms.en.txt", text)]), "en").1;
    let codes: Vec<&str> = found.iter().map(|d| d.code).collect();
    assert!(codes.is_empty() || codes == ["J616"], "{text}: {found:?}");
    !codes.is_empty()
}

#[test]
fn texts_that_double_are_refused_before_they_run() {
    let doubled = |how: &str| format!("{{% set a = x %}}{}{{{{ a }}}}", how.repeat(30));
    for how in [
        "{% set a = a ~ a %}",
        "{% set a = a + a %}",
        "{% set a = [a, a] %}",
        "{% set a = {'x': a, 'y': a} %}",
        "{% set a = (a, a) | join %}",
    ] {
        assert!(grows(&doubled(how)), "{how}");
        let looped =
            format!("{{% set a = x %}}{{% for i in many %}}{how}{{{{ a }}}}{{% endfor %}}");
        assert!(grows(&looped), "{looped}");
    }
    let nested = "{% with a = a ~ a %}".repeat(30) + &"{% endwith %}".repeat(30);
    for text in [
        nested.as_str(),
        "{% macro f(x) %}{{ f(x ~ x) }}{% endmacro %}{{ f('x') }}",
        "{% macro f(x) %}{{ f(x=[x, x]) }}{% endmacro %}{{ f('x') }}",
        "{{ 'x' * 1000000 }}",
        "{{ 1000000 * 'x' }}",
        "{{ 'x' * n }}",
        "{{ x | e | e | e }}",
    ] {
        assert!(grows(text), "{text}");
    }
    let list = [
        (
            "_parts/more.txt",
            "{% set a = a ~ a ~ a ~ a %}{% include '_parts/more.txt' %}",
        ),
        (
            "t/sms.en.txt",
            "{% set a = 'x' %}{% include '_parts/more.txt' %}",
        ),
    ];
    let found = Templates::compile(&files(&list), "en").1;
    assert_eq!(
        found.iter().map(|d| (d.code, &*d.file)).collect::<Vec<_>>(),
        [("J616", "templates/_parts/more.txt")]
    );
}

#[test]
fn what_templates_do_every_day_is_not_refused() {
    for text in [
        "{% set name = a ~ ' ' ~ b %}{{ name ~ ', ' ~ city }}",
        "{% set sum = price * quantity %}{% set total = sum + shipping %}{{ total * 1.2 }}",
        "{{ '-' * 40 }}{{ price * 3 }}",
        "{% for i in items %}{% set line = i.name ~ ': ' ~ i.price %}{{ line }}{% endfor %}",
        "{% macro button(url, label) %}<a href='{{ url ~ '?utm=x' }}'>{{ label | e }}</a>{% endmacro %}{{ button(base ~ '/' ~ path, 'Go') }}",
        "{% set x %}Hello {{ name }}{% endset %}{{ x ~ '!' }}",
        "{% for a in x %}{% for b in a.y %}{% for c in b.z %}{{ c }}{% endfor %}{% endfor %}{% endfor %}",
    ] {
        assert!(!grows(text), "{text}");
    }
}

#[test]
fn what_is_captured_is_bounded() {
    // A thousand rounds of 3 kB.
    let each = "{% for i in many %}{{ long }}{{ long }}{{ long }}{% endfor %}";
    for text in [
        format!("{{% set x %}}{each}{{% endset %}}"),
        format!("{{% macro m() %}}{each}{{% endmacro %}}{{% set x = m() %}}"),
        format!("{{% filter upper %}}{each}{{% endfilter %}}"),
        format!(
            "{{% set x %}}{}{{% endset %}}",
            "{% set y %}{{ long * 400 }}{% endset %}".repeat(6)
        ),
    ] {
        let message = refusal(&text);
        assert!(message.contains("larger than 512 kB"), "{text}: {message}");
    }
    let raw = "x".repeat(5_000);
    assert!(grows(&format!(
        "{{% set x %}}{{% for i in many %}}{raw}{{% endfor %}}{{% endset %}}"
    )));
    assert!(!grows(&format!("{{% for i in many %}}{raw}{{% endfor %}}")));
}

#[test]
fn the_search_for_growth_ends() {
    let deep = "{% for i in x %}".repeat(60) + &"{% endfor %}".repeat(60);
    assert!(grows(&deep));
}

#[test]
fn tags_that_wind_too_deep_are_refused() {
    let tag = |inside: &str| format!("{{{{ {inside} }}}}");
    let elifs = |n| format!("{{% if x %}}{}{{% endif %}}", "{% elif x %}".repeat(n));
    let mistakes = |text: &str| {
        let found = Templates::compile(&files(&[("t/sms.en.txt", text)]), "en").1;
        found.iter().map(|d| d.code).collect::<Vec<_>>()
    };
    for text in [
        tag(&vec!["1"; 60_000].join(" + ")),
        tag(&vec!["x"; 100_000].join(".")),
        tag(&vec!["x"; 50_000].join(" or ")),
        tag(&vec!["x"; 80_000].join("|")),
        tag(&format!("\"}}}}\" ~ {}", vec!["x"; 50_000].join(" ~ "))),
        tag(&"(".repeat(100_000)),
        tag(&"not ".repeat(50_000)),
        elifs(20_000),
        "{% if x %}".repeat(20_000),
    ] {
        assert_eq!(mistakes(&text), ["J606"], "{}", &text[..40]);
    }
    for text in [
        tag(&vec!["1"; 60].join(" + ")),
        tag(&vec!["x"; 249].join(" or ")),
        tag(&vec!["x"; 249].join(".")),
        elifs(100),
    ] {
        assert_eq!(mistakes(&text), Vec::<&str>::new(), "{}", &text[..40]);
    }
    let shared = tag(&vec!["1"; 60_000].join(" + "));
    let list = [
        ("_parts/a.txt", &*shared),
        ("t/sms.en.txt", "{% include '_parts/a.txt' %}"),
    ];
    let found = Templates::compile(&files(&list), "en").1;
    assert_eq!(found.len(), 1);
}
