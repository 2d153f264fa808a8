//! What templates say, what they refuse, and that nothing they do is unbounded.

mod bounds;
mod carried;
mod compile;
mod fetched;
mod filled;
mod formats;
mod mail;
mod push;
mod reads;
mod wrong;

use serde_json::json;

use super::{Context, RenderError, Templates};
use crate::{
    content::Content,
    diagnostic::{Diagnostic, SourceFile},
    message::Channel,
    value::{Map, Value},
};

fn files(files: &[(&str, &str)]) -> Vec<SourceFile> {
    let file = |(path, text): &(&str, &str)| SourceFile {
        path: format!("templates/{path}").into(),
        text: (*text).into(),
    };
    files.iter().map(file).collect()
}

/// Templates without a mistake, whose default locale is `en`.
fn templates(list: &[(&str, &str)]) -> Templates {
    let (templates, diagnostics) = Templates::compile(&files(list), "en");
    assert_eq!(diagnostics, []);
    templates
}

fn mistakes(list: &[(&str, &str)]) -> Vec<Diagnostic> {
    Templates::compile(&files(list), "en").1
}

fn map(json: serde_json::Value) -> Map {
    Value::from(json).as_map().cloned().unwrap_or_default()
}

fn render(
    templates: &Templates,
    channel: Channel,
    locale: Option<&str>,
    with: serde_json::Value,
) -> Result<Content, RenderError> {
    let customer = map(json!({"first_name": "Ana <3", "city": null, "email": "ana@shop.example"}));
    let links = map(json!({"unsubscribe": "https://shop.example/u/1?a=b&c=d"}));
    let context = Context {
        with: &with.into(),
        customer: &customer,
        links: &links,
        options: &[],
        more: &Map::new(),
    };
    templates.render("t", channel, locale, &context)
}

/// The text of an SMS made from `text`.
fn sms(text: &str, with: serde_json::Value) -> Result<String, RenderError> {
    in_locale(text, "en", with)
}

fn in_locale(text: &str, locale: &str, with: serde_json::Value) -> Result<String, RenderError> {
    let path = format!("t/sms.{locale}.txt");
    let (templates, diagnostics) = Templates::compile(&files(&[(&path, text)]), locale);
    assert_eq!(diagnostics, []);
    match render(&templates, Channel::Sms, Some(locale), with)? {
        Content::Sms { text } => Ok(text),
        other => panic!("{other:?}"),
    }
}
