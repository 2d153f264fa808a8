//! Texts as they are held to be, for schemas of what is read by hand; and words that several rooms say.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// What a `{key}` is.
pub(super) const KEY: &str =
    "What producers call the customer, or their id. A key wins over an id.";
/// What `Accept-Language` is for.
pub(super) const LANGUAGE: &str =
    "The language of sentences, English or French, where the query names none.";
/// What `If-Match` is for.
pub(super) const IF_MATCH: &str = "The `ETag` that reading it gave the same caller: nothing is done if it is another by now (412 `changed`).";

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $schema:tt) => {
        $(#[$doc])*
        #[derive(Default)]
        pub(super) struct $name;

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

text!(
    /// A part of an address.
    Part, { "type": "string", "minLength": 1, "maxLength": 256, "pattern": r"^[^\x00]+$" }
);
text!(
    /// A header of one line.
    Header, { "type": "string" }
);
text!(
    /// An `Idempotency-Key`.
    Key, { "type": "string", "minLength": 1, "maxLength": 257, "pattern": "^([!#-~]{1,255}|\"[!#-~]{1,255}\")$" }
);
text!(
    /// A key or an id of an event: one line of at most 256 bytes.
    Id, { "type": "string", "minLength": 1, "maxLength": 256, "pattern": r"^[^\x00-\x1f\x7f-\x9f]+$" }
);
text!(
    /// The name of an event: one line of at most 128 bytes.
    Name, { "type": "string", "minLength": 1, "maxLength": 128, "pattern": r"^[^\x00-\x1f\x7f-\x9f]+$" }
);
text!(
    /// Bytes that are not looked into here.
    Bytes, { "type": "string" }
);
text!(
    /// Fields of an event, or traits.
    Fields, { "type": "object" }
);
