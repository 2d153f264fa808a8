//! A body as people see it: in lines, with the place that is at fault, and without what is not for them.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use serde_json::Value;
use store::read::LetterRow;

use crate::{
    access::{self, Scope, mask as hiding},
    pages::hidden,
};

/// The most bytes of a body that are shown.
const MOST: usize = 64 * 1024;

/// A body in lines.
pub(crate) struct Shown {
    pub(crate) lines: Vec<Line>,
    /// Whether it goes on.
    pub(crate) cut: bool,
    /// Whether something of it is hidden from who looks.
    pub(crate) hidden: bool,
    /// The whole of it, for whoever edits it; `None`: it is no text, or hidden.
    pub(crate) text: Option<String>,
}

/// A line of a body.
pub(crate) struct Line {
    pub(crate) text: String,
    /// Whether what is at fault stands here.
    pub(crate) marked: bool,
}

/// Whether who asks may see a letter's body as it is.
pub(crate) fn may_see(row: &LetterRow, now: Timestamp) -> bool {
    match row.customer {
        Some(customer) => hiding::sees(customer, now),
        None => access::viewer().is_none_or(|v| v.may(Scope::CustomersReveal)),
    }
}

/// Hides addresses that stand in a row.
pub(crate) fn mask(row: &mut LetterRow, now: Timestamp) {
    if may_see(row, now) {
        return;
    }
    let hide = |text: &str| match text.contains('@') {
        true => Arc::from(hidden(text)),
        false => Arc::from(text),
    };
    row.key = row.key.as_deref().map(hide);
    row.routing_key = hide(&row.routing_key);
}

/// A producer's headers may hold anything.
pub(super) fn headers(all: BTreeMap<String, String>, sees: bool) -> BTreeMap<String, String> {
    let shown = |value: String| if sees { value } else { "…".to_owned() };
    all.into_iter().map(|(name, v)| (name, shown(v))).collect()
}

/// Addresses and names in a body are hidden, at whatever depth, and keys of customers that are addresses.
pub(super) fn hide(json: Value) -> Value {
    let mut value = journey::value::Value::from(json);
    hiding::body(&mut value);
    let mut json = serde_json::to_value(value).unwrap_or_default();
    for name in ["userId", "anonymousId", "subject"] {
        if let Some(Value::String(key)) = json.get_mut(name)
            && key.contains('@')
        {
            *key = hidden(key);
        }
    }
    json
}

/// A body for who looks: JSON with its fields on lines of their own, anything else as it is. `reason` and `field` say
/// where it is at fault.
pub(crate) fn shown(body: &[u8], sees: bool, field: Option<&str>, reason: &str) -> Shown {
    let json: Option<Value> = serde_json::from_slice(body).ok();
    let (text, marked) = match (json, sees) {
        (Some(json), sees) => {
            let json = if sees { json } else { hide(json) };
            let (lines, place) = pretty(&json, field);
            (Some(lines.join("\n")), place)
        }
        (None, true) => (String::from_utf8(body.to_vec()).ok(), line_of(reason)),
        (None, false) => (None, None),
    };
    let all = text.clone().unwrap_or_else(|| match sees {
        true => String::from_utf8_lossy(body).into_owned(),
        false => String::new(),
    });
    let mut end = all.len().min(MOST);
    while !all.is_char_boundary(end) {
        end -= 1;
    }
    let lines = all[..end].lines().enumerate();
    Shown {
        lines: lines
            .map(|(n, text)| Line {
                text: text.to_owned(),
                marked: marked == Some(n),
            })
            .collect(),
        cut: end < all.len(),
        hidden: !sees,
        text,
    }
}

/// The line that a parser's sentence names, from 0.
fn line_of(reason: &str) -> Option<usize> {
    let (_, rest) = reason.rsplit_once(" at line ")?;
    let digits = rest.split(' ').next()?;
    digits.parse::<usize>().ok()?.checked_sub(1)
}

/// JSON in lines, and which of them holds the field, or else what it should stand in.
fn pretty(json: &Value, field: Option<&str>) -> (Vec<String>, Option<usize>) {
    let path = field.map(|field| parts(&in_body(json, field)));
    let mut writer = Writer {
        lines: vec![String::new()],
        path: path.clone().unwrap_or_default(),
        best: None,
    };
    writer.value(json, 0, path.is_some().then_some(0));
    let place = writer.best.map(|(_, line)| line);
    (writer.lines, place)
}

/// Where a field stands in this body: a CloudEvent keeps its properties in `data`.
fn in_body(json: &Value, field: &str) -> String {
    let is_cloud = json.get("specversion").is_some();
    match field.strip_prefix("properties") {
        Some(rest) if is_cloud => format!("data{rest}"),
        _ if json.get("type").and_then(Value::as_str) == Some("identify") => field.to_owned(),
        _ => match field.strip_prefix("traits") {
            Some(rest) if is_cloud => format!("data.context.traits{rest}"),
            Some(rest) => format!("context.traits{rest}"),
            None => field.to_owned(),
        },
    }
}

/// `items[2].name` as `items`, `2`, `name`.
fn parts(field: &str) -> Vec<String> {
    let parts = field.split(['.', '[']);
    parts
        .map(|part| part.trim_end_matches(']').to_owned())
        .collect()
}

struct Writer {
    lines: Vec<String>,
    path: Vec<String>,
    /// How much of the path was found, and on which line.
    best: Option<(usize, usize)>,
}

impl Writer {
    fn put(&mut self, text: &str) {
        if let Some(line) = self.lines.last_mut() {
            line.push_str(text);
        }
    }

    fn line(&mut self, depth: usize) {
        self.lines.push("  ".repeat(depth));
    }

    /// `on`: how much of the path leads here.
    fn value(&mut self, json: &Value, depth: usize, on: Option<usize>) {
        if let Some(found) = on
            && self.best.is_none_or(|(best, _)| found > best)
        {
            self.best = Some((found, self.lines.len() - 1));
        }
        match json {
            Value::Object(map) if !map.is_empty() => {
                let items = map.iter().map(|(name, v)| (Some(name.as_str()), v));
                self.all("{", items, "}", depth, on);
            }
            Value::Array(list) if !list.is_empty() => {
                self.all("[", list.iter().map(|v| (None, v)), "]", depth, on);
            }
            other => self.put(&other.to_string()),
        }
    }

    fn all<'v>(
        &mut self,
        open: &str,
        items: impl Iterator<Item = (Option<&'v str>, &'v Value)>,
        close: &str,
        depth: usize,
        on: Option<usize>,
    ) {
        self.put(open);
        for (n, (name, value)) in items.enumerate() {
            if n > 0 {
                self.put(",");
            }
            self.line(depth + 1);
            if let Some(name) = name {
                self.put(&format!("{}: ", Value::from(name)));
            }
            let here = name.map_or_else(|| n.to_string(), str::to_owned);
            let on = on.filter(|found| self.path.get(*found) == Some(&here));
            self.value(value, depth + 1, on.map(|found| found + 1));
        }
        self.line(depth);
        self.put(close);
    }
}

/// What somebody has edited who sees a body with hidden parts: what they have left as it was shown is as it is.
///
/// `None`: what they sent is no JSON, or there is nothing to restore.
pub(crate) fn restored(edited: &[u8], original: &[u8]) -> Option<Vec<u8>> {
    let edited: Value = serde_json::from_slice(edited).ok()?;
    let original: Value = serde_json::from_slice(original).ok()?;
    let masked = hide(original.clone());
    serde_json::to_vec(&merged(edited, &masked, &original)).ok()
}

fn merged(edited: Value, masked: &Value, original: &Value) -> Value {
    if edited == *masked {
        return original.clone();
    }
    match (edited, masked, original) {
        (Value::Object(edited), Value::Object(masked), Value::Object(original)) => {
            let fields = edited.into_iter().map(|(name, value)| {
                let value = match (masked.get(&name), original.get(&name)) {
                    (Some(masked), Some(original)) => merged(value, masked, original),
                    _ => value,
                };
                (name, value)
            });
            Value::Object(fields.collect())
        }
        (Value::Array(edited), Value::Array(masked), Value::Array(original))
            if edited.len() == masked.len() =>
        {
            let known = masked.iter().zip(original);
            let items = edited.into_iter().zip(known);
            items.map(|(e, (m, o))| merged(e, m, o)).collect()
        }
        (edited, ..) => edited,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = r#"{"type":"track","userId":"lea@shop.example","messageId":"1","event":"order.placed",
        "properties":{"total":"fifty","items":[{"sku":1},{"sku":"x"}],"email":"lea@shop.example"}}"#;

    fn marked(body: &str, field: Option<&str>, reason: &str) -> String {
        let shown = shown(body.as_bytes(), true, field, reason);
        let line = shown.lines.iter().find(|line| line.marked);
        line.map_or_else(String::new, |line| line.text.trim().to_owned())
    }

    #[test]
    fn the_place_of_the_fault_is_marked() {
        assert_eq!(
            marked(BODY, Some("properties.total"), ""),
            r#""total": "fifty""#
        );
        assert_eq!(
            marked(BODY, Some("properties.items[1].sku"), ""),
            r#""sku": "x""#
        );
        assert_eq!(
            marked(BODY, Some("properties.nothing"), ""),
            r#""properties": {"#
        );
        assert_eq!(marked(BODY, None, "whatever"), "");
        let cloud = r#"{"specversion":"1.0","data":{"total":1}}"#;
        assert_eq!(marked(cloud, Some("properties.total"), ""), r#""total": 1"#);
        let broken = "{\n\"a\": 1,\n\"b\" 2}";
        let reason = "the body is not JSON: expected `:` at line 3 column 5";
        assert_eq!(marked(broken, None, reason), "\"b\" 2}");
    }

    #[test]
    fn who_may_not_read_addresses_sees_none_and_nothing_that_is_no_json() {
        let shown = |body: &str| shown(body.as_bytes(), false, None, "");
        let text = shown(BODY).text.unwrap();
        assert!(!text.contains("lea@") && text.contains("fifty"), "{text}");
        assert!(shown("{ lea@shop.example").lines.is_empty());
        assert!(shown("{ lea@shop.example").text.is_none());
    }

    #[test]
    fn what_is_hidden_stays_as_it_is_when_the_rest_is_edited() {
        let text = shown(BODY.as_bytes(), false, None, "").text.unwrap();
        let edited = text.replace("\"fifty\"", "50");
        let body = restored(edited.as_bytes(), BODY.as_bytes()).unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["userId"], "lea@shop.example");
        assert_eq!(body["properties"]["email"], "lea@shop.example");
        assert_eq!(body["properties"]["total"], 50);
    }
}
