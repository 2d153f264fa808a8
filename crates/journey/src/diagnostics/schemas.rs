//! J8xx: schemas of events and traits.

super::codes! {
    /// A keyword that schemas here do not have.
    KEYWORD = "J801";
    /// A `$ref` that leads nowhere, or in a circle.
    REF = "J802";
    /// Two schemas for one event.
    TAKEN_EVENT = "J803";
    /// An event that no journey listens to.
    UNHEARD = "J804";
}
