//! What an editor asks while an author types, as pure functions over the sources of a workspace.
//!
//! A [`Project`] holds the files, with the unsaved text of those that are open. Every question
//! names a file and a byte of it: what could stand here ([`complete`]), what is this ([`hover`]),
//! where does it get its name ([`definition`]), where is it named ([`references`], [`rename`]),
//! what has this file ([`outline`]). None of them needs a file without mistakes: files are read
//! by [`outline`](self::outline) as far as they go, along the [`grammar`](crate::grammar).
//!
//! Nothing here knows the protocol of editors: `crates/lsp` speaks it.

mod complete;
mod expression;
mod facts;
mod find;
mod functions;
mod hover;
mod outline;
mod project;
mod scope;
mod structure;
mod symbol;
mod tells;
mod template;
mod walk;

pub use complete::{Completion, CompletionKind, complete};
pub use find::{Place, can_rename, definition, references, rename};
pub use hover::{Hover, hover};
pub use project::Project;
pub use structure::{Part, PartKind, outline};
