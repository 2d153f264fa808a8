//! The head of a journey.

use jiff::SignedDuration;

use super::{
    Fields, Reader,
    ast::{Entry, Exit, Goal, Journey, Word},
};
use crate::{
    diagnostics::{flow, yaml},
    machine::{Again, Inside},
    source::{Kind, Node, Span},
};

const DAY: SignedDuration = SignedDuration::from_hours(24);

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
            "it says which event lets a customer in: `enter: { event: cart.updated }`",
            r,
        )
        .map_or_else(Vec::new, |n| r.entries(n, &mut gate));
    let goal = f.get("goal").and_then(|n| r.goal(n));
    let (exits, stay) = f.get("exit").map_or_else(Default::default, |n| r.exits(n));
    f.not_yet(&["migrate"], r);
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
        steps,
    })
}

/// `inside` and `again`, which stand in the entry or beside `enter` (rule 17).
#[derive(Default)]
struct Gate {
    inside: Option<(Inside, Span)>,
    again: Option<(Again, Span)>,
}

impl Gate {
    fn read(&mut self, f: &mut Fields<'_>, r: &mut Reader<'_>) {
        if let Some(pair) = f.pair("inside") {
            let words = [
                ("ignore", Inside::Ignore),
                ("refresh", Inside::Refresh),
                ("restart", Inside::Restart),
            ];
            let first = self.inside.take();
            twice("inside", first.as_ref().map(|i| &i.1), &pair.name_span, r);
            self.inside = r
                .one_of(&pair.value, "way to treat the same key again", &words)
                .map(|i| (i, pair.name_span.clone()));
        }
        if let Some(pair) = f.pair("again") {
            let first = self.again.take();
            twice("again", first.as_ref().map(|a| &a.1), &pair.name_span, r);
            self.again = r.again(&pair.value).map(|a| (a, pair.name_span.clone()));
        }
    }
}

fn twice(word: &str, first: Option<&Span>, second: &Span, r: &mut Reader<'_>) {
    if let Some(first) = first {
        r.sink
            .error(
                yaml::EXCLUDES,
                second.clone(),
                format!("`{word}` is said twice"),
            )
            .labelled("the second time")
            .shown(first.clone(), "the first time")
            .noted("it holds for the whole journey: say it once, in the entry or beside `enter`");
    }
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

    fn entries(&mut self, node: &Node, gate: &mut Gate) -> Vec<Entry> {
        match &node.kind {
            Kind::List(items) if items.is_empty() => {
                self.sink
                    .error(
                        yaml::MISSING,
                        node.span.clone(),
                        "nobody can enter this journey",
                    )
                    .labelled("at least one entry is needed, such as `{ event: cart.updated }`");
                Vec::new()
            }
            Kind::List(items) => items.iter().filter_map(|n| self.entry(n, None)).collect(),
            _ => self.entry(node, Some(gate)).into_iter().collect(),
        }
    }

    /// `gate`: where `inside` and `again` go; `None` in a list, where they may not stand.
    fn entry(&mut self, node: &Node, gate: Option<&mut Gate>) -> Option<Entry> {
        let mut f = Fields::of(node, "an entry", self)?;
        let other = ["segment", "schedule", "date", "api"];
        f.not_yet(&other, self);
        let unsupported = other.iter().any(|w| node.get(w).is_some());
        let event = if unsupported {
            f.get("event")
        } else {
            f.need(
                "event",
                "a customer enters by an event: `event: cart.updated`",
                self,
            )
        };
        let entry = Entry {
            event: event.and_then(|n| self.text(n, "the name of an event")),
            condition: f.get("if").and_then(|n| self.formula(n)),
            key: f.get("key").and_then(|n| self.formula(n)),
            fresh: f.get("fresh").map_or(Some(DAY), |n| self.some_time(n)),
        };
        match gate {
            Some(gate) => gate.read(&mut f, self),
            None => self.not_in_list(&mut f),
        }
        if unsupported {
            return Some(entry);
        }
        f.finish(self);
        Some(entry)
    }

    fn not_in_list(&mut self, f: &mut Fields<'_>) {
        for word in ["inside", "again"] {
            if let Some(pair) = f.pair(word) {
                self.sink
                    .error(
                        yaml::EXCLUDES,
                        pair.name_span.clone(),
                        format!("`{word}` cannot stand in one of several entries"),
                    )
                    .labelled("write it beside `enter`")
                    .noted("it holds for the whole journey, whichever entry lets a customer in");
            }
        }
    }

    fn again(&mut self, node: &Node) -> Option<Again> {
        if !matches!(node.kind, Kind::Map(_)) {
            if let Some(text) = node
                .scalar()
                .map(|s| s.text.clone())
                .filter(|t| t.starts_with(|c: char| c.is_ascii_digit()))
            {
                let mended = format!("{{ after: {text} }}");
                self.sink
                    .error(yaml::UNKNOWN_VALUE, node.span.clone(), format!("`again: {text}` does not say enough"))
                    .labelled(format!("write `{mended}`"))
                    .noted("`again` is `never`, `always`, or `{ after: 7d }`, which counts per key unless `per: customer` is said")
                    .replaced(node.span.clone(), mended);
                return None;
            }
            return self.one_of(
                node,
                "word for `again`",
                &[("never", Again::Never), ("always", Again::Always)],
            );
        }
        let mut f = Fields::of(node, "`again`", self)?;
        let after = f
            .need(
                "after",
                "it says how long after the last entry: `again: { after: 7d }`",
                self,
            )
            .and_then(|n| self.some_time(n));
        let per_customer = f.get("per").map_or(Some(false), |n| {
            self.one_of(n, "way to count", &[("key", false), ("customer", true)])
        });
        f.finish(self);
        Some(Again::After {
            after: after?,
            per_customer: per_customer?,
        })
    }

    fn goal(&mut self, node: &Node) -> Option<Goal> {
        let mut f = Fields::of(node, "a goal", self)?;
        let goal = Goal {
            event: f
                .get("event")
                .and_then(|n| self.text(n, "the name of an event")),
            condition: f.get("if").and_then(|n| self.formula(n)),
            within: f.get("within").and_then(|n| self.some_time(n)),
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

    fn exits(&mut self, node: &Node) -> (Vec<Exit>, Option<(SignedDuration, Option<Word>)>) {
        let nodes = match &node.kind {
            Kind::List(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        let mut exits = Vec::new();
        let mut stay: Option<(SignedDuration, Option<Word>)> = None;
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
            stay = length.map(|l| (l, reason)).or(stay);
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
}
