//! J1xx: names.

super::codes! {
    /// `steps.ID` names no step.
    NO_STEP = "J101";
    /// A name with characters that names do not have.
    BAD_NAME = "J102";
    /// An id that another step has.
    TAKEN_ID = "J103";
    /// `set` sets something that cannot be set.
    BAD_TARGET = "J104";
    /// Two journeys of one name.
    TAKEN_JOURNEY = "J105";
}
