//! J7xx: tests of journeys.

super::codes! {
    /// A step that the journey does not have.
    NO_STEP = "J701";
    /// A step of another kind than the place asks for.
    OTHER_KIND = "J702";
    /// A split or an arm that the journey does not have.
    NO_ARM = "J703";
    /// A reason with which nobody leaves.
    NO_REASON = "J704";
    /// A rule that no policy has.
    NO_RULE = "J705";
    /// A time that cannot be.
    BAD_TIME = "J706";
    /// Expectations that exclude each other, or what the journey can do.
    CONTRADICTION = "J707";
    /// An event or trait that intake would refuse.
    REFUSED = "J708";
    /// Two tests of one name.
    TAKEN_TEST = "J709";
    /// A test that expects nothing.
    NOTHING_EXPECTED = "J710";
    /// An event that nobody listens to and nothing declares.
    NO_EVENT = "J711";
    /// A journey that does not exist.
    NO_JOURNEY = "J712";
}
