//! `parcours customer ID --export FILE` and `--erase`: the rights of a customer.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context as _, Result, anyhow};
use jiff::Timestamp;
use journey::{explain::Language, ids::CustomerId};
use serde::Serialize;
use store::{Store, read::Reader};

use crate::output::{self, Format, Refused};

/// Writes all that is held on a customer: as a page if the file's name ends with `.html`, else as JSON; to
/// standard output for `-`. The page is in `language`.
///
/// # Errors
/// [`Refused`] if there is no such customer; any other if the database is away or the file cannot be written.
pub(super) async fn export(store: &Store, id: &str, file: &Path, language: Language) -> Result<()> {
    let reader = Reader::new(store.pool().clone());
    let Some(export) = reader.export(id, Timestamp::now()).await? else {
        return Err(no_such(id));
    };
    let page = file
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("html"));
    let text = if page {
        api::export_page(&export, language)?
    } else {
        serde_json::to_string_pretty(&export)? + "\n"
    };
    if file == Path::new("-") {
        output::raw(&text);
        return Ok(());
    }
    std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?;
    output::aside(&format!(
        "all that is held on {} is in {}",
        export.customer.key,
        file.display()
    ));
    Ok(())
}

/// What `--erase --format json` prints.
#[derive(Serialize)]
struct Said {
    erased: bool,
    rows: BTreeMap<String, u64>,
}

/// Erases a customer, or says what would be erased.
///
/// # Errors
/// [`Refused`] if there is no such customer, or without `yes`; any other if no secret is set or the database
/// is away.
pub(super) async fn erase(store: &Store, id: &str, yes: bool, format: Format) -> Result<()> {
    let reader = Reader::new(store.pool().clone());
    let known = reader.customer_id(id).await?;
    if !yes {
        let Some(_) = known else {
            return Err(no_such(id));
        };
        output::aside(&format!(
            "nothing was erased: --yes erases {id} for good, from every table; `--export FILE` shows what that is"
        ));
        return Err(Refused.into());
    }
    // What is left of somebody without a profile is found by their key all the same.
    let target = known.unwrap_or_else(|| CustomerId::of(id));
    let erased = store.erase(target, Timestamp::now()).await.map_err(|error| match error {
        store::Error::NoSecret => anyhow!(
            "nothing was erased: set PARCOURS_PRIVACY_SECRET (or privacy_secret in config/parcours.yaml) to at \
             least 16 bytes that stay the same; what is erased is hashed under it, so that an import does not \
             write to it again"
        ),
        other => other.into(),
    })?;
    let Some(erased) = erased else {
        return Err(no_such(id));
    };
    match format {
        Format::Json => output::json(&Said {
            erased: true,
            rows: erased.rows,
        }),
        Format::Text => {
            output::text(&words(&erased.rows, erased.hashes.len()));
            Ok(())
        }
    }
}

fn words(rows: &BTreeMap<String, u64>, hashes: usize) -> String {
    let mut lines = vec!["erased:".to_owned()];
    let width = rows.keys().map(String::len).max().unwrap_or_default();
    for (table, n) in rows {
        let noun = if *n == 1 { "row" } else { "rows" };
        lines.push(format!("  {table:width$}  {n} {noun}"));
    }
    let noun = if hashes == 1 { "hash" } else { "hashes" };
    lines.push(format!(
        "left behind: {hashes} {noun} that nobody can read, and one more in the count of the day"
    ));
    lines.join("\n")
}

fn no_such(id: &str) -> anyhow::Error {
    output::aside(&format!("there is no customer {id}"));
    Refused.into()
}
