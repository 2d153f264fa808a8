//! Styles, plain texts that are made, and lines.

use std::fmt::Write as _;

use serde_json::json;

use super::{files, render};
use crate::{
    content::{Content, File},
    diagnostic::{Diagnostic, SourceFile},
    message::Channel,
    render::{Fault, RenderError, Said, Templates},
};

/// The beginning of each kind.
pub(super) const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and more";
pub(super) const GIF: &[u8] = b"GIF89a";
pub(super) const PDF: &[u8] = b"%PDF-1.4\n\xff";

/// What a mail came to.
#[derive(Debug)]
pub(super) struct Mail {
    pub html: String,
    pub text: String,
    pub files: Vec<File>,
}

pub(super) fn compile(
    texts: &[(&str, &str)],
    binary: &[(&str, &[u8])],
) -> (Templates, Vec<Diagnostic>) {
    let mut all = files(texts);
    all.extend(
        binary.iter().map(|(path, bytes)| {
            SourceFile::of(format!("templates/{path}"), bytes.to_vec()).unwrap()
        }),
    );
    Templates::compile(&all, "en")
}

pub(super) fn filled(
    texts: &[(&str, &str)],
    binary: &[(&str, &[u8])],
    with: serde_json::Value,
) -> Result<Mail, RenderError> {
    let (templates, wrong) = compile(texts, binary);
    assert_eq!(wrong, []);
    match render(&templates, Channel::Email, None, with)? {
        Content::Email {
            html, text, files, ..
        } => Ok(Mail { html, text, files }),
        other => panic!("{other:?}"),
    }
}

/// A mail in plain HTML.
fn html(body: &str) -> Result<Mail, RenderError> {
    let source = format!("---\nsubject: Hi\n---\n{body}");
    filled(&[("t/email.en.html", &source)], &[], json!({}))
}

fn mjml(head: &str, body: &str) -> Mail {
    let source = format!(
        "---\nsubject: Hi\npreheader: A {{{{ 1 }}}}\n---\n<mjml><mj-head>{head}</mj-head><mj-body><mj-section><mj-column>{body}</mj-column></mj-section></mj-body></mjml>"
    );
    filled(&[("t/email.en.mjml", &source)], &[], json!({})).unwrap()
}

#[test]
fn styles_become_attributes_and_what_cannot_stays_and_wins() {
    let mail = html(
        "<!doctype html><html><head><style>.a{color:red} a:hover{color:blue}
        @media (max-width:9px){.a{color:green}} @font-face{font-family:x;src:url(y)}</style></head>
        <body><p class=\"a\" style=\"margin:0\">Hi <a href=\"https://a.example/\">x</a></p></body></html>",
    )
    .unwrap();
    let html = mail.html;
    assert!(
        html.contains("color:red") || html.contains("color: red"),
        "{html}"
    );
    let paragraph = html.split("<p ").nth(1).unwrap().split('>').next().unwrap();
    assert!(
        paragraph.contains("red") && paragraph.contains("margin"),
        "{paragraph}"
    );
    let sheet = html
        .split("<style")
        .nth(1)
        .unwrap()
        .split("</style")
        .next()
        .unwrap();
    assert!(
        sheet.contains("a:hover") && sheet.contains("blue !important"),
        "{sheet}"
    );
    assert!(
        sheet.contains("@media (max-width:9px)") && sheet.contains("green !important"),
        "{sheet}"
    );
    assert!(
        sheet.contains("@font-face") && !sheet.contains("url(y) !important"),
        "{sheet}"
    );
    assert!(!sheet.contains("red"), "{sheet}");
}

#[test]
fn a_mail_without_rules_to_put_into_attributes_is_left_as_it_is() {
    for body in [
        "<p class=a>Hi<br/></p>",
        "<head><style>@media x{p{a:b}}</style></head><p>Hi",
        "<!--[if mso]><style>p{a:b}</style><![endif]--><p>Hi</P>",
    ] {
        assert_eq!(html(body).unwrap().html, body);
    }
}

#[test]
fn styles_of_mjml_become_attributes_and_those_of_the_layout_stay() {
    let body = "<mj-text><p class=\"a\">Hi</p></mj-text>";
    let plain = mjml("", body).html;
    let styled = mjml("<mj-style inline=\"inline\">.a{color:red}</mj-style><mj-style>.a{top:1px} .a:hover{left:2px}</mj-style>", body).html;
    assert!(
        styled.contains("<p class=\"a\" style=\"color: red;top: 1px;\">")
            || styled.contains("<p class=\"a\" style=\"color:red;top:1px\">"),
        "{styled}"
    );
    assert!(styled.contains("left: 2px !important"), "{styled}");
    for left in ["css-inline", "parcours"] {
        assert!(!styled.contains(left), "{styled}");
    }
    let count = |html: &str, what: &str| html.matches(what).count();
    for what in [
        "#outlook a",
        "<!--[if mso",
        "<![endif]-->",
        "mso-table-lspace",
        "@media only screen and (min-width:480px)",
    ] {
        assert!(count(&plain, what) > 0, "{what} in {plain}");
        assert_eq!(
            count(&styled, what),
            count(&plain, what),
            "{what} in {styled}"
        );
    }
}

#[test]
fn styles_and_depth_are_bounded() {
    let mut sheet = String::new();
    for n in 0..3_000 {
        let _ = write!(sheet, ".a{n}{{b:c}}");
    }
    let many = format!("<style>{sheet}</style>{}", "<p>x</p>".repeat(1_000));
    let deep = format!("<style>p{{a:b}}</style>{}", "<div>".repeat(5_000));
    let bent = format!(
        "<style>p{{a:b}} /* ' */ {}</style><p>x</p>",
        ":not(".repeat(5_000)
    );
    for (body, expected) in [
        (many, Said::ManyStyles),
        (deep, Said::TooDeep),
        (bent, Said::Styles),
    ] {
        let fault = html(&body).unwrap_err().fault;
        assert_eq!(fault, Fault::Mjml { said: expected });
    }
    // As deep as may be, in every way that readers go deeper than is counted.
    let deep = "<table><tr><td><p>".repeat(240);
    let odd = "<span><div></span>".repeat(120);
    for deep in [deep, odd] {
        html(&format!("<style>p,div,span{{a:b}}</style>{deep}x")).unwrap();
    }
}

#[test]
fn odd_styles_break_nothing() {
    let deep = ":not(".repeat(60);
    for css in [
        "p{",
        "}}}{",
        "p{a:b;;}",
        "@media{",
        "p{a:'}",
        "/*",
        "p:is(",
        "<b>",
        &deep,
        "p{a:b}\u{0}",
    ] {
        let done = html(&format!("<style>{css} p{{c:d}}</style><p>Hi</p>"));
        assert!(done.is_ok_and(|mail| mail.html.contains("Hi")), "{css}");
    }
}

#[test]
fn without_a_plain_text_one_is_made() {
    let body = "<mj-text>Hello <b>Ana</b></mj-text><mj-button href=\"https://shop.example/cart\">To the cart</mj-button>
        <mj-table><tr><td>Tea</td><td>4 €</td></tr></mj-table>
        <mj-image src=\"https://shop.example/a.png\" alt=\"Our teas\" /><mj-text><a href=\"{{ links.unsubscribe }}\">No more</a></mj-text>";
    let mail = mjml("", body);
    assert!(mail.html.contains(">A 1</div>"), "{}", mail.html);
    assert_eq!(
        mail.text,
        "Hello Ana\nTo the cart (https://shop.example/cart)\nTea\n4 €\nOur teas\nNo more (https://shop.example/u/1?a=b&c=d)"
    );
    let empty = html("<p></p>").unwrap_err().fault;
    assert!(matches!(empty, Fault::Empty { .. }), "{empty:?}");
}

#[test]
fn a_subject_is_short_and_a_preheader_says_something_else() {
    let mail = |subject: &str, preheader: &str| {
        let source = format!("---\nsubject: {subject}\npreheader: {preheader}\n---\n<p>a</p>");
        let found = compile(&[("t/email.en.html", &source)], &[]).1;
        let codes: Vec<&str> = found.iter().map(|d| d.code).collect();
        codes.join(" ")
    };
    let long = "tea ".repeat(38);
    assert_eq!(mail(&long, "a"), "J618");
    assert_eq!(mail(&long[..148], "a"), "");
    assert_eq!(mail("Teas of {{ a }}", "teas of {{ a }}"), "J630");
    assert_eq!(mail("Teas", "Teas, and more"), "");
}
