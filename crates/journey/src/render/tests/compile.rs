use super::{files, mistakes};
use crate::{diagnostic::Diagnostic, render::Templates};

const MAIL: &str = "---\nsubject: Hi\n---\n<mjml><mj-body><mj-section><mj-column><mj-text>Hi</mj-text></mj-column></mj-section></mj-body></mjml>";

/// Each mistake as `code|file|the words at fault|the cure`.
fn brief(list: &[(&str, &str)]) -> Vec<String> {
    let sources = files(list);
    let (_, diagnostics) = Templates::compile(&sources, "en");
    let text = |path: &str| {
        let file = sources.iter().find(|f| *f.path == *path).unwrap();
        file.text.clone()
    };
    diagnostics
        .iter()
        .map(|d| {
            let words = text(&d.file)[d.span.clone()].to_owned();
            let cure = d.replacement.as_ref().map_or("", |(_, t)| t);
            format!(
                "{}|{}|{words}|{cure}",
                d.code,
                d.file.trim_start_matches("templates/")
            )
        })
        .collect()
}

#[test]
fn names_channels_and_locales_are_known() {
    let list = [
        ("cart/nudge/email.en.mjml", MAIL),
        ("cart/nudge/email.en.txt", "Hi"),
        ("cart/nudge/sms.en.txt", "Hi"),
        ("cart/nudge/sms.fr-BE.txt", "Salut"),
        ("welcome/push.en.yaml", "title: Hi\nbody: There\n"),
        ("_layouts/base.mjml", "<mj-text></mj-text>"),
        ("README.md", "# Templates"),
    ];
    let mut sources = files(&list);
    sources[0].path = "templates/cart/nudge/email.en.mjml".into();
    let (templates, diagnostics) = Templates::compile(&sources, "en");
    let codes: Vec<_> = diagnostics.iter().map(|d| (d.code, &*d.file)).collect();
    assert_eq!(codes, [("J619", "templates/cart/nudge/email.en.mjml")]);
    assert_eq!(
        templates.names().collect::<Vec<_>>(),
        ["cart/nudge", "welcome"]
    );
    let channels: Vec<_> = templates
        .channels("cart/nudge")
        .iter()
        .map(|c| c.as_str())
        .collect();
    assert_eq!(channels, ["email", "sms"]);
    let sms = crate::message::Channel::Sms;
    assert_eq!(templates.locales("cart/nudge", sms), ["en", "fr-be"]);
    assert!(templates.has("welcome") && !templates.has("welcom"));
    assert!(templates.channels("welcom").is_empty());
}

#[test]
fn what_is_missing_is_said() {
    assert!(brief(&[("t/email.en.mjml", MAIL)]).is_empty());
    assert_eq!(
        brief(&[("t/email.en.txt", "Hi")]),
        ["J603|t/email.en.txt||"]
    );
    assert_eq!(
        brief(&[("t/email.en.html", "<p>Hi</p>"), ("t/email.en.txt", "Hi")]),
        ["J604|t/email.en.html||"]
    );
    assert_eq!(
        brief(&[("t/push.en.yaml", "title: Hi")]),
        ["J604|t/push.en.yaml||"]
    );
    assert_eq!(brief(&[("t/sms.fr.txt", "Salut")]), ["J601|t/sms.fr.txt||"]);
    // The default locale's language will do.
    let (_, diagnostics) = Templates::compile(&files(&[("t/sms.fr.txt", "x")]), "fr-BE");
    assert_eq!(diagnostics, []);
}

#[test]
fn files_that_are_no_templates_are_pointed_out() {
    for path in [
        "t/emial.en.mjml",
        "t/email.mjml",
        "t/email.english.mjml",
        "t/sms.en.html",
        "sms.en.txt",
    ] {
        assert_eq!(brief(&[(path, "x")]), [format!("J602|{path}||")]);
    }
    let found = mistakes(&[("t/emial.en.mjml", "x")]);
    assert!(found[0].message.contains("did you mean `email`?"));
    let twice = [("t/chat.en.txt", "x"), ("t/chat.en.yaml", "text: x")];
    assert_eq!(brief(&twice), ["J602|t/chat.en.yaml||"]);
}

#[test]
fn mistakes_in_the_text_are_placed() {
    for (path, text, expected) in [
        ("t/sms.en.txt", "one\n{% if x %}", "J606|t/sms.en.txt|"),
        ("t/sms.en.txt", "one {{ x + }}", "J606|t/sms.en.txt|}}"),
        (
            "t/sms.en.txt",
            "one {{ event.total }}",
            "J607|t/sms.en.txt|event",
        ),
        (
            "t/sms.en.txt",
            "{% include '_layout/a.txt' %}",
            "J610|t/sms.en.txt|_layout/a.txt",
        ),
        (
            "t/push.en.yaml",
            "title: x\nbody: {{ x\n",
            "J606|t/push.en.yaml|",
        ),
        (
            "t/push.en.yaml",
            "title: x\nbody: y\ntitel: z\n",
            "J605|t/push.en.yaml|titel|title",
        ),
        (
            "t/push.en.yaml",
            "title: x\nbody: y\nbody: z\n",
            "J605|t/push.en.yaml|body|",
        ),
        (
            "t/push.en.yaml",
            "title: x\nbody y\n",
            "J605|t/push.en.yaml|body y|",
        ),
        (
            "t/push.en.yaml",
            "title: \"x\nbody: y\n",
            "J605|t/push.en.yaml|\"x|",
        ),
    ] {
        let found = brief(&[(path, text)]);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert!(found[0].starts_with(expected), "{text}: {found:?}");
    }
    let open = [
        ("t/email.en.html", "---\nsubject: x\n"),
        ("t/email.en.txt", "x"),
    ];
    assert_eq!(brief(&open), ["J605|t/email.en.html|---\n|"]);
}

#[test]
fn a_near_layout_is_offered() {
    let list = [
        ("t/sms.en.txt", "{% include '_layout/a.txt' %}"),
        ("_layouts/a.txt", "x"),
    ];
    assert_eq!(
        brief(&list),
        ["J610|t/sms.en.txt|_layout/a.txt|_layouts/a.txt"]
    );
}

#[test]
fn unknown_mjml_elements_are_found_though_mrml_passes_them() {
    let mail = MAIL
        .replace("<mj-column>", "<mj-colum>")
        .replace("mj-body>", "mj-body><!-- <mj-nothing> -->");
    let list = [("t/email.en.mjml", &*mail), ("t/email.en.txt", "Hi")];
    assert_eq!(brief(&list), ["J608|t/email.en.mjml|mj-colum|mj-column"]);
    let mail = MAIL.replace("<mj-text>", "<mj-include path=\"x\"/><mj-text>");
    let list = [("t/email.en.mjml", &*mail), ("t/email.en.txt", "Hi")];
    assert_eq!(brief(&list), ["J608|t/email.en.mjml|mj-include|"]);
    // A mistake in a layout is reported once, however many use it.
    let list = [
        ("_layouts/a.mjml", "<mj-txt></mj-txt>{{ x + }}"),
        ("a/sms.en.txt", "x"),
        ("b/sms.en.txt", "x"),
        ("b/sms.fr.txt", "x"),
    ];
    assert_eq!(
        brief(&list),
        [
            "J608|_layouts/a.mjml|mj-txt|mj-text",
            "J606|_layouts/a.mjml|}}|"
        ]
    );
}

#[test]
fn a_notification_that_nobody_carries_is_told_beforehand() {
    let codes = |text: &str| {
        let found = mistakes(&[("a/push.en.yaml", text)]);
        let codes: Vec<&str> = found.iter().map(|d| d.code).collect();
        codes.join(" ")
    };
    let long = "word ".repeat(1_000);
    assert_eq!(codes(&format!("title: a\nbody: b\nurl: {long}")), "J622");
    let action = format!("title: a\nbody: b\nactions:\n  - name: x\n    label: {long}");
    assert_eq!(codes(&action), "J622");
    assert_eq!(
        codes(&format!("title: a\nbody: b\ndata:\n  x: {long}")),
        "J622"
    );
    // What stands under a condition is not there for everybody.
    let some = format!("title: a\nbody: b\nurl: \"{{% if x %}}{long}{{% endif %}}\"");
    assert_eq!(codes(&some), "");
}

#[test]
fn a_mail_that_gmail_cuts_off_is_told_by_what_is_there_for_everybody() {
    let mail = |inner: &str| format!("---\nsubject: Hi\n---\n<p>{inner}</p>");
    let codes = |html: &str| {
        let list = [("a/email.en.html", html), ("a/email.en.txt", "Hi")];
        let found = mistakes(&list);
        let codes: Vec<&str> = found.iter().map(|d| d.code).collect();
        codes.join(" ")
    };
    let long = "word ".repeat(21_000);
    assert_eq!(codes(&mail(&long)), "J618");
    assert_eq!(codes(&mail(&format!("<!-- {long} -->"))), "");
    let sometimes = format!("{{% if customer.vip %}}{long}{{% endif %}}");
    assert_eq!(codes(&mail(&sometimes)), "");
}

#[test]
fn one_character_that_costs_a_segment_is_named() {
    let found = |text: &str| -> Vec<String> {
        let found = mistakes(&[("a/sms.en.txt", text)]);
        let line = |d: &Diagnostic| {
            format!(
                "{} {} {}",
                d.code,
                d.span.start,
                d.notes.last().cloned().unwrap_or_default()
            )
        };
        found.iter().map(line).collect()
    };
    let word = "word ".repeat(16);
    let odd = |c: &str| format!("{word}\nIt{c}s here, it{c}s there {{{{ x }}}}\n");
    assert_eq!(
        found(&odd("’")),
        [format!(
            "J625 {} write the straight apostrophe `'` instead",
            word.len() + 3
        )]
    );
    assert_eq!(found(&odd("👋")).len(), 1);
    assert!(found(&odd("'")).is_empty());
    // Where it costs nothing, or is not the only one, nothing is said of it.
    assert!(found("It’s here").is_empty());
    assert!(found(&format!("{} ê", odd("’"))).is_empty());
    assert!(found(&format!("{{% if x %}}’{{% endif %}}{word}{word}")).is_empty());
    // An address counts as it leaves.
    let long = format!("It’s https://shop.example/{}\n", "x".repeat(60));
    assert_eq!(found(&long).len(), 1);
    let sources = files(&[("a/sms.en.txt", &long)]);
    assert!(
        Templates::compile_for(&sources, "en", Some(30))
            .1
            .is_empty()
    );
    assert_eq!(Templates::compile_for(&sources, "en", Some(80)).1.len(), 1);
    // More than a few segments are one mistake, not two.
    assert!(found(&format!("{}’", "word ".repeat(100)))[0].starts_with("J618"));
}
