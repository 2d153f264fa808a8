//! Schedules: cron expressions of five fields (the crate behind `cron` is croner).
//!
//! A time that summer time skips fires at the end of the gap, and one that exists twice fires once.

use std::str::FromStr as _;

use cron::Cron;
use jiff::{Timestamp, tz::TimeZoneDatabase};

/// Reads a schedule.
///
/// # Errors
/// Why it is none, in a few words.
pub fn parse(text: &str) -> Result<Cron, String> {
    let fields = text.split_whitespace().count();
    if fields != 5 && !text.trim_start().starts_with('@') {
        return Err(format!("five fields are expected, this has {fields}"));
    }
    Cron::from_str(text).map_err(|e| e.to_string())
}

/// The last tick at or before `now`.
pub fn latest(text: &str, zone: &str, now: Timestamp) -> Option<Timestamp> {
    let zone = TimeZoneDatabase::bundled().get(zone).ok()?;
    let cron = parse(text).ok()?;
    let last = cron
        .find_previous_occurrence(&now.to_zoned(zone), true)
        .ok()?;
    Some(last.timestamp())
}

/// The first tick after `after`; `None` where there is none any more, or the schedule is none.
pub fn next(text: &str, zone: &str, after: Timestamp) -> Option<Timestamp> {
    let zone = TimeZoneDatabase::bundled().get(zone).ok()?;
    let cron = parse(text).ok()?;
    let next = cron
        .find_next_occurrence(&after.to_zoned(zone), false)
        .ok()?;
    Some(next.timestamp())
}
