//! What properties and traits must keep to: depth, number of fields, no NUL.

use serde_json::{Map as JsonMap, Value as Json};

use super::{MAX_DEPTH, MAX_FIELDS, refused::Refused};

/// The longest piece of a path in a refusal, in characters: names come from the producer.
const SHOWN: usize = 64;

/// Where the walk stands: one list or map, and the way to it.
enum Path<'a> {
    Root(&'a str),
    Field(&'a Path<'a>, &'a str),
    Item(&'a Path<'a>, usize),
}

impl Path<'_> {
    /// As a refusal shows it: `properties.items[2].name`.
    fn show(&self) -> String {
        match self {
            Self::Root(name) => (*name).to_owned(),
            Self::Item(parent, index) => format!("{}[{index}]", parent.show()),
            Self::Field(parent, name) => format!("{}.{}", parent.show(), printable(name)),
        }
    }
}

/// A name without control characters, cut to a length that fits into a sentence.
fn printable(name: &str) -> String {
    let mut shown: String = name
        .chars()
        .take(SHOWN)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    if name.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

/// What one event may still hold, over its properties and its traits.
pub(super) struct Bounds {
    fields: usize,
}

impl Bounds {
    pub(super) fn new() -> Self {
        Self { fields: MAX_FIELDS }
    }

    /// Refuses what is too deep, has too many fields, or holds a NUL, which no text in the
    /// database can. `root` is where the fields stand in the body.
    pub(super) fn check(
        &mut self,
        fields: &JsonMap<String, Json>,
        root: &str,
    ) -> Result<(), Refused> {
        self.object(fields, &Path::Root(root), MAX_DEPTH)
    }

    /// The same for a body that is no event: `root` is what it is called.
    pub(super) fn check_any(&mut self, json: &Json, root: &str) -> Result<(), Refused> {
        self.value(json, &Path::Root(root), MAX_DEPTH)
    }

    fn value(&mut self, json: &Json, path: &Path<'_>, deeper: usize) -> Result<(), Refused> {
        match json {
            Json::Null | Json::Bool(_) | Json::Number(_) => Ok(()),
            Json::String(text) => without_nul(text, path),
            Json::Array(items) => self.list(items, path, deeper),
            Json::Object(fields) => self.object(fields, path, deeper),
        }
    }

    fn list(&mut self, items: &[Json], path: &Path<'_>, deeper: usize) -> Result<(), Refused> {
        let deeper = self.open(items.len(), deeper)?;
        items
            .iter()
            .enumerate()
            .try_for_each(|(i, item)| self.value(item, &Path::Item(path, i), deeper))
    }

    fn object(
        &mut self,
        fields: &JsonMap<String, Json>,
        path: &Path<'_>,
        deeper: usize,
    ) -> Result<(), Refused> {
        let deeper = self.open(fields.len(), deeper)?;
        fields.iter().try_for_each(|(name, value)| {
            let path = Path::Field(path, name);
            without_nul(name, &path)?;
            self.value(value, &path, deeper)
        })
    }

    /// Counts a list or map of `len` against both limits; returns how many more may nest in it.
    fn open(&mut self, len: usize, deeper: usize) -> Result<usize, Refused> {
        self.fields = self
            .fields
            .checked_sub(len)
            .ok_or_else(Refused::too_many_fields)?;
        deeper.checked_sub(1).ok_or_else(Refused::too_deep)
    }
}

fn without_nul(text: &str, path: &Path<'_>) -> Result<(), Refused> {
    if !text.contains('\0') {
        return Ok(());
    }
    Err(Refused::nul_character(&path.show()))
}
