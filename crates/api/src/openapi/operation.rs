//! One operation of the API, as it is described: what it is for, what it takes, and all that it answers.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;

/// Makes the schema of a type, and notes those that it is made of.
pub(super) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

fn schema_of<T: JsonSchema>(schemas: &mut SchemaGenerator) -> Schema {
    schemas.subschema_for::<T>()
}

/// A part of the address, or a header.
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) schema: SchemaOf,
    pub(super) place: Place,
    pub(super) required: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Path,
    Header,
}

/// One form in which a body may come, with an example.
pub(super) struct Content {
    pub(super) kind: &'static str,
    pub(super) schema: SchemaOf,
    pub(super) example: Option<Value>,
}

/// What is answered when all went well; refusals are told apart by their codes.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) about: &'static str,
    pub(super) contents: Vec<Content>,
}

/// One operation. What it asks for stands in `access::TABLE`, and is not said again.
pub(super) struct Operation {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) id: &'static str,
    pub(super) summary: &'static str,
    pub(super) about: String,
    pub(super) parameters: Vec<Parameter>,
    pub(super) query: Option<SchemaOf>,
    /// One of these; none: there is no body.
    pub(super) bodies: Vec<Content>,
    pub(super) answers: Vec<Answer>,
    /// What it may be refused for, beside what the builder adds by itself.
    pub(super) codes: Vec<&'static str>,
    /// Its answer has an `ETag`, and `If-None-Match` is heeded.
    pub(super) tagged: bool,
    /// Without users it asks for the write key, where one is set.
    pub(super) by_write_key: bool,
}

/// `GET` of an address. `id` is what generated clients call it.
pub(super) fn get(path: &'static str, id: &'static str, summary: &'static str) -> Operation {
    Operation::new("GET", path, id, summary)
}

/// `POST` to an address.
pub(super) fn post(path: &'static str, id: &'static str, summary: &'static str) -> Operation {
    Operation::new("POST", path, id, summary)
}

/// `DELETE` of an address.
pub(super) fn delete(path: &'static str, id: &'static str, summary: &'static str) -> Operation {
    Operation::new("DELETE", path, id, summary)
}

impl Operation {
    fn new(
        method: &'static str,
        path: &'static str,
        id: &'static str,
        summary: &'static str,
    ) -> Self {
        Self {
            method,
            path,
            id,
            summary,
            about: String::new(),
            parameters: Vec::new(),
            query: None,
            bodies: Vec::new(),
            answers: Vec::new(),
            codes: Vec::new(),
            tagged: false,
            by_write_key: false,
        }
    }

    /// What the summary leaves out.
    pub(super) fn about(mut self, words: impl Into<String>) -> Self {
        self.about = words.into();
        self
    }

    /// A `{name}` of the address.
    pub(super) fn path<T: JsonSchema>(self, name: &'static str, about: &'static str) -> Self {
        self.parameter::<T>(Place::Path, name, about, true)
    }

    /// A header that may be left out.
    pub(super) fn header<T: JsonSchema>(self, name: &'static str, about: &'static str) -> Self {
        self.parameter::<T>(Place::Header, name, about, false)
    }

    /// A header that must be there.
    pub(super) fn needs_header<T: JsonSchema>(
        self,
        name: &'static str,
        about: &'static str,
    ) -> Self {
        self.parameter::<T>(Place::Header, name, about, true)
    }

    fn parameter<T: JsonSchema>(
        mut self,
        place: Place,
        name: &'static str,
        about: &'static str,
        required: bool,
    ) -> Self {
        self.parameters.push(Parameter {
            name,
            about,
            schema: schema_of::<T>,
            place,
            required,
        });
        self
    }

    /// What may stand behind the `?`: the fields of the type that the handler reads.
    pub(super) fn query<T: JsonSchema>(mut self) -> Self {
        self.query = Some(schema_of::<T>);
        self
    }

    /// A body of JSON, with an example of one.
    pub(super) fn takes<T: JsonSchema>(self, example: Value) -> Self {
        self.takes_as::<T>("application/json", Some(example))
    }

    /// A body of another kind.
    pub(super) fn takes_as<T: JsonSchema>(
        mut self,
        kind: &'static str,
        example: Option<Value>,
    ) -> Self {
        self.bodies.push(Content {
            kind,
            schema: schema_of::<T>,
            example,
        });
        self
    }

    /// What is answered with 200, as JSON.
    pub(super) fn answers<T: JsonSchema>(self, about: &'static str) -> Self {
        self.answers_as::<T>(200, "application/json", about)
    }

    /// What is answered, with that status and of that kind.
    pub(super) fn answers_as<T: JsonSchema>(
        mut self,
        status: u16,
        kind: &'static str,
        about: &'static str,
    ) -> Self {
        let content = Content {
            kind,
            schema: schema_of::<T>,
            example: None,
        };
        match self.answers.iter_mut().find(|a| a.status == status) {
            Some(known) => known.contents.push(content),
            None => self.answers.push(Answer {
                status,
                about,
                contents: vec![content],
            }),
        }
        self
    }

    /// An answer without a body.
    pub(super) fn answers_nothing(mut self, status: u16, about: &'static str) -> Self {
        self.answers.push(Answer {
            status,
            about,
            contents: Vec::new(),
        });
        self
    }

    /// What it may be refused for: codes of `problem::CODES`. Those of the address, the query, the body, the sign-in and of
    /// faults of ours need not be named.
    pub(super) fn refuses(mut self, codes: &[&'static str]) -> Self {
        self.codes.extend(codes);
        self
    }

    /// Its answer has an `ETag`: the handler answers `Tagged`.
    pub(super) fn tagged(mut self) -> Self {
        self.tagged = true;
        self
    }

    /// Without users it asks for the write key, where one is set.
    pub(super) fn by_write_key(mut self) -> Self {
        self.by_write_key = true;
        self
    }
}
