//! The providers of all processes that run, as one.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::View;

/// One provider of a channel.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct ProviderView {
    /// `email`, `sms`, `push`, `chat`.
    pub(crate) channel: String,
    /// Its name in the settings.
    pub(crate) provider: String,
    /// Whether its circuit is closed in every process: it does what it should.
    pub(crate) closed: bool,
    /// For how many seconds more a process leaves it alone; 0: none does.
    pub(crate) left_alone_seconds: u64,
    /// Messages that are with it.
    pub(crate) busy: u64,
    /// Messages that it took, a minute, on average over the last five.
    pub(crate) sent_a_minute: f64,
    /// Messages that it took within the last hour.
    pub(crate) sent: f64,
    /// Attempts within the last hour that are made again.
    pub(crate) retried: f64,
    /// Messages that ended unsent with it within the last hour, by reason.
    pub(crate) failed: BTreeMap<String, f64>,
}

/// In order of channel and name.
pub(super) fn of(view: &View) -> Vec<ProviderView> {
    let mut all: BTreeMap<(&str, &str), ProviderView> = BTreeMap::new();
    for seen in view.alive().flat_map(|engine| &engine.seen.providers) {
        let key = (&*seen.channel, &*seen.provider);
        let one = all.entry(key).or_insert_with(|| new(view, key));
        one.closed &= seen.closed;
        one.left_alone_seconds = one.left_alone_seconds.max(seen.left_alone_seconds);
        one.busy += seen.busy;
    }
    all.into_values().collect()
}

fn new(view: &View, (channel, provider): (&str, &str)) -> ProviderView {
    let name = format!("{channel}/{provider}");
    let exact = |what: &str, minutes| {
        let begins = format!("{what}/{name}");
        let own = view
            .each(&begins, minutes)
            .filter(|(rest, _)| rest.is_empty());
        own.map(|(_, count)| count).sum::<f64>()
    };
    let begins = format!("failed/{name}/");
    let failed = view.each(&begins, 60);
    ProviderView {
        channel: channel.to_owned(),
        provider: provider.to_owned(),
        closed: true,
        left_alone_seconds: 0,
        busy: 0,
        sent_a_minute: exact("sent", 5) / 5.0,
        sent: exact("sent", 60),
        retried: exact("retried", 60),
        failed: failed
            .filter(|(_, count)| *count > 0.0)
            .map(|(reason, count)| (reason.to_owned(), count))
            .collect(),
    }
}
