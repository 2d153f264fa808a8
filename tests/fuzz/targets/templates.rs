//! Whatever a template is: it compiles or is reported, and is filled in within its bounds.

#![no_main]

use std::sync::Arc;

use journey::{
    diagnostic::SourceFile,
    message::Channel,
    render::{Context, Templates},
    value::{Map, Value},
};
use libfuzzer_sys::fuzz_target;

const FILES: [(&str, Channel); 5] = [
    ("templates/t/email.fr.mjml", Channel::Email),
    ("templates/t/email.fr.txt", Channel::Email),
    ("templates/t/sms.fr.txt", Channel::Sms),
    ("templates/t/push.fr.yaml", Channel::Push),
    ("templates/t/chat.fr.txt", Channel::Chat),
];

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(rest) else {
        return;
    };
    let (path, channel) = FILES[usize::from(*first) % FILES.len()];
    let file = |path: &str, text: &str| SourceFile {
        path: Arc::from(path),
        text: Arc::from(text),
    };
    let mut files = vec![file(path, text)];
    match path {
        "templates/t/email.fr.mjml" => files.push(file("templates/t/email.fr.txt", "text")),
        "templates/t/email.fr.txt" => files.push(file(
            "templates/t/email.fr.mjml",
            "---\nsubject: s\n---\n<mjml><mj-body></mj-body></mjml>",
        )),
        _ => {}
    }
    let (templates, found) = Templates::compile(&files, "fr");
    for diagnostic in &found {
        let file = files.iter().find(|f| f.path == diagnostic.file);
        assert!(file.is_some_and(|f| f.text.get(diagnostic.span.clone()).is_some()));
    }
    let with = Value::from(serde_json::json!({
        "a": 1, "b": "x", "items": [{ "name": "n", "price": 2.5 }], "code": "BACK10"
    }));
    let customer = Map::from([(Arc::from("first_name"), Value::text("Léa"))]);
    let links = Map::from([(Arc::from("unsubscribe"), Value::text("https://shop.example/u"))]);
    let context = Context {
        with: &with,
        customer: &customer,
        links: &links,
        options: &[],
        more: &Map::new(),
    };
    let _ = templates.wants("t", channel, Some("fr-BE"), &context);
    let sources = journey::sources::Sources::default();
    let more = templates.samples("t", channel, Some("fr-BE"), &sources, |_| None);
    let context = Context { more: &more, ..context };
    let _ = templates.render("t", channel, Some("fr-BE"), &context);
});
