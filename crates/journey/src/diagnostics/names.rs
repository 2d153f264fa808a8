//! J1xx: names. Those that only expressions can get wrong are in `expressions`.

super::codes! {
    /// No such fragment.
    NO_FRAGMENT = "J112";
    /// No such segment.
    NO_SEGMENT = "J113";
    /// No such endpoint.
    NO_ENDPOINT = "J114";
    /// No such journey.
    NO_JOURNEY = "J115";
    /// A journey that nothing can start.
    NOT_STARTED = "J116";
    /// A segment, fragment or endpoint that nobody uses.
    UNUSED = "J117";
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
    /// A word that means two answers.
    TAKEN_ANSWER = "J125";
}
