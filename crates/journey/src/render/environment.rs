//! What Jinja runs: one environment per locale, built once.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::Arc,
};

use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value,
    value::ValueKind,
};

use super::{filters, output::LARGEST, said::Said, scan};
use crate::explain::Language;

/// How many instructions one piece may run.
const FUEL: u64 = 50_000;
/// How deep includes (10 each) and macros (4 each) may call one another.
const DEEPEST: usize = 60;

/// The pieces of one locale: bodies, front matter fields, and the shared layouts.
#[derive(Debug)]
pub(super) struct Pieces {
    pub env: Environment<'static>,
    /// Where each piece comes from, by its name.
    places: BTreeMap<String, Place>,
}

/// Where a piece comes from.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Its file.
    pub file: Arc<str>,
    /// Its text.
    pub text: String,
    /// How many lines of its file come before it.
    pub lines_before: u32,
    /// Where it stands in the file, in bytes.
    pub span: Range<usize>,
    /// Whether its text is that of the file, byte for byte.
    pub exact: bool,
}

impl Place {
    /// Where a part of its text stands in the file; all of it, where that cannot be told.
    pub fn at(&self, part: Range<usize>) -> Range<usize> {
        if self.exact && self.text.get(part.clone()).is_some() {
            self.span.start + part.start..self.span.start + part.end
        } else {
            self.span.clone()
        }
    }
}

impl Pieces {
    pub fn new(locale: &str) -> Self {
        let mut env = Environment::new();
        env.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        env.set_fuel(Some(FUEL));
        env.set_recursion_limit(DEEPEST);
        env.set_auto_escape_callback(|name| match name.rsplit('.').next() {
            Some("mjml" | "html") => AutoEscape::Html,
            _ => AutoEscape::None,
        });
        env.set_formatter(write_value);
        filters::install(&mut env, locale);
        Self {
            env,
            places: BTreeMap::new(),
        }
    }

    /// Adds a piece; the error is one of syntax.
    pub fn add(&mut self, name: &str, place: Place) -> Result<(), Error> {
        if scan::winding(&place.text) {
            let words =
                "too long a tag: it has at most 500 words and signs, and an `if` 100 `elif`";
            return Err(Error::new(ErrorKind::SyntaxError, words));
        }
        self.env
            .add_template_owned(name.to_owned(), place.text.clone())?;
        self.places.insert(name.to_owned(), place);
        Ok(())
    }

    /// The names that a piece reads, and those of the shared templates that it names.
    pub fn variables(&self, name: &str) -> BTreeSet<String> {
        let (mut names, mut seen, mut open) = (BTreeSet::new(), BTreeSet::new(), vec![name]);
        while let Some(name) = open.pop() {
            let (Some(place), true) = (self.places.get(name), seen.insert(name)) else {
                continue;
            };
            if let Ok(template) = self.env.get_template(name) {
                names.extend(template.undeclared_variables(true));
            }
            open.extend(
                scan::named_templates(&place.text)
                    .into_iter()
                    .map(|(_, n)| n),
            );
        }
        names
    }

    /// Whether there is such a filter, or else such a test.
    pub fn knows(&self, name: &str, filter: bool) -> bool {
        let mut state = self.env.empty_state();
        let kind = match filter {
            true => state.apply_filter(name, &[]).err().map(|e| e.kind()),
            false => state.perform_test(name, &[]).err().map(|e| e.kind()),
        };
        !matches!(
            kind,
            Some(ErrorKind::UnknownFilter | ErrorKind::UnknownTest)
        )
    }

    pub fn place(&self, name: &str) -> Option<&Place> {
        self.places.get(name)
    }
}

/// The most that values may come to, each time that one is printed: also what blocks and macros
/// capture, which never reaches the bounded output.
const MOST_PRINTED: usize = 4 * LARGEST;

/// How many bytes of values a template has printed.
struct Printed(usize);

/// Writes a value, escaped where its place is HTML. Unlike minijinja's own, it leaves `/` alone,
/// so that links stay readable, and refuses what nobody wants to read: lists, maps, `none`.
fn write_value(
    out: &mut Output<'_>,
    state: &mut State<'_, '_>,
    value: &Value,
) -> Result<(), Error> {
    let html = matches!(state.auto_escape(), AutoEscape::Html) && !value.is_safe();
    let printed = state.get_or_insert_extension(Printed(0));
    printed.0 = printed.0.saturating_add(value.as_str().map_or(0, str::len));
    let too_much = printed.0 > MOST_PRINTED;
    match value.as_str() {
        Some(text) if text.len() > LARGEST || too_much => Err(too_large()),
        Some(text) if html => Ok(escape(out, text)?),
        Some(text) => Ok(out.write_str(text)?),
        None if matches!(value.kind(), ValueKind::Number | ValueKind::Bool) => {
            Ok(write!(out, "{value}")?)
        }
        None => Err(Error::new(
            ErrorKind::InvalidOperation,
            Said::PrintsNoList.words(Language::English),
        )),
    }
}

fn too_large() -> Error {
    Error::new(ErrorKind::WriteFailure, "too large a value")
}

fn escape(out: &mut Output<'_>, text: &str) -> std::fmt::Result {
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        let entity = match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            b'\'' => "&#39;",
            _ => continue,
        };
        out.write_str(&text[plain..at])?;
        out.write_str(entity)?;
        plain = at + 1;
    }
    out.write_str(&text[plain..])
}
