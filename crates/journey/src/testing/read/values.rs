//! Values in tests, by rule 3: a path is its value, a leading `=` computes, all else is as written.

use std::sync::Arc;

use super::Book;
use crate::{
    compile::operand,
    expr::{Operand, Root, types::Env, types::Type},
    parse::ast::{Given, Word},
    source::{Kind, Node},
};

impl Book<'_, '_> {
    /// One value. It may name `now` and `customer`.
    pub(super) fn value(&mut self, node: &Node) -> Option<Operand> {
        let given = self.r.given(node)?;
        self.check(&given);
        Some(operand(&given))
    }

    fn check(&mut self, given: &Given) {
        match given {
            Given::Literal(_) => {}
            Given::List(items) => items.iter().for_each(|g| self.check(g)),
            Given::Map(fields) => fields.iter().for_each(|f| self.check(&f.1)),
            Given::Computed(formula) => {
                let (_, problems) = formula.expr.check(&env());
                for problem in problems {
                    self.r.problem(&formula.node, formula.offset, problem);
                }
            }
        }
    }

    /// Named values.
    pub(super) fn values(&mut self, node: &Node, expected: &str) -> Vec<(Word, Operand)> {
        let Kind::Map(pairs) = &node.kind else {
            self.r.wrong_kind(node, expected);
            return Vec::new();
        };
        let mut found = Vec::new();
        for pair in pairs {
            let word = Word {
                text: pair.name.clone(),
                span: self.r.first_line(&pair.value.span),
            };
            found.extend(self.value(&pair.value).map(|v| (word, v)));
        }
        found
    }

    /// The same without places.
    pub(super) fn fields(&mut self, node: &Node, expected: &str) -> Vec<(Arc<str>, Operand)> {
        let values = self.values(node, expected);
        values
            .into_iter()
            .map(|(word, value)| (word.text, value))
            .collect()
    }
}

/// What a value in a test may name.
fn env() -> Env {
    let mut env = Env::default();
    env.roots.insert(Root::Customer, Type::Any);
    env.roots.insert(Root::Now, Type::Moment);
    let why = "a value in a test may name `now` and `customer`; write out what it should be";
    for root in [Root::Event, Root::Run, Root::Consent, Root::Steps] {
        env.absent.insert(root, why.to_owned());
    }
    env
}
