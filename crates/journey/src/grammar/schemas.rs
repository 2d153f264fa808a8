//! `config/events/NAME.yaml` and `config/traits.yaml`: a subset of JSON Schema.

use super::{
    Context, PLAIN, Takes, Word,
    takes::{Choice, Known, choice},
    word,
};

static KINDS: &[Choice] = &[
    choice("object", "named fields"),
    choice("array", "a list"),
    choice("string", "text"),
    choice("integer", "a whole number"),
    choice("number", "a number"),
    choice("boolean", "`true` or `false`"),
    choice("null", "nothing"),
];

static KIND: Takes = Takes::OneOf(KINDS);
const LENGTH: Takes = Takes::Whole {
    min: 0,
    max: u32::MAX,
};
const FIELDS: Takes = Takes::Named {
    name: Known::Field,
    value: &Takes::Schema,
};
const DEFINITIONS: Takes = Takes::Named {
    name: Known::Definition,
    value: &Takes::Schema,
};

const TYPE: Word = word(
    "type",
    Takes::OneOrMore(&KIND),
    "What kind of value it is",
    "type: string",
)
.or_else("any kind");
const ENUM: Word = word(
    "enum",
    Takes::List(&Takes::Anything),
    "The values that it can have",
    "enum: [none, silver, gold]",
);
const CONST: Word = word(
    "const",
    Takes::Anything,
    "The only value that it can have",
    "const: EUR",
);
const FORMAT: Word = word(
    "format",
    Takes::Text,
    "`date-time` makes a moment; other formats are for people",
    "format: date-time",
);
const MINIMUM: Word = word("minimum", Takes::Number, "The least number", "minimum: 0");
const MAXIMUM: Word = word(
    "maximum",
    Takes::Number,
    "The greatest number",
    "maximum: 100",
);
const ABOVE: Word = word(
    "exclusiveMinimum",
    Takes::Number,
    "The number must be greater than this",
    "exclusiveMinimum: 0",
);
const BELOW: Word = word(
    "exclusiveMaximum",
    Takes::Number,
    "The number must be less than this",
    "exclusiveMaximum: 1",
);
const MIN_LENGTH: Word = word(
    "minLength",
    LENGTH,
    "The least number of characters",
    "minLength: 1",
);
const MAX_LENGTH: Word = word(
    "maxLength",
    LENGTH,
    "The greatest number of characters",
    "maxLength: 100",
);
const MIN_ITEMS: Word = word(
    "minItems",
    LENGTH,
    "The least number of items",
    "minItems: 1",
);
const MAX_ITEMS: Word = word(
    "maxItems",
    LENGTH,
    "The greatest number of items",
    "maxItems: 50",
);
const PROPERTIES: Word = word(
    "properties",
    FIELDS,
    "The fields by name",
    "properties: { total: { type: number } }",
);
const REQUIRED: Word = word(
    "required",
    Takes::List(&Takes::Ref(Known::Field)),
    "The fields that must be there",
    "required: [cart_id, total]",
)
.or_else("none");
const LABELS: Word = word(
    "labels",
    Takes::OneOrMore(&Takes::Ref(Known::Label)),
    "What kind of data it is, for what it may be used: labels of config/policies.yaml",
    "labels: [health]",
)
.or_else("none; what is inside has those of what it is in");
const OTHERS: Word = word(
    "additionalProperties",
    Takes::Truth,
    "Whether other fields may be there, and be named in journeys",
    "additionalProperties: true",
)
.or_else("accepted by intake, an error in journeys");
const ITEMS: Word = word(
    "items",
    Takes::Schema,
    "What the items of a list are",
    "items: { type: string }",
);
const REFERENCE: Word = word(
    "$ref",
    Takes::Text,
    "A definition of this file, instead of all other words",
    "$ref: \"#/$defs/item\"",
);
const TITLE: Word = word("title", Takes::Text, "For people", "title: Cart");
const DESCRIPTION: Word = word(
    "description",
    Takes::Text,
    "For people",
    "description: Where the customer finds the cart again.",
);
const EXAMPLES: Word = word(
    "examples",
    Takes::List(&Takes::Anything),
    "Examples, for people and for previews",
    "examples: [FR, BE]",
);
const EXAMPLE: Word = word("example", Takes::Anything, "One example", "example: FR");
const DEFAULT: Word = word(
    "default",
    Takes::Anything,
    "For people: what holds without it",
    "default: 0",
);
const DEPRECATED: Word = word(
    "deprecated",
    Takes::Truth,
    "For people: not to be used any more",
    "deprecated: true",
);
const META: Word = word(
    "$schema",
    Takes::Text,
    "The dialect, for other tools",
    "$schema: \"https://json-schema.org/draft/2020-12/schema\"",
);
const ID: Word = word(
    "$id",
    Takes::Text,
    "The schema's own address, for other tools",
    "$id: \"https://shop.example/cart\"",
);
const COMMENT: Word = word(
    "$comment",
    Takes::Text,
    "A remark",
    "$comment: kept by the shop",
);
const DEFS: Word = word(
    "$defs",
    DEFINITIONS,
    "Definitions that `$ref` names",
    "$defs: { item: { type: object } }",
);
const OLD_DEFS: Word = word(
    "definitions",
    DEFINITIONS,
    "The older name of `$defs`",
    "definitions: { item: { type: object } }",
);
const STRICT: Word = word(
    "strict",
    Takes::Truth,
    "Whether other fields are refused by intake",
    "strict: true",
)
.or("false");

/// The words of every schema, wherever it stands.
macro_rules! keywords {
    ($($more:expr),*) => {
        &[
            TYPE, PROPERTIES, REQUIRED, ITEMS, ENUM, CONST, FORMAT, MINIMUM, MAXIMUM, ABOVE, BELOW,
            MIN_LENGTH, MAX_LENGTH, MIN_ITEMS, MAX_ITEMS, OTHERS, LABELS, REFERENCE, TITLE, DESCRIPTION, EXAMPLES,
            EXAMPLE, DEFAULT, DEPRECATED, META, ID, COMMENT $(, $more)*
        ]
    };
}

pub(super) static EVENT: Context = Context {
    name: "event",
    what: "an event",
    about: "What an event holds",
    words: keywords!(DEFS, OLD_DEFS, STRICT),
    ..PLAIN
};

pub(super) static TRAITS: Context = Context {
    name: "traits",
    what: "the traits",
    about: "What is known of a customer",
    words: keywords!(DEFS, OLD_DEFS, STRICT),
    ..PLAIN
};

pub(super) static RULE: Context = Context {
    name: "schema",
    what: "a schema",
    about: "What a value must be",
    words: keywords!(),
    ..PLAIN
};
