//! Where a run is and what it waits for, or why it left.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{
    Evidence, Explanation, Tongue, left_words, say,
    told::{Occasion, Told},
};
use crate::{
    machine::{Exit, Machine, Op},
    trace::Fact,
    waiting::{Arm, Waiting},
};

/// How many inputs of a run are told, the newest of them.
const MOST_TOLD: usize = 4;

/// Everything that the explanation of a run is made of.
#[derive(Clone, Debug)]
pub struct RunCase<'a> {
    /// What people call the journey.
    pub title: &'a str,
    /// Which of its versions.
    pub version: Option<i32>,
    /// The run's key; may be empty.
    pub key: &'a str,
    /// When it entered.
    pub entered_at: Timestamp,
    /// When it left, and the reason.
    pub left: Option<(Timestamp, &'a str)>,
    /// Whether it has left and only watches for its goal.
    pub watches: bool,
    /// When it reached its goal.
    pub goal_at: Option<Timestamp>,
    /// Since when it is paused.
    pub paused: Option<Timestamp>,
    /// Whether a person has paused it: only a person lets it go on.
    pub by_person: bool,
    /// How long it was paused before, in all.
    pub paused_for: SignedDuration,
    /// Its machine; `None`: it cannot be read.
    pub machine: Option<&'a Machine>,
    /// The id of the step at which it is, and its line.
    pub step: Option<(&'a str, u32)>,
    /// What it waits for.
    pub waiting: Option<&'a Waiting>,
    /// What was decided on it, as far as it is kept, the newest first.
    pub told: Vec<Told>,
}

impl RunCase<'_> {
    /// Until when its goal counts, left or not.
    fn goal_until(&self) -> Option<Timestamp> {
        let until = self.machine?.goal_until(self.entered_at)?;
        (self.watches || self.left.is_none()).then_some(until)
    }
}

/// Explains where a run is, or why it left.
pub fn explain_run(case: &RunCase<'_>, tongue: &Tongue) -> Explanation {
    let rule = case.left.map(|(_, reason)| Arc::from(reason));
    Explanation {
        language: tongue.language,
        sentence: match case.left {
            Some((at, reason)) => left(case, at, reason, tongue),
            None => inside(case, tongue),
        },
        rule: rule.or_else(|| case.step.map(|(id, _)| Arc::from(id))),
        evidence: evidence(case, tongue),
        next: next(case, tongue),
    }
}

fn inside(case: &RunCase<'_>, tongue: &Tongue) -> String {
    let title = tongue.quoted(case.title);
    let Some((step, _)) = case.step else {
        return say!(
            tongue,
            "In the journey {title}, at a step that this version cannot read.",
            "Dans le parcours {title}, à une étape que cette version ne peut pas lire."
        );
    };
    let waits = match case.waiting {
        // `at the step nudge, held: quiet hours night`: a colon is enough.
        Some(waiting) if waiting.held.is_some() => format!(", {}", waiting.say(tongue)),
        Some(waiting) => {
            let waits = waiting.say(tongue);
            say!(tongue, ": {waits}", " : {waits}")
        }
        None => say!(tongue, ": goes on at once", " : continue aussitôt"),
    };
    let until = case.waiting.and_then(|waiting| waiting.until);
    let until = match (case.paused, until) {
        (Some(since), _) => {
            let since = tongue.moment(since);
            say!(
                tongue,
                ", and is paused since {since}",
                ", et en pause depuis le {since}"
            )
        }
        (None, Some(until)) => {
            let until = tongue.moment(until);
            say!(tongue, ", until {until}", ", jusqu’au {until}")
        }
        (None, None) => String::new(),
    };
    say!(
        tongue,
        "In the journey {title}, at the step {step}{waits}{until}.",
        "Dans le parcours {title}, à l’étape {step}{waits}{until}."
    )
}

fn left(case: &RunCase<'_>, at: Timestamp, reason: &str, tongue: &Tongue) -> String {
    let (title, at) = (tongue.quoted(case.title), tongue.moment(at));
    if reason == "completed" {
        return say!(
            tongue,
            "Went through the journey {title} to its end: {at}.",
            "A suivi le parcours {title} jusqu’au bout : {at}."
        );
    }
    let why = why_left(case, reason, tongue);
    say!(
        tongue,
        "Left the journey {title} on {at}: {why}.",
        "Sorti du parcours {title} le {at} : {why}."
    )
}

fn why_left(case: &RunCase<'_>, reason: &str, tongue: &Tongue) -> String {
    let own = match reason {
        "missed" => say!(
            tongue,
            "the moment to wait for had passed",
            "le moment à attendre était passé"
        ),
        "restarted" => say!(
            tongue,
            "the same key entered anew",
            "la même clé est entrée de nouveau"
        ),
        "stopped" => say!(
            tongue,
            "it was stopped, by another journey or with a publication",
            "arrêté par un autre parcours ou lors d’une publication"
        ),
        "merged" => say!(
            tongue,
            "the customer was merged into another",
            "le client a été fusionné avec un autre"
        ),
        "migrated" => say!(
            tongue,
            "a new version took it out",
            "une nouvelle version l’a retiré"
        ),
        "by_hand" => say!(
            tongue,
            "a person took it out by hand",
            "une personne l’a sorti à la main"
        ),
        _ => String::new(),
    };
    if !own.is_empty() {
        return own;
    }
    if let Some(exit) = exit_taken(case, reason) {
        let what = on(exit, tongue);
        return say!(
            tongue,
            "its exit {reason} took it ({what})",
            "par la sortie {reason} ({what})"
        );
    }
    let nodes = case.machine.map_or(&[][..], |m| &m.nodes);
    let ends = nodes
        .iter()
        .find(|node| matches!(&node.op, Op::Exit { reason: r } if **r == *reason));
    if let Some(node) = ends {
        let (step, line) = (&node.id, node.line);
        return say!(
            tongue,
            "its step {step} (line {line}) ends it as {reason}",
            "son étape {step} (ligne {line}) y met fin : {reason}"
        );
    }
    let stay = case.machine.and_then(|m| m.stay.as_ref());
    if let Some(stay) = stay.filter(|stay| *stay.reason == *reason) {
        let span = tongue.span(stay.after);
        return say!(
            tongue,
            "its longest stay of {span} was over ({reason})",
            "sa durée maximale de {span} était écoulée ({reason})"
        );
    }
    left_words(reason, tongue)
}

/// The exit of that reason, the one of the event at hand before the others.
fn exit_taken<'a>(case: &RunCase<'a>, reason: &str) -> Option<&'a Exit> {
    let exits = &case.machine?.exits;
    let leaves = |told: &&Told| told.has(|fact| matches!(fact, Fact::Left { .. }));
    let event = case.told.iter().find(leaves).map(|told| &told.occasion);
    let of_reason = || exits.iter().filter(|exit| *exit.reason == *reason);
    let heard = |exit: &&Exit| {
        let name = exit.event.as_ref();
        name.is_some_and(|name| event == Some(&Occasion::Event(name.clone())))
    };
    of_reason().find(heard).or_else(|| of_reason().next())
}

/// `order.placed if `event.cart_id == run.key``.
fn on(exit: &Exit, tongue: &Tongue) -> String {
    Arm::new(exit.event.as_ref(), exit.condition.as_ref()).occurs(tongue)
}

fn evidence(case: &RunCase<'_>, tongue: &Tongue) -> Vec<Evidence> {
    let mut lines = vec![entered(case, tongue)];
    if let Some((step, line)) = case.step {
        let version = case.version.map_or_else(String::new, |version| {
            say!(tongue, ", version {version}", ", version {version}")
        });
        lines.push(Evidence::from(say!(
            tongue,
            "The step {step}: line {line} of `journey.yaml`{version}",
            "L’étape {step} : ligne {line} de `journey.yaml`{version}"
        )));
    }
    if case.left.is_none() {
        lines.extend(ways_out(case, tongue));
    }
    lines.extend(goal(case, tongue));
    let told = case.told.iter().take(MOST_TOLD);
    lines.extend(told.filter_map(|told| told.line(tongue)));
    lines
}

fn entered(case: &RunCase<'_>, tongue: &Tongue) -> Evidence {
    let entry = |told: &&Told| told.has(|fact| matches!(fact, Fact::Entered { .. }));
    let cause = case.told.iter().find(entry);
    let (at, key) = (tongue.moment(case.entered_at), case.key);
    let mut text = if key.is_empty() {
        say!(tongue, "Entered: {at}", "Entrée : {at}")
    } else {
        say!(
            tongue,
            "Entered with the key {key}: {at}",
            "Entrée avec la clé {key} : {at}"
        )
    };
    if let Some(occasion) = cause.map(|told| told.occasion.say(tongue)) {
        text.push_str(&format!(", {occasion}"));
    }
    Evidence {
        input: cause.map(|told| told.input),
        ..Evidence::from(text)
    }
}

fn ways_out(case: &RunCase<'_>, tongue: &Tongue) -> Vec<Evidence> {
    let exits = case.machine.map_or(&[][..], |m| &m.exits);
    let mut lines: Vec<Evidence> = exits
        .iter()
        .map(|exit| {
            let (what, reason) = (on(exit, tongue), &exit.reason);
            Evidence::from(say!(
                tongue,
                "Would leave as {reason}: {what}",
                "Sortirait par {reason} : {what}"
            ))
        })
        .collect();
    let stays = |machine: &Machine| machine.stays_until(case.entered_at, case.paused_for);
    if let Some(until) = case.machine.and_then(stays).map(|at| tongue.moment(at)) {
        lines.push(Evidence::from(say!(
            tongue,
            "Stays until {until} at the longest",
            "Reste au plus tard jusqu’au {until}"
        )));
    }
    lines
}

fn goal(case: &RunCase<'_>, tongue: &Tongue) -> Option<Evidence> {
    if let Some(at) = case.goal_at.map(|at| tongue.moment(at)) {
        return Some(Evidence::from(say!(
            tongue,
            "Goal reached: {at}",
            "Objectif atteint : {at}"
        )));
    }
    let goal = case.machine?.goal.as_ref()?;
    let what = Arm::new(goal.event.as_ref(), goal.condition.as_ref()).occurs(tongue);
    let until = case.goal_until().map(|at| tongue.moment(at));
    Some(Evidence::from(match until {
        Some(until) => say!(
            tongue,
            "Its goal, until {until}: {what}",
            "Son objectif, jusqu’au {until} : {what}"
        ),
        None if case.left.is_some() => return None,
        None => say!(tongue, "Its goal: {what}", "Son objectif : {what}"),
    }))
}

fn next(case: &RunCase<'_>, tongue: &Tongue) -> Option<String> {
    if case.left.is_some() {
        let until = case.goal_until().filter(|_| case.watches)?;
        let until = tongue.moment(until);
        return Some(say!(
            tongue,
            "Only its goal is still looked out for, until {until}.",
            "Seul son objectif est encore guetté, jusqu’au {until}."
        ));
    }
    if case.paused.is_some() && case.by_person {
        return Some(say!(
            tongue,
            "Goes on when a person lets it.",
            "Continuera quand une personne le demandera."
        ));
    }
    if case.paused.is_some() {
        return Some(say!(
            tongue,
            "Goes on when its journey does.",
            "Continuera avec son parcours."
        ));
    }
    let waiting = case.waiting?;
    let until = waiting.until.map(|at| tongue.moment(at));
    Some(match until {
        Some(until) if waiting.held.is_some() => say!(
            tongue,
            "Decided anew: {until}.",
            "Nouvelle décision : {until}."
        ),
        Some(until) => say!(
            tongue,
            "Goes on by itself: {until}.",
            "Continue de lui-même : {until}."
        ),
        None => say!(
            tongue,
            "Goes on only when something happens.",
            "Ne continue que s’il se passe quelque chose."
        ),
    })
}
