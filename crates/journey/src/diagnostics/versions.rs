//! J9xx: versions. They depend on what runs, so `plan` and `apply` say them, and `check` cannot.

super::codes! {
    /// `migrate.from` names a version that never was.
    UNKNOWN_VERSION = "J901";
    /// A move without a step to move to.
    MOVES_NOBODY = "J902";
    /// A journey under another name, with customers in flight.
    RENAMED = "J903";
    /// A template that runs in flight still send.
    TEMPLATE_GONE = "J904";
    /// A purpose that runs in flight still send for.
    PURPOSE_GONE = "J905";
    /// `migrate` on a version that was published before.
    TOO_LATE = "J906";
    /// An endpoint that runs in flight still call.
    ENDPOINT_GONE = "J907";
}
