//! `parcours suppressions`: lists of addresses that must not be written to, in and out.

use std::{
    collections::BTreeSet,
    io::{BufRead as _, BufReader, BufWriter, Read, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, anyhow, bail};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use journey::{message::Channel, suppression};
use serde::Serialize;
use store::Store;
use uuid::Uuid;

use crate::{
    commands::database,
    config::Config,
    output::{self, Format},
};

/// The most lines of one file.
const MOST: usize = 10_000_000;
/// The longest line, in bytes.
const LONGEST: usize = 1_024;

/// What to do with the list.
#[derive(Args, Clone, Debug)]
pub struct SuppressionsArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand, Clone, Debug)]
enum Action {
    /// Add a file of addresses, or of their hashes, one a line; lines that begin with # are passed over
    Import(ListArgs),
    /// Take addresses, or hashes, off the list again
    Remove(ListArgs),
    /// Write the list with what has bounced or complained here: SHA-256 of each address, one a line
    Export {
        /// Where to; `-` for standard output
        file: PathBuf,
        /// Whose addresses
        #[arg(long, default_value = "email", value_parser = channel)]
        channel: Channel,
    },
}

#[derive(Args, Clone, Debug)]
struct ListArgs {
    /// Where from; `-` for standard input
    file: PathBuf,
    /// Whose addresses
    #[arg(long, default_value = "email", value_parser = channel)]
    channel: Channel,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What became of a list.
#[derive(Serialize)]
struct Done {
    /// Different addresses in the file.
    read: usize,
    /// How many of them were new, or were on the list.
    changed: u64,
}

fn channel(text: &str) -> Result<Channel, String> {
    let all = Channel::ALL.map(Channel::as_str).join(", ");
    text.parse()
        .map_err(|()| format!("a channel is one of {all}"))
}

/// Runs the command.
///
/// # Errors
/// If the database is away, or a line is neither an address nor a hash: then nothing is changed.
pub async fn run(args: &SuppressionsArgs, root: &Path) -> Result<()> {
    let store = database::connect(&Config::load(root)?).await?;
    match &args.action {
        Action::Import(list) => {
            let hashes = read(list)?;
            let changed = store.list(list.channel, &hashes, Timestamp::now()).await?;
            told(
                list.format,
                hashes.len(),
                changed,
                "were new; nothing that needs consent goes to them",
            )
        }
        Action::Remove(list) => {
            let hashes = read(list)?;
            let changed = store.unlist(list.channel, &hashes).await?;
            told(
                list.format,
                hashes.len(),
                changed,
                "were on the list, and are off it",
            )
        }
        Action::Export { file, channel } => export(&store, *channel, file).await,
    }
}

fn told(format: Format, read: usize, changed: u64, words: &str) -> Result<()> {
    match format {
        Format::Json => output::json(&Done { read, changed }),
        Format::Text => {
            output::text(&format!("{changed} of {read} addresses {words}"));
            Ok(())
        }
    }
}

/// The hashes of the file, each once. It is read to its end before anything is changed.
fn read(list: &ListArgs) -> Result<Vec<[u8; 32]>> {
    let cannot = || format!("cannot read {}", list.file.display());
    let input: Box<dyn Read> = if list.file == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(&list.file).with_context(cannot)?)
    };
    let mut hashes = BTreeSet::new();
    for (number, line) in (1..).zip(BufReader::new(input).lines()) {
        let line = line.with_context(cannot)?;
        let line = line.trim();
        if number > MOST {
            bail!(
                "{} has more than {MOST} lines: split it",
                list.file.display()
            );
        }
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let hash = hash(line, list.channel).map_err(|why| {
            anyhow!(
                "{}:{number}: {why}; nothing was changed",
                list.file.display()
            )
        })?;
        hashes.insert(hash);
    }
    Ok(hashes.into_iter().collect())
}

/// A line as a hash: 64 digits are one already.
fn hash(line: &str, channel: Channel) -> Result<[u8; 32], &'static str> {
    if let Some(hash) = digits(line) {
        return Ok(hash);
    }
    let fits = match channel {
        Channel::Email => line
            .split_once('@')
            .is_some_and(|(n, d)| !n.is_empty() && d.contains('.')),
        Channel::Sms => line.chars().filter(char::is_ascii_digit).count() >= 6,
        Channel::Push | Channel::Chat => true,
    };
    if !fits || line.len() > LONGEST || line.contains(char::is_control) {
        return Err("neither an address of that channel nor a hash of 64 digits from 0 to f");
    }
    Ok(suppression::plain_hash(channel, line))
}

fn digits(line: &str) -> Option<[u8; 32]> {
    let mut hash = [0; 32];
    if line.len() != 64 || !line.is_ascii() {
        return None;
    }
    for (byte, at) in hash.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(&line[at..at + 2], 16).ok()?;
    }
    Some(hash)
}

async fn export(store: &Store, channel: Channel, file: &Path) -> Result<()> {
    let mut hashes = BTreeSet::new();
    let mut last = None;
    loop {
        let page = store.listed_page(channel, last).await?;
        let Some(end) = page.last() else { break };
        last = Some(*end);
        hashes.extend(page);
    }
    let mut from = Uuid::nil();
    loop {
        let (page, next) = store.suppressed_page(channel, from).await?;
        hashes.extend(page);
        let Some(next) = next else { break };
        from = next;
    }
    let cannot = || format!("cannot write {}", file.display());
    let to_output = file == Path::new("-");
    let mut out: Box<dyn Write> = if to_output {
        Box::new(std::io::stdout())
    } else {
        let created = std::fs::File::create(file).with_context(cannot)?;
        Box::new(BufWriter::new(created))
    };
    for hash in &hashes {
        let digits: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        writeln!(out, "{digits}").with_context(cannot)?;
    }
    out.flush().with_context(cannot)?;
    if !to_output {
        output::aside(&format!(
            "{} hashes are in {}",
            hashes.len(),
            file.display()
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_an_address_or_its_hash() {
        let email = |line: &str| hash(line, Channel::Email);
        let ana = email("Ana@Shop.example ").unwrap();
        let digits: String = ana.iter().map(|b| format!("{b:02X}")).collect();
        assert_eq!(email(&digits), Ok(ana), "whatever the case of its digits");
        // As `printf ana@shop.example | sha256sum` says.
        assert_eq!(&digits[..8], "91359447");
        for wrong in ["ana", "@shop.example", "ana@localhost", "a@b.c\u{7}"] {
            assert!(email(wrong).is_err(), "{wrong}");
        }
        let sms = |line: &str| hash(line, Channel::Sms);
        assert_eq!(sms("+33 6 39 98 01 81"), sms("+33639980181"));
        assert!(sms("12345").is_err());
    }
}
