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
    /// An arm, or `else`, that those before it leave nobody for.
    COVERED = "J311";
    /// A condition that holds for everybody who gets there.
    ALWAYS = "J312";
    /// A condition that holds for nobody who gets there.
    NEVER = "J313";
    /// A step that is read where it cannot have run.
    TOO_EARLY = "J314";
    /// Journeys that set each other off without a wait.
    LOOP = "J315";
    /// An arm of a split that is never dealt.
    WEIGHTLESS = "J316";
    /// An entry or exit that another before it takes everybody from.
    SHADOWED = "J317";
}
