//! From a machine to its graph.

use std::sync::Arc;

use super::{
    About, Arrow, Box, Graph, Kind, LONGEST_DETAIL, LONGEST_LABEL, LONGEST_TITLE, MOST_DETAILS,
    MOST_LABELS, Rule, words,
};
use crate::machine::{Ask, Expect, Machine, Missed, Node, NodeId, Op, Repeat, WaitFor};

pub(super) fn graph(machine: &Machine) -> Graph {
    let mut build = Build {
        machine,
        boxes: Vec::new(),
        arrows: Vec::new(),
        steps: Vec::new(),
        end: None,
    };
    build.entries();
    build.steps();
    build.lead();
    Graph {
        journey: machine.journey.clone(),
        title: Arc::from(words::clip(&machine.title, LONGEST_TITLE)),
        boxes: build.boxes,
        arrows: build.arrows,
        head: head(machine),
    }
}

struct Build<'m> {
    machine: &'m Machine,
    boxes: Vec<Box>,
    arrows: Vec<Arrow>,
    /// The box of each node.
    steps: Vec<usize>,
    end: Option<usize>,
}

impl Build<'_> {
    /// Adds a box; its index.
    fn add(&mut self, id: &str, kind: Kind, title: &str, details: &[String]) -> usize {
        let mut details: Vec<String> = details
            .iter()
            .map(|d| words::clip(d, LONGEST_DETAIL))
            .filter(|d| !d.is_empty())
            .collect();
        shorten(&mut details, MOST_DETAILS);
        self.boxes.push(Box {
            id: Arc::from(id),
            kind,
            title: words::clip(title, LONGEST_TITLE),
            details,
            line: None,
        });
        self.boxes.len() - 1
    }

    fn entries(&mut self) {
        for (n, entry) in self.machine.entries.iter().enumerate() {
            let id = format!("enter#{}", n + 1);
            let (title, details) = words::entry(entry);
            self.add(&id, Kind::Enter, &title, &details);
        }
    }

    fn steps(&mut self) {
        for node in &self.machine.nodes {
            let (kind, title, details) = said(node);
            let at = self.add(&node.id, kind, &title, &details);
            self.boxes[at].line = Some(node.line);
            self.steps.push(at);
        }
    }

    /// Everything that leads somewhere.
    fn lead(&mut self) {
        for entry in 0..self.machine.entries.len() {
            self.arrow(entry, NodeId(0), None);
        }
        let machine = self.machine;
        for (node, from) in machine.nodes.iter().zip(self.steps.clone()) {
            self.ways(node, from);
        }
    }

    fn ways(&mut self, node: &Node, from: usize) {
        match &node.op {
            Op::Wait(wait) => {
                self.arrow(from, node.next, None);
                match wait.missed {
                    Missed::Steps(first) => self.arrow(from, first, Some("if that is past")),
                    Missed::Exit if wait.moment.is_some() => self.missed(from),
                    _ => {}
                }
            }
            Op::WaitFor(wait) => self.wait_for(wait, from),
            Op::Choose { arms, otherwise } => {
                for (when, to) in arms {
                    let one = arms.len() == 1;
                    self.arrow(from, *to, Some(if one { "yes" } else { when.source() }));
                }
                let label = if arms.len() == 1 { "no" } else { "else" };
                self.arrow(from, *otherwise, Some(label));
            }
            Op::Split { arms, .. } => {
                let sum = arms.iter().map(|a| u64::from(a.weight)).sum();
                for arm in arms {
                    let label = format!("{} {}", arm.name, words::share(arm.weight, sum));
                    self.arrow(from, arm.first, Some(&label));
                }
            }
            Op::Ask(ask) => self.ask(ask, node.next, from),
            Op::Call(call) => {
                self.arrow(from, node.next, Some("answered"));
                let label = words::no_answer("no answer", call.within);
                self.arrow(from, call.otherwise, Some(&label));
            }
            Op::HandOver(call) => {
                self.arrow(from, node.next, Some("handed back"));
                let label = words::no_answer("not handed back", call.within);
                self.arrow(from, call.otherwise, Some(&label));
            }
            Op::Repeat(Repeat { first, .. }) => {
                self.arrow(from, *first, Some("each round"));
                self.arrow(from, node.next, Some("afterwards"));
            }
            Op::Send(_)
            | Op::Set(_)
            | Op::Emit { .. }
            | Op::Start { .. }
            | Op::Stop { .. }
            | Op::Use { .. } => self.arrow(from, node.next, None),
            Op::Exit { .. } => {}
        }
    }

    fn wait_for(&mut self, wait: &WaitFor, from: usize) {
        let several = wait.arms.len() > 1;
        for arm in &wait.arms {
            let occasion = words::occasion(arm.event.as_deref(), arm.condition.as_ref());
            let label = match (several, wait.within) {
                (true, _) => Some(occasion.as_str()),
                (false, Some(_)) => Some("yes"),
                (false, None) => None,
            };
            self.arrow(from, arm.then, label);
        }
        if let Some(within) = wait.within {
            let label = format!("after {}", words::span(within));
            self.arrow(from, wait.otherwise, Some(&label));
        }
    }

    fn ask(&mut self, ask: &Ask, next: NodeId, from: usize) {
        match &ask.expect {
            Expect::Options(choices) => {
                for choice in choices {
                    self.arrow(from, choice.then, Some(&choice.name));
                }
            }
            _ => self.arrow(from, next, Some("answered")),
        }
        self.arrow(from, ask.not_understood, Some("not understood"));
        let label = words::no_answer("no answer", ask.within);
        self.arrow(from, ask.otherwise, Some(&label));
    }

    /// A wait whose moment is past leaves the journey.
    fn missed(&mut self, from: usize) {
        let n = self.boxes.iter().filter(|b| b.id.starts_with("missed#"));
        let id = format!("missed#{}", n.count() + 1);
        let to = self.add(&id, Kind::Exit, "Leave: missed", &[]);
        self.join(from, to, Some("if that is past"));
    }

    fn arrow(&mut self, from: usize, to: NodeId, label: Option<&str>) {
        let to = match self.steps.get(to.0 as usize) {
            Some(step) => *step,
            None => self.end(),
        };
        self.join(from, to, label);
    }

    fn join(&mut self, from: usize, to: usize, label: Option<&str>) {
        let label = label.map(|l| words::clip(l, LONGEST_LABEL));
        let same = |a: &&mut Arrow| a.from == from && a.to == to;
        // What leads from one box stands together at the end of the list.
        let recent = self.arrows.iter_mut().rev();
        if let Some(arrow) = recent.take_while(|a| a.from == from).find(same) {
            arrow.labels.extend(label);
            shorten(&mut arrow.labels, MOST_LABELS);
            return;
        }
        self.arrows.push(Arrow {
            from,
            to,
            labels: label.into_iter().collect(),
            back: self.boxes[to].is_step() && to <= from,
        });
    }

    /// Behind the last step.
    fn end(&mut self) -> usize {
        if let Some(end) = self.end {
            return end;
        }
        let end = self.add("end#1", Kind::End, "End: completed", &[]);
        self.end = Some(end);
        end
    }
}

/// Keeps `most` lines, the last of which says how many there are besides.
fn shorten(lines: &mut Vec<String>, most: usize) {
    if lines.len() > most {
        let more = lines.len() - most + 1;
        // A line that says so already counts for those that it stands for.
        let before = lines[most - 1]
            .strip_prefix("and ")
            .and_then(|l| l.strip_suffix(" more"))
            .and_then(|n| n.parse::<usize>().ok());
        lines.truncate(most - 1);
        lines.push(format!(
            "and {} more",
            before.map_or(more, |n| n + more - 1)
        ));
    }
}

/// A step in words.
fn said(node: &Node) -> (Kind, String, Vec<String>) {
    let some = |detail: Option<String>| detail.into_iter().collect::<Vec<_>>();
    match &node.op {
        Op::Wait(wait) => (Kind::Wait, words::wait(wait), some(words::zone(wait))),
        Op::WaitFor(wait) => {
            let (title, detail) = words::wait_for(wait);
            (Kind::WaitFor, title, some(detail))
        }
        Op::Choose { arms, .. } => match arms.as_slice() {
            [(when, _)] => (Kind::Choose, format!("If {}", when.source()), Vec::new()),
            _ => (
                Kind::Choose,
                "Choose".into(),
                vec!["the first that holds".into()],
            ),
        },
        Op::Split { .. } => (Kind::Split, format!("Split {}", node.id), Vec::new()),
        Op::Send(send) => {
            let channels = words::capital(&words::channels(&send.channels));
            let title = format!("{channels} {}", send.template);
            (Kind::Send, title, vec![words::terms(send)])
        }
        Op::Set(set) => {
            let (title, lines) = words::set(set);
            (Kind::Set, title, lines)
        }
        Op::Exit { reason } => (Kind::Exit, format!("Leave: {reason}"), Vec::new()),
        Op::Ask(ask) => {
            let channels = words::channels(&ask.send.channels);
            let title = format!("Ask by {channels}: {}", ask.send.template);
            (Kind::Ask, title, words::question(ask))
        }
        Op::Call(call) => {
            let title = format!("Call {}", call.endpoint);
            let saved = call.save.as_ref().map(words::saved);
            (Kind::Call, title, some(saved))
        }
        Op::HandOver(call) => {
            let title = format!("Hand over to {}", call.endpoint);
            (Kind::HandOver, title, Vec::new())
        }
        Op::Repeat(repeat) => {
            let until = repeat.until.as_ref();
            let until = until.map(|u| format!("until {}", u.source()));
            (Kind::Repeat, words::repeat(repeat), some(until))
        }
        Op::Emit { event, .. } => (Kind::Emit, format!("Emit {event}"), Vec::new()),
        Op::Start { journey, .. } => (Kind::Start, format!("Start {journey}"), Vec::new()),
        Op::Stop { journey } => (Kind::Stop, format!("Stop {journey}"), Vec::new()),
        Op::Use { fragment } => (Kind::Use, format!("Use {fragment}"), Vec::new()),
    }
}

/// What the head says.
fn head(machine: &Machine) -> Vec<Rule> {
    let rule = |about, words: &str, reason: Option<&Arc<str>>| Rule {
        about,
        words: words::clip(words, LONGEST_DETAIL),
        reason: reason.map(|r| Arc::from(words::clip(r, LONGEST_LABEL))),
    };
    let again = [
        Some(words::again(machine.again)),
        words::inside(machine.inside).map(str::to_owned),
    ];
    let again = again.iter().flatten().map(|w| rule(About::Again, w, None));
    let goal = machine
        .goal
        .iter()
        .map(|g| rule(About::Goal, &words::goal(g), None));
    let exits = machine
        .exits
        .iter()
        .map(|e| rule(About::Exit, &words::exit(e), Some(&e.reason)));
    let stay = machine.stay.iter().map(|s| {
        let words = format!("{} after entry", words::span(s.after));
        rule(About::Exit, &words, Some(&s.reason))
    });
    again.chain(goal).chain(exits).chain(stay).collect()
}
