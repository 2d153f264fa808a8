//! What a journey says: its name, its steps, what they set and send.

use std::sync::Arc;

use super::{Named, scalar};
use crate::{
    grammar::{File, Known, Takes},
    ide::{
        outline::{Kind, Level, Node, Pair},
        walk::{self, Met},
    },
    source::Span,
};

/// What a journey says.
#[derive(Clone, Debug, Default)]
pub(in crate::ide) struct JourneyFacts {
    pub name: Option<Named>,
    pub title: Option<Named>,
    pub tags: Vec<Named>,
    /// The events by which customers enter.
    pub events: Vec<Arc<str>>,
    /// The steps that have an id.
    pub steps: Vec<StepFact>,
    /// Variables, where they are set; without `run.`.
    pub variables: Vec<Named>,
    /// Traits that it sets; without `customer.`.
    pub traits: Vec<Named>,
    pub sends: Vec<SendFact>,
    /// The parameters of a fragment.
    pub params: Vec<Named>,
    /// Reasons to leave.
    pub reasons: Vec<Named>,
}

/// A step with an id.
#[derive(Clone, Debug)]
pub(in crate::ide) struct StepFact {
    pub id: Named,
    /// Its verb; empty where it has none yet.
    pub verb: &'static str,
    /// The whole step.
    pub span: Span,
    /// The names of a split's arms, of an answer's options; of a `use`, the fragment's.
    pub names: Vec<Arc<str>>,
}

/// What a send passes on.
#[derive(Clone, Debug)]
pub(in crate::ide) struct SendFact {
    pub template: Arc<str>,
    /// The fields of `with`, and their values as they are written.
    pub fields: Vec<(Named, Arc<str>)>,
    /// Whether it is a question with options.
    pub offers: bool,
}

/// What that journey says.
pub(super) fn facts(text: &str, file: File, tree: &Node) -> JourneyFacts {
    let top = |name: &str| tree.get(text, name).and_then(|n| scalar(text, n));
    let mut facts = JourneyFacts {
        name: top("journey"),
        title: top("title"),
        ..JourneyFacts::default()
    };
    if let Some(tags) = tree.get(text, "tags") {
        facts.tags = tags.each().iter().filter_map(|t| scalar(text, t)).collect();
    }
    if let Some(params) = tree.get(text, "params") {
        facts.params = names(text, params);
    }
    if let Some(enter) = tree.get(text, "enter") {
        let events = enter
            .each()
            .iter()
            .filter_map(|e| scalar(text, e.get(text, "event")?));
        facts.events = events.map(|e| e.text).collect();
    }
    walk::walk(text, file, tree, &mut |way, met| match met {
        Met::Field(pair, takes) => field(text, way, pair, takes, &mut facts),
        Met::Scalar(node, takes) => value(text, way, node, takes, &mut facts),
    });
    facts
}

/// The items of a list, or the names of fields.
fn names(text: &str, node: &Node) -> Vec<Named> {
    let listed = node.items().iter().filter_map(|i| scalar(text, i));
    let fields = node.pairs().iter().map(|p| Named {
        text: Arc::from(&text[p.key.clone()]),
        span: p.key.clone(),
    });
    listed.chain(fields).collect()
}

fn field(text: &str, way: &[Level<'_>], pair: &Pair, takes: &Takes, facts: &mut JourneyFacts) {
    let word = &text[pair.key.clone()];
    if matches!(walk::named(takes), Some(Known::Target)) {
        target(text, pair, facts);
    }
    if word == "template"
        && let (Some(level), Some(template)) = (way.last(), scalar(text, &pair.value))
    {
        facts.sends.push(send(text, level.node, template.text));
    }
}

fn target(text: &str, pair: &Pair, facts: &mut JourneyFacts) {
    let (list, root) = match text[pair.key.clone()].split_once('.') {
        Some(("run", _)) => (&mut facts.variables, "run."),
        Some(("customer", _)) => (&mut facts.traits, "customer."),
        _ => return,
    };
    let span = pair.key.start + root.len()..pair.key.end;
    list.push(Named {
        text: Arc::from(&text[span.clone()]),
        span,
    });
}

fn send(text: &str, step: &Node, template: Arc<str>) -> SendFact {
    let pairs = step.get(text, "with").map_or(&[][..], Node::pairs);
    let field = |pair: &Pair| {
        let name = Named {
            text: Arc::from(&text[pair.key.clone()]),
            span: pair.key.clone(),
        };
        (
            name,
            Arc::from(pair.value.raw(text).unwrap_or_default().trim()),
        )
    };
    SendFact {
        template,
        fields: pairs.iter().map(field).collect(),
        offers: step.get(text, "options").is_some(),
    }
}

fn value(text: &str, way: &[Level<'_>], node: &Node, takes: &Takes, facts: &mut JourneyFacts) {
    let Some(level) = way.last() else { return };
    let Some(pair) = level.node.pairs().get(level.child) else {
        return;
    };
    let Some(named) = scalar(text, node) else {
        return;
    };
    match &text[pair.key.clone()] {
        "id" | "split" if is_step(level.node, text) => {
            facts.steps.push(step(text, level.node, named));
        }
        "save" if named.text.starts_with("run.") => facts.variables.push(Named {
            text: Arc::from(&named.text[4..]),
            span: named.span.start + 4..named.span.end,
        }),
        "exit" | "as"
            if matches!(
                takes,
                Takes::Name | Takes::Ref(Known::Reason) | Takes::Either(_)
            ) =>
        {
            facts.reasons.push(named);
        }
        _ => {}
    }
}

/// Whether a map is a step: it has a verb, or nothing but an id yet.
fn is_step(node: &Node, text: &str) -> bool {
    node.pairs()
        .iter()
        .any(|p| verb(&text[p.key.clone()]).is_some())
        || node.get(text, "id").is_some()
}

fn verb(word: &str) -> Option<&'static str> {
    let step = walk::step()?;
    let forms = walk::context(&step)?.forms;
    forms.iter().map(|f| f.head.name).find(|name| *name == word)
}

fn scalar_of(text: &str, node: &Node, name: &str) -> Option<Arc<str>> {
    scalar(text, node.get(text, name)?).map(|n| n.text)
}

fn step(text: &str, node: &Node, id: Named) -> StepFact {
    let verb = node.pairs().iter().find_map(|p| verb(&text[p.key.clone()]));
    let list = ["arms", "options"]
        .iter()
        .find_map(|name| node.get(text, name))
        .or_else(|| node.get(text, "ask").and_then(|a| a.get(text, "options")));
    let used = scalar_of(text, node, "use");
    let names = match list.map(|n| &n.kind) {
        Some(Kind::Map(pairs)) => pairs
            .iter()
            .map(|p| Arc::from(&text[p.key.clone()]))
            .collect(),
        _ => used.into_iter().collect(),
    };
    StepFact {
        id,
        verb: verb.unwrap_or_default(),
        span: node.span.clone(),
        names,
    }
}
