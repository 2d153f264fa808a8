//! What a journey names outside its own file.

use std::collections::BTreeSet;

use serde_json::Value;

/// The names of what a journey, or a fragment, cannot do without.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Events that it enters or leaves on, waits for or emits.
    pub events: BTreeSet<String>,
    /// Templates of its sends and questions.
    pub templates: BTreeSet<String>,
    /// Fragments that it uses.
    pub fragments: BTreeSet<String>,
    /// Segments that it enters by.
    pub segments: BTreeSet<String>,
    /// Endpoints that it calls or hands over to.
    pub endpoints: BTreeSet<String>,
    /// Journeys that it starts or stops.
    pub journeys: BTreeSet<String>,
    /// Purposes of its sends.
    pub purposes: BTreeSet<String>,
}

impl Needs {
    /// What a journey or a fragment names, read as plain data.
    pub fn of(source: &Value) -> Self {
        let mut needs = Self::default();
        walk(source, &mut |word, value| needs.note(word, value));
        needs
    }

    /// What both need.
    pub fn and(mut self, other: Self) -> Self {
        self.events.extend(other.events);
        self.templates.extend(other.templates);
        self.fragments.extend(other.fragments);
        self.segments.extend(other.segments);
        self.endpoints.extend(other.endpoints);
        self.journeys.extend(other.journeys);
        self.purposes.extend(other.purposes);
        self
    }

    fn note(&mut self, word: &str, value: &Value) {
        let Some(name) = value.as_str() else { return };
        let names = match word {
            "event" | "emit" => &mut self.events,
            "template" => &mut self.templates,
            "use" => &mut self.fragments,
            "segment" => &mut self.segments,
            "call" | "hand_over" => &mut self.endpoints,
            "start" | "stop" => &mut self.journeys,
            "purpose" => &mut self.purposes,
            _ => return,
        };
        names.insert(name.to_owned());
    }
}

/// Every name of a tree.
pub(super) fn names(tree: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    walk(tree, &mut |name, _| {
        found.insert(name.to_owned());
    });
    found
}

/// Calls `see` with every name and value of a tree. What `with` and `set` hold are values, no words.
fn walk(tree: &Value, see: &mut impl FnMut(&str, &Value)) {
    match tree {
        Value::Object(fields) => {
            for (name, value) in fields {
                see(name, value);
                if !matches!(name.as_str(), "with" | "set") {
                    walk(value, see);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| walk(item, see)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gallery::data;

    #[test]
    fn names_are_found_in_every_branch_and_not_in_what_is_passed_on() {
        let needs = Needs::of(&data(
            "enter: { event: a }\nsteps:\n- if: x\n  then:\n  - { send: email, template: t, with: { event: none } }\n  - { call: c }\n",
        ));
        assert!(needs.events.contains("a") && needs.events.len() == 1);
        assert!(needs.templates.contains("t") && needs.endpoints.contains("c"));
    }
}
