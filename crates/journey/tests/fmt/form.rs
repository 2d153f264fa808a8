//! What the one form is.

use journey::fmt::{Outcome, Reason, format};

use crate::formatted;

/// Each text is formatted as the other, and that one stays as it is.
#[track_caller]
fn becomes(before: &str, after: &str) {
    assert_eq!(formatted(before), after);
    assert_eq!(formatted(after), after, "formatted twice");
}

#[test]
fn blocks_are_indented_by_two_and_lists_below_their_name() {
    becomes(
        "steps:\n- send: email\n  template: a\n- if: customer.vip\n  then:\n  -   exit: a\n",
        "steps:\n  - send: email\n    template: a\n  - if: customer.vip\n    then:\n      - exit: a\n",
    );
    becomes("a:\n     b:\n          c:   1\n", "a:\n  b:\n    c: 1\n");
    becomes(
        "a:\n  -\n    b: 1\n    c: 2\n  - - d\n    - e\n",
        "a:\n  - b: 1\n    c: 2\n  - - d\n    - e\n",
    );
    becomes("a:\n    1\nb :   2\n", "a: 1\nb: 2\n");
}

#[test]
fn brackets_have_one_form_on_a_line() {
    becomes("a: {b: 1,c:   [ x,y ],}\n", "a: { b: 1, c: [x, y] }\n");
    becomes(
        "a: [{b: 1},{ c: 2 }]\nb: [ ]\nc: { }\n",
        "a: [ { b: 1 }, { c: 2 } ]\nb: []\nc: {}\n",
    );
    becomes("a: {\n  b: 1,\n  c: 2\n}\n", "a: { b: 1, c: 2 }\n");
    becomes("a: {\"b\":1}\n", "a: { \"b\": 1 }\n");
    becomes("a: [b,\n  c]   # d\n", "a: [b, c]  # d\n");
}

#[test]
fn brackets_that_do_not_fit_stand_below_each_other() {
    let long = "x".repeat(60);
    becomes(
        &format!(
            "caps:\n  - {{ name: {long}, per: 7d, channels: [sms, push], window: rolling, capped: skip }}\nb: 1\n"
        ),
        &format!(
            "caps:\n  - name: {long}\n    per: 7d\n    channels: [sms, push]\n    window: rolling\n    capped: skip\nb: 1\n"
        ),
    );
    becomes(
        &format!("a: [{long}, {long}]\n\nb: 1\n"),
        &format!("a:\n  - {long}\n  - {long}\n\nb: 1\n"),
    );
    becomes(
        "a: {\n  # why\n  b: 1, # one\n  c: 2\n  # end\n}\nd: 3\n",
        "a:\n  # why\n  b: 1 # one\n  c: 2\n  # end\nd: 3\n",
    );
}

#[test]
fn a_long_line_with_a_comment_behind_it_stays() {
    let long = "x".repeat(120);
    becomes(
        &format!("a: {{b: {long}}} # c\n"),
        &format!("a: {{ b: {long} }} # c\n"),
    );
}

#[test]
fn comments_stay_with_what_they_are_about() {
    becomes(
        "# top\n\na:   # of a\n   # before b\n   b: 1\n   # behind b, in a\n# before c\nc: 2\n# end\n",
        "# top\n\na:   # of a\n  # before b\n  b: 1\n  # behind b, in a\n# before c\nc: 2\n# end\n",
    );
    becomes("- # first\n  a: 1\n- b: 2\n", "- # first\n  a: 1\n- b: 2\n");
    becomes("a:\n  # why\n  text\n", "a:\n  # why\n  text\n");
    becomes("a: 1 #\nb: 2\n", "a: 1 #\nb: 2\n");
    becomes("---  # start\na: 1\n", "---  # start\na: 1\n");
}

#[test]
fn comments_behind_values_keep_their_column() {
    becomes(
        "a:   1         # one\nbb:  22        # two\nc: 3 # three\n",
        "a: 1           # one\nbb: 22         # two\nc: 3 # three\n",
    );
}

#[test]
fn one_blank_line_is_kept_and_none_is_invented() {
    becomes(
        "\n\na: 1\n\n\n\nb:\n\n  c: 1\n\n  d: 2\n\n\n",
        "a: 1\n\nb:\n  c: 1\n\n  d: 2\n",
    );
    becomes("# a\n\n\n# b\nc: 1\n", "# a\n\n# b\nc: 1\n");
}

#[test]
fn quotes_stay_where_they_matter() {
    becomes(
        "a: '10'\nb: \"no\"\nc: 'say \"a\"'\nd: 'it''s'\n'e': 012\n",
        "a: \"10\"\nb: \"no\"\nc: 'say \"a\"'\nd: 'it''s'\n\"e\": 012\n",
    );
}

#[test]
fn text_over_several_lines_moves_as_a_whole() {
    becomes(
        "a:\n    b: |\n          one\n            two\n\n          three\n    c: 1\n",
        "a:\n  b: |\n    one\n      two\n\n    three\n  c: 1\n",
    );
    becomes(
        "- >-   # why\n     one\n     two\n- x\n",
        "- >-   # why\n  one\n  two\n- x\n",
    );
    becomes(
        "a: one\n     two\n\n     three\nb: \"one\n  two\"\n",
        "a: one\n  two\n\n  three\nb: \"one\n  two\"\n",
    );
}

#[test]
fn anchors_and_aliases_stay() {
    becomes(
        "a:   &x\n    b: 1\nc: &y  {d: 1}\ne:\n  <<:   *x\n  f:  *y\n",
        "a: &x\n  b: 1\nc: &y { d: 1 }\ne:\n  <<: *x\n  f: *y\n",
    );
    becomes("- &x\n  a: 1\n- *x\n", "- &x\n  a: 1\n- *x\n");
}

#[test]
fn line_ends_of_windows_stay() {
    becomes("a:   1\r\nb:\r\n- 2\r\n", "a: 1\r\nb:\r\n  - 2\r\n");
}

#[test]
fn files_without_values_stay() {
    becomes("", "");
    becomes("# only\n#   comments\n\n", "# only\n#   comments\n");
}

#[test]
fn what_it_cannot_be_sure_of_is_left_alone_with_the_reason() {
    let unusual = |text: &str| match format(text) {
        Outcome::Left(Reason::Unusual { what, line }) => (what, line),
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(
        unusual("a: 1\nb: |+\n  c\n\n"),
        (
            "a block of text with `+` or a number behind its `|` or `>`",
            2
        )
    );
    assert_eq!(unusual("%YAML 1.2\n---\na: 1\n"), ("a directive", 1));
    assert_eq!(unusual("a: 1\n...\n"), ("the end of a document (`...`)", 2));
    assert_eq!(unusual("a: [b: 1]\n").1, 1);
    for text in [
        "a: [",
        "a: 1\na: 2\n",
        "if: !customer.vip\n",
        "a:\n\t- b\n",
        "{ a: 1",
    ] {
        assert!(
            matches!(format(text), Outcome::Left(Reason::Unreadable(_))),
            "{text}"
        );
    }
}
