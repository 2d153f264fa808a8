//! The head of a journey.

use super::{
    Fields, Reader,
    ast::{Exit, Goal, Journey, Stay, Word},
    gate::Gate,
};
use crate::{
    diagnostics::{flow, yaml},
    machine::{Again, InFlight, Inside, Lost, Migrate},
    source::{Kind, Node, Span},
};

/// A journey file; `None` where it has no fields at all.
pub fn journey(root: &Node, r: &mut Reader<'_>) -> Option<Journey> {
    if root.is_empty() {
        r.sink
            .error(yaml::MISSING, 0..0, "this file is empty")
            .noted("a journey begins with its name: `journey: cart-rescue`");
        return None;
    }
    let mut f = Fields::of(root, "a journey", r)?;
    let name = f
        .need(
            "journey",
            "every journey has a name: `journey: cart-rescue`",
            r,
        )
        .and_then(|n| r.text(n, "the journey's name"))
        .filter(|w| r.named(w, "the name of a journey", true));
    let (title, purpose) = (
        f.get("title").and_then(|n| r.text(n, "a title")),
        f.get("purpose").and_then(|n| r.text(n, "a purpose")),
    );
    f.get("owner").map(|n| r.text(n, "the owner"));
    let priority = f
        .get("priority")
        .and_then(|n| r.whole(n, "a priority", 0, 100));
    let tags = f.get("tags").map_or_else(Vec::new, |n| r.tags(n));
    let mut gate = Gate::default();
    gate.read(&mut f, r);
    let entries = f
        .need(
            "enter",
            "it says what lets a customer in: `enter: { event: cart.updated }`",
            r,
        )
        .map_or_else(Vec::new, |n| r.entries(n, &mut gate));
    let goal = f.get("goal").and_then(|n| r.goal(n));
    let (exits, stay) = f.get("exit").map_or_else(Default::default, |n| r.exits(n));
    let migrate = f.get("migrate").and_then(|n| r.migrate(n));
    let steps = f
        .need(
            "steps",
            "it says what happens; a journey without steps is written `steps: []`",
            r,
        )
        .map_or_else(Vec::new, |n| r.steps(n));
    f.finish(r);
    Some(Journey {
        name,
        title,
        purpose,
        priority: priority.and_then(|p| u8::try_from(p).ok()).unwrap_or(50),
        tags,
        entries,
        inside: gate.inside.map_or(Inside::Ignore, |i| i.0),
        again: gate.again.map_or(Again::Always, |a| a.0),
        goal,
        exits,
        stay,
        migrate,
        steps,
    })
}

impl Reader<'_> {
    fn tags(&mut self, node: &Node) -> Vec<Word> {
        let nodes = match &node.kind {
            Kind::List(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        let words: Vec<Word> = nodes.iter().filter_map(|n| self.text(n, "a tag")).collect();
        words
            .into_iter()
            .filter(|w| self.named(w, "a tag", true))
            .collect()
    }

    fn goal(&mut self, node: &Node) -> Option<Goal> {
        let mut f = Fields::of(node, "a goal", self)?;
        let goal = Goal {
            event: f
                .get("event")
                .and_then(|n| self.text(n, "the name of an event")),
            condition: f.get("if").and_then(|n| self.formula(n)),
            within: f
                .get("within")
                .and_then(|n| Some((self.some_time(n)?, n.span.clone()))),
        };
        let empty = node.get("event").is_none() && node.get("if").is_none();
        if empty {
            f.need(
                "event",
                "a goal is an event, a condition (`if`), or both",
                self,
            );
        }
        f.finish(self);
        (!empty).then_some(goal)
    }

    fn exits(&mut self, node: &Node) -> (Vec<Exit>, Option<Stay>) {
        let nodes = match &node.kind {
            Kind::List(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        let mut exits = Vec::new();
        let mut stay = None;
        let mut first: Option<Span> = None;
        for node in nodes {
            let Some(mut f) = Fields::of(node, "an exit", self) else {
                continue;
            };
            let Some(after) = f.pair("after") else {
                exits.extend(self.exit(node, f));
                continue;
            };
            if let Some(first) = &first {
                self.sink
                    .error(
                        yaml::EXCLUDES,
                        after.name_span.clone(),
                        "there are two longest stays",
                    )
                    .labelled("the second")
                    .shown(first.clone(), "the first")
                    .noted("a customer leaves at the shorter one: keep that");
            }
            first = Some(after.name_span.clone());
            let reason = f.get("as").and_then(|n| self.name(n, "a reason"));
            let length = self.some_time(&after.value);
            for other in ["event", "if"] {
                f.get(other);
                f.exclude(
                    "after",
                    other,
                    "make it two exits: one after a time, one by event or condition",
                    self,
                );
            }
            f.finish(self);
            let place = after.value.span.clone();
            let new = length.map(|after| Stay {
                after,
                place,
                reason,
            });
            stay = new.or(stay);
        }
        (exits, stay)
    }

    fn exit(&mut self, node: &Node, mut f: Fields<'_>) -> Option<Exit> {
        let exit = Exit {
            event: f
                .get("event")
                .and_then(|n| self.text(n, "the name of an event")),
            condition: f.get("if").and_then(|n| self.formula(n)),
            reason: f.get("as").and_then(|n| self.name(n, "a reason")),
        };
        let has = |word: &str| node.get(word).is_some();
        if !has("event") && !has("if") {
            f.need(
                "event",
                "an exit is an event, a condition (`if`), or a longest stay (`after`)",
                self,
            );
            f.finish(self);
            return None;
        }
        if !has("event") && !has("as") {
            let place = node.get("if").map_or(0..0, |n| n.span.clone());
            self.sink
                .error(flow::NAMELESS_EXIT, place, "this exit has no reason")
                .labelled("leaves when this holds, but as what?")
                .noted("an exit by event is called like its event; one by condition needs a name: add `as: asked_for_peace`, say");
        }
        f.finish(self);
        Some(exit)
    }

    fn migrate(&mut self, node: &Node) -> Option<Migrate> {
        let mut f = Fields::of(node, "`migrate`", self)?;
        let from = f
            .need(
                "from",
                "it says which versions: `from: 3`, a list of them, or `from: any`",
                self,
            )
            .map(|n| self.versions(n));
        let in_flight = f.get("in_flight").map(|n| {
            self.one_of(
                n,
                "fate of those in flight",
                &[
                    ("finish", InFlight::Finish),
                    ("move", InFlight::Move),
                    ("exit", InFlight::Exit),
                ],
            )
        });
        let lost = f.get("lost").map(|n| {
            self.one_of(
                n,
                "fate of those whose step is gone",
                &[("finish", Lost::Finish), ("exit", Lost::Exit)],
            )
        });
        f.finish(self);
        Some(Migrate {
            from: from.flatten()?,
            in_flight: in_flight.unwrap_or_default().unwrap_or_default(),
            lost: lost.unwrap_or_default().unwrap_or_default(),
        })
    }

    /// Versions by number; none for `any`.
    fn versions(&mut self, node: &Node) -> Option<Vec<u32>> {
        if node.scalar().is_some_and(|s| s.text.trim() == "any") {
            return Some(Vec::new());
        }
        let nodes = match &node.kind {
            Kind::List(items) if !items.is_empty() => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        nodes
            .iter()
            .map(|n| self.whole(n, "a version", 1, u32::MAX))
            .collect()
    }
}
