//! `parcours vouchers`: pools of codes, how many are left, and how they are filled.

use std::{
    collections::BTreeMap,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use csv::{ReaderBuilder, StringRecord, Trim};
use indicatif::{ProgressBar, ProgressStyle};
use journey::{
    vouchers::{Each, Pool, Pools},
    workspace as compiler,
};
use serde::Serialize;
use store::{Store, VOUCHER_PAGE};

use crate::{
    commands::database,
    config::Config,
    output::{self, Format, Refused},
    workspace,
};

/// The longest code, in characters.
const LONGEST: usize = 255;

/// What to do with pools.
#[derive(Args, Clone, Debug)]
pub struct VouchersArgs {
    #[command(subcommand)]
    action: Option<Action>,
    /// How to print
    #[arg(long, value_enum, default_value_t, global = true)]
    format: Format,
}

#[derive(Subcommand, Clone, Debug)]
enum Action {
    /// Add codes to a pool: one a line, or the first column of a CSV file; those that it has are passed over
    Import {
        /// The pool, as config/vouchers.yaml calls it
        pool: String,
        /// Where from; `-` for standard input
        file: PathBuf,
    },
}

/// What became of an import.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct Imported {
    /// Codes in the file.
    read: u64,
    /// How many of them were new.
    new: u64,
    /// How many the pool had, or stood there twice.
    duplicates: u64,
}

/// One pool.
#[derive(Serialize)]
struct Shown {
    pool: String,
    /// `None`: it is not declared (any more).
    #[serde(flatten)]
    declared: Option<Pool>,
    left: u64,
    drawn: u64,
    runs_low: bool,
}

/// Runs the command.
///
/// # Errors
/// If the database is away, there is no such pool, or a line is no code; what stood before it is in.
pub async fn run(args: &VouchersArgs, root: &Path) -> Result<()> {
    let store = database::connect(&Config::load(root)?).await?;
    let pools = declared(&store, root).await?;
    match &args.action {
        None => list(&store, &pools, args.format).await,
        Some(Action::Import { pool, file }) => {
            if !pools.0.contains_key(&**pool) {
                let all: Vec<&str> = pools.0.keys().map(|k| &**k).collect();
                output::aside(&format!(
                    "no pool is called `{pool}`; config/vouchers.yaml has: {}",
                    if all.is_empty() {
                        "none".to_owned()
                    } else {
                        all.join(", ")
                    }
                ));
                return Err(Refused.into());
            }
            let done = import(&store, pool, file).await?;
            match args.format {
                Format::Json => output::json(&done)?,
                Format::Text => output::text(&format!(
                    "{} of {} codes were new in {pool}; {} were passed over, for the pool has them",
                    done.new, done.read, done.duplicates
                )),
            }
            Ok(())
        }
    }
}

/// What is declared here, or was published.
async fn declared(store: &Store, root: &Path) -> Result<Pools> {
    let mut pools = match store.workspace().await? {
        Some(published) => compiler::vouchers_of(&published.files),
        None => Pools::default(),
    };
    let here = workspace::read(root).map(|files| compiler::vouchers_of(&files));
    pools.0.extend(here.unwrap_or_default().0);
    Ok(pools)
}

async fn list(store: &Store, pools: &Pools, format: Format) -> Result<()> {
    let mut shown: BTreeMap<Arc<str>, Shown> = BTreeMap::new();
    let kept = store.voucher_pools().await?.into_iter();
    let kept: BTreeMap<Arc<str>, (u64, u64)> = kept
        .map(|p| (Arc::from(p.name), (p.left, p.drawn)))
        .collect();
    for name in pools.0.keys().chain(kept.keys()) {
        let declared = pools.0.get(name).copied();
        let (left, drawn) = kept.get(name).copied().unwrap_or_default();
        let one = Shown {
            pool: name.to_string(),
            declared,
            left,
            drawn,
            runs_low: declared.is_some_and(|p| left < u64::from(p.low)),
        };
        shown.insert(name.clone(), one);
    }
    let shown: Vec<Shown> = shown.into_values().collect();
    match format {
        Format::Json => output::json(&shown),
        Format::Text if shown.is_empty() => {
            output::text("no pools: config/vouchers.yaml declares them");
            Ok(())
        }
        Format::Text => {
            let mut table = output::table(["pool", "for each", "left", "drawn", "low below", ""]);
            for one in &shown {
                let each = one.declared.map_or("not declared", |p| each(p.each));
                let low = one.declared.map_or(0, |p| p.low);
                let low = if low == 0 {
                    String::new()
                } else {
                    low.to_string()
                };
                let (left, drawn) = (one.left.to_string(), one.drawn.to_string());
                let says = if one.runs_low { "runs low" } else { "" };
                table.add_row([&*one.pool, each, &left, &drawn, &low, says]);
            }
            output::text(&table.to_string());
            Ok(())
        }
    }
}

fn each(each: Each) -> &'static str {
    match each {
        Each::Customer => "customer",
        Each::Run => "run",
        Each::Message => "message",
    }
}

async fn import(store: &Store, pool: &str, file: &Path) -> Result<Imported> {
    let (input, bar): (Box<dyn Read + Send>, _) = if file == Path::new("-") {
        (Box::new(std::io::stdin()), ProgressBar::no_length())
    } else {
        let opened = File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
        let length = opened.metadata().map(|m| m.len()).unwrap_or_default();
        (Box::new(opened), ProgressBar::new(length))
    };
    let style = ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes}  {eta}");
    let bar = bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let name = file.display().to_string();
    let mut codes = Codes::new(bar.wrap_read(input), &name);
    let mut done = Imported::default();
    loop {
        let (page, end) = codes.page();
        done.read += page.len() as u64;
        done.new += store.add_vouchers(pool, &page).await?;
        done.duplicates = done.read - done.new;
        match end {
            Ok(true) => break,
            Ok(false) => {}
            Err(error) => {
                bar.abandon();
                bail!("{error}; {} codes before it are in the pool", done.read);
            }
        }
    }
    bar.finish_and_clear();
    Ok(done)
}

/// The codes of a file, a page at a time.
struct Codes<'n, R> {
    reader: csv::Reader<R>,
    record: StringRecord,
    name: &'n str,
    first: bool,
}

impl<'n, R: Read> Codes<'n, R> {
    fn new(input: R, name: &'n str) -> Self {
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(Trim::All)
            .from_reader(input);
        Self {
            reader,
            record: StringRecord::new(),
            name,
            first: true,
        }
    }

    /// The next codes, and whether they are the last; or what is wrong with the line behind them.
    fn page(&mut self) -> (Vec<String>, Result<bool>) {
        let mut page = Vec::with_capacity(VOUCHER_PAGE);
        while page.len() < VOUCHER_PAGE {
            match self.reader.read_record(&mut self.record) {
                Ok(true) => {}
                Ok(false) => return (page, Ok(true)),
                Err(error) => {
                    let error = anyhow::anyhow!("cannot read {}: {error}", self.name);
                    return (page, Err(error));
                }
            }
            let code = self.record.get(0).unwrap_or_default();
            let heads = std::mem::replace(&mut self.first, false)
                && ["code", "codes", "voucher"]
                    .iter()
                    .any(|h| code.eq_ignore_ascii_case(h));
            if heads || code.is_empty() {
                continue;
            }
            if code.chars().count() > LONGEST || code.chars().any(char::is_control) {
                let line = self.record.position().map_or(0, csv::Position::line);
                let error = anyhow::anyhow!(
                    "{}:{line}: no code; one has at most {LONGEST} characters, all on one line",
                    self.name
                );
                return (page, Err(error));
            }
            page.push(code.to_owned());
        }
        (page, Ok(false))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<String>, Result<bool>) {
        Codes::new(text.as_bytes(), "codes.csv").page()
    }

    #[test]
    fn codes_are_lines_or_the_first_column() {
        for text in [
            "A1\nB2\n",
            "\u{feff}code,expires\nA1,2026\n\nB2,2027\n",
            " A1 ;x\r\nB2\r\n",
        ] {
            let (codes, end) = read(&text.replace(';', ","));
            assert_eq!(codes, ["A1", "B2"], "{text}");
            assert!(end.unwrap());
        }
        let (codes, end) = read(&format!("A1\n{}\nB2\n", "x".repeat(256)));
        assert_eq!(codes, ["A1"]);
        assert!(
            end.unwrap_err()
                .to_string()
                .starts_with("codes.csv:2: no code")
        );
    }

    #[test]
    fn a_long_file_comes_in_pages() {
        let text: String = (0..2_500).map(|n| format!("C{n}\n")).collect();
        let mut codes = Codes::new(text.as_bytes(), "codes.csv");
        let sizes: Vec<_> = std::iter::from_fn(|| Some(codes.page()))
            .map(|(page, end)| (page.len(), end.unwrap()))
            .take(3)
            .collect();
        assert_eq!(sizes, [(1_000, false), (1_000, false), (500, true)]);
    }
}
