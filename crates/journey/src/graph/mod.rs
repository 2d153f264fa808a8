//! A journey as a picture: [`Graph::of`] a machine, and four ways to write it down.
//!
//! The graph is neutral: boxes with words, arrows with words, and the rules of the head beside
//! them. [`svg()`] draws it, [`mermaid()`] and [`dot()`] hand it to other programs, and serialised
//! it is plain data for programs of one's own.

mod build;
mod dot;
mod layout;
mod mermaid;
mod route;
mod svg;
mod text;
mod words;

use std::sync::Arc;

use serde::Serialize;

pub use self::{
    dot::dot,
    layout::{Placed, Rect, TooLarge, place},
    mermaid::mermaid,
    route::{Curve, Route},
    svg::svg,
};
use crate::machine::Machine;

/// The longest title of a box, in characters.
pub const LONGEST_TITLE: usize = 160;
/// The longest line under a title, and the longest rule of the head, in characters.
pub const LONGEST_DETAIL: usize = 120;
/// The most lines under a title, beside the step's id.
pub const MOST_DETAILS: usize = 6;
/// The longest word on an arrow, in characters.
pub const LONGEST_LABEL: usize = 80;
/// The most words on one arrow.
pub const MOST_LABELS: usize = 6;

/// A journey as boxes and arrows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Graph {
    /// The journey's name.
    pub journey: Arc<str>,
    /// Its title.
    pub title: Arc<str>,
    /// Entries as written, then every step in the order of the file with the ends that steps bring
    /// along, then the end behind the last step if anything leads there.
    pub boxes: Vec<Box>,
    /// What leads where, in the order of the file.
    pub arrows: Vec<Arrow>,
    /// What holds all the time: entering again, the goal, the ways out.
    pub head: Vec<Rule>,
}

/// One box.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Box {
    /// The step's id; `enter#N`, `missed#N` or `end#1` for what is no step. Unique.
    pub id: Arc<str>,
    /// What it is.
    pub kind: Kind,
    /// What it does, in the author's words: `Wait 2 h`.
    pub title: String,
    /// More about it, a line each.
    pub details: Vec<String>,
    /// The line in `journey.yaml`, from 1; none where it is no step.
    pub line: Option<u32>,
}

impl Box {
    /// The id, if an author gave it: those of the compiler have a `#`.
    pub fn given_id(&self) -> Option<&str> {
        (!self.id.contains('#')).then_some(&self.id)
    }

    /// Whether it is a step of the journey.
    pub fn is_step(&self) -> bool {
        self.line.is_some()
    }
}

/// What a box is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A way in.
    Enter,
    /// A wait for time.
    Wait,
    /// A wait for something to happen.
    WaitFor,
    /// `if` and `choose`.
    Choose,
    /// Random arms.
    Split,
    /// A message.
    Send,
    /// A question to the customer.
    Ask,
    /// A question to an endpoint.
    Call,
    /// A person takes over.
    HandOver,
    /// Rounds of the same steps.
    Repeat,
    /// Variables and traits.
    Set,
    /// An event of our own.
    Emit,
    /// Another journey begins.
    Start,
    /// Another journey ends.
    Stop,
    /// The steps of a fragment follow.
    Use,
    /// Leaves, with a reason.
    Exit,
    /// Behind the last step.
    End,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 17] = [
        Self::Enter,
        Self::Wait,
        Self::WaitFor,
        Self::Choose,
        Self::Split,
        Self::Send,
        Self::Ask,
        Self::Call,
        Self::HandOver,
        Self::Repeat,
        Self::Set,
        Self::Emit,
        Self::Start,
        Self::Stop,
        Self::Use,
        Self::Exit,
        Self::End,
    ];

    /// As it stands in class names and in data: `wait_for`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enter => "enter",
            Self::Wait => "wait",
            Self::WaitFor => "wait_for",
            Self::Choose => "choose",
            Self::Split => "split",
            Self::Send => "send",
            Self::Ask => "ask",
            Self::Call => "call",
            Self::HandOver => "hand_over",
            Self::Repeat => "repeat",
            Self::Set => "set",
            Self::Emit => "emit",
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Use => "use",
            Self::Exit => "exit",
            Self::End => "end",
        }
    }
}

/// What leads from one box to another: at most one arrow for two boxes and one direction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Arrow {
    /// Index of the box where it begins.
    pub from: usize,
    /// Index of the box where it ends.
    pub to: usize,
    /// When it is taken, one for each way that leads there; none where it always is.
    pub labels: Vec<String>,
    /// Whether it leads back to an earlier step.
    pub back: bool,
}

/// What the head of a journey says, for as long as a customer is inside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// About what.
    pub about: About,
    /// In words.
    pub words: String,
    /// The reason under which it ends a run, if it does.
    pub reason: Option<Arc<str>>,
}

/// What a rule of the head is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// Entering again, or the same key while inside.
    Again,
    /// What counts as success.
    Goal,
    /// A way out at any moment.
    Exit,
}

impl Graph {
    /// The picture of a machine. Every box is reached from an entry, and every text is bounded.
    pub fn of(machine: &Machine) -> Self {
        build::graph(machine)
    }

    /// How many boxes are steps.
    pub fn steps(&self) -> usize {
        self.boxes.iter().filter(|b| b.is_step()).count()
    }
}
