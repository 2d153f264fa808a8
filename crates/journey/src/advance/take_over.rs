//! What a customer takes over from another who was merged into them. See [`merge`](super::merge).

use std::{collections::BTreeSet, sync::Arc};

use super::{
    Stepper,
    profile::{Changes, MAX_TRAITS},
};
use crate::{
    customer::{Attention, Ledger, PastSend, Suppression},
    ids::{MessageId, RunId},
    merge::{Handed, MAX_CARRIED, Person, TakeOver, consents_taken, traits_taken},
    message::Channel,
    policies::Period,
    policy,
    time::plus,
    trace::Fact,
    value::{Map, Value},
};

impl Stepper<'_> {
    /// Takes over what another hands over. Returns the runs that are ready to go on.
    pub(super) fn take_over(&mut self, taken: &TakeOver) -> BTreeSet<RunId> {
        let changes = match &taken.what {
            Handed::Person(person) => self.take_person(&taken.from, person),
            Handed::Address {
                channel,
                suppression,
            } => Changes {
                consent: self.take_suppression(*channel, suppression),
                ..Changes::default()
            },
            Handed::GivenBack { message } => Changes {
                room: self.give_back(*message),
                ..Changes::default()
            },
        };
        if changes.traits {
            self.expect_dates(self.now);
        }
        self.test_goals(None);
        self.test_exits(None);
        let mut ready = self.wake(None, changes);
        ready.extend(self.enter_by_segment());
        ready
    }

    fn take_person(&mut self, from: &Arc<str>, person: &Person) -> Changes {
        self.remember_members();
        let traits = self.take_traits(&person.traits);
        let messages = self.take_sends(&person.sends);
        self.effects.profile = true;
        let changes = Changes {
            traits: !traits.is_empty(),
            ..Changes::default()
        };
        self.note(
            None,
            None,
            Fact::TookOver {
                from: from.clone(),
                traits,
                messages,
            },
        );
        self.take_past(&person.ledger);
        let consent = self.take_wishes(&person.ledger);
        Changes { consent, ..changes }
    }

    /// Traits that the customer does not have, and devices that are new.
    fn take_traits(&mut self, others: &Map) -> Vec<Arc<str>> {
        let own = &mut self.customer.traits;
        let (mut taken, mut too_many) = (Vec::new(), false);
        for (name, value) in traits_taken(own, others) {
            if own.len() >= MAX_TRAITS && !own.contains_key(&name) {
                too_many = true;
                continue;
            }
            own.insert(name.clone(), value);
            taken.push(name);
        }
        if too_many {
            self.ignored(&format!(
                "a customer has at most {MAX_TRAITS} traits: some were left out"
            ));
        }
        taken
    }

    /// Messages that went to the other count for the caps of this customer. How many are new.
    fn take_sends(&mut self, sends: &[PastSend]) -> u32 {
        let known: BTreeSet<MessageId> = self.customer.sends.iter().map(|s| s.message).collect();
        let new: Vec<_> = sends
            .iter()
            .filter(|s| !known.contains(&s.message))
            .collect();
        let carried = &mut self.customer.ledger.carried;
        carried.extend(new.iter().copied().cloned());
        carried.sort_unstable_by_key(|s| (s.at, s.message));
        let surplus = carried.len().saturating_sub(MAX_CARRIED);
        carried.drain(..surplus);
        self.customer.count_carried();
        u32::try_from(new.len()).unwrap_or(u32::MAX)
    }

    /// What the other went through counts as gone through: entries that `again` limits, sends with a key, days of date
    /// entries.
    fn take_past(&mut self, others: &Ledger) {
        let ledger = &mut self.customer.ledger;
        for (journey, entries) in &others.entries {
            let own = ledger.entries.entry(journey.clone()).or_default();
            for (key, at) in entries {
                let last = own.entry(key.clone()).or_insert(*at);
                *last = (*last).max(*at);
            }
        }
        for (key, message) in &others.keys {
            ledger.keys.entry(key.clone()).or_insert(*message);
        }
        for (journey, dates) in &others.dates {
            let own = ledger.dates.entry(journey.clone()).or_default();
            for (entry, expected) in dates.iter().filter(|(_, e)| e.fired.is_some()) {
                let own = own.entry(*entry).or_default();
                own.fired = own.fired.max(expected.fired);
            }
        }
    }

    /// What the other wanted, and what must not be done to them. Whether anything changed that held sends wait for.
    fn take_wishes(&mut self, others: &Ledger) -> bool {
        let mut changed = self.take_consents(others);
        for (channel, suppression) in &others.suppressed {
            changed |= self.take_suppression(*channel, suppression);
        }
        if let Some(since) = others.restricted {
            changed |= self.restrict(true);
            let own = &mut self.customer.ledger.restricted;
            *own = (*own).min(Some(since));
        }
        let chosen = self.customer.ledger.preferences.joined(&others.preferences);
        if chosen != self.customer.ledger.preferences {
            if chosen.personalised == Some(false) {
                self.customer.ledger.attention = Attention::default();
            }
            self.customer.ledger.preferences = chosen;
            self.note(None, None, Fact::Preferences);
            changed = true;
        }
        changed
    }

    /// Of each purpose and channel what was said last. The words stand with the other, whose they were.
    fn take_consents(&mut self, others: &Ledger) -> bool {
        let taken = consents_taken(&self.customer.ledger, others);
        let changed = !taken.is_empty();
        for (purpose, channel, holds) in taken {
            let state = Arc::from(holds.state.as_str());
            let consents = &mut self.customer.ledger.consents;
            consents
                .entry(purpose.clone())
                .or_default()
                .insert(channel, holds);
            let channels = vec![channel];
            let fact = Fact::Consent {
                purpose,
                channels,
                state,
            };
            self.note(None, None, fact);
        }
        changed
    }

    /// One address of a channel is remembered: the one that is written to goes before any other.
    fn take_suppression(&mut self, channel: Channel, other: &Suppression) -> bool {
        let address = self.customer.address(channel);
        let in_use =
            |s: &Suppression| address.as_ref().and_then(Value::as_text) == Some(&s.address);
        let own = self.customer.ledger.suppressed.get(&channel);
        if own.is_some_and(|own| in_use(own) || !in_use(other)) {
            return false;
        }
        let reason = other.reason.clone();
        self.customer
            .ledger
            .suppressed
            .insert(channel, other.clone());
        self.effects.profile = true;
        self.note(None, None, Fact::AddressSuppressed { channel, reason });
        true
    }

    /// A message to the other did not arrive.
    fn give_back(&mut self, message: MessageId) -> bool {
        let sends = &mut self.customer.sends;
        let before = sends.len();
        sends.retain(|s| s.message != message);
        let counted = sends.len() != before;
        let carried = &mut self.customer.ledger.carried;
        let before = carried.len();
        carried.retain(|s| s.message != message);
        self.effects.profile |= carried.len() != before;
        self.free_key(message);
        self.note(None, None, Fact::GivenBack { message });
        counted
    }

    /// Messages of others that no cap reaches any more are dropped when the ledger is written anyway.
    pub(super) fn forget_carried(&mut self) {
        if !self.effects.profile || self.customer.ledger.carried.is_empty() {
            return;
        }
        let longest = self.world.horizon().max(policy::rolling(Period::Month));
        let since = plus(self.now, -longest);
        self.customer.ledger.carried.retain(|s| s.at > since);
    }
}
