//! The functions that an expression can call: `f(x, y)` and `x.f(y)` are the same.

/// A function of one or two arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Size,
    Contains,
    StartsWith,
    EndsWith,
    Lower,
    Upper,
}

/// The names that take a variable and a condition, or a path: not plain functions.
pub(super) const SPECIAL: [&str; 3] = ["exists", "all", "has"];

impl Function {
    pub const ALL: [Self; 6] = [
        Self::Size,
        Self::Contains,
        Self::StartsWith,
        Self::EndsWith,
        Self::Lower,
        Self::Upper,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Size => "size",
            Self::Contains => "contains",
            Self::StartsWith => "startsWith",
            Self::EndsWith => "endsWith",
            Self::Lower => "lower",
            Self::Upper => "upper",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|f| f.as_str() == name)
    }

    /// How many values it takes, counting the one before the dot.
    pub fn arity(self) -> usize {
        match self {
            Self::Size | Self::Lower | Self::Upper => 1,
            Self::Contains | Self::StartsWith | Self::EndsWith => 2,
        }
    }

    /// How a call is written.
    pub fn example(self) -> &'static str {
        match self {
            Self::Size => "size(event.items)",
            Self::Contains => "event.name.contains(\"gift\")",
            Self::StartsWith => "event.sku.startsWith(\"A-\")",
            Self::EndsWith => "customer.email.endsWith(\".fr\")",
            Self::Lower => "customer.city.lower()",
            Self::Upper => "customer.city.upper()",
        }
    }
}
