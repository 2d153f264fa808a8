//! Types, as far as they are known beforehand.

use std::{collections::BTreeMap, sync::Arc};

use super::Root;

/// What is known of a value before it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// Nothing: every use is allowed.
    Any,
    /// True or false.
    Bool,
    /// A number, whole or not.
    Number,
    /// Text; with `Some`, one of these.
    Text(Option<Vec<Arc<str>>>),
    /// An instant, or a text that spells one.
    Moment,
    /// A length of time.
    Span,
    /// A list of such items.
    List(Box<Type>),
    /// Named fields.
    Map {
        /// The fields that are known.
        fields: BTreeMap<Arc<str>, Type>,
        /// Whether there may be others, of type `Any`.
        open: bool,
    },
}

/// The types of the names that an expression can start from; a root that is absent cannot be
/// named there, and the text says why.
#[derive(Clone, Debug, Default)]
pub struct Env {
    /// Types by root.
    pub roots: BTreeMap<Root, Type>,
    /// Why a root that exists elsewhere cannot be named here.
    pub absent: BTreeMap<Root, String>,
}
