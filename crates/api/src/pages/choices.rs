//! What a customer chose, told from the form: only what they changed, whatever has changed elsewhere
//! since they opened the page.

use std::{collections::BTreeSet, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use journey::{
    links::LinkKind,
    message::Channel,
    policies::{ConsentRule, Policies},
    time,
};
use serde_json::{Value, json};

use super::{Guest, say, say::Said};

/// How often, as the form offers it: its word, how many, in what time.
pub(super) const OFTEN: [(&str, u32, &str); 4] = [
    ("day", 1, "day"),
    ("three_a_week", 3, "week"),
    ("week", 1, "week"),
    ("month", 1, "month"),
];
/// For how many days messages can be paused.
pub(super) const PAUSES: [u16; 3] = [7, 30, 90];

/// A purpose on a channel, as the form names it: `marketing.email`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spot {
    pub purpose: Arc<str>,
    pub channel: Channel,
}

impl Spot {
    pub(super) fn name(&self) -> String {
        format!("{}.{}", self.purpose, self.channel)
    }

    fn of(name: &str) -> Option<Self> {
        let (purpose, channel) = name.rsplit_once('.')?;
        Some(Self {
            purpose: Arc::from(purpose),
            channel: channel.parse().ok()?,
        })
    }
}

/// The purposes that customers have a say in, on the channels where they do.
pub(super) fn spots(policies: &Policies) -> Vec<Spot> {
    let all = policies.purposes.iter().flat_map(|(purpose, rule)| {
        let channels = Channel::ALL.into_iter();
        let asks = channels.filter(|c| rule.consent_on(*c) != ConsentRule::None);
        asks.map(|channel| Spot {
            purpose: purpose.clone(),
            channel,
        })
    });
    all.collect()
}

/// A form, read.
struct Form<'f> {
    fields: &'f [(String, String)],
}

impl Form<'_> {
    fn value(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        fields.find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    fn spots(&self, name: &str) -> BTreeSet<Spot> {
        let named = self.fields.iter().filter(|(n, _)| n == name);
        named.filter_map(|(_, v)| Spot::of(v)).collect()
    }

    /// What the field says now, if the customer changed it.
    fn changed(&self, name: &str) -> Option<&str> {
        let now = self.value(name).unwrap_or_default();
        let was = self.value(&format!("was_{name}")).unwrap_or_default();
        (now != was).then_some(now)
    }
}

/// What the form says, as events.
pub(super) fn said(guest: &Guest, fields: &[(String, String)], now: Timestamp) -> Vec<Said> {
    let form = Form { fields };
    let known: BTreeSet<Spot> = spots(&guest.policies).into_iter().collect();
    if form.value("do") == Some("off") {
        return known.iter().map(|s| consent(guest, s, false)).collect();
    }
    let (was, is) = (form.spots("was"), form.spots("on"));
    let shown = form.spots("shown");
    let touched = shown.intersection(&known);
    let changed = touched.filter(|s| was.contains(s) != is.contains(s));
    let mut all: Vec<Said> = changed
        .map(|spot| consent(guest, spot, is.contains(spot)))
        .collect();
    all.extend(preferences(&form, now));
    all.extend(locale(&form));
    all
}

fn consent(guest: &Guest, spot: &Spot, given: bool) -> Said {
    // Whoever follows a link holds the address that it was sent to.
    let holds =
        matches!(&guest.link.kind, LinkKind::Preferences { channel } if *channel == spot.channel);
    let (title, about) = guest.purpose(&spot.purpose);
    let text = about.map_or_else(|| title.clone(), |about| format!("{title}. {about}"));
    let mut body = json!({
        "purpose": spot.purpose,
        "channel": spot.channel,
        "how": "preferences",
        "text": text,
        "version": say::VERSION,
        "proof": { "message_id": guest.link.message },
    });
    if given {
        body["confirmed"] = Value::Bool(holds);
    }
    Said {
        name: if given {
            "consent.granted"
        } else {
            "consent.withdrawn"
        },
        body,
    }
}

fn preferences(form: &Form<'_>, now: Timestamp) -> Option<Said> {
    let mut body = serde_json::Map::new();
    if let Some(often) = form.changed("often") {
        let known = OFTEN.iter().find(|(word, ..)| *word == often);
        let at_most = known.map(|(_, max, per)| json!({ "max": max, "per": per }));
        body.insert("at_most".into(), at_most.unwrap_or(Value::Null));
    }
    if let Some(personal) = form.changed("personal") {
        body.insert("personalised".into(), Value::Bool(personal == "yes"));
    }
    match form.value("pause").unwrap_or_default() {
        "end" => drop(body.insert("pause_until".into(), Value::Null)),
        days => {
            let days = days.parse().ok().filter(|days| PAUSES.contains(days));
            if let Some(days) = days {
                let until = time::plus(now, SignedDuration::from_hours(24 * i64::from(days)));
                body.insert("pause_until".into(), json!(until));
            }
        }
    }
    (!body.is_empty()).then_some(Said {
        name: "preferences.changed",
        body: Value::Object(body),
    })
}

fn locale(form: &Form<'_>) -> Option<Said> {
    let locale = form
        .changed("locale")
        .filter(|l| super::words::Language::of(l).is_some())?;
    Some(Said {
        name: "",
        body: json!({ "locale": locale }),
    })
}
