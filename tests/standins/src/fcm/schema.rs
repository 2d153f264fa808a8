//! The shape of a message, as the reference of `projects.messages` has it.

use serde_json::{Map, Value as Json};

use crate::check::{Checked, Fault};

/// What a value is.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Text,
    Flag,
    Whole,
    Number,
    /// `3.5s`
    Span,
    /// RFC 3339.
    Time,
    /// One of some words, in either case.
    Word(&'static [&'static str]),
    /// An object of strings.
    Texts,
    /// Any object.
    Struct,
    ListOf(&'static Kind),
    Message(Shape),
}

use Kind::{Flag, ListOf, Message, Number, Span, Struct, Text, Texts, Time, Whole, Word};

type Shape = &'static [(&'static str, Kind)];

const REQUEST: Shape = &[("validate_only", Flag), ("message", Message(MESSAGE))];

const MESSAGE: Shape = &[
    ("name", Text),
    ("data", Texts),
    (
        "notification",
        Message(&[("title", Text), ("body", Text), ("image", Text)]),
    ),
    ("android", Message(ANDROID)),
    ("webpush", Message(WEBPUSH)),
    ("apns", Message(APNS)),
    ("fcm_options", Message(&[("analytics_label", Text)])),
    ("token", Text),
    ("topic", Text),
    ("condition", Text),
];

const ANDROID: Shape = &[
    ("collapse_key", Text),
    ("priority", Word(&["NORMAL", "HIGH"])),
    ("ttl", Span),
    ("restricted_package_name", Text),
    ("data", Texts),
    ("notification", Message(NOTIFICATION)),
    ("fcm_options", Message(&[("analytics_label", Text)])),
    ("direct_boot_ok", Flag),
    ("bandwidth_constrained_ok", Flag),
    ("restricted_satellite_ok", Flag),
];

const NOTIFICATION: Shape = &[
    ("title", Text),
    ("body", Text),
    ("icon", Text),
    ("color", Text),
    ("sound", Text),
    ("tag", Text),
    ("click_action", Text),
    ("body_loc_key", Text),
    ("body_loc_args", ListOf(&Text)),
    ("title_loc_key", Text),
    ("title_loc_args", ListOf(&Text)),
    ("channel_id", Text),
    ("ticker", Text),
    ("sticky", Flag),
    ("event_time", Time),
    ("local_only", Flag),
    (
        "notification_priority",
        Word(&[
            "PRIORITY_UNSPECIFIED",
            "PRIORITY_MIN",
            "PRIORITY_LOW",
            "PRIORITY_DEFAULT",
            "PRIORITY_HIGH",
            "PRIORITY_MAX",
        ]),
    ),
    ("default_sound", Flag),
    ("default_vibrate_timings", Flag),
    ("default_light_settings", Flag),
    ("vibrate_timings", ListOf(&Span)),
    (
        "visibility",
        Word(&["VISIBILITY_UNSPECIFIED", "PRIVATE", "PUBLIC", "SECRET"]),
    ),
    ("notification_count", Whole),
    ("light_settings", Message(LIGHT)),
    ("image", Text),
    ("bypass_proxy_notification", Flag),
    (
        "proxy",
        Word(&["PROXY_UNSPECIFIED", "ALLOW", "DENY", "IF_PRIORITY_LOWERED"]),
    ),
];

const LIGHT: Shape = &[
    (
        "color",
        Message(&[
            ("red", Number),
            ("green", Number),
            ("blue", Number),
            ("alpha", Number),
        ]),
    ),
    ("light_on_duration", Span),
    ("light_off_duration", Span),
];

const WEBPUSH: Shape = &[
    ("headers", Texts),
    ("data", Texts),
    ("notification", Struct),
    (
        "fcm_options",
        Message(&[("link", Text), ("analytics_label", Text)]),
    ),
];

const APNS: Shape = &[
    ("headers", Texts),
    ("payload", Struct),
    (
        "fcm_options",
        Message(&[("analytics_label", Text), ("image", Text)]),
    ),
    ("live_activity_token", Text),
];

/// The longest time to live, in seconds.
const FOUR_WEEKS: f64 = 2_419_200.0;

/// The body with all names in `snake_case`.
pub(super) fn read(body: &Json) -> Checked<Json> {
    let whole = check("", body, Message(REQUEST))?;
    match whole.get("message") {
        Some(_) => Ok(whole),
        None => Err(wrong("message", "is missing")),
    }
}

fn check(at: &str, value: &Json, kind: Kind) -> Checked<Json> {
    let fine = match kind {
        Text => value.is_string(),
        Flag => value.is_boolean(),
        Whole => value.is_i64(),
        Number => value.is_number(),
        Span => value.as_str().is_some_and(is_span),
        Time => value
            .as_str()
            .is_some_and(|t| t.parse::<jiff::Timestamp>().is_ok()),
        Word(words) => {
            let word = value.as_str().unwrap_or_default();
            words.iter().any(|known| known.eq_ignore_ascii_case(word))
        }
        Struct => value.is_object(),
        Texts => {
            let Some(map) = value.as_object() else {
                return Err(wrong(at, "must be an object"));
            };
            if let Some((name, _)) = map.iter().find(|(_, value)| !value.is_string()) {
                return Err(wrong(&format!("{at}.{name}"), "must be a string"));
            }
            true
        }
        ListOf(kind) => {
            let Some(list) = value.as_array() else {
                return Err(wrong(at, "must be a list"));
            };
            for (n, value) in list.iter().enumerate() {
                check(&format!("{at}[{n}]"), value, *kind)?;
            }
            true
        }
        Message(shape) => return object(at, value, shape),
    };
    match fine {
        true => Ok(value.clone()),
        false => Err(wrong(at, &format!("has an invalid value: {value}"))),
    }
}

fn object(at: &str, value: &Json, shape: Shape) -> Checked<Json> {
    let Some(map) = value.as_object() else {
        return Err(wrong(at, "must be an object"));
    };
    let mut named = Map::new();
    for (name, value) in map {
        let at = match at {
            "" => name.clone(),
            at => format!("{at}.{name}"),
        };
        let known = shape.iter().find(|(n, _)| n == name || camel(n) == *name);
        let Some((name, kind)) = known else {
            return Err(wrong(&at, "is an unknown name: cannot find field"));
        };
        if value.is_null() {
            continue;
        }
        if named
            .insert((*name).to_owned(), check(&at, value, *kind)?)
            .is_some()
        {
            return Err(wrong(&at, "is there twice"));
        }
    }
    Ok(Json::Object(named))
}

/// `collapse_key` as `collapseKey`.
fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut all, word| {
        let (head, tail) = word.split_at(1);
        all.push_str(&head.to_uppercase());
        all.push_str(tail);
        all
    })
}

/// Seconds with up to nine digits after the point, and an `s`.
fn is_span(text: &str) -> bool {
    let Some(number) = text.strip_suffix('s') else {
        return false;
    };
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits(whole)
        && digits(part)
        && part.len() <= 9
        && number
            .parse()
            .is_ok_and(|seconds: f64| seconds <= FOUR_WEEKS)
}

/// How many bytes the names and values of data and notifications have.
pub(super) fn weight(message: &Json) -> usize {
    let android = &message["android"];
    let parts = [
        &message["data"],
        &message["notification"],
        &android["data"],
        &android["notification"],
    ];
    parts.into_iter().map(bytes).sum()
}

fn bytes(value: &Json) -> usize {
    match value {
        Json::Null => 0,
        Json::String(text) => text.len(),
        Json::Array(list) => list.iter().map(bytes).sum(),
        Json::Object(map) => map.iter().map(|(n, v)| n.len() + bytes(v)).sum(),
        other => other.to_string().len(),
    }
}

fn wrong(at: &str, problem: &str) -> Fault {
    Fault {
        field: at.to_owned(),
        problem: problem.to_owned(),
    }
}
