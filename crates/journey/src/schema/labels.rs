//! What kind of data a value is.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{Rule, Schema, Schemas};

/// As deep as labels are looked for in schemas that refer to themselves.
const DEEPEST: u32 = 6;

/// An item of a list, in a path.
const ITEM: &str = "[]";

/// Labels by trait, or by field.
pub type LabelsOf = BTreeMap<Arc<str>, BTreeSet<Arc<str>>>;

impl Schemas {
    /// The labels of what `customer.PATH` holds: those of the trait, of what it is in, and of what is in it. Without a
    /// path: of all traits.
    pub fn labels_of_trait<S: AsRef<str>>(&self, path: &[S]) -> BTreeSet<Arc<str>> {
        let schema = self.traits.as_ref();
        schema.map(|s| s.labels(path)).unwrap_or_default()
    }

    /// The same of a field of an event; without a path: of all of the event.
    pub fn labels_of_field<S: AsRef<str>>(&self, event: &str, path: &[S]) -> BTreeSet<Arc<str>> {
        let schema = self.events.get(event);
        schema.map(|s| s.labels(path)).unwrap_or_default()
    }

    /// The labels of an event as a whole: those of its happening at all.
    pub fn labels_of_event(&self, event: &str) -> BTreeSet<Arc<str>> {
        let schema = self.events.get(event);
        schema
            .map(|s| s.own(&s.root).into_iter().collect())
            .unwrap_or_default()
    }

    /// Every label that some trait, event or field carries.
    pub fn carried(&self) -> BTreeSet<Arc<str>> {
        let mut found = BTreeSet::new();
        for schema in self.traits.iter().chain(self.events.values()) {
            for rule in schema.definitions.values().chain([&schema.root]) {
                all(rule, &mut found);
            }
        }
        found
    }

    /// The labels of each trait that has any.
    pub fn labelled_traits(&self) -> LabelsOf {
        self.traits
            .as_ref()
            .map(Schema::labelled)
            .unwrap_or_default()
    }

    /// The labels of each field that has any, by event.
    pub fn labelled_fields(&self) -> BTreeMap<Arc<str>, LabelsOf> {
        let fields = |(event, schema): (&Arc<str>, &Schema)| (event.clone(), schema.labelled());
        let all = self.events.iter().map(fields);
        all.filter(|(_, fields)| !fields.is_empty()).collect()
    }
}

impl Schema {
    fn labelled(&self) -> LabelsOf {
        let root = self.resolve(&self.root, 0).unwrap_or(&self.root);
        let names = root.fields.keys().cloned();
        let labels = |name: Arc<str>| (name.clone(), self.labels(&[name]));
        names
            .map(labels)
            .filter(|(_, labels)| !labels.is_empty())
            .collect()
    }

    fn labels<S: AsRef<str>>(&self, path: &[S]) -> BTreeSet<Arc<str>> {
        let mut found: BTreeSet<Arc<str>> = self.own(&self.root).into_iter().collect();
        let mut here = &self.root;
        for name in path {
            let rule = self.resolve(here, 0).unwrap_or(here);
            let next = match name.as_ref() {
                ITEM => rule.items.as_deref(),
                name => rule.fields.get(name),
            };
            let Some(next) = next else {
                return found;
            };
            found.extend(self.own(next));
            here = next;
        }
        self.inside(here, 0, &mut found);
        found
    }

    /// What a rule says itself: where it is another one by name, both.
    fn own(&self, rule: &Rule) -> Vec<Arc<str>> {
        let mut found = rule.labels.clone();
        if let Some(other) = self.resolve(rule, 0) {
            found.extend(other.labels.iter().cloned());
        }
        found
    }

    fn inside(&self, rule: &Rule, depth: u32, found: &mut BTreeSet<Arc<str>>) {
        let rule = self.resolve(rule, 0).unwrap_or(rule);
        if depth >= DEEPEST {
            return;
        }
        for inner in rule.fields.values().chain(rule.items.as_deref()) {
            found.extend(self.own(inner));
            self.inside(inner, depth + 1, found);
        }
    }
}

/// The labels that a rule and those inside it carry.
fn all(rule: &Rule, found: &mut BTreeSet<Arc<str>>) {
    found.extend(rule.labels.iter().cloned());
    for inner in rule.fields.values().chain(rule.items.as_deref()) {
        all(inner, found);
    }
}
