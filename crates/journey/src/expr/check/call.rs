//! The types of functions.

use super::{Checker, Node, Problem, Type, comparable, name};
use crate::expr::function::Function;

impl Checker<'_> {
    pub(super) fn call(&mut self, function: Function, arguments: &[Node]) -> Type {
        let before = self.problems.len();
        let types: Vec<_> = arguments.iter().map(|a| self.typed(a)).collect();
        if self.problems.len() == before {
            self.arguments(function, arguments, &types);
        }
        match function {
            Function::Size => Type::Number,
            Function::Contains | Function::StartsWith | Function::EndsWith => Type::Bool,
            Function::Lower | Function::Upper => Type::Text(None),
        }
    }

    /// Reports the first argument that does not fit.
    fn arguments(&mut self, function: Function, nodes: &[Node], types: &[Type]) {
        for (at, (node, found)) in nodes.iter().zip(types).enumerate() {
            let fits = match (function, at, found) {
                (_, _, Type::Any) => true,
                (Function::Size, _, found) => {
                    matches!(found, Type::Text(_) | Type::List(_) | Type::Map { .. })
                }
                (Function::Contains, 0, Type::List(_)) => true,
                (Function::Contains, 1, found) => match &types[0] {
                    Type::List(item) => comparable(item, found),
                    Type::Any => true,
                    _ => matches!(found, Type::Text(_)),
                },
                (_, _, found) => matches!(found, Type::Text(_)),
            };
            if !fits {
                let message = format!("`{}` does not work on {}", function.as_str(), name(found));
                let problem = Problem::new("J227", node.span.clone(), message)
                    .note(format!("for example {}", function.example()));
                self.report(problem);
                return;
            }
        }
    }

    pub(super) fn quantified(&mut self, list: &Node, condition: &Node) -> Type {
        let item = match self.typed(list) {
            Type::List(item) => *item,
            Type::Any => Type::Any,
            other => {
                let problem = Problem::new(
                    "J227",
                    list.span.clone(),
                    "`exists` and `all` look into a list",
                );
                self.report(problem.label(format!("this is {}", name(&other))))
            }
        };
        self.locals.push(item);
        self.condition(condition, "the condition on each item");
        self.locals.pop();
        Type::Bool
    }
}
