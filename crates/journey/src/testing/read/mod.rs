//! Reading `tests.yaml`: all mistakes of a file at once, each with its cure.

mod calls;
mod contradict;
mod customer;
mod expect;
mod happen;
mod names;
mod times;
mod values;

use std::{collections::BTreeMap, sync::Arc};

use self::names::listed;
use super::written::{Expect, Fails, Happening, Person, Test};
use crate::{
    diagnostics::{testing as codes, yaml},
    machine::Machine,
    message::Channel,
    parse::{Fields, Reader, ast::Word},
    policies::Policies,
    schema::Schemas,
    source::{Kind, Node, Span},
    sources::Sources,
};

/// The most tests of one file.
pub const MAX_TESTS: usize = 500;

/// What tests may name.
pub(crate) struct Known<'k> {
    /// The journey under test; `None` where it has errors: its names are not checked then.
    pub(crate) machine: Option<&'k Machine>,
    /// All journeys that compile.
    pub(crate) machines: &'k BTreeMap<Arc<str>, Arc<Machine>>,
    /// Whether other journeys have errors: their names are not known then.
    pub(crate) complete: bool,
    pub(crate) policies: &'k Policies,
    pub(crate) schemas: &'k Schemas,
    pub(crate) sources: &'k Sources,
}

/// A file of tests while it is read.
pub(super) struct Book<'b, 'r> {
    pub(super) r: &'b mut Reader<'r>,
    pub(super) known: &'b Known<'b>,
}

/// The tests of a file.
pub(crate) fn tests(root: &Node, known: &Known<'_>, r: &mut Reader<'_>) -> Vec<Test> {
    let Kind::List(items) = &root.kind else {
        not_a_list(root, r);
        return Vec::new();
    };
    if let Some(first) = items.get(MAX_TESTS) {
        let span = r.first_line(&first.span);
        r.sink
            .error(
                yaml::TOO_BIG,
                span,
                format!("a file has at most {MAX_TESTS} tests"),
            )
            .labelled("one too many");
    }
    let mut book = Book { r, known };
    let tests: Vec<Test> = items
        .iter()
        .take(MAX_TESTS)
        .filter_map(|n| book.test(n))
        .collect();
    book.unique(&tests);
    tests
}

/// A list of what happens, by itself.
pub(crate) fn happenings(root: &Node, known: &Known<'_>, r: &mut Reader<'_>) -> Vec<Happening> {
    Book { r, known }.happenings(root)
}

/// A customer, by themselves.
pub(crate) fn person(root: &Node, known: &Known<'_>, r: &mut Reader<'_>) -> Person {
    Book { r, known }.customer(root)
}

fn not_a_list(root: &Node, r: &mut Reader<'_>) {
    if root.is_empty() {
        r.sink
            .error(yaml::MISSING, 0..0, "this file holds no test")
            .noted("a test begins with its name: `- name: a buyer never hears from us`");
    } else {
        r.wrong_kind(root, "a list of tests, each behind `- name: …`,");
    }
}

impl Book<'_, '_> {
    fn test(&mut self, node: &Node) -> Option<Test> {
        let mut f = Fields::of(node, "a test", self.r)?;
        let name = f
            .need(
                "name",
                "it says what the journey promises: `name: a buyer never hears from us`",
                self.r,
            )
            .and_then(|n| self.r.text(n, "what the journey promises"));
        let at = f.get("at").and_then(|n| self.start(n));
        let customer = f
            .get("customer")
            .map_or_else(Person::default, |n| self.customer(n));
        let with = f.get("with").map_or_else(Vec::new, |n| self.journeys(n));
        let arms = f.get("arms").map_or_else(Vec::new, |n| self.arms(n));
        let fails = f.get("fails").map_or_else(Vec::new, |n| self.fails(n));
        let calls = f.get("calls").map_or_else(Vec::new, |n| self.calls(n));
        let run_for = f.get("run_for").and_then(|n| self.r.some_time(n));
        let events = f
            .get("events")
            .map_or_else(Vec::new, |n| self.happenings(n));
        let expected = f.need(
            "expect",
            "a test says what should come of it: `expect: { sends: [hello], end: completed }`",
            self.r,
        );
        let expect = expected.map_or_else(Expect::default, |n| self.expect(n));
        f.finish(self.r);
        let test = Test {
            name: name?,
            at,
            customer,
            with,
            arms,
            fails,
            calls,
            events,
            run_for,
            expect,
        };
        self.possible_times(&test);
        if let Some(expected) = expected {
            self.no_contradiction(&test, expected);
        }
        Some(test)
    }

    fn unique(&mut self, tests: &[Test]) {
        let mut seen: BTreeMap<&str, &Span> = BTreeMap::new();
        for test in tests {
            let Some(first) = seen.get(&*test.name.text) else {
                seen.insert(&test.name.text, &test.name.span);
                continue;
            };
            self.r
                .sink
                .error(
                    codes::TAKEN_TEST,
                    test.name.span.clone(),
                    "two tests have this name",
                )
                .labelled("the second")
                .shown((*first).clone(), "the first")
                .noted(
                    "the name is what is read when a test fails: say what makes this one different",
                );
        }
    }

    /// Other journeys that run beside the one under test.
    fn journeys(&mut self, node: &Node) -> Vec<Arc<str>> {
        let words: Vec<Word> = nodes(node)
            .iter()
            .filter_map(|n| self.r.text(n, "the name of a journey"))
            .collect();
        for word in &words {
            self.journey(word);
        }
        words.into_iter().map(|w| w.text).collect()
    }

    fn journey(&mut self, word: &Word) {
        let known = self.known;
        let own = known.machine.is_some_and(|m| m.journey == word.text);
        if !known.complete || (known.machines.contains_key(&word.text) && !own) {
            return;
        }
        let names: Vec<&str> = known.machines.keys().map(|k| &**k).collect();
        let diagnostic = if own {
            self.r
                .sink
                .error(
                    codes::NO_JOURNEY,
                    word.span.clone(),
                    "this is the journey under test itself",
                )
                .labelled("it always runs")
        } else {
            self.r
                .sink
                .error(
                    codes::NO_JOURNEY,
                    word.span.clone(),
                    format!("no journey is called `{}`", word.text),
                )
                .guessed(&word.text, names.iter().copied())
        };
        diagnostic.noted(format!(
            "`with` lists the other journeys that run in this test; there are: {}",
            listed(names.iter().copied())
        ));
    }

    fn arms(&mut self, node: &Node) -> Vec<(Arc<str>, Arc<str>)> {
        let Kind::Map(pairs) = &node.kind else {
            self.r
                .wrong_kind(node, "an arm for a split, such as `{ offer: reminder }`,");
            return Vec::new();
        };
        let mut found = Vec::new();
        for pair in pairs {
            let split = Word {
                text: pair.name.clone(),
                span: pair.name_span.clone(),
            };
            let arm = self.r.text(&pair.value, "the name of an arm");
            if let Some(arm) = arm
                && self.arm(&split, &arm)
            {
                found.push((split.text, arm.text));
            }
        }
        found
    }

    fn fails(&mut self, node: &Node) -> Vec<Fails> {
        nodes(node).iter().filter_map(|n| self.fail(n)).collect()
    }

    fn fail(&mut self, node: &Node) -> Option<Fails> {
        if !matches!(node.kind, Kind::Map(_)) {
            let step = self.sending_step(node)?;
            return Some(Fails {
                step: step.text,
                channel: None,
            });
        }
        let mut f = Fields::of(node, "a failure", self.r)?;
        let step = f
            .need("step", "it says whose message does not arrive", self.r)
            .and_then(|n| self.sending_step(n));
        let channel = f
            .get("channel")
            .and_then(|n| self.r.channel(n).map(|c| (c, n)));
        f.finish(self.r);
        if let (Some(step), Some((channel, node))) = (&step, channel) {
            self.channel_of(step, channel, &node.span);
        }
        Some(Fails {
            step: step?.text,
            channel: channel.map(|c: (Channel, &Node)| c.0),
        })
    }
}

/// The items of a list, or the one thing that stands there.
pub(super) fn nodes(node: &Node) -> &[Node] {
    match &node.kind {
        Kind::List(items) => items,
        _ => std::slice::from_ref(node),
    }
}
