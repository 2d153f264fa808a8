//! Names of the journey under test: steps, arms, reasons, rules.

use super::Book;
use crate::{
    diagnostic::Diagnostic,
    diagnostics::testing as codes,
    machine::{Node as Step, Op},
    message::{Channel, Reason},
    parse::ast::Word,
    policy::{FATIGUE, OWN_LIMIT, PREFERENCES, ROLE},
    source::{Node, Span},
    testing::outline,
};

impl Book<'_, '_> {
    /// A step of any kind.
    pub(super) fn step(&mut self, node: &Node) -> Option<Word> {
        let word = self.r.text(node, "the id of a step")?;
        self.known_step(&word);
        Some(word)
    }

    /// The step of that name; reported where there is none. `None` also where the journey itself
    /// has errors.
    pub(super) fn known_step(&mut self, word: &Word) -> Option<&Step> {
        let machine = self.known.machine?;
        let found = outline::find(machine, &word.text);
        if found.is_none() {
            let ids: Vec<&str> = machine.nodes.iter().map(|n| &*n.id).collect();
            let named = ids.iter().copied().filter(|id| outline::is_named(id));
            self.r
                .sink
                .error(
                    codes::NO_STEP,
                    word.span.clone(),
                    format!("the journey has no step `{}`", word.text),
                )
                .guessed(&word.text, ids.iter().copied())
                .noted(format!(
                    "steps are named by their `id`; this journey has: {}",
                    listed(named)
                ));
        }
        found
    }

    /// A step that sends a message.
    pub(super) fn sending_step(&mut self, node: &Node) -> Option<Word> {
        let word = self.r.text(node, "the id of a step that sends")?;
        self.sends(&word);
        Some(word)
    }

    pub(super) fn sends(&mut self, word: &Word) {
        let Some(machine) = self.known.machine else {
            return;
        };
        let sends = self
            .known_step(word)
            .map(|step| outline::message(step).is_some());
        if sends == Some(false) {
            let senders = machine
                .nodes
                .iter()
                .filter(|n| outline::message(n).is_some());
            let senders: Vec<&str> = senders.map(|n| &*n.id).collect();
            self.r
                .sink
                .error(
                    codes::OTHER_KIND,
                    word.span.clone(),
                    format!("the step `{}` sends no message", word.text),
                )
                .labelled("a step that sends should stand here")
                .noted(format!("these send: {}", listed(senders)));
        }
    }

    /// A step that sends and has an id: only of such a step it is kept what became of its message.
    pub(super) fn remembered_step(&mut self, node: &Node) -> Option<Word> {
        let word = self.sending_step(node)?;
        if self.known.machine.is_some() && !outline::is_named(&word.text) {
            self.r
                .sink
                .error(
                    codes::OTHER_KIND,
                    word.span.clone(),
                    format!("the step `{}` has no id of its own", word.text),
                )
                .labelled("nothing is kept of what becomes of its message")
                .noted(
                    "give the step an `id` in the journey: only then can anything be made of it",
                );
        }
        Some(word)
    }

    /// A step that hands over to a person.
    pub(super) fn handing_step(&mut self, node: &Node) -> Option<Word> {
        let word = self.r.text(node, "the id of a step that hands over")?;
        let hands_over = self
            .known_step(&word)
            .map(|s| matches!(s.op, Op::HandOver(_)));
        if hands_over == Some(false) {
            self.r
                .sink
                .error(
                    codes::OTHER_KIND,
                    word.span.clone(),
                    format!("the step `{}` hands nothing over", word.text),
                )
                .labelled("a `hand_over` should stand here");
        }
        Some(word)
    }

    /// Reports a channel by which the step does not send.
    pub(super) fn channel_of(&mut self, step: &Word, channel: Channel, place: &Span) {
        let known = self.known;
        let node = known.machine.and_then(|m| outline::find(m, &step.text));
        let Some(send) = node.and_then(outline::message) else {
            return;
        };
        if !send.channels.contains(&channel) {
            let has: Vec<&str> = send.channels.iter().map(|c| c.as_str()).collect();
            self.contradiction(place, format!("`{}` never sends by {channel}", step.text))
                .noted(format!("it sends by {}", has.join(", ")));
        }
    }

    /// Whether the split and its arm are there; reported where they are not.
    pub(super) fn arm(&mut self, split: &Word, arm: &Word) -> bool {
        let Some(machine) = self.known.machine else {
            return true;
        };
        let splits: Vec<(&str, Vec<&str>)> = machine
            .nodes
            .iter()
            .filter_map(|n| match &n.op {
                Op::Split { arms, .. } => Some((&*n.id, arms.iter().map(|a| &*a.name).collect())),
                _ => None,
            })
            .collect();
        let Some((_, arms)) = splits.iter().find(|s| s.0 == &*split.text) else {
            let names = splits.iter().map(|s| s.0);
            self.r
                .sink
                .error(
                    codes::NO_ARM,
                    split.span.clone(),
                    format!("the journey has no split `{}`", split.text),
                )
                .guessed(&split.text, names.clone())
                .noted(format!("its splits: {}", listed(names)));
            return false;
        };
        if arms.contains(&&*arm.text) {
            return true;
        }
        self.r
            .sink
            .error(
                codes::NO_ARM,
                arm.span.clone(),
                format!("the split `{}` has no arm `{}`", split.text, arm.text),
            )
            .guessed(&arm.text, arms.iter().copied())
            .noted(format!("its arms: {}", listed(arms.iter().copied())));
        false
    }

    /// A reason with which customers leave.
    pub(super) fn exit_reason(&mut self, node: &Node) -> Option<Word> {
        let word = self.r.text(node, "the reason of an exit")?;
        let Some(machine) = self.known.machine else {
            return Some(word);
        };
        let reasons = outline::reasons(machine);
        if !reasons.contains(&word.text) {
            let all = || reasons.iter().map(|r| &**r);
            self.r
                .sink
                .error(
                    codes::NO_REASON,
                    word.span.clone(),
                    format!("nobody leaves this journey as `{}`", word.text),
                )
                .guessed(&word.text, all())
                .noted(format!("it can be left as: {}", listed(all())));
        }
        Some(word)
    }

    /// Why a message did not leave.
    pub(super) fn refusal(&mut self, node: &Node) -> Option<Reason> {
        let words = Reason::ALL.map(|r| (r.as_str(), r));
        self.r
            .one_of(node, "reason for a message not to leave", &words)
    }

    /// A rule that can refuse: a cap, quiet hours, or a purpose. Says what it refuses with.
    pub(super) fn rule(&mut self, node: &Node) -> Option<(Word, Option<Reason>)> {
        let word = self
            .r
            .text(node, "the name of a cap, of quiet hours or of a purpose")?;
        let policies = self.known.policies;
        let caps = policies.caps.iter().map(|c| (&*c.name, Reason::Capped));
        let quiet = policies
            .quiet_hours
            .iter()
            .map(|q| (&*q.name, Reason::Quiet));
        let purposes = policies.purposes.keys().map(|p| (&**p, Reason::NoConsent));
        let control = policies.control_group.iter();
        let control = control.map(|_| ("control_group", Reason::ControlGroup));
        let fatigue = policies.fatigue.iter();
        let fatigue = fatigue.map(|_| (FATIGUE, Reason::Capped));
        let own = [(OWN_LIMIT, Reason::Capped)].into_iter();
        let own = own.chain(control).chain(fatigue);
        let rules = caps.chain(quiet).chain(purposes).chain(own);
        let rules: Vec<(&str, Reason)> = rules.collect();
        // What the customer chose, for which there are two reasons.
        if *word.text == *PREFERENCES {
            return Some((word, None));
        }
        // What the suppression list calls its reasons.
        let of_list = ["bounced", "complained", ROLE].contains(&&*word.text);
        let found = rules.iter().find(|r| r.0 == &*word.text).map(|r| r.1);
        if found.is_none() && !of_list {
            self.r
                .sink
                .error(
                    codes::NO_RULE,
                    word.span.clone(),
                    format!("no rule is called `{}`", word.text),
                )
                .guessed(&word.text, rules.iter().map(|r| r.0))
                .noted(format!(
                    "config/policies.yaml has: {}",
                    listed(rules.iter().map(|r| r.0).filter(|r| *r != OWN_LIMIT))
                ));
        }
        let reason = found.or(of_list.then_some(Reason::SuppressionList));
        Some((word, reason))
    }

    /// Reports expectations that exclude each other, or what the journey can do.
    pub(super) fn contradiction(
        &mut self,
        place: &Span,
        says: impl Into<String>,
    ) -> &mut Diagnostic {
        self.r
            .sink
            .error(codes::CONTRADICTION, place.clone(), says)
            .labelled("this can never be")
    }
}

/// Names for a note; `none` where there are none.
pub(super) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    match names.len() {
        0 => "none".to_owned(),
        1..=20 => names.join(", "),
        more => format!("{} and {} more", names[..20].join(", "), more - 20),
    }
}
