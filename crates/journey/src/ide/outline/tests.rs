//! The tree of files as authors leave them.

use super::{Kind, Node, read};

/// The tree in short: `{a: b}`, `[x]`, `_` for nothing, `?a` for a field without a colon.
fn short(text: &str, node: &Node) -> String {
    match &node.kind {
        Kind::Empty => "_".to_owned(),
        Kind::Scalar(_) => node.raw(text).unwrap_or_default().replace('\n', "/"),
        Kind::List(items) => {
            let items: Vec<String> = items.iter().map(|i| short(text, i)).collect();
            format!("[{}]", items.join(", "))
        }
        Kind::Map(pairs) => {
            let pair = |p: &super::Pair| {
                let mark = if p.colon { "" } else { "?" };
                format!("{mark}{}: {}", &text[p.key.clone()], short(text, &p.value))
            };
            let pairs: Vec<String> = pairs.iter().map(pair).collect();
            format!("{{{}}}", pairs.join(", "))
        }
    }
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(short(text, &read(text)), expected, "{text}");
}

#[test]
fn files_without_mistakes_are_read_as_yaml_reads_them() {
    check(
        "a: 1\nb:\n  c: x y # no\n  d: 'it''s'\n",
        "{a: 1, b: {c: x y, d: it''s}}",
    );
    check(
        "a:\n- x\n- y: 1\n  z: 2\nb: 3\n",
        "{a: [x, {y: 1, z: 2}], b: 3}",
    );
    check(
        "a: { b: [1, \"c, d\"], e: { f: g } }\nh: i\n",
        "{a: {b: [1, c, d], e: {f: g}}, h: i}",
    );
    check(
        "a: x and\n  y\nb: |\n  t\n\n  u: v\nc: 1\n",
        "{a: x and/  y, b: t//  u: v, c: 1}",
    );
    check("a: {\n  b: 1,\n}\nc: 2\n", "{a: {b: 1}, c: 2}");
    check("\"a b\": 1\nx: &y\n  z: 1\n", "{a b: 1, x: {z: 1}}");
    check("- - a\n  - b\n-\n  c: d\n", "[[a, b], {c: d}]");
    check("a: x\r\nb:\r\n  - é\r\n", "{a: x, b: [é]}");
}

#[test]
fn a_word_without_a_colon_is_a_field_in_the_making() {
    check("steps:\n  - se\n", "{steps: [se]}");
    check(
        "steps:\n  - id: a\n    se\n  - id: b\n",
        "{steps: [{id: a, ?se: _}, {id: b}]}",
    );
    check("- se\n  id: a\n", "[{?se: _, id: a}]");
    check("a: { b: 1, c", "{a: {b: 1, ?c: _}}");
}

#[test]
fn nothing_is_a_value_in_the_making() {
    check(
        "steps:\n  -\n  - id:\n    send: email\n",
        "{steps: [_, {id: _, send: email}]}",
    );
    check("a:\nb: { c: , d:}\n", "{a: _, b: {c: _, d: _}}");
}

#[test]
fn what_is_not_closed_ends_with_its_line_or_indentation() {
    check("a: { b: [1, 2\nc: 3\n", "{a: {b: [1, 2]}, c: 3}");
    check("- a: { b: c\n- d\n", "[{a: {b: c}}, d]");
}

#[test]
fn a_line_that_fits_nowhere_belongs_to_what_is_open() {
    check("a:\n    b: 1\n  c: 2\nd: 3\n", "{a: {b: 1, c: 2}, d: 3}");
    check("a: 1\n   b: 2\nc: 3\n", "{a: 1, b: 2, c: 3}");
}

#[test]
fn depth_is_bounded() {
    for text in [
        "[".repeat(100_000),
        "- ".repeat(100_000),
        "{a: ".repeat(100_000),
    ] {
        read(&text);
    }
}
