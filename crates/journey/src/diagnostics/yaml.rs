//! J0xx: the shape of a file.

super::codes! {
    /// The parser gives up.
    NOT_YAML = "J001";
    /// A tab in the indentation.
    TAB = "J002";
    /// A tag, anchor or alias swallows a value.
    SWALLOWED = "J003";
    /// A comment cuts a value.
    COMMENT = "J004";
    /// A comma cuts a value inside `{ … }`.
    COMMA = "J005";
    /// A value needs quotes.
    QUOTE = "J006";
    /// The same name twice.
    DUPLICATE = "J007";
    /// Too big, too deep, or too many aliases.
    TOO_BIG = "J008";
    /// A list where a value is expected, and the like.
    WRONG_KIND = "J009";
    /// Something that must be there is missing.
    MISSING = "J010";
    /// Not one of the values that are known here.
    UNKNOWN_VALUE = "J011";
    /// A step without a verb, or with two.
    ONE_VERB = "J012";
    /// Not a whole number, or out of range.
    NUMBER = "J013";
    /// A word that the language does not have here.
    UNKNOWN_WORD = "J014";
    /// Two words that exclude each other, or one that needs another.
    EXCLUDES = "J016";
}
