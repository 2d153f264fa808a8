//! What to say of a token that does not belong where it stands.

use super::{Parser, Problem, Range, Root, Token, Value, infix::meant, nearest};
use crate::expr::function::Function;

/// What steps tell.
const OUTCOMES: [&str; 12] = [
    "sent",
    "delivered",
    "opened",
    "clicked",
    "replied",
    "failed",
    "suppressed",
    "reason",
    "answer",
    "arm",
    "matched",
    "round",
];

impl Parser<'_> {
    /// A token where the expression should go on with an operator, or end.
    pub(super) fn unexpected(&self) -> Problem {
        let span = self.span();
        match self.token() {
            Token::Sign("?" | "??") => Problem::new("J204", span, "there is no `?` in expressions")
                .note("choose between steps with `if` or `choose`; test for null with has(…)"),
            Token::Sign(s @ (")" | "]" | "}")) => {
                Problem::new("J205", span, format!("this `{s}` closes nothing"))
            }
            Token::Sign(",") => Problem::new("J201", span, "`,` does not belong here")
                .label("a list stands in brackets")
                .note("for example customer.country in [\"FR\", \"BE\"]; conditions are joined by `and` or `or`"),
            Token::Sign(sign) => {
                Problem::new("J201", span, format!("`{sign}` does not belong here"))
            }
            Token::Word(word) => self.stray_word(word, span),
            Token::Literal(_) => {
                Problem::new("J201", span, "an operator is missing before this value")
                    .note("for example `==` to compare, or `and` to join two conditions")
            }
            Token::End => Problem::new("J201", span, "the expression ends too early"),
        }
    }

    fn stray_word(&self, word: &str, span: Range<usize>) -> Problem {
        let near = meant(word);
        let problem = Problem::new("J201", span, format!("`{word}` does not belong here"));
        if let Some(function) = Function::named(word).filter(|f| f.arity() == 2) {
            let example = function.example();
            return problem
                .label("a function, which follows a dot")
                .note(format!(
                    "for example {example}; a list is asked by `in`: \"tea\" in customer.interests"
                ));
        }
        match near {
            Some(_) => problem.did_you_mean(near),
            None => problem
                .label("an operator is missing before this word")
                .note("conditions are joined by `and` or `or`; text stands between quotes"),
        }
    }

    /// A token, or the end, where a value should stand.
    pub(super) fn no_value(&self) -> Problem {
        let span = self.span();
        match self.token() {
            Token::End => {
                let before = self.tokens[self.at.saturating_sub(1)].1.clone();
                Problem::new("J201", before, "the expression ends too early")
                    .label("a value is missing after this")
            }
            Token::Sign("{") => Problem::new("J201", span, "there are no maps in expressions"),
            Token::Sign(s) => Problem::new(
                "J201",
                span,
                format!("a value should stand here, not `{s}`"),
            ),
            Token::Word(w) => Problem::new(
                "J201",
                span,
                format!("a value should stand here, not `{w}`"),
            ),
            Token::Literal(_) => Problem::new("J201", span, "this value does not belong here"),
        }
    }

    /// No name after a dot.
    pub(super) fn no_member(&self) -> Problem {
        let span = self.span();
        match self.token() {
            Token::Literal(Value::Int(i)) => {
                let dot = self.tokens[self.at.saturating_sub(1)].1.start;
                Problem::new(
                    "J201",
                    dot..span.end,
                    "items of a list are counted in brackets",
                )
                .label(format!("write `[{i}]`"))
                .instead(format!("[{i}]"))
            }
            _ => {
                let before = self.tokens[self.at.saturating_sub(1)].1.clone();
                Problem::new("J201", before, "a name is missing after this dot")
            }
        }
    }

    /// A word that starts a path, but is no name.
    pub(super) fn unknown_name(&self, word: &str, at: Range<usize>) -> Problem {
        let names = Root::ALL.map(Root::as_str);
        let constants = ["true", "false", "null", "not"];
        let locals = self.locals.iter().map(|l| &**l);
        let near = match word.to_lowercase().as_str() {
            "none" | "nil" | "undefined" => Some("null"),
            "user" | "profile" | "contact" | "person" => Some("customer"),
            // An answer is compared with the name of an option.
            "yes" | "no" if self.source[..at.start].contains(".answer") => None,
            "yes" => Some("true"),
            "no" => Some("false"),
            "step" => Some("steps"),
            _ => nearest(word, names.into_iter().chain(constants).chain(locals)),
        };
        let problem = Problem::new("J110", at.clone(), format!("nothing is called `{word}`"));
        if near.is_some() {
            return problem.did_you_mean(near);
        }
        if OUTCOMES.contains(&word) && at == (0..self.source.len()) {
            return problem
                .label(format!("perhaps `steps.ID.{word}`"))
                .note("what came of a step is asked by the step's id");
        }
        if self.source[..at.start].ends_with('-') {
            return problem
                .note("a name with a hyphen stands in brackets: customer[\"first-name\"]");
        }
        let names = names.join(", ");
        // A name with a dot or a bracket behind it is no text.
        let path = self.source[at.end..].starts_with(['.', '[', '(']);
        // Nor is all of a condition.
        let alone = !path && at != (0..self.source.len());
        let problem = match alone {
            true => problem.instead(format!("\"{word}\"")),
            false => problem,
        };
        problem.note(format!(
            "a path starts with one of {names}; text stands between quotes: \"{word}\""
        ))
    }
}
