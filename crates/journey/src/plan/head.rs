//! A journey's head in the author's words.

use super::facets::{Facet, Facets, duration, time, word, zone};
use crate::machine::{Again, By, Entry, Exit, Goal, Inside, Machine};

/// What stands above the steps.
pub(super) fn head(machine: &Machine) -> Vec<Facet> {
    let mut facets = Facets::default();
    facets.add("title", &*machine.title);
    facets.add("priority", machine.priority.to_string());
    facets.maybe("tags", joined(machine));
    for entry in &machine.entries {
        facets.entry(entry);
    }
    if machine.inside != Inside::Ignore {
        facets.add("inside", word(machine.inside));
    }
    facets.add("again", again(machine.again));
    if let Some(goal) = &machine.goal {
        facets.goal(goal);
    }
    for exit in &machine.exits {
        facets.exit(exit);
    }
    if let Some(stay) = &machine.stay {
        facets.add(
            format!("exit {}", stay.reason),
            format!("after {}", duration(stay.after)),
        );
    }
    facets.0
}

fn joined(machine: &Machine) -> Option<String> {
    (!machine.tags.is_empty()).then(|| machine.tags.join(", "))
}

fn again(again: Again) -> String {
    match again {
        Again::Never => "never".into(),
        Again::Always => "always".into(),
        Again::After {
            after,
            per_customer,
        } => {
            let per = if per_customer { "customer" } else { "key" };
            format!("after {} per {per}", duration(after))
        }
    }
}

impl Facets {
    fn entry(&mut self, entry: &Entry) {
        let enter = match &entry.by {
            By::Event { name, .. } => format!("enter {name}"),
            By::Segment { name, .. } => format!("enter segment {name}"),
            By::Schedule { .. } => "enter schedule".into(),
            By::Date { of, .. } => format!("enter date {of}"),
            By::Api => "enter api".into(),
        };
        self.add(enter.clone(), "");
        self.condition(format!("{enter}, if"), entry.condition.as_ref());
        self.condition(format!("{enter}, key"), entry.key.as_ref());
        self.by(&enter, &entry.by);
    }

    fn by(&mut self, enter: &str, by: &By) {
        let field = |name: &str| format!("{enter}, {name}");
        match by {
            By::Event { fresh, .. } => self.span(field("fresh"), Some(*fresh)),
            By::Segment {
                condition,
                change,
                backfill,
                ..
            } => {
                self.add(field("members"), condition.source());
                self.add(field("change"), word(change));
                self.maybe(field("backfill"), backfill.then_some("true"));
            }
            By::Schedule {
                cron,
                zone,
                segment,
            } => {
                self.add(field("cron"), &**cron);
                self.add(field("zone"), &**zone);
                self.maybe(field("segment"), segment.as_ref().map(|(name, _)| &**name));
                let members = segment.as_ref().map(|(_, members)| members);
                self.condition(field("members"), members);
            }
            By::Date {
                yearly,
                offset,
                at,
                zone: of,
                ..
            } => {
                self.maybe(field("every"), yearly.then_some("year"));
                self.span(field("offset"), Some(*offset));
                self.maybe(field("at"), at.map(time));
                self.add(field("zone"), zone(of));
            }
            By::Api => {}
        }
    }

    fn goal(&mut self, goal: &Goal) {
        self.add("goal", goal.event.as_deref().unwrap_or_default());
        self.condition("goal, if", goal.condition.as_ref());
        self.span("goal, within", goal.within);
    }

    fn exit(&mut self, exit: &Exit) {
        let name = format!("exit {}", exit.reason);
        self.add(name.clone(), exit.event.as_deref().unwrap_or_default());
        self.condition(format!("{name}, if"), exit.condition.as_ref());
    }
}
