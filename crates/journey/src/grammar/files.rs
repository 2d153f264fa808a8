//! The kinds of YAML files.

use super::{
    Context, Takes,
    endpoints::ENDPOINTS,
    fragments::FRAGMENT,
    head::JOURNEY,
    policies::POLICIES,
    schemas,
    segments::SEGMENT,
    settings::SETTINGS,
    sources::{CONTENT, VOUCHERS},
    stories::STORIES,
};

/// A kind of YAML file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum File {
    /// `journeys/NAME/journey.yaml`.
    Journey,
    /// `journeys/NAME/tests.yaml`.
    Tests,
    /// `config/policies.yaml`.
    Policies,
    /// `config/events/NAME.yaml`.
    Event,
    /// `config/traits.yaml`.
    Traits,
    /// `config/segments/NAME.yaml`.
    Segment,
    /// `config/endpoints.yaml`.
    Endpoints,
    /// `config/content.yaml`.
    Content,
    /// `config/vouchers.yaml`.
    Vouchers,
    /// `journeys/_fragments/NAME.yaml`.
    Fragment,
    /// `config/parcours.yaml`: of the process, not of what is published.
    Settings,
}

impl File {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::Journey,
        Self::Tests,
        Self::Policies,
        Self::Event,
        Self::Traits,
        Self::Segment,
        Self::Endpoints,
        Self::Content,
        Self::Vouchers,
        Self::Fragment,
        Self::Settings,
    ];

    /// The kind of the file at that path of a workspace, `/` between its parts; `None` for a file
    /// that is no part of the language.
    pub fn of(path: &str) -> Option<Self> {
        let stem = path
            .strip_suffix(".yaml")
            .or_else(|| path.strip_suffix(".yml"))?;
        if let Some(config) = stem.strip_prefix("config/") {
            return match config {
                "policies" => Some(Self::Policies),
                "traits" => Some(Self::Traits),
                "endpoints" => Some(Self::Endpoints),
                "content" => Some(Self::Content),
                "vouchers" => Some(Self::Vouchers),
                "parcours" => Some(Self::Settings),
                _ if config.starts_with("events/") => Some(Self::Event),
                _ if config.starts_with("segments/") => Some(Self::Segment),
                _ => None,
            };
        }
        if stem.starts_with("templates/") {
            return None;
        }
        if stem.starts_with("journeys/_fragments/") {
            return Some(Self::Fragment);
        }
        match stem.rsplit('/').next() {
            Some("tests") => Some(Self::Tests),
            _ => Some(Self::Journey),
        }
    }

    /// The name of its JSON Schema: `journey` for `config/schema/journey.json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Journey => "journey",
            Self::Tests => "tests",
            Self::Policies => "policies",
            Self::Event => "events",
            Self::Traits => "traits",
            Self::Segment => "segments",
            Self::Endpoints => "endpoints",
            Self::Content => "content",
            Self::Vouchers => "vouchers",
            Self::Fragment => "fragments",
            Self::Settings => "parcours",
        }
    }

    /// Where files of this kind stand, as a pattern from the workspace's root.
    pub fn pattern(self) -> &'static str {
        match self {
            Self::Journey => "journeys/**/journey.yaml",
            Self::Tests => "journeys/**/tests.yaml",
            Self::Policies => "config/policies.yaml",
            Self::Event => "config/events/*.yaml",
            Self::Traits => "config/traits.yaml",
            Self::Segment => "config/segments/*.yaml",
            Self::Endpoints => "config/endpoints.yaml",
            Self::Content => "config/content.yaml",
            Self::Vouchers => "config/vouchers.yaml",
            Self::Fragment => "journeys/_fragments/*.yaml",
            Self::Settings => "config/parcours.yaml",
        }
    }

    /// What stands in it.
    pub fn root(self) -> Takes {
        match self {
            Self::Journey => Takes::Fields(&JOURNEY),
            Self::Tests => STORIES,
            Self::Policies => Takes::Fields(&POLICIES),
            Self::Event => Takes::Fields(&schemas::EVENT),
            Self::Traits => Takes::Fields(&schemas::TRAITS),
            Self::Segment => Takes::Fields(&SEGMENT),
            Self::Endpoints => ENDPOINTS,
            Self::Content => CONTENT,
            Self::Vouchers => VOUCHERS,
            Self::Fragment => Takes::Fields(&FRAGMENT),
            Self::Settings => Takes::Fields(&SETTINGS),
        }
    }

    /// What it is for, in one sentence without a full stop.
    pub fn about(self) -> &'static str {
        match self {
            Self::Journey => "A journey: who enters, what happens to them, and when they leave",
            Self::Tests => "Tests of a journey in simulated time",
            Self::Policies => "What limits every send: purposes, caps, quiet hours and defaults",
            Self::Event => "What an event holds; intake refuses what does not fit",
            Self::Traits => "What is known of a customer",
            Self::Segment => "A group of customers that journeys can enter on",
            Self::Endpoints => "Services that journeys can call",
            Self::Content => "Services that messages are filled in from when they leave",
            Self::Vouchers => "Pools of codes, of which each is drawn once",
            Self::Fragment => "Steps with parameters, which journeys use",
            Self::Settings => "Settings of a process: servers, addresses, secrets and adapters",
        }
    }

    /// Every context of the file, each once, the outermost first.
    pub fn contexts(self) -> Vec<&'static Context> {
        let mut found = Vec::new();
        collect(&self.root(), &mut found);
        found
    }
}

fn collect(takes: &Takes, found: &mut Vec<&'static Context>) {
    match takes {
        Takes::Fields(context) => add(context, found),
        Takes::Steps => add(&super::steps::STEP, found),
        Takes::Schema => add(&schemas::RULE, found),
        Takes::Named { value, .. } => collect(value, found),
        Takes::List(item) | Takes::OneOrMore(item) => collect(item, found),
        Takes::Either(all) => all.iter().for_each(|t| collect(t, found)),
        _ => {}
    }
}

fn add(context: &'static Context, found: &mut Vec<&'static Context>) {
    if found.iter().any(|c| c.name == context.name) {
        return;
    }
    found.push(context);
    let forms = context.forms.iter().flat_map(super::Form::words);
    for word in context.words.iter().chain(forms) {
        collect(&word.takes, found);
    }
}
