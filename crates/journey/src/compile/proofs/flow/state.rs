//! What is known at a place.

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    compile::World,
    expr::{
        Root,
        facts::{Facts, Ground, Texts, Values},
    },
    machine::is_of_the_engine,
    message::Channel,
    policies::ConsentRule,
};

/// What is known where a step begins.
#[derive(Clone, Default)]
pub(super) struct State {
    pub(super) facts: Facts,
    /// The steps that have run on some way that leads here, by their whole ids.
    pub(super) ran: BTreeSet<Arc<str>>,
    /// Whether the current event is the one that entered.
    pub(super) entering: bool,
    /// The name of the current event, where it is known.
    pub(super) event: Option<Arc<str>>,
}

impl State {
    pub(super) fn join(mut self, other: &Self) -> Self {
        self.facts = self.facts.join(&other.facts);
        self.ran.extend(other.ran.iter().cloned());
        self.entering &= other.entering;
        if self.event != other.event {
            self.event = None;
        }
        self
    }
}

/// What a step tells that is true or false, whether it has run or not.
const FLAGS: [&str; 8] = [
    "sent",
    "delivered",
    "opened",
    "clicked",
    "replied",
    "failed",
    "suppressed",
    "matched",
];

/// What the names are at a place, whatever was tested before.
pub(super) struct At<'s> {
    pub(super) state: &'s State,
    pub(super) world: World<'s>,
}

impl At<'_> {
    /// What a field of the current event can be: what intake makes sure of. Events of our own and
    /// of the engine do not come through it.
    fn of_event(&self, names: &[Arc<str>]) -> Values {
        let by_intake = |name: &&Arc<str>| {
            !is_of_the_engine(name) && self.world.journeys.is_some_and(|j| !j.emits(name))
        };
        match self.state.event.as_ref().filter(by_intake) {
            Some(name) => self.world.schemas.sure(name, names),
            None => Values::any(),
        }
    }

    fn of_consent(&self, names: &[Arc<str>]) -> Values {
        let [purpose, channel] = names else {
            return Values::any();
        };
        let rule = channel.parse::<Channel>().ok().and_then(|channel| {
            let purpose = self.world.policies.purposes.get(purpose)?;
            Some(purpose.consent_on(channel))
        });
        match rule {
            Some(ConsentRule::None) => Values {
                no: false,
                ..Values::truth()
            },
            Some(_) => Values::truth(),
            None => Values::any(),
        }
    }
}

impl Ground for At<'_> {
    fn values(&self, root: Root, names: &[Arc<str>]) -> Values {
        let first = names.first().map(|n| &**n);
        match root {
            Root::Event => self.of_event(names),
            Root::Run if self.state.entering && first == Some("event") => {
                self.of_event(&names[1..])
            }
            Root::Run if names.len() == 1 && first == Some("key") => Values {
                texts: Texts::all(),
                ..Values::none()
            },
            Root::Consent => self.of_consent(names),
            Root::Steps if names.len() == 2 && FLAGS.contains(&&*names[1]) => Values::truth(),
            Root::Now => Values {
                others: true,
                ..Values::none()
            },
            _ => Values::any(),
        }
    }

    fn entering(&self) -> bool {
        self.state.entering
    }
}
