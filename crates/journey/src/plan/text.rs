//! The plan as people read it.

use std::fmt::Write as _;

use super::{
    Change, Fate, FileState, JourneyPlan, JourneyState, Plan, StepDiff, StepFlight,
    check::{changes, runs},
};

/// The plan as plain text, ending with a new line.
pub fn text(plan: &Plan) -> String {
    let mut out = Text::default();
    let changed = plan.journeys.iter().filter(|j| changes(j.state));
    for journey in changed {
        out.journey(journey);
    }
    let unchanged = plan.journeys.iter().filter(|j| !changes(j.state));
    for journey in unchanged {
        out.unchanged(journey);
    }
    out.policies(&plan.policies);
    out.templates(plan);
    out.files(plan);
    out.summary(plan);
    out.0
}

/// A number with commas: `1,204`.
pub fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[derive(Default)]
struct Text(String);

impl Text {
    fn line(&mut self, line: impl AsRef<str>) {
        self.0.push_str(line.as_ref().trim_end());
        self.0.push('\n');
    }

    fn journey(&mut self, journey: &JourneyPlan) {
        self.line(format!("{}: {}", journey.journey, state(journey)));
        if let Some(diff) = &journey.diff {
            if diff.is_empty() {
                self.line("  no step says anything else: only lines have moved");
            }
            for change in &diff.head {
                self.line(format!("  ~ {}", change.sentence()));
            }
            for step in &diff.steps {
                self.step(step);
            }
            for change in &diff.variables {
                self.line(format!("  ~ {}", change.sentence()));
            }
        }
        self.flights(journey);
        self.line("");
    }

    fn unchanged(&mut self, journey: &JourneyPlan) {
        let version = journey.from.unwrap_or_default();
        self.line(format!("{}: unchanged, version {version}", journey.journey));
        self.flights(journey);
        self.line("");
    }

    fn step(&mut self, step: &StepDiff) {
        match step {
            StepDiff::Added { step, says } => self.line(format!("  + {}: {says}", step.name())),
            StepDiff::Removed { step, says } => self.line(format!("  - {}: {says}", step.name())),
            StepDiff::Changed {
                step,
                changes,
                redrawn,
            } => {
                self.line(format!("  ~ {}", step.name()));
                for change in changes {
                    self.line(format!("      {}", change.sentence()));
                }
                if let Some(share) = redrawn {
                    self.line(format!(
                        "      {} of all customers would now get another arm",
                        share.percent()
                    ));
                }
            }
        }
    }

    fn flights(&mut self, journey: &JourneyPlan) {
        for version in &journey.flights {
            let total: u64 = version.steps.iter().map(|s| s.runs).sum();
            self.line(format!(
                "  in flight on version {}: {}",
                version.version,
                number(total)
            ));
            for step in &version.steps {
                self.flight(step, version.version);
            }
        }
    }

    fn flight(&mut self, flight: &StepFlight, version: u32) {
        let at = match &flight.step {
            Some(step) => step.name(),
            None => "a step that this version of Parcours cannot read".into(),
        };
        let held = if flight.held { ", held" } else { "" };
        self.line(format!(
            "    {:>9}  at {at}{held}: {}",
            number(flight.runs),
            flight.fate.sentence(version, flight.held)
        ));
        for redrawn in &flight.redrawn {
            let many = match redrawn.runs {
                Some(count) => format!("{} of them", number(count)),
                None => redrawn.share.percent(),
            };
            self.line(format!(
                "               {many} will get another arm of `{}` than before",
                redrawn.split
            ));
        }
    }

    fn policies(&mut self, changes: &[Change]) {
        if changes.is_empty() {
            return;
        }
        self.line("policies: changed, at once for everybody in flight too");
        for change in changes {
            self.line(format!("  ~ {}", change.sentence()));
        }
        self.line("");
    }

    fn templates(&mut self, plan: &Plan) {
        if plan.templates.is_empty() {
            return;
        }
        self.line("templates: changed, at once for messages that are not handed over yet");
        for template in &plan.templates {
            let files = template.files.iter();
            let files: Vec<_> = files
                .map(|(file, state)| format!("{file} is {}", state.word()))
                .collect();
            let journeys: Vec<_> = template.journeys.iter().map(|j| &**j).collect();
            let used = match journeys.is_empty() {
                true => "not used".to_owned(),
                false => format!("used by {}", journeys.join(", ")),
            };
            self.line(format!(
                "  ~ {}: {} ({used})",
                template.template,
                files.join(", ")
            ));
        }
        self.line("");
    }

    fn files(&mut self, plan: &Plan) {
        for (path, state) in &plan.files {
            self.line(format!("{path}: {}", state.word()));
        }
        if !plan.files.is_empty() {
            self.line("");
        }
    }

    fn summary(&mut self, plan: &Plan) {
        let count = |state| plan.journeys.iter().filter(|j| j.state == state).count();
        let states = [
            (JourneyState::New, "new"),
            (JourneyState::Changed, "changed"),
            (JourneyState::Removed, "removed"),
            (JourneyState::Unchanged, "unchanged"),
        ];
        let said = states.iter().map(|(state, word)| (count(*state), word));
        let said: Vec<_> = said
            .filter(|(n, _)| *n > 0)
            .map(|(n, word)| format!("{n} {word}"))
            .collect();
        if !said.is_empty() {
            self.line(format!("Journeys: {}.", said.join(", ")));
        }
        self.line(in_flight(plan));
    }
}

/// `In flight: 1,204 runs; 1,000 move to the new version, 204 finish on theirs.`
fn in_flight(plan: &Plan) -> String {
    let total: u64 = plan.in_flight.values().sum();
    if total == 0 {
        return "Nobody is in flight.".into();
    }
    let words = [
        ("stays", "are not touched"),
        ("finishes", "finish on their version"),
        ("moves", "move to the new version"),
        ("kept", "finish on their version, for their step is gone"),
        ("leaves", "leave"),
        ("lost", "leave, for their step is gone"),
        ("stopped", "are stopped"),
    ];
    let mut text = format!("In flight: {}", runs(total));
    let parts = words.iter().filter_map(|(fate, word)| {
        let count = plan.in_flight.get(*fate)?;
        Some(format!("{} {word}", number(*count)))
    });
    // Writing into a string does not fail.
    let _ = write!(text, "; {}.", parts.collect::<Vec<_>>().join(", "));
    text
}

fn state(journey: &JourneyPlan) -> String {
    let to = journey.to.unwrap_or_default();
    match (journey.state, journey.from, journey.back) {
        (JourneyState::New, _, false) if to > 1 => format!("published again, as version {to}"),
        (JourneyState::New, _, true) => format!("published again: version {to}, as it was"),
        (JourneyState::New, ..) => "new, version 1".into(),
        (JourneyState::Removed, Some(from), _) => {
            format!("removed; it was version {from}, and no new run enters it")
        }
        (JourneyState::Removed, None, _) => "removed before".into(),
        (JourneyState::Changed, Some(from), true) => {
            format!("back from version {from} to version {to}, as it was")
        }
        (_, Some(from), _) => format!("changed, version {from} becomes {to}"),
        (_, None, _) => format!("version {to}"),
    }
}

impl Change {
    /// `within: 2h became 3h`.
    pub fn sentence(&self) -> String {
        let what = &self.what;
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => {
                format!("{what}: {} became {}", shown(before), shown(after))
            }
            (None, Some(after)) if after.is_empty() => format!("{what} is new"),
            (None, Some(after)) => format!("{what}: {after} is new"),
            (Some(before), None) if before.is_empty() => format!("{what} is removed"),
            (Some(before), None) => format!("{what}: {before} is removed"),
            (None, None) => what.clone(),
        }
    }
}

fn shown(value: &str) -> &str {
    if value.is_empty() { "nothing" } else { value }
}

impl FileState {
    /// `new`, `changed`, `removed`.
    pub fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Removed => "removed",
        }
    }
}

impl Fate {
    /// What becomes of the runs, as the end of a sentence.
    fn sentence(&self, version: u32, held: bool) -> String {
        match self {
            Self::Stays => "not touched".into(),
            Self::Finishes => format!("finish on version {version}"),
            Self::Moves { to, .. } if held => format!("move to {}, decided anew", to.name()),
            Self::Moves { to, anew: true } => format!("move to {}, as it is now", to.name()),
            Self::Moves { to, anew: false } => format!("move to {}", to.name()),
            Self::Kept => format!("finish on version {version}, for this step is gone"),
            Self::Leaves => "leave as `migrated`".into(),
            Self::Lost => "leave as `migrated`, for this step is gone".into(),
            Self::Stopped => "leave as `stopped`".into(),
        }
    }
}
