//! J3xx: flow.

super::codes! {
    /// A step that no run reaches.
    UNREACHABLE = "J301";
    /// `event` named after a wait (rule 19).
    EVENT_GONE = "J302";
    /// An exit by condition without a reason (rule 36).
    NAMELESS_EXIT = "J303";
    /// No arm of a split can be taken.
    WEIGHTS = "J304";
    /// `else` of a `wait_for` that never times out.
    NEVER_ELSE = "J305";
    /// A wait without an end in a journey without an exit.
    FOR_EVER = "J306";
    /// A held-out arm in a journey without a goal.
    NO_GOAL = "J307";
    /// A fragment that uses itself.
    RECURSION = "J308";
    /// A journey that starts or stops itself.
    SELF_START = "J309";
    /// Rounds without a wait between them.
    NO_WAIT = "J310";
}
