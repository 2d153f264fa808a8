//! Steps that reach beyond their run: events of our own, and other journeys (rule 12).

use std::{collections::BTreeSet, sync::Arc};

use super::{Chained, Stepper, steps::Flow};
use crate::{
    expr::Operand,
    ids::RunId,
    input::Event,
    machine::{By, Entry, Node},
    trace::{Fact, NotEntered},
    value::{Map, Value},
};

/// The source of events of our own.
pub const OWN: &str = "parcours";

impl Stepper<'_> {
    pub(super) fn emit(
        &mut self,
        id: RunId,
        node: &Node,
        event: &Arc<str>,
        with: Option<&Operand>,
    ) -> Flow {
        let properties = self.passed_on(id, with);
        let own = Event {
            customer: self.customer.key.clone(),
            name: event.clone(),
            at: self.now,
            properties,
            traits: Map::new(),
            message_id: Arc::from(""),
            source: Arc::from(OWN),
        };
        self.effects.emitted.push((id, own.clone()));
        self.chain(Chained::Event(Box::new(own)));
        let fact = Fact::Emits {
            event: event.clone(),
        };
        self.note(Some(id), Some(node.id.clone()), fact);
        Flow::To(node.next)
    }

    pub(super) fn start(
        &mut self,
        id: RunId,
        node: &Node,
        journey: &Arc<str>,
        with: Option<&Operand>,
    ) -> Flow {
        let event = self.passed_on(id, with);
        let fact = Fact::Starts {
            journey: journey.clone(),
        };
        self.note(Some(id), Some(node.id.clone()), fact);
        self.chain(Chained::Start(journey.clone(), event));
        Flow::To(node.next)
    }

    pub(super) fn stop(&mut self, id: RunId, node: &Node, journey: &Arc<str>) -> Flow {
        let fact = Fact::Stops {
            journey: journey.clone(),
        };
        self.note(Some(id), Some(node.id.clone()), fact);
        self.chain(Chained::Stop(journey.clone()));
        Flow::To(node.next)
    }

    /// The fields behind `with`: always a map.
    fn passed_on(&self, id: RunId, with: Option<&Operand>) -> Value {
        let given = self
            .run(id)
            .zip(with)
            .map(|(run, with)| with.eval(&self.view(run)));
        given.unwrap_or_else(|| Value::Map(Arc::new(Map::new())))
    }

    /// A journey is started by another, or through the API: `self.event` is what it is given.
    pub(super) fn start_journey(&mut self, journey: &Arc<str>) -> BTreeSet<RunId> {
        let machine = self.world.current(journey).cloned();
        let api = |e: &&Entry| matches!(e.by, By::Api);
        let entries: Vec<&Entry> = machine
            .iter()
            .flat_map(|m| m.entries.iter().filter(api))
            .collect();
        let Some(machine) = machine.as_ref().filter(|_| !entries.is_empty()) else {
            self.not_entered(journey, NotEntered::NotStartable);
            return BTreeSet::new();
        };
        self.first_entry(machine, &entries, None)
            .into_iter()
            .collect()
    }

    /// Every run of that journey leaves.
    pub(super) fn stop_journey(&mut self, journey: &str) {
        let inside: Vec<RunId> = self
            .customer
            .runs
            .iter()
            .filter(|r| r.left.is_none() && &*r.journey == journey)
            .map(|r| r.id)
            .collect();
        for id in inside {
            self.leave(id, Arc::from("stopped"), true);
        }
    }
}
