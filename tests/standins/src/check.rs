//! Reads JSON objects and says what is wrong with them, and where.

use serde_json::{Map, Value as Json};

/// A field, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Where: `message.android.ttl`; empty for the whole body.
    pub(crate) field: String,
    /// What.
    pub(crate) problem: String,
}

impl Fault {
    /// It, in words.
    pub(crate) fn say(self) -> String {
        match &*self.field {
            "" => format!("the body {}", self.problem),
            field => format!("`{field}` {}", self.problem),
        }
    }
}

pub(crate) type Checked<T> = Result<T, Fault>;

/// The fields of an object, and where it is. What is `null` counts as left out.
#[derive(Clone, Debug)]
pub(crate) struct Fields<'a> {
    at: String,
    map: &'a Map<String, Json>,
}

impl<'a> Fields<'a> {
    /// The fields of a body.
    pub(crate) fn of(body: &'a Json) -> Checked<Self> {
        Self::at(String::new(), body)
    }

    fn at(at: String, value: &'a Json) -> Checked<Self> {
        match value {
            Json::Object(map) => Ok(Self { at, map }),
            _ => Err(wrong(at, "must be an object")),
        }
    }

    /// Where a field of this object is.
    pub(crate) fn path(&self, name: &str) -> String {
        match &*self.at {
            "" => name.to_owned(),
            at => format!("{at}.{name}"),
        }
    }

    /// That something is wrong with a field of this object.
    pub(crate) fn fault(&self, name: &str, problem: impl Into<String>) -> Fault {
        Fault {
            field: self.path(name),
            problem: problem.into(),
        }
    }

    /// Where fields are that nobody knows.
    pub(crate) fn unknown(&self, known: &[&str]) -> Vec<String> {
        let names = self.map.keys().filter(|name| !known.contains(&&***name));
        names.map(|name| self.path(name)).collect()
    }

    /// No fields but these.
    pub(crate) fn only(&self, known: &[&str]) -> Checked<()> {
        match self.unknown(known).into_iter().next() {
            Some(field) => Err(wrong(field, "is not known")),
            None => Ok(()),
        }
    }

    /// The names of the fields that are there.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'a str> {
        let there = self.map.iter().filter(|(_, value)| !value.is_null());
        there.map(|(name, _)| &**name)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&'a Json> {
        self.map.get(name).filter(|value| !value.is_null())
    }

    pub(crate) fn need(&self, name: &str) -> Checked<&'a Json> {
        self.get(name).ok_or_else(|| self.fault(name, "is missing"))
    }

    pub(crate) fn text(&self, name: &str) -> Checked<Option<&'a str>> {
        self.typed(name, Json::as_str, "must be a string")
    }

    pub(crate) fn flag(&self, name: &str) -> Checked<Option<bool>> {
        self.typed(name, Json::as_bool, "must be a boolean")
    }

    pub(crate) fn int(&self, name: &str) -> Checked<Option<i64>> {
        self.typed(name, Json::as_i64, "must be an integer")
    }

    fn typed<T>(
        &self,
        name: &str,
        read: impl Fn(&'a Json) -> Option<T>,
        problem: &str,
    ) -> Checked<Option<T>> {
        match self.get(name) {
            None => Ok(None),
            Some(value) => match read(value) {
                Some(value) => Ok(Some(value)),
                None => Err(self.fault(name, problem)),
            },
        }
    }

    /// A text that is there and not empty.
    pub(crate) fn need_text(&self, name: &str) -> Checked<&'a str> {
        self.need(name)?;
        let text = self.text(name)?.unwrap_or_default();
        match text {
            "" => Err(self.fault(name, "is empty")),
            text => Ok(text),
        }
    }

    /// A text of at most so many characters.
    pub(crate) fn short(&self, name: &str, most: usize) -> Checked<Option<&'a str>> {
        let text = self.text(name)?;
        match text {
            Some(text) if text.chars().count() > most => {
                Err(self.fault(name, format!("is longer than {most} characters")))
            }
            text => Ok(text),
        }
    }

    /// A text that is there, not empty, and has at most so many characters.
    pub(crate) fn need_short(&self, name: &str, most: usize) -> Checked<&'a str> {
        self.short(name, most)?;
        self.need_text(name)
    }

    /// One of some words.
    pub(crate) fn one_of(&self, name: &str, words: &[&str]) -> Checked<Option<&'a str>> {
        let text = self.text(name)?;
        match text {
            Some(text) if !words.contains(&text) => {
                Err(self.fault(name, format!("must be one of {}", words.join(", "))))
            }
            text => Ok(text),
        }
    }

    pub(crate) fn object(&self, name: &str) -> Checked<Option<Self>> {
        let value = self.get(name);
        value.map(|v| Self::at(self.path(name), v)).transpose()
    }

    pub(crate) fn need_object(&self, name: &str) -> Checked<Self> {
        Self::at(self.path(name), self.need(name)?)
    }

    /// The values of a list, none where it is left out.
    pub(crate) fn list(&self, name: &str) -> Checked<&'a [Json]> {
        let list = self.typed(name, Json::as_array, "must be a list")?;
        Ok(list.map_or(&[], Vec::as_slice))
    }

    /// The objects of a list, none where it is left out.
    pub(crate) fn objects(&self, name: &str) -> Checked<Vec<Self>> {
        let values = self.list(name)?.iter().enumerate();
        values
            .map(|(n, value)| Self::at(format!("{}[{n}]", self.path(name)), value))
            .collect()
    }

    /// The values of an object that has strings alone.
    pub(crate) fn texts(&self) -> Checked<Vec<(&'a str, &'a str)>> {
        let mut texts = Vec::with_capacity(self.map.len());
        for (name, value) in self.map {
            let Some(text) = value.as_str() else {
                return Err(self.fault(name, "must be a string"));
            };
            texts.push((&**name, text));
        }
        Ok(texts)
    }
}

/// Remarks on fields that a provider does not know and does not mind.
pub(crate) fn nobody_knows(fields: impl IntoIterator<Item = String>) -> Vec<String> {
    let fields = fields.into_iter();
    fields
        .map(|field| format!("nobody knows `{field}`"))
        .collect()
}

fn wrong(field: String, problem: &str) -> Fault {
    Fault {
        field,
        problem: problem.to_owned(),
    }
}
