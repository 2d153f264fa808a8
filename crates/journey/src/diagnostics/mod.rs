//! Everything that can be wrong with the sources: codes, their pages, and how they are shown.
//!
//! Families: J0xx the shape of the file, J1xx names, J2xx types and expressions, J3xx flow, J4xx
//! time, J5xx policies, J6xx templates, J7xx tests of journeys, J8xx schemas, J9xx versions (these need the database:
//! `plan` and `apply` say them). To add a code, add it to its family and
//! write its page under `pages/`; the tests of this crate check the page's examples.

mod expressions;
pub mod flow;
pub mod names;
pub mod policy;
pub mod render;
pub mod schemas;
mod sink;
pub mod templates;
pub mod testing;
pub mod time;
pub mod versions;
pub mod yaml;

pub use sink::Sink;

pub use crate::expr::nearest;

/// Declares the codes of a family: a constant each, and its page.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal;)*) => {
        $($(#[$doc])* pub const $name: &str = $code;)*

        /// The codes of this family with their pages.
        pub(super) const PAGES: &[(&str, &str)] = &[
            $(($code, include_str!(concat!("pages/", $code, ".md"))),)*
        ];
    };
}
pub(crate) use codes;

const FAMILIES: [&[(&str, &str)]; 10] = [
    yaml::PAGES,
    names::PAGES,
    expressions::PAGES,
    flow::PAGES,
    time::PAGES,
    policy::PAGES,
    templates::PAGES,
    testing::PAGES,
    schemas::PAGES,
    versions::PAGES,
];

/// The page of a code: what is wrong, why, a wrong and a right example. Markdown.
pub fn page(code: &str) -> Option<&'static str> {
    pages().find(|(c, _)| *c == code).map(|(_, page)| page)
}

/// Every code with its page, in order.
pub fn pages() -> impl Iterator<Item = (&'static str, &'static str)> {
    FAMILIES.iter().flat_map(|family| family.iter().copied())
}
