//! What there is.

use std::collections::BTreeMap;

use anyhow::Result;
use comfy_table::ContentArrangement;
use jiff::Timestamp;
use journey::{explain::Language, ids::LetterId, intake::Cause};
use serde::Serialize;
use serde_json::{Value, json};
use store::{
    LetterFilter,
    read::{LetterCount, LetterPage, LetterRow, LetterView, Reader},
};

use super::refused;
use crate::{
    commands::why,
    output::{self, Format},
};

/// What `--format json` prints.
#[derive(Serialize)]
struct Listed {
    #[serde(flatten)]
    page: LetterPage,
    /// By cause and day.
    causes: Vec<LetterCount>,
}

/// Lists letters, and counts those that are open by cause.
///
/// # Errors
/// If the database is away.
pub(super) async fn list(
    reader: &Reader,
    filter: &LetterFilter,
    limit: u32,
    format: Format,
) -> Result<()> {
    let page = reader.letters(filter, None, limit).await?;
    let causes = reader.letter_causes().await?;
    if format == Format::Json {
        return output::json(&Listed { page, causes });
    }
    output::text(&text(&page, &causes, why::language(None)));
    Ok(())
}

fn text(page: &LetterPage, causes: &[LetterCount], language: Language) -> String {
    let mut open: BTreeMap<&str, u64> = BTreeMap::new();
    for count in causes.iter().filter(|c| c.open > 0) {
        *open.entry(&count.cause).or_default() += count.open.unsigned_abs();
    }
    if page.letters.is_empty() {
        return "no dead letters".to_owned();
    }
    let mut table = output::table([
        "Id",
        "Put aside",
        "Why",
        "Event",
        "Customer",
        "Tries",
        "State",
    ]);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    for letter in &page.letters {
        table.add_row(line(letter, language));
    }
    let mut told = table.trim_fmt();
    if page.next.is_some() {
        told.push_str("\n… (more with --limit)");
    }
    if !open.is_empty() {
        let counts = open.into_iter();
        let counts =
            counts.map(|(code, n)| (format!("{} ({code})", Cause::words(code, language)), n));
        told.push_str("\n\nOpen, by cause\n");
        told.push_str(&output::counts(counts).trim_fmt());
    }
    told
}

fn line(letter: &LetterRow, language: Language) -> [String; 7] {
    let text = |text: &Option<std::sync::Arc<str>>| text.as_deref().unwrap_or_default().to_owned();
    [
        letter.id.to_string().chars().take(8).collect(),
        minute(letter.at),
        Cause::words(&letter.cause, language).to_owned(),
        text(&letter.name),
        text(&letter.key),
        letter.tries.to_string(),
        state(&letter.status, language).to_owned(),
    ]
}

/// The words of the console.
fn state(status: &str, language: Language) -> &'static str {
    match (status, language) {
        ("open", Language::English) => "Still open",
        ("open", Language::French) => "Encore ouverte",
        ("replayed", Language::English) => "Submitted again",
        ("replayed", Language::French) => "Renvoyée",
        (_, Language::English) => "Discarded",
        (_, Language::French) => "Écartée",
    }
}

fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

/// Shows one with its body.
///
/// # Errors
/// If it is gone, or the database is away.
pub(super) async fn one(reader: &Reader, id: LetterId, format: Format) -> Result<()> {
    let Some(letter) = reader.letter(id).await? else {
        return refused(&format!("there is no dead letter {id}"));
    };
    if format == Format::Json {
        let mut shown = serde_json::to_value(&letter.row)?;
        shown["body"] = whole(&letter.body);
        shown["edited"] = letter.edited.as_deref().map_or(Value::Null, whole);
        shown["headers"] = json!(letter.headers);
        shown["content_type"] = json!(letter.content_type);
        shown["message_id"] = json!(letter.message_id);
        return output::json(&shown);
    }
    output::text(&told(&letter, why::language(None)));
    Ok(())
}

/// As JSON where it is that, else as text.
fn whole(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|_| json!(String::from_utf8_lossy(body)))
}

fn told(letter: &LetterView, language: Language) -> String {
    let row = &letter.row;
    let mut lines = vec![
        format!(
            "{}  {}",
            Cause::words(&row.cause, language),
            state(&row.status, language)
        ),
        format!("  {}", row.reason),
    ];
    let moment =
        |at: Option<Timestamp>| at.map(|at| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string());
    let text = |text: &Option<std::sync::Arc<str>>| text.as_deref().map(str::to_owned);
    for (name, value) in [
        ("id", Some(row.id.to_string())),
        ("event", text(&row.name)),
        ("customer", text(&row.key)),
        ("field", text(&row.field)),
        ("put aside", moment(Some(row.at))),
        ("last refused", moment(Some(row.last_at))),
        ("tries", Some(row.tries.to_string())),
        ("last submitted", moment(row.replayed_at)),
        ("dealt with", moment(row.done_at)),
        ("by", text(&row.by)),
        ("because", text(&row.note).filter(|note| !note.is_empty())),
        ("exchange", Some(row.exchange.to_string())),
        ("queue", Some(row.queue.to_string())),
        ("routing key", Some(row.routing_key.to_string())),
    ] {
        if let Some(value) = value.filter(|v| !v.is_empty()) {
            lines.push(format!("  {name:14}  {value}"));
        }
    }
    lines.push(String::new());
    lines.push("As it came".to_owned());
    lines.push(pretty(&letter.body));
    if let Some(edited) = &letter.edited {
        lines.push(String::new());
        lines.push("As it was edited".to_owned());
        lines.push(pretty(edited));
    }
    lines.join("\n")
}

/// Control characters are nothing for a terminal.
fn pretty(body: &[u8]) -> String {
    let json: Option<Value> = serde_json::from_slice(body).ok();
    let pretty = json.and_then(|json| serde_json::to_string_pretty(&json).ok());
    let text = pretty.unwrap_or_else(|| String::from_utf8_lossy(body).into_owned());
    let plain = |c: char| {
        if c.is_control() && c != '\n' {
            '\u{fffd}'
        } else {
            c
        }
    };
    text.chars().map(plain).collect()
}
