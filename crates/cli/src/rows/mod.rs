//! Past events from a file: CSV with a header, or one JSON object a line.

mod customers;
mod lines;
mod read;
mod time;

use std::{path::PathBuf, sync::Arc};

use clap::Args;
use jiff::Timestamp;
use journey::value::{Map, Value};

pub use self::{
    customers::{Customers, read_customers},
    lines::Lines,
    read::{of_lines, read},
};

/// How the columns of a file become events.
#[derive(Args, Clone, Debug)]
pub struct Mapping {
    /// Which column is what: `customer=user_id,event=event,at=timestamp`
    #[arg(long, value_delimiter = ',', value_parser = pair, value_name = "WHAT=COLUMN,…")]
    pub map: Vec<(String, String)>,
    /// The event's name where the file has no column for it
    #[arg(long, value_name = "NAME")]
    pub event: Option<String>,
    /// Other names for events: `add_to_cart=cart.updated,purchase=order.placed`
    #[arg(long, value_delimiter = ',', value_parser = pair, value_name = "FROM=TO,…")]
    pub rename: Vec<(String, String)>,
    /// The zone of times that name none; a date is its midnight there
    #[arg(long, default_value = "UTC", value_name = "ZONE")]
    pub zone: String,
    /// The types of columns: number, text or boolean (otherwise a column is numbers where every
    /// value is one)
    #[arg(long, value_delimiter = ',', value_parser = pair, value_name = "COLUMN=TYPE,…")]
    pub types: Vec<(String, String)>,
}

impl Default for Mapping {
    fn default() -> Self {
        Self {
            map: Vec::new(),
            event: None,
            rename: Vec::new(),
            zone: "UTC".into(),
            types: Vec::new(),
        }
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((left, right)) if !left.trim().is_empty() && !right.trim().is_empty() => {
            Ok((left.trim().to_owned(), right.trim().to_owned()))
        }
        _ => Err(format!("`{text}` is no pair: write it as NAME=VALUE")),
    }
}

/// One past event.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its number in the file, from 1: its id.
    pub number: u64,
    /// The line on which it begins, from 1.
    pub line: u64,
    /// The customer's key.
    pub customer: Arc<str>,
    /// The event's name.
    pub event: Arc<str>,
    /// When it happened.
    pub at: Timestamp,
    /// The remaining columns.
    pub properties: Value,
    /// New traits, of an `identify`.
    pub traits: Map,
}

/// A row as it stands in the file.
struct Raw {
    number: u64,
    line: u64,
    fields: Map,
}

/// Where rows come from.
#[derive(Clone, Debug)]
pub enum Source {
    /// A file.
    File(PathBuf),
    /// Standard input.
    Stdin,
}

impl From<PathBuf> for Source {
    fn from(path: PathBuf) -> Self {
        if path.as_os_str() == "-" {
            Self::Stdin
        } else {
            Self::File(path)
        }
    }
}
