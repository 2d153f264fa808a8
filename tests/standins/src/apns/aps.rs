//! The dictionary `aps` of a payload.

use serde_json::Value as Json;

use crate::check::{Checked, Fault, Fields, nobody_knows};

const KEYS: [&str; 19] = [
    "alert",
    "badge",
    "sound",
    "thread-id",
    "category",
    "content-available",
    "mutable-content",
    "target-content-id",
    "interruption-level",
    "relevance-score",
    "filter-criteria",
    "stale-date",
    "content-state",
    "content-changed",
    "timestamp",
    "event",
    "dismissal-date",
    "attributes-type",
    "attributes",
];
const ALERT: [&str; 11] = [
    "title",
    "subtitle",
    "body",
    "launch-image",
    "title-loc-key",
    "title-loc-args",
    "subtitle-loc-key",
    "subtitle-loc-args",
    "loc-key",
    "loc-args",
    // Of Safari's notifications.
    "action",
];
const LEVELS: [&str; 4] = ["passive", "active", "time-sensitive", "critical"];

/// What makes it no payload, or what Apple does not mind though it shows nothing of it.
pub(super) fn check(json: &Json, push_type: &str) -> Result<Vec<String>, String> {
    let aps = Fields::of(json).and_then(|payload| payload.need_object("aps"));
    let aps = aps.map_err(Fault::say)?;
    let mut remarks = nobody_knows(aps.unknown(&KEYS));
    let mut remark = |checked: Checked<Vec<String>>| match checked {
        Ok(more) => remarks.extend(more),
        Err(fault) => remarks.push(fault.say()),
    };
    remark(alert(&aps));
    remark(sound(&aps));
    remark(scalars(&aps));
    let shows = ["alert", "badge", "sound"];
    if push_type == "alert" && !shows.iter().any(|name| aps.get(name).is_some()) {
        remarks.push("an alert has neither text nor badge nor sound".to_owned());
    }
    if push_type == "background" && aps.int("content-available") != Ok(Some(1)) {
        remarks.push("a background notification has no `content-available`".to_owned());
    }
    Ok(remarks)
}

fn alert(aps: &Fields<'_>) -> Checked<Vec<String>> {
    if aps.get("alert").is_none_or(Json::is_string) {
        return Ok(Vec::new());
    }
    let alert = aps.need_object("alert")?;
    for name in ALERT {
        if name.ends_with("-args") {
            alert.list(name)?;
        } else {
            alert.text(name)?;
        }
    }
    Ok(nobody_knows(alert.unknown(&ALERT)))
}

fn sound(aps: &Fields<'_>) -> Checked<Vec<String>> {
    if aps.get("sound").is_none_or(Json::is_string) {
        return Ok(Vec::new());
    }
    let sound = aps.need_object("sound")?;
    sound.int("critical")?;
    sound.text("name")?;
    Ok(nobody_knows(sound.unknown(&["critical", "name", "volume"])))
}

fn scalars(aps: &Fields<'_>) -> Checked<Vec<String>> {
    for name in ["badge", "content-available", "mutable-content"] {
        aps.int(name)?;
    }
    for name in [
        "thread-id",
        "category",
        "target-content-id",
        "filter-criteria",
    ] {
        aps.text(name)?;
    }
    aps.one_of("interruption-level", &LEVELS)?;
    match aps.get("relevance-score").map(Json::as_f64) {
        Some(None) => Err(aps.fault("relevance-score", "must be a number")),
        Some(Some(score)) if !(0.0..=1.0).contains(&score) => {
            Err(aps.fault("relevance-score", "must be from 0 to 1"))
        }
        _ => Ok(Vec::new()),
    }
}
