//! What a condition teaches where it holds, and where it does not.

use std::sync::Arc;

use super::{Facts, Ground, Numbers, Texts, Values, key, values};
use crate::{
    expr::{
        Root, Scope,
        ast::{Arithmetic, Comparison, Kind, Node},
        eval,
        function::Function,
    },
    value::Value,
};

/// What is taken to be the case of a part of a condition. Null is false to `not`, but nothing else
/// that is no condition is: so "is not true" and "is false or null" are two things.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Case {
    /// It is true.
    True,
    /// It is anything but true.
    NotTrue,
    /// It is false or null.
    False,
    /// It is anything but false or null.
    NotFalse,
}

impl Case {
    /// The case of what stands behind `not`. `not x` is true where `x` is false or null, false
    /// where it is true, and null where it is no condition.
    fn negated(self) -> Self {
        match self {
            Self::True | Self::NotFalse => Self::False,
            Self::NotTrue | Self::False => Self::NotFalse,
        }
    }

    /// Whether it comes to "true", for what is never anything but true, false or null.
    fn is_true(self) -> bool {
        matches!(self, Self::True | Self::NotFalse)
    }
}

/// See [`Facts::assume`].
pub(super) fn assume(
    facts: &Facts,
    tree: &Node,
    holds: bool,
    taught: u32,
    ground: &dyn Ground,
) -> Option<Facts> {
    // One that looks through long lists may give up (and be null) whatever they hold.
    if !holds && may_give_up(tree) {
        return Some(facts.clone());
    }
    let case = if holds { Case::True } else { Case::NotTrue };
    let mut lesson = Lesson {
        facts: facts.clone(),
        taught,
        ground,
    };
    lesson.learn(tree, case).then_some(lesson.facts)
}

/// Whether an evaluation may run out of fuel.
fn may_give_up(tree: &Node) -> bool {
    let mut stack = vec![tree];
    while let Some(node) = stack.pop() {
        let long = match &node.kind {
            Kind::Quantifier(..) | Kind::Call(Function::Contains, _) => true,
            Kind::In(_, list) => !matches!(list.kind, Kind::Constants(..)),
            Kind::Compare(_, a, b) => !is_const(a) && !is_const(b),
            _ => false,
        };
        if long {
            return true;
        }
        stack.extend(node.children());
    }
    false
}

fn is_const(node: &Node) -> bool {
    matches!(node.kind, Kind::Const(_) | Kind::Constants(..))
}

struct Lesson<'g> {
    facts: Facts,
    taught: u32,
    ground: &'g dyn Ground,
}

impl Lesson<'_> {
    /// Narrows what is known; false where the case cannot be.
    fn learn(&mut self, node: &Node, case: Case) -> bool {
        if let Some(value) = constant(node) {
            return fits(&value, case);
        }
        match &node.kind {
            Kind::Not(inner) => self.learn(inner, case.negated()),
            Kind::And(all) if case.is_true() => all.iter().all(|n| self.learn(n, Case::True)),
            Kind::And(all) => self.any(all, Case::NotTrue),
            Kind::Or(all) if case.is_true() => self.any(all, Case::True),
            Kind::Or(all) => all.iter().all(|n| self.learn(n, Case::NotTrue)),
            Kind::Compare(op, left, right) => self.compared(*op, left, right, case.is_true()),
            Kind::In(item, list) => self.inside(node, item, list, case.is_true()),
            Kind::Has(path) => self.there(path, case.is_true()),
            _ => self.term(node, &of_case(case)),
        }
    }

    /// One of these is so: what is known after each of them.
    fn any(&mut self, all: &[Node], case: Case) -> bool {
        let before = self.facts.clone();
        let mut known: Option<Facts> = None;
        for node in all {
            self.facts = before.clone();
            if self.learn(node, case) {
                known = Some(match known {
                    None => self.facts.clone(),
                    Some(known) => known.join(&self.facts),
                });
            }
        }
        let possible = known.is_some();
        self.facts = known.unwrap_or(before);
        possible
    }

    fn compared(&mut self, op: Comparison, left: &Node, right: &Node, holds: bool) -> bool {
        let (term, op, value) = match (constant(left), constant(right)) {
            (_, Some(value)) => (left, op, value),
            (Some(value), None) => (right, turned(op), value),
            (None, None) => return self.between_terms(op, left, right, holds),
        };
        let equality = matches!(op, Comparison::Equal | Comparison::NotEqual);
        if equality {
            return self.equals(term, &value, holds == (op == Comparison::Equal));
        }
        match bounds(op, &value) {
            Some((when, other)) => {
                let known = self.values(term);
                let kept = if holds {
                    known.both(&when)
                } else {
                    // Whatever is not of that kind has no order with it.
                    let mut rest = known.both(&other);
                    (rest.null, rest.yes, rest.no) = (known.null, known.yes, known.no);
                    rest.texts = known.texts;
                    rest.others = known.others;
                    rest
                };
                self.keep(term, kept)
            }
            None => self.opaque(op, left, right, holds),
        }
    }

    fn equals(&mut self, term: &Node, value: &Value, same: bool) -> bool {
        let known = self.values(term);
        let kept = match Values::of(value) {
            Some(equal) if same => known.both(&equal),
            _ if !same => known.but(value),
            _ => known.but(&Value::Null),
        };
        self.keep(term, kept)
    }

    fn between_terms(&mut self, op: Comparison, left: &Node, right: &Node, holds: bool) -> bool {
        let ordered = !matches!(op, Comparison::Equal | Comparison::NotEqual);
        if ordered && holds && !(self.there(left, true) && self.there(right, true)) {
            return false;
        }
        self.opaque(op, left, right, holds)
    }

    /// A comparison of which only that it holds is known, or that it does not.
    fn opaque(&mut self, op: Comparison, left: &Node, right: &Node, holds: bool) -> bool {
        let (key, opposite) = key::comparison(op, left, right, self.ground);
        let reads = key::reads(&[left, right], self.ground);
        let known = match self.facts.terms.get(&key) {
            Some(known) => known.values.clone(),
            None => Values::truth().or_null(),
        };
        let case = if opposite { !holds } else { holds };
        let kept = known.both(&of_case(if case { Case::True } else { Case::NotTrue }));
        let possible = !kept.is_empty();
        self.facts.learn(key, reads, kept, self.taught);
        possible
    }

    fn inside(&mut self, node: &Node, item: &Node, list: &Node, holds: bool) -> bool {
        let Kind::Constants(Value::List(all), _) = &list.kind else {
            let both = !holds || (self.there(item, true) && self.there(list, true));
            return both
                && self.term(
                    node,
                    &of_case(if holds { Case::True } else { Case::NotTrue }),
                );
        };
        let known = self.values(item);
        let kept = if holds {
            let each = all.iter().map(|value| match Values::of(value) {
                Some(equal) => known.both(&equal),
                None => known.clone(),
            });
            let mut kept = each.fold(Values::none(), |kept, one| kept.union(&one));
            kept.null = false;
            kept
        } else {
            let mut rest = all
                .iter()
                .fold(known.clone(), |rest, value| rest.but(value));
            rest.null = known.null;
            rest
        };
        self.keep(item, kept)
    }

    /// It is there, or it is null.
    fn there(&mut self, node: &Node, there: bool) -> bool {
        if constant(node).is_some() {
            return true;
        }
        let known = self.values(node);
        let kept = if there {
            known.but(&Value::Null)
        } else {
            known.both(&Values::null())
        };
        self.keep(node, kept)
    }

    fn term(&mut self, node: &Node, values: &Values) -> bool {
        let kept = self.values(node).both(values);
        self.keep(node, kept)
    }

    fn keep(&mut self, node: &Node, values: Values) -> bool {
        let possible = !values.is_empty();
        let key = key::of(node, self.ground);
        let reads = key::reads(&[node], self.ground);
        self.facts.learn(key, reads, values, self.taught);
        possible
    }

    /// What the value of a term can be, as far as is known.
    fn values(&self, node: &Node) -> Values {
        match self.facts.terms.get(&key::of(node, self.ground)) {
            Some(known) => known.values.clone(),
            None => self.at_first(node),
        }
    }

    fn at_first(&self, node: &Node) -> Values {
        match &node.kind {
            Kind::Path(path) => self.ground.values(path.root, &path.names.names),
            Kind::Call(Function::Size, _) => Values {
                numbers: Numbers::between((0.0, true), (f64::INFINITY, true)),
                ..Values::null()
            },
            Kind::Call(Function::Lower | Function::Upper, _) => Values {
                texts: Texts::all(),
                ..Values::null()
            },
            Kind::Call(..) | Kind::Quantifier(..) | Kind::In(..) => Values::truth().or_null(),
            Kind::Arithmetic(op, ..) if *op != Arithmetic::Add => Values {
                texts: Texts::none(),
                yes: false,
                no: false,
                ..Values::any()
            },
            _ => Values::any(),
        }
    }
}

/// The values for which a term alone is in that case.
fn of_case(case: Case) -> Values {
    let yes = Values {
        yes: true,
        ..Values::none()
    };
    let no = Values {
        no: true,
        ..Values::null()
    };
    match case {
        Case::True => yes,
        Case::False => no,
        Case::NotTrue => Values {
            yes: false,
            ..Values::any()
        },
        Case::NotFalse => Values {
            no: false,
            null: false,
            ..Values::any()
        },
    }
}

fn fits(value: &Value, case: Case) -> bool {
    let falsy = matches!(value, Value::Null | Value::Bool(false));
    match case {
        Case::True => value.holds(),
        Case::NotTrue => !value.holds(),
        Case::False => falsy,
        Case::NotFalse => !falsy,
    }
}

/// The value of an expression that reads nothing.
fn constant(node: &Node) -> Option<Value> {
    struct Nowhere;
    impl Scope for Nowhere {
        fn look_up(&self, _: Root, _: &[Arc<str>]) -> Value {
            Value::Null
        }
    }
    if let Kind::Const(value) = &node.kind {
        return Some(value.clone());
    }
    let mut stack = vec![node];
    while let Some(part) = stack.pop() {
        if matches!(part.kind, Kind::Path(_) | Kind::Local(..) | Kind::Unknown) {
            return None;
        }
        stack.extend(part.children());
    }
    Some(eval::eval(node, &Nowhere))
}

/// `a op b` as `b op a`.
fn turned(op: Comparison) -> Comparison {
    use Comparison as C;
    match op {
        C::Less => C::Greater,
        C::Greater => C::Less,
        C::LessOrEqual => C::GreaterOrEqual,
        C::GreaterOrEqual => C::LessOrEqual,
        same => same,
    }
}

/// The values for which `x op value` holds, and those of its kind for which it does not; `None`
/// where the order of values is not followed. Of a duration, a text may spell one.
fn bounds(op: Comparison, value: &Value) -> Option<(Values, Values)> {
    let (number, span) = match value {
        Value::Span(d) => (d.as_secs_f64(), true),
        other => (other.as_number()?, false),
    };
    let n = values::exact(number)?;
    let (holds, not) = halves(op, n)?;
    let all = Values {
        numbers: Numbers::all(),
        spans: Numbers::all(),
        ..Values::none()
    };
    let of = |half: Numbers| match span {
        true => Values {
            spans: half,
            texts: Texts::all(),
            ..Values::none()
        },
        false => Values {
            numbers: half,
            ..Values::none()
        },
    };
    let rest = |half: Numbers| match span {
        true => Values {
            spans: half,
            ..all.clone()
        },
        false => Values {
            numbers: half,
            ..all.clone()
        },
    };
    Some((of(holds), rest(not)))
}

fn halves(op: Comparison, n: f64) -> Option<(Numbers, Numbers)> {
    let below = |inside| Numbers::between((f64::NEG_INFINITY, true), (n, inside));
    let above = |inside| Numbers::between((n, inside), (f64::INFINITY, true));
    Some(match op {
        Comparison::Less => (below(false), above(true)),
        Comparison::LessOrEqual => (below(true), above(false)),
        Comparison::Greater => (above(false), below(true)),
        Comparison::GreaterOrEqual => (above(true), below(false)),
        Comparison::Equal | Comparison::NotEqual => return None,
    })
}
