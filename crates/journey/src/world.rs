//! The world that decisions are made in: the machines, the policies, and an index of who listens.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{SignedDuration, Timestamp};

use crate::{
    content::Offer,
    customer::Run,
    diagnostics::nearest,
    ids::MachineId,
    input::Passage,
    machine::{By, Entry, Machine, Node, NodeId, Op},
    message::Message,
    policies::{Policies, Window},
};

/// One entry of a current journey.
#[derive(Clone, Debug)]
pub struct Entering {
    /// The journey's machine.
    pub machine: Arc<Machine>,
    /// The entry's place in it.
    pub entry: u16,
}

impl Entering {
    /// The entry itself.
    pub fn get(&self) -> Option<&Entry> {
        self.machine.entries.get(usize::from(self.entry))
    }
}

/// Whether customers can enter a journey by the API, and by another journey's `start`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Startable {
    /// They can.
    Yes,
    /// It has no entry `api: true`.
    NoEntry,
    /// It is paused.
    Paused,
    /// There is no such journey.
    Unknown {
        /// The journey whose name is nearest, of those that can be entered so.
        meant: Option<Arc<str>>,
    },
}

/// A word on whether a journey is paused (rule 53).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pausing {
    /// It is, since then.
    Paused(Timestamp),
    /// It was, and goes on since then.
    Resumed(Timestamp),
}

impl Pausing {
    /// Since when.
    pub fn at(self) -> Timestamp {
        match self {
            Self::Paused(at) | Self::Resumed(at) => at,
        }
    }

    fn paused(self) -> Option<Timestamp> {
        match self {
            Self::Paused(since) => Some(since),
            Self::Resumed(_) => None,
        }
    }

    /// What such a passage says of its journey.
    pub fn of(passage: &Passage) -> Option<Self> {
        match passage {
            Passage::Pause { since } => Some(Self::Paused(*since)),
            Passage::Resume { at, .. } => Some(Self::Resumed(*at)),
            Passage::Move { .. } | Passage::Exit { .. } | Passage::Stop => None,
        }
    }
}

/// Machines, policies and routing. Immutable; engines swap it whole.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// Every machine that a run may be on, current or not.
    machines: BTreeMap<MachineId, Arc<Machine>>,
    /// The machine that new runs of each journey enter.
    current: BTreeMap<Arc<str>, MachineId>,
    /// Which current journeys can be entered by an event of that name, with the machine's index of entries.
    entering: BTreeMap<Arc<str>, Vec<Arc<Machine>>>,
    /// What applies have in store for runs on older machines.
    passages: BTreeMap<MachineId, Passage>,
    /// What was said of each journey's pausing, in order.
    pauses: BTreeMap<Arc<str>, Vec<Pausing>>,
    /// Entries of current journeys by segment.
    by_segment: Vec<Entering>,
    /// Entries of current journeys by date.
    by_date: Vec<Entering>,
    /// Limits on sends.
    pub policies: Policies,
}

impl World {
    /// A world of current machines, one per journey, and older ones that runs are still on.
    pub fn new(
        current: impl IntoIterator<Item = Arc<Machine>>,
        older: impl IntoIterator<Item = Arc<Machine>>,
        policies: Policies,
    ) -> Self {
        let mut world = Self {
            policies,
            ..Self::default()
        };
        for machine in older {
            world.machines.insert(machine.id, machine);
        }
        let current: BTreeMap<_, _> = current
            .into_iter()
            .map(|machine| (machine.journey.clone(), machine))
            .collect();
        for machine in current.into_values() {
            world.current.insert(machine.journey.clone(), machine.id);
            world.index_entries(&machine);
            let mut events: Vec<_> = machine
                .entries
                .iter()
                .filter_map(|e| e.event().cloned())
                .collect();
            events.sort();
            events.dedup();
            for event in events {
                world
                    .entering
                    .entry(event)
                    .or_default()
                    .push(machine.clone());
            }
            world.machines.insert(machine.id, machine);
        }
        world
    }

    fn index_entries(&mut self, machine: &Arc<Machine>) {
        for (place, entry) in machine.entries.iter().enumerate() {
            let entering = Entering {
                machine: machine.clone(),
                entry: u16::try_from(place).unwrap_or(u16::MAX),
            };
            match &entry.by {
                By::Segment { .. } => self.by_segment.push(entering),
                By::Date { .. } => self.by_date.push(entering),
                By::Event { .. } | By::Schedule { .. } | By::Api => {}
            }
        }
    }

    /// Adds a machine that a run is on, though new runs do not enter it.
    pub fn remember(&mut self, machine: Arc<Machine>) {
        self.machines.insert(machine.id, machine);
    }

    /// Says what becomes of runs on `from`; what was said before of that machine is void.
    pub fn pass(&mut self, from: MachineId, passage: Passage) {
        self.passages.insert(from, passage);
    }

    /// Says whether a journey is paused, later than what was said of it before.
    pub fn pause(&mut self, journey: Arc<str>, pausing: Pausing) {
        self.pauses.entry(journey).or_default().push(pausing);
    }

    /// Forgets what was said of pauses.
    pub fn forget_pauses(&mut self) {
        self.pauses.clear();
    }

    /// Whether that journey is paused, by the last word on it.
    pub fn is_paused(&self, journey: &str) -> bool {
        matches!(self.words(journey).last(), Some(Pausing::Paused(_)))
    }

    /// Whether that journey was paused at that time: what was said later changes nothing of what was
    /// decided then.
    pub fn was_paused(&self, journey: &str, at: Timestamp) -> bool {
        let mut words = self.words(journey).iter().rev();
        let held = words.find(|word| word.at() <= at);
        matches!(held, Some(Pausing::Paused(_)))
    }

    fn words(&self, journey: &str) -> &[Pausing] {
        self.pauses.get(journey).map_or(&[], Vec::as_slice)
    }

    /// What was said of its journey's pausing and asks something of a run that is inside: the first word
    /// that it has not heeded. What was over before it entered is none of its business.
    pub fn pausing(&self, run: &Run) -> Option<Passage> {
        let words = self.words(&run.journey);
        let heeded = run.state.heeded.unwrap_or(run.entered_at);
        let behind = words.partition_point(|word| word.at() <= heeded);
        // Whoever was let in by an engine that had not heard of the pause has not heeded it.
        let unheard = run.state.heeded.is_none() && behind == words.len();
        let words = &words[behind - usize::from(unheard && behind > 0)..];
        let paused = |words: &[Pausing]| words.iter().copied().find_map(Pausing::paused);
        if !run.state.is_paused_by_journey() {
            return paused(words).map(|since| Passage::Pause { since });
        }
        let resumed = words.iter().position(|word| word.paused().is_none())?;
        let (at, again) = (words[resumed].at(), paused(&words[resumed..]));
        Some(Passage::Resume { at, again })
    }

    /// What becomes of runs on that machine, if they are not to stay: nothing where the machine
    /// that they would pass to is not known here.
    pub fn passage(&self, from: MachineId) -> Option<Passage> {
        let passage = self.passages.get(&from).copied()?;
        let known = passage
            .to()
            .is_none_or(|to| self.machines.contains_key(&to));
        known.then_some(passage)
    }

    /// The machine of that id.
    pub fn machine(&self, id: MachineId) -> Option<&Arc<Machine>> {
        self.machines.get(&id)
    }

    /// The current machine of that journey.
    pub fn current(&self, journey: &str) -> Option<&Arc<Machine>> {
        self.machines.get(self.current.get(journey)?)
    }

    /// Whether customers can enter that journey by the API.
    pub fn startable(&self, journey: &str) -> Startable {
        let by_api = |m: &Machine| m.entries.iter().any(|e| e.by == By::Api);
        match self.current(journey) {
            Some(machine) if by_api(machine) && self.is_paused(journey) => Startable::Paused,
            Some(machine) if by_api(machine) => Startable::Yes,
            Some(_) => Startable::NoEntry,
            None => {
                let all = self.currents().filter(|m| by_api(m));
                let meant = nearest(journey, all.map(|m| &*m.journey));
                Startable::Unknown {
                    meant: meant.map(Arc::from),
                }
            }
        }
    }

    /// The current machines, in order of their journeys' names.
    pub fn currents(&self) -> impl Iterator<Item = &Arc<Machine>> {
        self.current.values().filter_map(|id| self.machines.get(id))
    }

    /// The current machines with an entry for that event, in order of their journeys' names.
    pub fn entered_by(&self, event: &str) -> &[Arc<Machine>] {
        self.entering.get(event).map_or(&[], Vec::as_slice)
    }

    /// Entries of current journeys by segment, in order of the journeys' names.
    pub fn entered_by_segment(&self) -> &[Entering] {
        &self.by_segment
    }

    /// Entries of current journeys by date, in order of the journeys' names.
    pub fn entered_by_date(&self) -> &[Entering] {
        &self.by_date
    }

    /// The answers that a message offers, as a customer of that locale reads them; none where it is no
    /// question with options, or nobody knows any more.
    pub fn offers(&self, message: &Message, locale: Option<&str>) -> Vec<Offer> {
        let decision = &message.decision;
        let default = &self.policies.defaults.locale;
        let machine = self.machine(decision.machine);
        match machine.and_then(|m| m.node(NodeId(decision.node))) {
            Some(Node {
                op: Op::Ask(ask), ..
            }) => ask.offers(locale.unwrap_or(default), default),
            _ => Vec::new(),
        }
    }

    /// How far back [`crate::customer::Customer::sends`] must reach: the longest cap window, fatigue's included,
    /// a calendar period counting for its longest.
    pub fn horizon(&self) -> SignedDuration {
        let day = SignedDuration::from_hours(24);
        let fatigue = self.policies.fatigue.as_ref().map(|f| f.per);
        self.policies
            .caps
            .iter()
            .map(|cap| match &cap.window {
                Window::Rolling { per } => *per,
                // A day of 25 hours, and the two days between the first and the last zone.
                Window::Calendar {
                    per: crate::policies::Period::Day,
                    ..
                } => day * 3,
                Window::Calendar {
                    per: crate::policies::Period::Week,
                    ..
                } => day * 9,
                Window::Calendar {
                    per: crate::policies::Period::Month,
                    ..
                } => day * 33,
            })
            .chain(fatigue)
            .max()
            .unwrap_or(day)
            .max(day)
    }
}
