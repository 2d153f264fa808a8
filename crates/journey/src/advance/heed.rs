//! Whether customers heed what they are sent: what fatigue goes by. Where none is declared nothing is kept.

use jiff::Timestamp;

use super::{Chained, Stepper};
use crate::{
    answer::{self, Keyword},
    ids::{MessageId, RunId},
    input::Event,
    machine::REPLIED,
    message::{Channel, Message},
    policies::{Fatigue, Heed},
    policy,
    trace::Fact,
};

impl Stepper<'_> {
    /// A message goes: from now on it may be heeded.
    pub(super) fn may_be_heeded(&mut self, message: &Message) {
        let policies = &self.world.policies;
        let Some(fatigue) = &policies.fatigue else {
            return;
        };
        let Message {
            id, at, channel, ..
        } = *message;
        // Of whoever wants nothing personal it is not watched what they do.
        let watched = self.customer.ledger.preferences.personalised != Some(false);
        if watched && fatigue.covers(policies, &message.purpose, channel) {
            let counted = fatigue.channels.contains(&channel);
            let attention = &mut self.customer.ledger.attention;
            attention.sent(id, at, channel, counted);
            self.effects.profile = true;
        }
    }

    /// A message that did not go does not speak against the customer.
    pub(super) fn cannot_be_heeded(&mut self, message: MessageId) {
        self.effects.profile |= self.customer.ledger.attention.give_back(message);
    }

    /// What the customer does with a message, if that is what the event says. Whether they get more from now on.
    pub(super) fn note_heed(&mut self, event: &Event) -> bool {
        let Some(fatigue) = self.world.policies.fatigue.as_ref() else {
            return false;
        };
        // A journey cannot heed for a customer.
        if self.chained_now || !says(fatigue, event) {
            return false;
        }
        let attention = &self.customer.ledger.attention;
        let text = |name| event.properties.field(name).as_text().map(str::to_owned);
        let heeds = match (text("message_id"), text("journey")) {
            (Some(id), _) => id.parse().is_ok_and(|id| attention.knows(MessageId(id))),
            (None, Some(_)) => self
                .find_message(event)
                .is_some_and(|(.., message)| attention.knows(message)),
            // A reply need not name the message.
            (None, None) if &*event.name == REPLIED => {
                let channel = text("channel").map(|c| c.parse::<Channel>());
                channel.is_none_or(|c| c.is_ok_and(|c| attention.has_by(Some(c))))
                    && attention.has_by(None)
            }
            (None, None) => false,
        };
        heeds && self.heed(self.now)
    }

    /// The goal of that run is reached: its messages did what they were for.
    pub(super) fn heed_by_goal(&mut self, id: RunId) {
        let fatigue = self.world.policies.fatigue.as_ref();
        if !fatigue.is_some_and(|f| f.heeds.contains(&Heed::Goal)) {
            return;
        }
        let attention = &self.customer.ledger.attention;
        let steps = self.run(id).map(|run| run.state.steps.values());
        let mut messages = steps.into_iter().flatten().filter_map(|s| s.message);
        if messages.any(|m| attention.knows(m)) && self.heed(self.now) {
            self.chain(Chained::Room);
        }
    }

    /// Whether the customer gets more from now on.
    fn heed(&mut self, now: Timestamp) -> bool {
        let policies = &self.world.policies;
        let ledger = &mut self.customer.ledger;
        let before = policy::pace(policies, ledger, now);
        let was = ledger.attention.clone();
        ledger.attention.heed();
        self.effects.profile |= ledger.attention != was;
        let after = policy::pace(policies, ledger, now);
        let (Some(before), Some(after)) = (before, after) else {
            return false;
        };
        if after.max <= before.max {
            return false;
        }
        let (max, per) = (after.max, after.per);
        self.note(None, None, Fact::Heeds { max, per });
        true
    }
}

/// Whether the event says that a message was heeded, in a way that counts.
fn says(fatigue: &Fatigue, event: &Event) -> bool {
    let counts = |heed: Heed| fatigue.heeds.contains(&heed);
    match &*event.name {
        "message.opened" => counts(Heed::Opened),
        // Who clicks has opened, whether or not the pixel came.
        "message.clicked" => counts(Heed::Clicked) || counts(Heed::Opened),
        REPLIED => {
            let text = event.properties.field("text");
            let word = text.as_text().and_then(answer::keyword);
            counts(Heed::Replied) && word != Some(Keyword::Stop)
        }
        _ => false,
    }
}
