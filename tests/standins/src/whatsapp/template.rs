//! Messages by template.

use super::content::media;
use crate::check::{Checked, Fields};

/// A template that was approved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// Its name.
    pub name: String,
    /// The language of this translation: `fr`, `en_US`.
    pub language: String,
    /// How many parameters its body has.
    pub parameters: usize,
}

impl Template {
    /// A template.
    pub fn new(name: &str, language: &str, parameters: usize) -> Self {
        Self {
            name: name.to_owned(),
            language: language.to_owned(),
            parameters,
        }
    }
}

/// The texts for the template's body.
pub(super) fn check(template: &Fields<'_>) -> Checked<Vec<String>> {
    template.only(&["name", "language", "components"])?;
    let name = template.need_short("name", 512)?;
    let in_name = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if !name.bytes().all(in_name) {
        return Err(template.fault("name", "has lower-case letters, digits and underscores"));
    }
    let language = template.need_object("language")?;
    language.only(&["code", "policy"])?;
    language.one_of("policy", &["deterministic"])?;
    let code = language.need_text("code")?;
    let (tongue, country) = code.split_once('_').unwrap_or((code, "XX"));
    let tongue_fits =
        matches!(tongue.len(), 2 | 3) && tongue.bytes().all(|b| b.is_ascii_lowercase());
    if !tongue_fits || country.is_empty() || !country.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(language.fault("code", "is no code like fr or en_US"));
    }
    let mut texts = Vec::new();
    let mut bodies = 0;
    for component in template.objects("components")? {
        component.need_text("type")?;
        let kind = component.one_of("type", &["header", "body", "button"])?;
        match kind {
            Some("button") => button(&component)?,
            kind => {
                component.only(&["type", "parameters"])?;
                for parameter in component.objects("parameters")? {
                    let text = self::parameter(&parameter)?;
                    if kind == Some("body") {
                        texts.extend(text);
                    }
                }
                bodies += usize::from(kind == Some("body"));
            }
        }
    }
    match bodies {
        0 | 1 => Ok(texts),
        _ => Err(template.fault("components", "have several bodies")),
    }
}

fn button(component: &Fields<'_>) -> Checked<()> {
    component.only(&["type", "sub_type", "index", "parameters"])?;
    component.need_text("sub_type")?;
    component.one_of(
        "sub_type",
        &["quick_reply", "url", "copy_code", "flow", "catalog"],
    )?;
    let index = component.need("index")?;
    let index = index.as_u64().or_else(|| index.as_str()?.parse().ok());
    if index.is_none_or(|index| index > 9) {
        return Err(component.fault("index", "must be from 0 to 9"));
    }
    for parameter in component.objects("parameters")? {
        self::parameter(&parameter)?;
    }
    Ok(())
}

/// One parameter, and what it shows.
fn parameter(parameter: &Fields<'_>) -> Checked<Option<String>> {
    parameter.need_text("type")?;
    let kinds = [
        "text",
        "payload",
        "coupon_code",
        "currency",
        "date_time",
        "image",
        "video",
        "document",
        "action",
    ];
    let kind = parameter.one_of("type", &kinds)?.unwrap_or("text");
    parameter.only(&["type", "parameter_name", kind])?;
    parameter.text("parameter_name")?;
    match kind {
        "text" => {
            let text = parameter.need_short("text", 1024)?;
            // Meta refuses them in parameters, with 132012 or by leaving the message undelivered.
            if text.contains(['\n', '\t']) || text.contains("     ") {
                let problem = "may have no new-lines, no tabs and no more than four spaces";
                return Err(parameter.fault("text", problem));
            }
            Ok(Some(text.to_owned()))
        }
        "payload" => {
            parameter.need_short("payload", 256)?;
            Ok(None)
        }
        "coupon_code" => {
            parameter.need_short("coupon_code", 20)?;
            Ok(None)
        }
        "currency" | "date_time" => {
            let fallback = parameter.need_object(kind)?;
            Ok(Some(fallback.need_text("fallback_value")?.to_owned()))
        }
        "image" | "video" | "document" => media(&parameter.need_object(kind)?, kind),
        kind => {
            parameter.need_object(kind)?;
            Ok(None)
        }
    }
}
