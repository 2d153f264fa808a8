//! One simulation as somebody fills it in: a customer and what happens to them, written as in `tests.yaml`.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{Script, length, moment, read, script, world};
use crate::{
    customer::Customer,
    diagnostic::{Diagnostic, SourceFile},
    source::Node,
    testing::{
        self,
        play::{Played, Player, Stage},
        read as reading, stage,
        written::Person,
    },
    time,
    workspace::Workspace,
};

/// The longest text of a customer or of events, in bytes.
const MOST_TEXT: usize = 32 * 1_024;
/// The most events.
const MOST_EVENTS: usize = 200;
/// The longest time that is played, and how long is played where nothing is said.
const LONGEST: SignedDuration = SignedDuration::from_hours(3 * 366 * 24);

/// What is to be played.
#[derive(Clone, Copy, Debug, Default)]
pub struct Once<'a> {
    /// The journey, by its name.
    pub journey: &'a str,
    /// The customer of a test, as YAML or JSON: `{ country: FR, consent: { marketing: [email] } }`. Empty: somebody.
    pub customer: &'a str,
    /// The events of a test, as YAML or JSON: `- { after: 2h, event: order.placed, with: { total: 50 } }`.
    pub events: &'a str,
    /// When it begins, as in a test; empty: Monday 2026-01-05, 09:00.
    pub at: &'a str,
    /// How long the clock runs: `30d`; empty: until nothing is pending.
    pub run_for: &'a str,
    /// Splits and the arms that they take.
    pub arms: &'a [(String, String)],
}

/// What was filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// The journey, or an arm of its splits.
    Journey,
    /// The customer.
    Customer,
    /// The events.
    Events,
    /// When it begins.
    At,
    /// How long it runs.
    RunFor,
}

impl Field {
    /// As forms and queries call it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Journey => "journey",
            Self::Customer => "customer",
            Self::Events => "events",
            Self::At => "at",
            Self::RunFor => "run_for",
        }
    }
}

/// What is wrong with what was filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Where.
    pub field: Field,
    /// What, in a sentence: `line 2: there is no event `order.place`; did you mean `order.placed`?`.
    pub what: String,
}

impl Wrong {
    fn new(field: Field, what: impl Into<String>) -> Self {
        let what = what.into();
        Self { field, what }
    }
}

/// What was filled in, read.
struct Read {
    person: Person,
    script: Script,
    file: SourceFile,
    run_for: Option<SignedDuration>,
}

/// Plays it: the code of production on a recorded clock. Nothing is kept, and nothing leaves.
///
/// # Errors
/// Everything that is wrong with what was filled in, in the order of the fields.
pub fn once(workspace: &Workspace, once: &Once<'_>) -> Result<Played, Vec<Wrong>> {
    let world = world(workspace, once.journey, &[], once.arms)
        .map_err(|why| vec![Wrong::new(Field::Journey, why)])?;
    let given = given(workspace, once)?;
    let machines = testing::machines(workspace);
    let somebody = |at| stage::person(&given.person, at, &machines, &workspace.policies);
    let start = start(workspace, once.at, &somebody(monday(workspace)))?;
    let stage = Stage {
        world: &world,
        templates: &workspace.templates,
        schemas: &workspace.schemas,
        sources: &workspace.sources,
    };
    let mut player = Player::new(stage, somebody(start), start).begin();
    let found = player.follow(&given.script, &given.file, start);
    if !found.is_empty() {
        return Err(told(Field::Events, &given.file, &found));
    }
    player.run(given.run_for.map(|span| time::plus(start, span)));
    Ok(player.finish())
}

/// All that is wrong at once.
fn given(workspace: &Workspace, once: &Once<'_>) -> Result<Read, Vec<Wrong>> {
    let mut wrong = Vec::new();
    let person = person(workspace, once).map_err(|w| wrong.extend(w));
    let events = events(workspace, once).map_err(|w| wrong.extend(w));
    let run_for = run_for(once.run_for).map_err(|w| wrong.push(w));
    match (person, events, run_for) {
        (Ok(person), Ok((script, file)), Ok(run_for)) => Ok(Read {
            person,
            script,
            file,
            run_for,
        }),
        _ => Err(wrong),
    }
}

fn monday(workspace: &Workspace) -> Timestamp {
    stage::default_start(&workspace.policies)
}

fn start(workspace: &Workspace, at: &str, who: &Customer) -> Result<Timestamp, Vec<Wrong>> {
    let monday = monday(workspace);
    match at.trim() {
        "" => Ok(monday),
        text => moment(text, monday, who, workspace).ok_or_else(|| {
            let how = "write it as `2026-01-05T10:00+01:00`, `2026-01-05 10:00` or `tue 10:00`";
            vec![Wrong::new(Field::At, how)]
        }),
    }
}

fn events(workspace: &Workspace, once: &Once<'_>) -> Result<(Script, SourceFile), Vec<Wrong>> {
    let file = file(Field::Events, once.events)?;
    let script = script(workspace, once.journey, &file);
    let script = script.map_err(|found| told(Field::Events, &file, &found))?;
    if script.happenings.len() > MOST_EVENTS {
        let why = format!("a simulation has at most {MOST_EVENTS} events here");
        return Err(vec![Wrong::new(Field::Events, why)]);
    }
    Ok((script, file))
}

fn person(workspace: &Workspace, once: &Once<'_>) -> Result<Person, Vec<Wrong>> {
    let file = file(Field::Customer, once.customer)?;
    if file.text.trim().is_empty() {
        return Ok(Person::default());
    }
    let part = |root: &Node, known: &reading::Known<'_>, r: &mut crate::parse::Reader<'_>| {
        reading::person(root, known, r)
    };
    let person = read(workspace, once.journey, &file, part);
    let person = person.map_err(|found| told(Field::Customer, &file, &found))?;
    Ok(person.unwrap_or_default())
}

fn file(field: Field, text: &str) -> Result<SourceFile, Vec<Wrong>> {
    if text.len() > MOST_TEXT {
        let why = format!("it is longer than {} kB", MOST_TEXT / 1_024);
        return Err(vec![Wrong::new(field, why)]);
    }
    Ok(SourceFile {
        path: Arc::from(field.as_str()),
        // A form sends lines as `\r\n`.
        text: Arc::from(text.replace("\r\n", "\n")),
    })
}

fn run_for(text: &str) -> Result<Option<SignedDuration>, Wrong> {
    let how = "write it as `3d` or `1d 12h`, three years at the most";
    match text.trim() {
        "" => Ok(None),
        text => match length(text).filter(|span| *span <= LONGEST) {
            Some(span) => Ok(Some(span)),
            None => Err(Wrong::new(Field::RunFor, how)),
        },
    }
}

/// Each with its line.
fn told(field: Field, file: &SourceFile, found: &[Diagnostic]) -> Vec<Wrong> {
    let one = |d: &Diagnostic| {
        let before = file.text.get(..d.span.start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let parts = [d.message.as_str(), d.label.as_str()].into_iter();
        let parts = parts.chain(d.notes.iter().map(String::as_str));
        let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
        Wrong::new(field, format!("line {line}: {}", parts.join("; ")))
    };
    found.iter().map(one).collect()
}
