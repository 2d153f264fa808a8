//! Which queues there are to read: generations of shards, and how one follows another.
//!
//! Nothing here talks to RabbitMQ. A [`Plan`] is what follows from [`Fact`]s, taken in their order
//! ([`crate::log`]); a fact that does not fit is passed over. So of two that contradict each other the first holds.

use std::collections::BTreeSet;
use std::fmt;

/// What is said of generations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fact {
    /// What there is in the beginning.
    First(Generation),
    /// Another generation is to follow the one that there is.
    Next(Generation),
    /// All that was routed to that shard alone has been settled.
    Drained { generation: u32, shard: u32 },
    /// The queues of that generation are gone.
    Retired { generation: u32 },
}

impl Fact {
    /// From the text that [`fmt::Display`] writes; none for what a later version wrote.
    pub(crate) fn parse(text: &str) -> Option<Fact> {
        let words: Vec<&str> = text.split(' ').collect();
        let number = |at: usize| words.get(at)?.parse::<u32>().ok();
        let generation = || {
            Some(Generation {
                number: number(1)?,
                shards: number(2)?,
            })
        };
        Some(match *words.first()? {
            "first" => Fact::First(generation()?),
            "next" => Fact::Next(generation()?),
            "drained" => Fact::Drained {
                generation: number(1)?,
                shard: number(2)?,
            },
            "retired" => Fact::Retired {
                generation: number(1)?,
            },
            _ => return None,
        })
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fact::First(Generation { number, shards }) => write!(f, "first {number} {shards}"),
            Fact::Next(Generation { number, shards }) => write!(f, "next {number} {shards}"),
            Fact::Drained { generation, shard } => write!(f, "drained {generation} {shard}"),
            Fact::Retired { generation } => write!(f, "retired {generation}"),
        }
    }
}

/// Queues that share the customers among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Generation {
    /// Counts re-shardings.
    pub number: u32,
    /// How many queues.
    pub shards: u32,
}

impl Generation {
    /// What a broker begins with.
    pub(crate) fn first(shards: u32) -> Generation {
        let shards = shards.max(1);
        // The single queue of a generation 0 is called as it was before there were shards.
        let number = u32::from(shards > 1);
        Generation { number, shards }
    }

    /// Each of its queues.
    pub(crate) fn queues(self) -> impl Iterator<Item = Shard> {
        (0..self.shards).map(move |shard| Shard {
            generation: self,
            shard,
        })
    }
}

/// One queue of a generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Of which.
    pub generation: Generation,
    /// Counted from 0.
    pub shard: u32,
}

/// Which queues are read, and which are to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What is read.
    pub current: Generation,
    /// What follows it, while customers move there.
    pub next: Option<Generation>,
    /// Shards of `current` that nothing is left of.
    pub drained: BTreeSet<u32>,
}

impl Plan {
    /// What a fact makes of a plan; none before the first.
    pub(crate) fn after(plan: Option<Plan>, fact: Fact) -> Option<Plan> {
        let Some(mut plan) = plan else {
            return match fact {
                Fact::First(current) => Some(Plan {
                    current,
                    next: None,
                    drained: BTreeSet::new(),
                }),
                _ => None,
            };
        };
        match fact {
            Fact::Next(next) if plan.next.is_none() && next.number == plan.current.number + 1 => {
                plan.next = Some(next);
            }
            Fact::Drained { generation, shard }
                if plan.next.is_some()
                    && generation == plan.current.number
                    && shard < plan.current.shards =>
            {
                plan.drained.insert(shard);
            }
            Fact::Retired { generation }
                if generation == plan.current.number && plan.is_drained() =>
            {
                if let Some(next) = plan.next.take() {
                    plan.current = next;
                    plan.drained.clear();
                }
            }
            _ => {}
        }
        Some(plan)
    }

    /// The facts that it follows from.
    pub(crate) fn facts(&self) -> impl Iterator<Item = Fact> {
        let generation = self.current.number;
        let drained = self.drained.iter();
        let drained = drained.map(move |&shard| Fact::Drained { generation, shard });
        std::iter::once(Fact::First(self.current))
            .chain(self.next.map(Fact::Next))
            .chain(drained)
    }

    /// Whether nothing of `current` is left, so that `next` may be read.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        self.next.is_some() && self.drained.len() == self.current.shards as usize
    }

    /// The queues that may be read.
    pub(crate) fn sources(&self) -> impl Iterator<Item = Shard> {
        let next = self.next.filter(|_| self.is_drained());
        let queues = self.current.queues();
        queues.chain(next.into_iter().flat_map(Generation::queues))
    }

    /// The queues that exist.
    pub(crate) fn queues(&self) -> impl Iterator<Item = Shard> {
        let next = self.next.into_iter().flat_map(Generation::queues);
        self.current.queues().chain(next)
    }

    /// Whether that shard is one that nothing comes to any longer.
    pub(crate) fn is_over(&self, shard: Shard) -> bool {
        let number = shard.generation.number;
        number < self.current.number || (number == self.current.number && self.is_drained())
    }
}

#[cfg(test)]
mod tests {
    use super::{Fact, Generation, Plan};

    fn plan(log: &[&str]) -> Option<Plan> {
        let facts = log.iter().map(|line| Fact::parse(line).unwrap());
        facts.fold(None, Plan::after)
    }

    fn queues(plan: &Plan) -> Vec<(u32, u32)> {
        plan.sources()
            .map(|s| (s.generation.number, s.shard))
            .collect()
    }

    #[test]
    fn the_next_generation_is_read_when_nothing_is_left_of_the_last() {
        let mut log = vec!["first 0 1", "next 1 2"];
        assert_eq!(queues(&plan(&log).unwrap()), [(0, 0)]);
        log.push("drained 0 0");
        assert_eq!(queues(&plan(&log).unwrap()), [(0, 0), (1, 0), (1, 1)]);
        log.extend(["retired 0", "next 2 1", "drained 1 1"]);
        assert_eq!(queues(&plan(&log).unwrap()), [(1, 0), (1, 1)]);
        log.extend(["drained 1 0", "retired 1"]);
        assert_eq!(queues(&plan(&log).unwrap()), [(2, 0)]);
    }

    #[test]
    fn what_does_not_fit_is_passed_over() {
        let early = ["next 1 2", "drained 0 0", "retired 0"];
        assert_eq!(plan(&early), None);
        let log = [
            "first 0 1",
            "first 1 8",
            "drained 0 0",
            "retired 0",
            "next 2 4",
            "next 1 3",
            "next 1 5",
            "drained 1 0",
            "drained 0 7",
            "retired 0",
        ];
        let plan = plan(&log).unwrap();
        let next = Generation {
            number: 1,
            shards: 3,
        };
        assert_eq!(
            (plan.current, plan.next),
            (Generation::first(1), Some(next))
        );
        assert!(plan.drained.is_empty());
    }

    #[test]
    fn a_plan_follows_from_its_facts() {
        let logs = [
            &["first 0 1"][..],
            &[
                "first 0 1",
                "next 1 3",
                "drained 0 0",
                "retired 0",
                "next 2 4",
                "drained 1 2",
            ],
        ];
        for plan in logs.map(plan) {
            let again = plan.clone().unwrap().facts().fold(None, Plan::after);
            assert_eq!(again, plan);
        }
    }

    #[test]
    fn a_fact_is_read_as_it_was_written() {
        for text in ["first 1 4", "next 2 8", "drained 1 3", "retired 1"] {
            assert_eq!(Fact::parse(text).unwrap().to_string(), text);
        }
        for text in ["", "next 1", "next 1 x", "merged 1 2"] {
            assert_eq!(Fact::parse(text), None, "{text}");
        }
    }
}
