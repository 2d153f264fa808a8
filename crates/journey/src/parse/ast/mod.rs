//! A journey as written, typed, with the place of everything that may be wrong about it.
//!
//! Something that was reported while reading is absent here, so that nobody reports it again.

mod talk;

use std::sync::Arc;

use jiff::{SignedDuration, civil};

pub use self::talk::{Ask, Call, Choice, Expect, Repeat, Use};
use crate::{
    expr::Expr,
    machine::{Again, Capped, Change, Hours, Inside, Migrate, Quiet, Target, Weekday, Zone},
    message::Channel,
    source::{Node, Span},
    value::Value,
};

/// A word or text with its place.
#[derive(Clone, Debug)]
pub struct Word {
    /// The text.
    pub text: Arc<str>,
    /// Where it stands.
    pub span: Span,
}

/// An expression with its place.
#[derive(Clone, Debug)]
pub struct Formula {
    /// The expression.
    pub expr: Expr,
    /// The scalar that holds it.
    pub node: Node,
    /// Where in the scalar's text the expression begins.
    pub offset: usize,
}

impl Formula {
    /// The file's bytes of `part`, bytes of the expression.
    pub fn span(&self, source: &str, part: &Span) -> Span {
        let shifted = part.start + self.offset..part.end + self.offset;
        self.node.within(source, &shifted)
    }
}

/// A value by rule 3.
#[derive(Clone, Debug)]
pub enum Given {
    /// As written.
    Literal(Value),
    /// A path or a computation.
    Computed(Box<Formula>),
    /// A list.
    List(Vec<Given>),
    /// Named fields.
    Map(Vec<(Arc<str>, Given)>),
}

/// A journey.
#[derive(Clone, Debug)]
pub struct Journey {
    /// Its name.
    pub name: Option<Word>,
    /// Its title.
    pub title: Option<Word>,
    /// The purpose of sends that name none.
    pub purpose: Option<Word>,
    /// 0 to 100.
    pub priority: u8,
    /// For caps to count by.
    pub tags: Vec<Word>,
    /// Ways in.
    pub entries: Vec<Entry>,
    /// The same key again.
    pub inside: Inside,
    /// Whether to enter again.
    pub again: Again,
    /// What counts as success.
    pub goal: Option<Goal>,
    /// Ways out.
    pub exits: Vec<Exit>,
    /// The longest stay.
    pub stay: Option<Stay>,
    /// What becomes of runs on older versions.
    pub migrate: Option<Migrate>,
    /// What happens.
    pub steps: Vec<Step>,
}

/// A way in.
#[derive(Clone, Debug)]
pub struct Entry {
    /// By what; absent if it was unreadable.
    pub by: Option<By>,
    /// Only if.
    pub condition: Option<Formula>,
    /// What tells runs apart.
    pub key: Option<Formula>,
}

/// The longest stay.
#[derive(Clone, Debug)]
pub struct Stay {
    /// From entry.
    pub after: SignedDuration,
    /// Where that is written.
    pub place: Span,
    /// Under which reason they leave.
    pub reason: Option<Word>,
}

/// What lets a customer in.
#[derive(Clone, Debug)]
pub enum By {
    /// An event, and how old it may be.
    Event(Word, SignedDuration),
    /// A segment.
    Segment {
        /// Its name.
        name: Word,
        /// Which change of membership.
        change: Change,
        /// Whether those who belong already enter as well.
        backfill: bool,
    },
    /// A schedule.
    Schedule {
        /// The cron expression.
        cron: Word,
        /// Whose clock; the default zone without it.
        zone: Option<Arc<str>>,
        /// Who enters.
        segment: Option<Word>,
    },
    /// A date among the traits.
    Date {
        /// The trait's name.
        of: Word,
        /// Every year.
        yearly: bool,
        /// Before or after.
        offset: SignedDuration,
        /// At that time of the day.
        at: Option<civil::Time>,
        /// Whose clock.
        zone: Zone,
    },
    /// `start`, and the API.
    Api,
}

/// What counts as success.
#[derive(Clone, Debug)]
pub struct Goal {
    /// The event.
    pub event: Option<Word>,
    /// Only if.
    pub condition: Option<Formula>,
    /// How long, and where that stands.
    pub within: Option<(SignedDuration, Span)>,
}

/// A way out.
#[derive(Clone, Debug)]
pub struct Exit {
    /// The event.
    pub event: Option<Word>,
    /// Only if.
    pub condition: Option<Formula>,
    /// The reason.
    pub reason: Option<Word>,
}

/// A step.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its id, if it has one.
    pub id: Option<Word>,
    /// Its verb.
    pub verb: &'static str,
    /// Where the verb stands.
    pub verb_span: Span,
    /// What it does.
    pub action: Action,
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum Action {
    /// Wait for time.
    Wait(Wait),
    /// Wait for something to happen.
    WaitFor(WaitFor),
    /// `if` and `choose`.
    Choose(Vec<(Option<Formula>, Vec<Step>)>, Vec<Step>),
    /// Random arms.
    Split(Split),
    /// A message.
    Send(Box<Send>),
    /// Variables and traits.
    /// What is set, to what, and where that stands.
    Set(Vec<(Target, Given, Span)>),
    /// Leave, with a reason.
    Exit(Option<Word>),
    /// A question.
    Ask(Box<Ask>),
    /// A call of an endpoint.
    Call(Box<Call>),
    /// A hand-over to a person.
    HandOver(Box<Call>),
    /// Rounds.
    Repeat(Box<Repeat>),
    /// An event of our own, with its fields.
    Emit(Option<Word>, Option<Given>),
    /// Another journey, with its `run.event`.
    Start(Option<Word>, Option<Given>),
    /// Another journey's end.
    Stop(Option<Word>),
    /// A fragment.
    Use(Box<Use>),
    /// Reported already; the ids are those found inside, so that naming them is no second error.
    Unknown(Vec<Word>),
}

/// A wait for time.
#[derive(Clone, Debug)]
pub struct Wait {
    /// How long first.
    pub span: SignedDuration,
    /// Until when.
    pub moment: Option<Formula>,
    /// Added to the moment.
    pub offset: SignedDuration,
    /// Then until.
    pub at: Option<Hours>,
    /// Only on.
    pub days: Vec<Weekday>,
    /// Whose clock.
    pub zone: Zone,
    /// If the moment is past or null.
    pub missed: Missed,
}

/// What a past or null moment does.
#[derive(Clone, Debug)]
pub enum Missed {
    /// Go on.
    GoOn,
    /// Leave.
    Exit,
    /// These steps first.
    Steps(Vec<Step>),
}

/// A wait for something to happen, or for the first of several things.
#[derive(Clone, Debug)]
pub struct WaitFor {
    /// What is waited for.
    pub arms: Vec<Awaited>,
    /// How long.
    pub within: Option<SignedDuration>,
    /// If nothing happened, with the place of `else`.
    pub otherwise: Option<(Span, Vec<Step>)>,
    /// Whether `within` is written, readable or not.
    pub bounded: bool,
}

/// One thing that is waited for.
#[derive(Clone, Debug)]
pub struct Awaited {
    /// The event.
    pub event: Option<Word>,
    /// Only if.
    pub condition: Option<Formula>,
    /// If it happened.
    pub then: Vec<Step>,
}

/// Random arms.
#[derive(Clone, Debug)]
pub struct Split {
    /// Stirs the hash.
    pub salt: Arc<str>,
    /// The arms as written.
    pub arms: Vec<Arm>,
}

/// An arm.
#[derive(Clone, Debug)]
pub struct Arm {
    /// Its name.
    pub name: Word,
    /// Its weight; absent if it was unreadable.
    pub weight: Option<u32>,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// A message.
#[derive(Clone, Debug)]
pub struct Send {
    /// Channels with their places.
    pub channels: Vec<(Channel, Span)>,
    /// The template.
    pub template: Option<Word>,
    /// What it may name.
    pub with: Option<Given>,
    /// The names in `with`, readable or not; absent if `with` itself was unreadable.
    pub fields: Option<Vec<Word>>,
    /// The purpose.
    pub purpose: Option<Word>,
    /// What a cap does.
    pub capped: Option<(Capped, Span)>,
    /// What quiet hours do.
    pub quiet: Option<(Quiet, Span)>,
    /// How long it may still go.
    pub expires: Option<SignedDuration>,
    /// Once per customer and value of this, ever.
    pub key: Option<Given>,
}
