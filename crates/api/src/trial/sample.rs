//! What a simulation's form begins with.

use std::fmt::Write as _;

use journey::{diagnostic::SourceFile, testing, workspace::Workspace};

/// What a form begins with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sample {
    pub(crate) customer: String,
    pub(crate) events: String,
}

impl Sample {
    pub(super) fn of(workspace: &Workspace, files: &[SourceFile], journey: &str) -> Option<Self> {
        let tests = workspace.tests.iter().find(|t| *t.journey == *journey);
        let written = tests.and_then(|tests| {
            let file = files.iter().find(|f| f.path == tests.path)?;
            let sample = testing::sample(tests, &file.text)?;
            Some(Self {
                customer: sample.0,
                events: sample.1,
            })
        });
        written.or_else(|| Self::made(workspace, journey))
    }

    /// Of the schemas: somebody who may be written to, and the event that lets them in.
    fn made(workspace: &Workspace, journey: &str) -> Option<Self> {
        let compiled = workspace
            .machines
            .iter()
            .find(|c| *c.machine.journey == *journey)?;
        let traits = workspace.schemas.sample_traits();
        let mut customer = String::new();
        for (name, value) in &traits {
            // Writing into a string cannot fail.
            let _ = writeln!(customer, "{name}: {}", json(value));
        }
        let purposes: Vec<_> = workspace.policies.purposes.keys().collect();
        if !purposes.is_empty() {
            let all: Vec<_> = purposes.iter().map(|p| format!("{p}: all")).collect();
            let _ = writeln!(customer, "consent: {{ {} }}", all.join(", "));
        }
        let event = compiled.machine.entries.iter().find_map(|e| e.event());
        let events = event.map(|name| {
            let with = workspace.schemas.sample_event(name);
            let with = with.map(|with| format!(", with: {}", json(&with)));
            format!("- {{ event: {name}{} }}\n", with.unwrap_or_default())
        });
        Some(Self {
            customer,
            events: events.unwrap_or_default(),
        })
    }
}

/// JSON is YAML.
fn json(value: &journey::value::Value) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".into())
}
