//! What stands between two operands, misspelt or not.

use super::{
    Arithmetic, Comparison, Function, Kind, Node, Parsed, Parser, Problem, Token, binding, nearest,
};

/// What stands between two operands.
pub(super) enum Infix {
    Or,
    And,
    Compare(Comparison),
    In { negated: bool },
    Arithmetic(Arithmetic),
}

impl Infix {
    pub fn binding(&self) -> u8 {
        match self {
            Self::Or => binding::OR,
            Self::And => binding::AND,
            Self::Compare(_) | Self::In { .. } => binding::COMPARE,
            Self::Arithmetic(Arithmetic::Add | Arithmetic::Subtract) => binding::ADD,
            Self::Arithmetic(_) => binding::MULTIPLY,
        }
    }
}

impl Parser<'_> {
    /// The operator here and how many tokens it has; misspelled ones as what they stand for.
    pub(super) fn infix(&self) -> Option<(Infix, usize)> {
        let infix = match self.token() {
            Token::Word(w) => match w.as_str() {
                "or" => Infix::Or,
                "and" => Infix::And,
                "in" => Infix::In { negated: false },
                "is" | "est" if matches!(self.after(1), Token::Word(w) if w == "not") => {
                    return Some((Infix::Compare(Comparison::NotEqual), 2));
                }
                "not" if matches!(self.after(1), Token::Word(w) if w == "in") => {
                    return Some((Infix::In { negated: true }, 2));
                }
                // At the end nothing can be made of it.
                other if !matches!(self.after(1), Token::End) => {
                    infix_sign(meant(other)?).or_else(|| infix_word(meant(other)?))?
                }
                _ => return None,
            },
            Token::Sign(sign) => infix_sign(sign)?,
            _ => return None,
        };
        Some((infix, 1))
    }

    /// Reports an operator that is known under another spelling.
    pub(super) fn check_spelling(&mut self, width: usize) {
        let sign = match self.token() {
            Token::Sign(sign) => *sign,
            Token::Word(word) => return self.check_word(&word.clone(), width),
            _ => return,
        };
        let (code, message, cure) = match sign {
            "=" => ("J202", "`=` does not compare", "=="),
            "=>" => ("J203", "`=>` is no operator", ">="),
            "=<" => ("J203", "`=<` is no operator", "<="),
            "<>" => ("J203", "`<>` is no operator", "!="),
            "&" => ("J203", "a single `&` is no operator", "and"),
            "|" => ("J203", "a single `|` is no operator", "or"),
            _ => return,
        };
        debug_assert_eq!(width, 1, "misspelled operators are single tokens");
        let problem = Problem::new(code, self.span(), message).label(format!("write `{cure}`"));
        self.problems.push(problem.instead(cure));
    }

    /// Reports a word of another language, or in capital letters, for an operator.
    fn check_word(&mut self, word: &str, width: usize) {
        let (cure, span) = match (word, meant(word)) {
            ("and" | "or" | "in" | "not", _) => return,
            (_, _) if width == 2 => ("!=", self.span().start..self.tokens[self.at + 1].1.end),
            (_, Some(cure)) => (cure, self.span()),
            _ => return,
        };
        let written = &self.source[span.clone()];
        let message = format!("`{written}` does not belong here");
        self.problems
            .push(Problem::new("J201", span, message).did_you_mean(Some(cure)));
    }

    /// Reports `1 < x < 5`.
    pub(super) fn check_chain(&mut self, before: &Infix) {
        let again = matches!(
            self.infix(),
            Some((Infix::Compare(_) | Infix::In { .. }, _))
        );
        if again && matches!(before, Infix::Compare(_) | Infix::In { .. }) {
            let problem = Problem::new("J211", self.span(), "comparisons cannot be chained")
                .label("a second comparison")
                .note("join two with `and`: 1 < event.count and event.count < 5");
            self.problems.push(problem);
        }
    }

    pub(super) fn join(&self, left: Node, infix: &Infix, right: Node) -> Parsed<Node> {
        let span = left.span.start..right.span.end;
        let kind = match infix {
            Infix::Or => match left.kind {
                Kind::Or(mut all) => {
                    all.push(right);
                    Kind::Or(all)
                }
                _ => Kind::Or(vec![left, right]),
            },
            Infix::And => match left.kind {
                Kind::And(mut all) => {
                    all.push(right);
                    Kind::And(all)
                }
                _ => Kind::And(vec![left, right]),
            },
            Infix::Compare(op) => Kind::Compare(*op, left.into(), right.into()),
            Infix::In { negated: false } => Kind::In(left.into(), right.into()),
            Infix::In { negated: true } => {
                let inside = self.node(Kind::In(left.into(), right.into()), span.clone())?;
                Kind::Not(inside.into())
            }
            Infix::Arithmetic(op) => Kind::Arithmetic(*op, left.into(), right.into()),
        };
        self.node(kind, span)
    }
}

/// The operator that is meant by a word.
pub(super) fn meant(word: &str) -> Option<&'static str> {
    Some(match word.to_lowercase().as_str() {
        "is" | "equals" | "eq" | "est" => "==",
        "isnt" | "ne" => "!=",
        "gt" => ">",
        "lt" => "<",
        "gte" | "ge" => ">=",
        "lte" | "le" => "<=",
        "et" => "and",
        "ou" => "or",
        // `nearest` names one of three: none of them is another word.
        _ if Function::named(word).is_none() => nearest(word, ["and", "or", "in"])?,
        _ => return None,
    })
}

fn infix_word(word: &str) -> Option<Infix> {
    Some(match word {
        "and" => Infix::And,
        "or" => Infix::Or,
        "in" => Infix::In { negated: false },
        _ => return None,
    })
}

fn infix_sign(sign: &str) -> Option<Infix> {
    use Comparison as C;
    Some(match sign {
        "||" | "|" => Infix::Or,
        "&&" | "&" => Infix::And,
        "==" | "=" => Infix::Compare(C::Equal),
        "!=" | "<>" => Infix::Compare(C::NotEqual),
        "<" => Infix::Compare(C::Less),
        "<=" | "=<" => Infix::Compare(C::LessOrEqual),
        ">" => Infix::Compare(C::Greater),
        ">=" | "=>" => Infix::Compare(C::GreaterOrEqual),
        "+" => Infix::Arithmetic(Arithmetic::Add),
        "-" => Infix::Arithmetic(Arithmetic::Subtract),
        "*" => Infix::Arithmetic(Arithmetic::Multiply),
        "/" => Infix::Arithmetic(Arithmetic::Divide),
        "%" => Infix::Arithmetic(Arithmetic::Remainder),
        _ => return None,
    })
}
