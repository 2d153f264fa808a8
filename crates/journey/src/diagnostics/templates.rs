//! J6xx: templates, as far as journeys name them.

super::codes! {
    /// No template of that name.
    NO_TEMPLATE = "J601";
    /// The template has no file for that channel.
    NO_CHANNEL = "J602";
}
