//! What customers say of their consents: by events, and by words in a reply.

use std::sync::Arc;

use super::Stepper;
use crate::{
    answer::{self, Keyword},
    consent::{ConsentRecord, Said},
    customer::{Consent, ConsentState},
    input::Event,
    message::Channel,
    policies::ConsentRule,
    trace::Fact,
    value::Value,
};

/// How a consent was changed by a word in a reply.
const KEYWORD: &str = "keyword";

/// What a grant comes to.
pub(super) fn granted(confirmed: bool) -> ConsentState {
    if confirmed {
        ConsentState::Granted
    } else {
        ConsentState::Unconfirmed
    }
}

impl Stepper<'_> {
    /// The purpose is `marketing` unless the event names another; the channels are all unless it
    /// names some (`channel`, or a list `channels`).
    pub(super) fn change_consent(&mut self, event: &Event, state: ConsentState) -> bool {
        let purpose = event.properties.field("purpose");
        let purpose: Arc<str> = Arc::from(purpose.as_text().unwrap_or("marketing"));
        if !self.world.policies.purposes.contains_key(&purpose) {
            return self.no_consent(&format!("config/policies.yaml has no purpose {purpose}"));
        }
        let channels = channels_named(event).unwrap_or_else(|| Channel::ALL.to_vec());
        if channels.is_empty() {
            return self.no_consent("the event names no channel that there is");
        }
        let (said, left_out) = Said::of(event);
        if let Some(why) = left_out {
            self.no_consent(&why);
        }
        self.state_consents(purpose, channels, state, &said);
        true
    }

    /// Keeps what was said of a purpose on these channels, and notes it.
    pub(super) fn state_consents(
        &mut self,
        purpose: Arc<str>,
        channels: Vec<Channel>,
        state: ConsentState,
        said: &Said,
    ) {
        for &channel in &channels {
            self.state_consent(&purpose, channel, state, said);
        }
        let state = Arc::from(state.as_str());
        self.note(
            None,
            None,
            Fact::Consent {
                purpose,
                channels,
                state,
            },
        );
    }

    /// Keeps what was said, and what holds from now on.
    fn state_consent(
        &mut self,
        purpose: &Arc<str>,
        channel: Channel,
        state: ConsentState,
        said: &Said,
    ) {
        let at = self.now;
        let ledger = &mut self.customer.ledger;
        let consents = ledger.consents.entry(purpose.clone()).or_default();
        let known = consents.get(&channel).map(|c| c.state);
        // A second, unconfirmed grant takes nothing away from a confirmed one; and what was taken
        // back is taken back since then, and in that way.
        let says_less = known == Some(ConsentState::Granted) && state == ConsentState::Unconfirmed;
        let again = known == Some(ConsentState::Withdrawn) && state == ConsentState::Withdrawn;
        if !says_less && !again {
            let how = said.how.clone();
            consents.insert(channel, Consent { state, at, how });
        }
        self.effects.profile = true;
        self.effects.consents.push(ConsentRecord {
            input: self.input,
            at,
            purpose: purpose.clone(),
            channel,
            state,
            said: said.clone(),
        });
    }

    /// A reply that asks for an end withdraws every consent on its channel, whatever was asked
    /// (rule 29); one that asks for a new beginning gives those back that such a word took.
    /// Purposes without consent are not touched: they go on.
    pub(super) fn keyword(&mut self, event: &Event) -> bool {
        let text = event.properties.field("text");
        let channel = event.properties.field("channel");
        let channel = channel.as_text().and_then(|c| c.parse::<Channel>().ok());
        let (Some(channel), Some(text)) = (channel, text.as_text()) else {
            return false;
        };
        let said = Said::by_reply(KEYWORD, text);
        match answer::keyword(text) {
            Some(Keyword::Stop) => self.stop_word(channel, &said),
            Some(Keyword::Start) => self.start_word(channel, &said),
            // A journey answers it, if one does: nothing is taken or given.
            Some(Keyword::Help | Keyword::Restart | Keyword::Person) | None => false,
        }
    }

    fn stop_word(&mut self, channel: Channel, said: &Said) -> bool {
        for purpose in self.needing(channel) {
            self.state_consent(&purpose, channel, ConsentState::Withdrawn, said);
        }
        self.effects.profile = true;
        self.note(None, None, Fact::Stopped { channel });
        true
    }

    /// What was taken back in another way than by a word stays so.
    fn start_word(&mut self, channel: Channel, said: &Said) -> bool {
        let ledger = &self.customer.ledger;
        let taken: Vec<_> = self
            .needing(channel)
            .into_iter()
            .filter(|purpose| {
                let consent = ledger.consents.get(purpose).and_then(|c| c.get(&channel));
                consent.is_some_and(|c| {
                    c.state == ConsentState::Withdrawn && c.how.as_deref() == Some(KEYWORD)
                })
            })
            .collect();
        for purpose in &taken {
            // Whoever writes from an address holds it: nothing is left to confirm.
            self.state_consent(purpose, channel, ConsentState::Granted, said);
        }
        for purpose in taken.iter().cloned() {
            let (channels, state) = (vec![channel], Arc::from(ConsentState::Granted.as_str()));
            self.note(
                None,
                None,
                Fact::Consent {
                    purpose,
                    channels,
                    state,
                },
            );
        }
        !taken.is_empty()
    }

    fn needing(&self, channel: Channel) -> Vec<Arc<str>> {
        let purposes = self.world.policies.purposes.iter();
        purposes
            .filter(|(_, p)| p.consent_on(channel) != ConsentRule::None)
            .map(|(name, _)| name.clone())
            .collect()
    }

    fn no_consent(&mut self, why: &str) -> bool {
        let why = Arc::from(why);
        self.note(None, None, Fact::Ignored { why });
        false
    }
}

/// The channels that the event names, if it names any, each once. Names that are no channels are
/// left out.
pub(super) fn channels_named(event: &Event) -> Option<Vec<Channel>> {
    let one = event.properties.field("channel");
    let many = event.properties.field("channels");
    let parse = |v: &Value| v.as_text().and_then(|t| t.parse::<Channel>().ok());
    let mut named: Vec<Channel> = match (&one, &many) {
        (Value::Null, Value::Null) => return None,
        (_, Value::List(list)) => list.iter().filter_map(parse).collect(),
        (one, _) => parse(one).into_iter().collect(),
    };
    named.sort();
    named.dedup();
    Some(named)
}
