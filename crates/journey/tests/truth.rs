//! What the compiler proves is held against what happens: journeys are made up, compiled, and
//! walked by customers to whom things happen by chance, beside a journey that meddles with their
//! traits. Nothing that was called impossible may happen to anybody.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    missing_docs,
    reason = "tests make up their cases"
)]

use std::{collections::BTreeMap, fmt::Write as _, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use journey::{
    advance::{self, Clock, Turn},
    customer::Customer,
    diagnostic::{Diagnostic, Severity, SourceFile},
    ids::InputId,
    input::{Event, Input, InputKind},
    machine::{Machine, Node, NodeId, Op},
    value::{Map, Value},
    workspace::{self, Options, TemplateCheck},
    world::World,
};
use proptest::{
    prelude::*,
    sample::select,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

/// A step of a journey that is made up.
#[derive(Clone, Debug)]
enum Made {
    Line(String),
    If(String, Vec<Made>, Vec<Made>),
    Choose(Vec<(String, Vec<Made>)>, Vec<Made>),
    WaitFor(String, Vec<Made>, Vec<Made>),
    Repeat(u32, Vec<Made>),
}

/// Another journey that acts first, on what this one listens to as well.
const MEDDLER: &str = "journey: meddler\npriority: 90\npurpose: service\nenter:\n  - { event: a }\n  - { event: b }\nsteps:\n  - if: event.m\n    then:\n      - set: { customer.p: event.y, customer.q: 2 }\n      - emit: c\n        with: { x: 1, k: u }\n";
const SCHEMA: &str = "properties: { x: { type: integer, minimum: 0 }, k: { enum: [u, v] }, y: { type: integer }, m: { type: boolean } }\nrequired: [x, k]\n";

/// A condition over numbers, over `k`, and over what may be anything.
fn condition(
    numbers: &'static [&'static str],
    k: &'static str,
    any: &'static [&'static str],
) -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        6 => (select(numbers), select(&["==", "!=", "<", "<=", ">", ">="][..]), 0..3_i32)
            .prop_map(|(path, op, n)| format!("{path} {op} {n}")),
        2 => (select(&["==", "!="][..]), select(&["u", "v"][..]))
            .prop_map(move |(op, text)| format!("{k} {op} '{text}'")),
        1 => select(any).prop_map(str::to_owned),
        1 => select(numbers).prop_map(|path| format!("has({path})")),
        1 => select(numbers).prop_map(|path| format!("{path} in [1, 2]")),
    ];
    leaf.prop_recursive(2, 5, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} and {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} or {b})")),
            inner.prop_map(|a| format!("not ({a})")),
        ]
    })
}

/// A condition of a step: over what lasts over waits, and what does not.
fn of_step() -> impl Strategy<Value = String> {
    const NUMBERS: [&str; 5] = [
        "run.event.x",
        "run.v",
        "customer.p",
        "customer.q",
        "customer.p",
    ];
    condition(&NUMBERS, "run.event.k", &["run.v", "customer.p"])
}

/// A condition on an event.
fn of_event() -> impl Strategy<Value = String> {
    condition(
        &["event.x", "event.x", "customer.p"],
        "event.k",
        &["customer.p"],
    )
}

fn steps() -> impl Strategy<Value = Vec<Made>> {
    let line = prop_oneof![
        (select(&["run.v", "customer.p", "customer.q"][..]), 0..3_i32)
            .prop_map(|(name, n)| format!("set: {{ {name}: {n} }}")),
        select(&["run.v", "customer.p"][..])
            .prop_map(|name| format!("set: {{ {name}: run.event.y }}")),
        select(&["1h", "2h", "3h"][..]).prop_map(|time| format!("wait: {time}")),
        Just("{ send: email, template: t, capped: skip, quiet: skip }".to_owned()),
        Just("{ send: email, template: t }".to_owned()),
        Just("emit: d".to_owned()),
    ];
    let leaf = line.prop_map(Made::Line);
    let step = leaf.prop_recursive(3, 24, 3, |inner| {
        let some = || proptest::collection::vec(inner.clone(), 0..3);
        prop_oneof![
            3 => (of_step(), some(), some()).prop_map(|(c, a, b)| Made::If(c, a, b)),
            2 => (proptest::collection::vec((of_step(), some()), 1..4), some())
                .prop_map(|(arms, otherwise)| Made::Choose(arms, otherwise)),
            1 => (of_event(), some(), some()).prop_map(|(c, a, b)| Made::WaitFor(c, a, b)),
            1 => (1..3_u32, some()).prop_map(|(n, a)| Made::Repeat(n, a)),
        ]
    });
    proptest::collection::vec(step, 1..5)
}

/// The text of steps. A step that does nothing else begins each branch, so that it can be told
/// which was taken.
fn write(steps: &[Made], indent: usize, text: &mut String) {
    let pad = " ".repeat(indent);
    let branch = |word: &str, steps: &[Made], text: &mut String| {
        let _ = writeln!(text, "{pad}  {word}:\n{pad}    - set: {{ run.mark: 1 }}");
        write(steps, indent + 4, text);
    };
    for step in steps {
        match step {
            Made::Line(line) => drop(writeln!(text, "{pad}- {line}")),
            Made::If(condition, then, otherwise) => {
                let _ = writeln!(text, "{pad}- if: {condition}");
                branch("then", then, text);
                branch("else", otherwise, text);
            }
            Made::Choose(arms, otherwise) => {
                let _ = writeln!(text, "{pad}- choose:");
                for (condition, then) in arms {
                    let _ = writeln!(
                        text,
                        "{pad}    - when: {condition}\n{pad}      then:\n{pad}        - set: {{ run.mark: 1 }}"
                    );
                    write(then, indent + 8, text);
                }
                branch("else", otherwise, text);
            }
            Made::WaitFor(condition, then, otherwise) => {
                let _ = writeln!(
                    text,
                    "{pad}- wait_for:\n{pad}    event: a\n{pad}    if: {condition}\n{pad}    within: 2h"
                );
                branch("then", then, text);
                branch("else", otherwise, text);
            }
            Made::Repeat(times, steps) => {
                let _ = writeln!(
                    text,
                    "{pad}- repeat:\n{pad}    every: 1h\n{pad}    times: {times}\n{pad}    steps:\n{pad}      - set: {{ run.mark: 1 }}"
                );
                write(steps, indent + 6, text);
            }
        }
    }
}

/// What happens to a customer.
#[derive(Clone, Debug)]
enum Act {
    Event(&'static str, Option<i64>, &'static str, Option<i64>, bool),
    Traits(&'static str, Option<i64>),
    Hours(i64),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let number = || proptest::option::of(0..3_i64);
    let act = prop_oneof![
        4 => (select(&["a", "b"][..]), number(), select(&["u", "v"][..]), number(), any::<bool>())
            .prop_map(|(name, x, k, y, m)| Act::Event(name, x, k, y, m)),
        1 => (select(&["p", "q"][..]), number()).prop_map(|(name, n)| Act::Traits(name, n)),
        3 => (1..4_i64).prop_map(Act::Hours),
    ];
    proptest::collection::vec(act, 4..16)
}

fn event(number: usize, act: &Act, now: Timestamp) -> Option<Input> {
    let mut traits = Map::new();
    let (name, properties) = match act {
        Act::Event(name, x, k, y, m) => {
            // Its schema keeps `a` from having none.
            let x = if *name == "a" { x.or(Some(0)) } else { *x };
            let fields = serde_json::json!({ "x": x, "k": k, "y": y, "m": m });
            (*name, Value::from(fields))
        }
        Act::Traits(name, n) => {
            traits.insert(Arc::from(*name), n.map_or(Value::Null, Value::Int));
            ("identify", Value::Map(Arc::default()))
        }
        Act::Hours(_) => return None,
    };
    let id = number.to_string();
    Some(Input {
        id: InputId::of_event("truth", &id),
        now,
        kind: InputKind::Event(Event {
            customer: Arc::from("ana"),
            name: Arc::from(name),
            at: now,
            properties,
            traits,
            message_id: Arc::from(id),
            source: Arc::from("truth"),
        }),
    })
}

/// Where a run went from a step.
type Went = (NodeId, Option<NodeId>);

/// Everything that a customer walks.
fn walked(world: &World, machine: &Machine, acts: &[Act]) -> Vec<Went> {
    let mut customer = Customer::new("ana");
    customer
        .traits
        .insert(Arc::from("email"), Value::text("a@shop.example"));
    let mut now: Timestamp = "2026-01-05T09:00:00Z".parse().unwrap();
    let mut went = Vec::new();
    let mut keep = |turn: Turn| {
        let own = turn.effects.path.iter().filter(|v| v.machine == machine.id);
        went.extend(own.map(|v| (v.node, v.to)));
        turn.customer
    };
    for (number, act) in acts.iter().enumerate() {
        customer = match event(number, act, now) {
            Some(input) => keep(advance::take(world, customer, vec![input], Clock::Recorded)),
            None => {
                let Act::Hours(hours) = act else {
                    unreachable!()
                };
                now += SignedDuration::from_hours(*hours);
                keep(advance::take_due(world, customer, now, Clock::Recorded))
            }
        };
        now += SignedDuration::from_secs(1);
    }
    went
}

fn line_of(text: &str, at: usize) -> u32 {
    text[..at].matches('\n').count() as u32 + 1
}

/// The node that begins on the last line at or before that one, of those that have branches.
fn branching(machine: &Machine, line: u32) -> Option<(NodeId, &Node)> {
    let nodes = machine.nodes.iter().enumerate();
    nodes
        .filter(|(_, n)| matches!(n.op, Op::Choose { .. } | Op::WaitFor(_)) && n.line <= line)
        .max_by_key(|(_, n)| n.line)
        .map(|(i, n)| (NodeId(i as u32), n))
}

/// What a diagnostic calls impossible: to go from that node to one of those.
fn impossible(
    diagnostic: &Diagnostic,
    machine: &Machine,
    text: &str,
) -> Option<(NodeId, Vec<NodeId>)> {
    let line = line_of(text, diagnostic.span.start);
    let whens = |from: u32| {
        let lines = text.lines().enumerate().skip(from as usize);
        let upto = lines.take_while(|(i, _)| (*i as u32) < line);
        upto.map(|(_, l)| l.to_owned()).collect::<Vec<_>>()
    };
    let words = text.lines().nth(line as usize - 1)?;
    let column = words.len() - words.trim_start().len();
    if diagnostic.code == "J411" {
        let (i, node) = machine
            .nodes
            .iter()
            .enumerate()
            .find(|(_, n)| n.line == line)?;
        let over = match &node.op {
            Op::Wait(_) | Op::Repeat(_) => node.next,
            Op::WaitFor(wait) => wait.otherwise,
            _ => return None,
        };
        return Some((NodeId(i as u32), vec![over]));
    }
    // An `else` of which nobody is left is told at its first step.
    let is_else = diagnostic.code == "J311" && words.trim_start().starts_with("- set");
    let (number, node) = match is_else || words.trim_start().starts_with("- when") {
        false => branching(machine, line)?,
        true => {
            let verb = column.checked_sub(4)?;
            let nodes = machine.nodes.iter().enumerate();
            let own = nodes.filter(|(_, n)| {
                let there = text.lines().nth(n.line as usize - 1).unwrap_or_default();
                let at = there.len() - there.trim_start().len();
                n.line < line && at == verb && matches!(n.op, Op::Choose { .. })
            });
            let (i, node) = own.max_by_key(|(_, n)| n.line)?;
            (NodeId(i as u32), node)
        }
    };
    match &node.op {
        Op::WaitFor(wait) if diagnostic.code == "J313" => Some((number, vec![wait.arms[0].then])),
        Op::WaitFor(_) => None,
        Op::Choose { otherwise, .. } if is_else => Some((number, vec![*otherwise])),
        Op::Choose { arms, otherwise } => {
            let same = |l: &String| {
                l.trim_start().starts_with("- when") && l.len() - l.trim_start().len() == column
            };
            let arm = whens(node.line)
                .iter()
                .filter(|l| same(l))
                .count()
                .saturating_sub(1);
            let arm = if arms.len() == 1 { 0 } else { arm };
            let mut all: Vec<NodeId> = arms.iter().map(|a| a.1).collect();
            all.push(*otherwise);
            match diagnostic.code {
                "J312" => Some((number, all.split_off(arm + 1))),
                _ => Some((number, vec![all[arm]])),
            }
        }
        _ => None,
    }
}

/// One journey that is made up: what was found of it, and whether that is true of a customer.
fn hold(
    entry: &str,
    stay: &str,
    refresh: bool,
    steps: &[Made],
    acts: &[Vec<Act>],
    seen: &mut BTreeMap<&'static str, u32>,
) {
    let inside = if refresh { "refresh" } else { "restart" };
    let mut text = format!(
        "journey: truth\npurpose: service\nenter: {{ event: a, if: \"{entry}\" }}\ninside: {inside}\nexit: {{ after: {stay} }}\nsteps:\n  - set: {{ run.v: run.event.y }}\n"
    );
    write(steps, 2, &mut text);
    let file = |path: &str, text: &str| SourceFile {
        path: path.into(),
        text: text.into(),
    };
    let files = [
        file("config/events/a.yaml", SCHEMA),
        file("journeys/meddler/journey.yaml", MEDDLER),
        file("journeys/truth/journey.yaml", &text),
    ];
    let options = Options {
        templates: TemplateCheck::Ignored,
        ..Options::default()
    };
    let (made, found) = workspace::compile(&files, &options);
    assert!(
        found.iter().all(|d| d.severity == Severity::Warning),
        "{text}\n{found:#?}"
    );
    let made = made.unwrap();
    let machines: Vec<Arc<Machine>> = made.machines.iter().map(|c| c.machine.clone()).collect();
    let machine = machines
        .iter()
        .find(|m| &*m.journey == "truth")
        .unwrap()
        .clone();
    let world = World::new(machines, [], made.policies.clone());
    let went: Vec<Went> = acts
        .iter()
        .flat_map(|acts| walked(&world, &machine, acts))
        .collect();
    for diagnostic in found.iter().filter(|d| d.file.contains("truth")) {
        let head = line_of(&text, diagnostic.span.start) < 7;
        if head && diagnostic.code == "J313" {
            assert!(went.is_empty(), "somebody enters\n{text}");
        }
        let Some((from, to)) = impossible(diagnostic, &machine, &text).filter(|_| !head) else {
            continue;
        };
        *seen.entry(diagnostic.code).or_default() += 1;
        let happened = went
            .iter()
            .any(|(node, next)| *node == from && next.is_some_and(|n| to.contains(&n)));
        assert!(
            !happened,
            "{diagnostic:#?}\nis not true: {from:?} to {to:?}\n{text}\n{acts:#?}"
        );
    }
    *seen.entry("walked").or_default() += u32::from(!went.is_empty());
}

#[test]
fn nothing_that_is_called_impossible_happens_to_anybody() {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let entry = prop_oneof![
        2 => Just("event.x >= 0".to_owned()),
        1 => of_event(),
    ];
    let case = (
        entry,
        select(&["3h", "5h", "30d"][..]),
        any::<bool>(),
        steps(),
        proptest::collection::vec(acts(), 6),
    );
    let mut seen = BTreeMap::new();
    for _ in 0..500 {
        let (entry, stay, refresh, steps, acts) = case.new_tree(&mut runner).unwrap().current();
        hold(&entry, stay, refresh, &steps, &acts, &mut seen);
    }
    // It must have been put to the test.
    for code in ["J311", "J312", "J313", "J411", "walked"] {
        assert!(seen.get(code).is_some_and(|n| *n >= 30), "{seen:?}");
    }
}
