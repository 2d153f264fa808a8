//! Who a customer is: traits, consents, and where they can be reached.

use std::sync::Arc;

use journey::{
    customer::{ConsentState, Customer as Profile, Ledger},
    message::Channel,
};
use store::read::CustomerView;

use crate::{
    console::words::{self, When},
    i18n::say,
};

/// Whether a channel reaches them.
pub(super) struct Reach {
    pub(super) channel: String,
    pub(super) address: String,
    /// Why the address is not used, if it is not.
    pub(super) suppressed: String,
}

/// What they have said of a purpose on a channel.
pub(super) struct ConsentRow {
    pub(super) purpose: Arc<str>,
    pub(super) channel: String,
    pub(super) state: &'static str,
    pub(super) tone: &'static str,
    pub(super) since: When,
}

pub(super) fn traits(view: &CustomerView) -> Vec<(Arc<str>, String)> {
    let shown = |(name, value): (&Arc<str>, &_)| (name.clone(), words::value(value));
    view.row.traits.iter().map(shown).collect()
}

/// Reachability by the pure crate's own rule, so that the page cannot disagree with the engine.
pub(super) fn reach(view: &CustomerView) -> Vec<Reach> {
    let profile = Profile {
        traits: view.row.traits.clone(),
        ..Profile::new(&view.row.key)
    };
    Channel::ALL
        .into_iter()
        .map(|channel| {
            let address = profile.address(channel);
            let suppressed = view.ledger.suppressed.get(&channel);
            Reach {
                channel: words::channel(channel.as_str()),
                address: address.as_ref().map(words::value).unwrap_or_default(),
                suppressed: suppressed
                    .map(|s| format!("{} {}", words::reason(&s.reason), words::moment(s.at)))
                    .unwrap_or_default(),
            }
        })
        .collect()
}

pub(super) fn consents(ledger: &Ledger) -> Vec<ConsentRow> {
    let mut rows = Vec::new();
    for (purpose, channels) in &ledger.consents {
        for (channel, consent) in channels {
            let (state, tone) = match consent.state {
                ConsentState::Granted => (say("Granted"), "good"),
                ConsentState::Unconfirmed => (say("Not confirmed"), "warn"),
                ConsentState::Withdrawn => (say("Withdrawn"), "bad"),
            };
            rows.push(ConsentRow {
                purpose: purpose.clone(),
                channel: words::channel(channel.as_str()),
                state,
                tone,
                since: When(consent.at),
            });
        }
    }
    rows
}
