//! J4xx: time.

super::codes! {
    /// Not a duration.
    DURATION = "J401";
    /// Longer than ten years, or negative where that makes no sense.
    TOO_LONG = "J402";
    /// Not a time of day or a window.
    HOURS = "J403";
    /// Not a time zone.
    ZONE = "J404";
    /// Not a day of the week.
    DAYS = "J405";
    /// Not a moment.
    MOMENT = "J406";
    /// A window that ends where it begins.
    NO_WINDOW = "J407";
    /// A duration of nothing.
    NO_TIME = "J408";
    /// Not a cron expression.
    CRON = "J409";
    /// A wait that nobody stays until the end of.
    BEYOND = "J411";
    /// A goal whose window is over before anything is sent.
    GOAL_TOO_SHORT = "J412";
}
