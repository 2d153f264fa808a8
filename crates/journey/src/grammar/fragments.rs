//! `journeys/_fragments/NAME.yaml`.

use super::{Context, PLAIN, Takes, takes::Known, word};

pub(super) static FRAGMENT: Context = Context {
    name: "fragment",
    what: "a fragment",
    about: "A named list of steps with parameters, which journeys `use`",
    words: &[
        word("fragment", Takes::Slug, "Its name, which is its file's", "fragment: remind").needed(),
        word("title", Takes::Text, "What people call it", "title: Remind once").or_else("the name"),
        word("params", Takes::Either(PARAMS), "Its parameters: a list of names, or names with their defaults; steps name them as `param.NAME`", "params: { delay: 2d }").or_else("none"),
        word("steps", Takes::Steps, "What happens where it is used", "steps: [ { wait: 1d } ]").needed(),
    ],
    ..PLAIN
};

static PARAMS: &[Takes] = &[
    Takes::List(&Takes::Name),
    Takes::Named {
        name: Known::Parameter,
        value: &Takes::Given,
    },
];
