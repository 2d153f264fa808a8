//! A file of rows as text, and what its places are called.

use std::{
    fs,
    io::{self, Read as _},
};

use anyhow::{Context, Result, anyhow};

use super::Source;

/// A file, or standard input, whole.
pub struct Lines {
    name: String,
    text: String,
}

impl Lines {
    /// Reads it.
    ///
    /// # Errors
    /// If it cannot be read, or is no UTF-8, with the line.
    pub fn read(source: &Source) -> Result<Self> {
        let (name, bytes) = match source {
            Source::File(path) => (path.display().to_string(), fs::read(path)),
            Source::Stdin => {
                let mut bytes = Vec::new();
                let read = io::stdin().lock().read_to_end(&mut bytes);
                ("standard input".to_owned(), read.map(|_| bytes))
            }
        };
        let bytes = bytes.with_context(|| format!("cannot read {name}"))?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = good.iter().filter(|b| **b == b'\n').count() + 1;
            anyhow!("{name}:{line}: not UTF-8; save the file with the encoding UTF-8")
        })?;
        Ok(Self { name, text })
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All of it, without a byte-order mark, which spreadsheets like to write.
    pub fn text(&self) -> &str {
        self.text.strip_prefix('\u{feff}').unwrap_or(&self.text)
    }

    /// One JSON object a line, rather than a table.
    pub fn is_json(&self) -> bool {
        self.text().trim_start().starts_with('{')
    }

    /// The lines that hold something, with their numbers from 1.
    pub fn numbered(&self) -> impl Iterator<Item = (u64, &str)> {
        let lines = (1..).zip(self.text().lines());
        lines.filter(|(_, text)| !text.trim().is_empty())
    }

    /// A line as people and editors find it: `FILE:LINE`.
    pub fn place(&self, line: u64) -> String {
        format!("{}:{line}", self.name)
    }
}
