//! What messages are for, the consent that it needs, and who gets none of it.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    diagnostics::{policy, yaml},
    message::Channel,
    parse::{Fields, Reader, ast::Word},
    policies::{Basis, ConsentRule, ControlGroup, Purpose, Track},
    source::{Kind, Node, Pair},
};

const CONSENTS: [(&str, ConsentRule); 4] = [
    ("none", ConsentRule::None),
    ("opt_out", ConsentRule::OptOut),
    ("opt_in", ConsentRule::OptIn),
    ("double_opt_in", ConsentRule::DoubleOptIn),
];

const BASES: [(&str, Basis); 4] = [
    ("consent", Basis::Consent),
    ("contract", Basis::Contract),
    ("legal_obligation", Basis::LegalObligation),
    ("legitimate_interest", Basis::LegitimateInterest),
];

const TRACKED: [(&str, Track); 2] = [("opens", Track::Opens), ("clicks", Track::Clicks)];

impl Reader<'_> {
    pub(super) fn purposes(&mut self, node: &Node) -> BTreeMap<Arc<str>, Purpose> {
        let Kind::Map(pairs) = &node.kind else {
            self.wrong_kind(node, "the purposes by name");
            return BTreeMap::new();
        };
        if pairs.is_empty() {
            self.sink
                .error(
                    yaml::MISSING,
                    node.span.clone(),
                    "at least one purpose should stand here",
                )
                .noted("every message has a purpose, such as `marketing: { consent: opt_in }`");
        }
        // A purpose with a mistake is there all the same: naming it is no second mistake.
        pairs
            .iter()
            .map(|pair| {
                let word = Word {
                    text: pair.name.clone(),
                    span: pair.name_span.clone(),
                };
                self.named(&word, "a purpose", false);
                (pair.name.clone(), self.purpose(pair))
            })
            .collect()
    }

    fn purpose(&mut self, pair: &Pair) -> Purpose {
        let mut purpose = Purpose::new(ConsentRule::OptIn);
        let Some(mut f) = Fields::of(&pair.value, "a purpose", self) else {
            return purpose;
        };
        let consent = f.need(
            "consent",
            "it is one of none, opt_out, opt_in and double_opt_in",
            self,
        );
        if let Some(consent) = consent.and_then(|n| self.one_of(n, "kind of consent", &CONSENTS)) {
            purpose.consent = consent;
            purpose.basis = Basis::of(consent);
        }
        if let Some(node) = f.get("title") {
            purpose.title = self.localized(node);
        }
        if let Some(node) = f.get("about") {
            purpose.about = self.localized(node);
        }
        let basis = f.get("basis");
        purpose.overrides = f.get("overrides").and_then(|n| self.truth(n));
        purpose.personal = f.get("personal").and_then(|n| self.truth(n));
        let goes = f.get("while_restricted").and_then(|n| self.truth(n));
        purpose.while_restricted = goes.unwrap_or_default();
        if let Some(node) = f.get("track") {
            let all = match &node.kind {
                Kind::List(items) => &items[..],
                _ => std::slice::from_ref(node),
            };
            let read = all
                .iter()
                .map(|n| self.one_of(n, "thing to track", &TRACKED));
            purpose.track = read.flatten().collect();
        }
        if let Some(node) = f.get("channels") {
            if let Kind::Map(pairs) = &node.kind {
                purpose.channels = pairs
                    .iter()
                    .filter_map(|p| self.channel_consent(p))
                    .collect();
            } else {
                self.wrong_kind(
                    node,
                    "the channels that need another consent, such as `{ email: double_opt_in }`,",
                );
            }
        }
        if let Some(node) = basis {
            self.basis(node, &pair.name, &mut purpose);
        }
        f.finish(self);
        purpose
    }

    fn basis(&mut self, node: &Node, name: &str, purpose: &mut Purpose) {
        let Some(basis) = self.one_of(node, "legal basis", &BASES) else {
            return;
        };
        purpose.basis = basis;
        let rules = purpose.channels.values().chain([&purpose.consent]);
        let wrong = rules.copied().find(|rule| !basis.fits(*rule));
        let Some(rule) = wrong else { return };
        let word = |rule| CONSENTS.iter().find(|c| c.1 == rule).map_or("", |c| c.0);
        let (basis, rule) = (basis.as_str(), word(rule));
        self.sink
            .error(
                policy::BASIS,
                node.span.clone(),
                format!("`{name}` cannot rest on `{basis}` with `consent: {rule}`"),
            )
            .labelled("the one does not allow the other")
            .noted(match purpose.basis {
                Basis::Consent => "consent is asked for beforehand: `opt_in` or `double_opt_in` (GDPR art. 6(1)(a) and 7)",
                _ => "customers may object to what rests on an interest: `opt_out`, `opt_in` or `double_opt_in` (GDPR art. 6(1)(f) and 21)",
            });
    }

    fn channel_consent(&mut self, pair: &Pair) -> Option<(Channel, ConsentRule)> {
        let consent = self.one_of(&pair.value, "kind of consent", &CONSENTS);
        let Ok(channel) = pair.name.parse() else {
            self.sink
                .error(
                    yaml::UNKNOWN_VALUE,
                    pair.name_span.clone(),
                    format!("`{}` is no channel", pair.name),
                )
                .guessed(&pair.name, Channel::ALL.map(Channel::as_str))
                .noted("channels are email, sms, push and chat");
            return None;
        };
        Some((channel, consent?))
    }

    /// A purpose by name, which must be declared.
    pub(crate) fn known_purpose(&mut self, word: &Word, purposes: &BTreeMap<Arc<str>, Purpose>) {
        // Without any, the declaration itself is wrong, and reported.
        if purposes.is_empty() || purposes.contains_key(&word.text) {
            return;
        }
        let all = purposes.keys().map(|k| &**k).collect::<Vec<_>>().join(", ");
        self.sink
            .error(
                policy::NO_PURPOSE,
                word.span.clone(),
                format!("no purpose is called `{}`", word.text),
            )
            .guessed(&word.text, purposes.keys().map(|k| &**k))
            .noted(format!(
                "purposes are declared in config/policies.yaml; there are: {all}"
            ));
    }

    /// One purpose or a list of them, which must be declared.
    pub(super) fn purpose_names(
        &mut self,
        node: &Node,
        known: &BTreeMap<Arc<str>, Purpose>,
    ) -> Vec<Arc<str>> {
        let words = self.purpose_words(node, known);
        words.into_iter().map(|w| w.text).collect()
    }

    /// The same, with their places.
    pub(super) fn purpose_words(
        &mut self,
        node: &Node,
        known: &BTreeMap<Arc<str>, Purpose>,
    ) -> Vec<Word> {
        let words = self.words(node, "a purpose");
        for word in &words {
            self.known_purpose(word, known);
        }
        words
    }

    pub(super) fn control_group(
        &mut self,
        node: &Node,
        known: &BTreeMap<Arc<str>, Purpose>,
    ) -> Option<ControlGroup> {
        let mut f = Fields::of(node, "the control group", self)?;
        let percent = f.need("percent", "it is how many of a hundred customers", self);
        let basis_points = percent.and_then(|n| self.basis_points(n));
        let purposes = f
            .get("purposes")
            .map_or_else(Vec::new, |n| self.purpose_names(n, known));
        let salt = f
            .get("salt")
            .and_then(|n| self.text(n, "a word that draws other customers"));
        f.finish(self);
        Some(ControlGroup {
            basis_points: basis_points?,
            purposes,
            salt: salt.map_or_else(|| Arc::from(""), |w| w.text),
        })
    }

    fn basis_points(&mut self, node: &Node) -> Option<u32> {
        let word = self.text(node, "a number such as `5` or `2.5`")?;
        let percent: Option<f64> = word.text.trim_end_matches(['%', ' ']).parse().ok();
        let points = percent.map(|percent| percent * 100.0);
        let whole = points.filter(|p| (1.0..=5_000.0).contains(p) && (p - p.round()).abs() < 1e-6);
        if whole.is_none() || word.text.ends_with('%') {
            let diagnostic = self
                .sink
                .error(
                    policy::CONTROL,
                    word.span.clone(),
                    format!("`{}` is no share of customers", word.text),
                )
                .noted("a control group is more than 0 and at most 50 of a hundred customers, to two decimals");
            if let Some(percent) = percent.filter(|_| whole.is_some()) {
                diagnostic.rewritten(percent.to_string());
            }
            return None;
        }
        (1..=5_000).find(|points| whole.is_some_and(|w| (w - f64::from(*points)).abs() < 0.5))
    }
}
