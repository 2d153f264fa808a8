//! J1xx: names. Those that only expressions can get wrong are in `expressions`.

super::codes! {
    /// A name with characters that names do not have.
    BAD_NAME = "J120";
    /// An id that another step has.
    TAKEN_ID = "J121";
    /// `set` sets something that cannot be set.
    BAD_TARGET = "J122";
    /// Two journeys of one name.
    TAKEN_JOURNEY = "J123";
    /// A journey in a folder of another name.
    OTHER_FOLDER = "J124";
}
