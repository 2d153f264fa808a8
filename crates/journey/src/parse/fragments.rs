//! Fragments: named lists of steps with parameters, and the places that use them (rule 33).

use std::{collections::BTreeMap, sync::Arc};

use super::{
    Fields, Reader,
    ast::{Action, Given, Use, Word},
};
use crate::{
    diagnostic::SourceFile,
    diagnostics::{Sink, flow, names, nearest, yaml},
    source::{Kind, Node, Pair, Span},
};

/// The fragments of a workspace by name.
#[derive(Debug, Default)]
pub(crate) struct Fragments(BTreeMap<Arc<str>, Fragment>);

/// A fragment before its parameters are known.
#[derive(Clone, Debug)]
pub(crate) struct Fragment {
    /// Its file.
    pub(crate) file: SourceFile,
    /// Its parameters, with the default of those that have one.
    params: Vec<(Word, Option<Node>)>,
    /// The list of its steps; absent if it is unreadable.
    steps: Option<Node>,
}

impl Fragments {
    /// No fragments.
    pub(crate) const fn none() -> Self {
        Self(BTreeMap::new())
    }

    /// Adds one.
    pub(crate) fn declare(&mut self, name: &str, fragment: Fragment) {
        self.0.insert(Arc::from(name), fragment);
    }

    /// Their names, in order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(|k| &**k)
    }
}

/// A fragment file; `name` is what its file says it is called.
pub(crate) fn fragment(root: &Node, name: &str, r: &mut Reader<'_>) -> Fragment {
    let mut made = Fragment {
        file: r.file.clone(),
        params: Vec::new(),
        steps: None,
    };
    let Some(mut f) = Fields::of(root, "a fragment", r) else {
        return made;
    };
    let named = f.need(
        "fragment",
        "every fragment has a name: `fragment: ask-for-review`",
        r,
    );
    if let Some(word) = named.and_then(|n| r.text(n, "the fragment's name")) {
        check_name(&word, name, r);
    }
    f.get("title").map(|n| r.text(n, "a title"));
    made.params = f.get("params").map_or_else(Vec::new, |n| r.params(n));
    made.steps = f
        .need(
            "steps",
            "it says what happens where the fragment is used",
            r,
        )
        .cloned();
    f.finish(r);
    made
}

fn check_name(word: &Word, file: &str, r: &mut Reader<'_>) {
    if r.named(word, "the name of a fragment", true) && &*word.text != file {
        r.sink
            .error(
                names::OTHER_FOLDER,
                word.span.clone(),
                format!("`{}` stands in the file {file}.yaml", word.text),
            )
            .labelled("not the name of the file")
            .noted("a fragment is found by its name: both must be the same")
            .replaced(word.span.clone(), file);
    }
}

/// Whether a scalar is nothing but a parameter: its name.
fn parameter(node: &Node) -> Option<&str> {
    let text = node.scalar()?.text.trim();
    let name = text.strip_prefix("param.")?;
    (!name.is_empty() && !name.contains(['.', ' '])).then_some(name)
}

/// The tree with every parameter that is written out put in. Places stay those of the fragment.
fn filled(node: &Node, values: &BTreeMap<Arc<str>, Node>) -> Node {
    let kind = match &node.kind {
        Kind::Scalar(scalar) => {
            let value = parameter(node).and_then(|name| values.get(name));
            match value.map(|v| &v.kind) {
                Some(Kind::Bad) => Kind::Bad,
                Some(Kind::Scalar(given)) => {
                    let mut put = given.clone();
                    (put.anchor, put.comment) = (None, None);
                    Kind::Scalar(put)
                }
                _ => Kind::Scalar(scalar.clone()),
            }
        }
        Kind::List(items) => Kind::List(items.iter().map(|n| filled(n, values)).collect()),
        Kind::Map(pairs) => Kind::Map(
            pairs
                .iter()
                .map(|p| Pair {
                    value: filled(&p.value, values),
                    ..p.clone()
                })
                .collect(),
        ),
        Kind::Bad => Kind::Bad,
    };
    Node {
        span: node.span.clone(),
        kind,
    }
}

/// What a use gives to its fragment.
#[derive(Default)]
struct Arguments {
    /// As values.
    given: BTreeMap<Arc<str>, Given>,
    /// Those that are written out, as they stand in the file.
    written: BTreeMap<Arc<str>, Node>,
}

impl Arguments {
    /// One that was reported: whatever names it stays silent.
    fn add_bad(&mut self, name: &Arc<str>) {
        let bad = Node {
            span: 0..0,
            kind: Kind::Bad,
        };
        self.written.insert(name.clone(), bad);
        self.given
            .insert(name.clone(), Given::Literal(crate::value::Value::Null));
    }

    fn add(&mut self, name: &Arc<str>, node: &Node, given: Given) {
        if matches!(given, Given::Literal(_)) && node.scalar().is_some() {
            self.written.insert(name.clone(), node.clone());
        }
        self.given.insert(name.clone(), given);
    }
}

impl Reader<'_> {
    /// Parameters: a list of names, or names with their defaults.
    fn params(&mut self, node: &Node) -> Vec<(Word, Option<Node>)> {
        let found: Vec<(Word, Option<Node>)> = match &node.kind {
            Kind::List(items) => items
                .iter()
                .filter_map(|n| Some((self.name(n, "the name of a parameter")?, None)))
                .collect(),
            Kind::Map(pairs) => pairs
                .iter()
                .map(|p| {
                    let word = Word {
                        text: p.name.clone(),
                        span: p.name_span.clone(),
                    };
                    (word, (!p.value.is_empty()).then(|| p.value.clone()))
                })
                .collect(),
            _ => {
                self.wrong_kind(node, "the parameters, such as `[product, delay]`,");
                Vec::new()
            }
        };
        for (word, _) in &found {
            self.named(word, "the name of a parameter", false);
        }
        found
    }

    /// `use: NAME` with its parameters, and the step's id if none is written.
    pub(super) fn use_fragment(
        &mut self,
        node: &Node,
        f: &mut Fields<'_>,
    ) -> (Action, Option<Word>) {
        let with = f.pair("with").map(|p| (&p.value, p.name_span.clone()));
        let unknown = (Action::Unknown(Vec::new()), None);
        let Some(name) = self.text(node, "the name of a fragment") else {
            return unknown;
        };
        let fragments = self.fragments;
        let Some(fragment) = fragments.0.get(&name.text) else {
            self.no_fragment(&name);
            return unknown;
        };
        if self.using.contains(&name.text) {
            self.recursion(&name);
            return unknown;
        }
        let arguments = self.arguments(&name, fragment, with);
        let id = Word {
            text: Arc::from(name.text.replace('-', "_")),
            span: name.span.clone(),
        };
        let steps = self.inlined(&name.text, fragment, &arguments.written);
        let made = Use {
            fragment: name,
            file: fragment.file.clone(),
            given: arguments.given,
            steps,
        };
        (Action::Use(Box::new(made)), Some(id))
    }

    fn inlined(
        &mut self,
        name: &Arc<str>,
        fragment: &Fragment,
        written: &BTreeMap<Arc<str>, Node>,
    ) -> Vec<super::ast::Step> {
        let Some(steps) = &fragment.steps else {
            return Vec::new();
        };
        let mut using = self.using.clone();
        using.push(name.clone());
        let mut sink = Sink::new(&fragment.file);
        let steps = Reader {
            in_condition: false,
            file: &fragment.file,
            sink: &mut sink,
            fragments: self.fragments,
            using,
        }
        .steps(&filled(steps, written));
        self.sink.absorb(sink);
        steps
    }

    fn no_fragment(&mut self, name: &Word) {
        let known: Vec<&str> = self.fragments.names().collect();
        let diagnostic = self
            .sink
            .error(
                names::NO_FRAGMENT,
                name.span.clone(),
                format!("no fragment is called `{}`", name.text),
            )
            .guessed(&name.text, known.iter().copied());
        if known.is_empty() {
            diagnostic.noted(format!(
                "a fragment is a file journeys/_fragments/{}.yaml with `fragment`, `params` and `steps`",
                name.text
            ));
        } else {
            diagnostic.noted(format!("there are: {}", known.join(", ")));
        }
    }

    fn recursion(&mut self, name: &Word) {
        let mut way: Vec<&str> = self.using.iter().map(|n| &**n).collect();
        way.push(&name.text);
        self.sink
            .error(
                flow::RECURSION,
                name.span.clone(),
                format!("the fragment `{}` uses itself", name.text),
            )
            .labelled("this would never end")
            .noted(format!("the way: {}", way.join(" uses ")))
            .noted("for rounds of the same steps there is `repeat`");
    }

    fn arguments(
        &mut self,
        name: &Word,
        fragment: &Fragment,
        with: Option<(&Node, Span)>,
    ) -> Arguments {
        let mut found = Arguments::default();
        for (param, default) in &fragment.params {
            if let Some(node) = default
                && let Some(given) = self.default_of(fragment, node)
            {
                found.add(&param.text, node, given);
            }
        }
        match with.as_ref().map(|(node, _)| (&node.kind, node)) {
            Some((Kind::Map(pairs), _)) => {
                for pair in pairs {
                    self.argument(pair, fragment, &mut found);
                }
            }
            Some((Kind::Bad, _)) | None => {}
            Some((_, node)) => self.wrong_kind(node, "named parameters, such as `{ delay: 2d }`,"),
        }
        let place = with.map_or_else(|| name.span.clone(), |w| w.1);
        self.lacking(name, fragment, &place, &mut found);
        found
    }

    fn default_of(&mut self, fragment: &Fragment, node: &Node) -> Option<Given> {
        let mut sink = Sink::new(&fragment.file);
        let given = Reader::new(&fragment.file, &mut sink).given(node);
        self.sink.absorb(sink);
        given
    }

    fn argument(&mut self, pair: &Pair, fragment: &Fragment, found: &mut Arguments) {
        let known = fragment.params.iter().map(|p| &*p.0.text);
        if !known.clone().any(|k| k == &*pair.name) {
            let list: Vec<&str> = known.clone().collect();
            // Probably meant: that it is missing is no second mistake.
            if let Some(meant) = nearest(&pair.name, known.clone()) {
                found.add_bad(&Arc::from(meant));
            }
            self.sink
                .error(
                    yaml::UNKNOWN_WORD,
                    pair.name_span.clone(),
                    format!("this fragment has no parameter `{}`", pair.name),
                )
                .guessed(&pair.name, known)
                .noted(format!("it has: {}", list.join(", ")));
            return;
        }
        found.written.remove(&pair.name);
        match self.given(&pair.value) {
            Some(given) => found.add(&pair.name, &pair.value, given),
            None => found.add_bad(&pair.name),
        }
    }

    fn lacking(&mut self, name: &Word, fragment: &Fragment, place: &Span, found: &mut Arguments) {
        for (param, _) in &fragment.params {
            if found.given.contains_key(&param.text) {
                continue;
            }
            self.sink
                .error(
                    yaml::MISSING,
                    place.clone(),
                    format!("the fragment `{}` needs `{}`", name.text, param.text),
                )
                .labelled(format!("there is no `{}` here", param.text))
                .noted(format!("give it: `with: {{ {}: … }}`", param.text));
            found.add_bad(&param.text);
        }
    }
}
