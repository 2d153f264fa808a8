//! The timeline of one customer.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::{elapsed, in_local_time, local};
use crate::{
    testing::play::{Moment, Played, Said, Standing},
    trace::{Fact, NOTHING_LISTENED},
};

/// How long a sentence may be before its reasons are told one a line, in characters.
const WIDE: usize = 88;

/// How it is shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    /// In the colours of a terminal.
    pub colour: bool,
}

impl Look {
    /// What is wrong.
    pub fn red(self, text: &str) -> String {
        self.painted("31;1", text)
    }

    /// What is right, or new.
    pub fn green(self, text: &str) -> String {
        self.painted("32", text)
    }

    /// What stands in the background.
    pub fn dim(self, text: &str) -> String {
        self.painted("2", text)
    }

    /// What is to be read first.
    pub fn bold(self, text: &str) -> String {
        self.painted("1", text)
    }

    fn painted(self, code: &str, text: &str) -> String {
        if self.colour && !text.is_empty() {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

/// How wide the columns are.
#[derive(Clone, Copy)]
struct Columns {
    after: usize,
    at: usize,
    step: usize,
    /// Whether steps are named with their journey.
    several: bool,
}

impl Columns {
    fn of(played: &Played) -> Self {
        let first = played.runs.first();
        let several = first.is_some_and(|f| played.runs.iter().any(|r| r.journey != f.journey));
        let said = played.moments.iter().flat_map(|m| &m.said);
        let wide = |texts: &mut dyn Iterator<Item = String>| {
            texts.map(|t| t.chars().count()).max().unwrap_or_default()
        };
        let moments = || played.moments.iter();
        Self {
            after: wide(&mut moments().map(|m| after(m, played))).max(8),
            at: wide(&mut moments().map(|m| local(m.at, &m.zone, played.start))),
            step: wide(&mut said.map(|s| place(s, several))).clamp(4, 32),
            several,
        }
    }
}

fn after(moment: &Moment, played: &Played) -> String {
    format!("+{}", elapsed(moment.at.duration_since(played.start)))
}

/// The whole of a play as people read it: who, what happened, where they stand, and what is due next.
pub fn whole(played: &Played, look: Look) -> String {
    let title = format!(
        "{}, on the clock of {}",
        look.bold(&played.key),
        played.zone.explained()
    );
    let timeline = timeline(played, look, &|_| false);
    let standing = standing(played, look);
    let next = played.next().and_then(|here| {
        let at = local(here.due?, &played.zone.zone, played.start);
        Some(format!("  due next: {} at {at}\n", here.step))
    });
    let next = next.unwrap_or_default();
    format!("{title}\n\n{timeline}\n{standing}{next}")
}

/// What happened, in order: how long after the start, on the customer's clock, at which step, what
/// was decided and why. Facts that `marked` holds are pointed out.
pub fn timeline(played: &Played, look: Look, marked: &dyn Fn(&Fact) -> bool) -> String {
    let columns = Columns::of(played);
    let mut out = String::new();
    for moment in &played.moments {
        write(&mut out, played, moment, look, columns, marked);
    }
    if played.moments.is_empty() {
        out.push_str("    nothing happened\n");
    }
    out
}

fn place(said: &Said, several: bool) -> String {
    match (&said.step, &said.journey) {
        (Some(step), Some(journey)) if several => format!("{journey}/{step}"),
        (Some(step), _) => step.to_string(),
        (None, Some(journey)) if several => journey.to_string(),
        _ => String::new(),
    }
}

fn write(
    out: &mut String,
    played: &Played,
    moment: &Moment,
    look: Look,
    columns: Columns,
    marked: &dyn Fn(&Fact) -> bool,
) {
    let Columns {
        after: wide,
        at: long,
        step: width,
        several,
    } = columns;
    let at = local(moment.at, &moment.zone, played.start);
    let when = format!("{:>wide$}  {at:<long$}", after(moment, played));
    let blank = " ".repeat(when.chars().count());
    let mut head = when.clone();
    if !moment.what.is_empty() {
        // Writing into a string cannot fail.
        let _ = writeln!(out, "  {}  {}", look.dim(&when), look.bold(&moment.what));
        head.clone_from(&blank);
    }
    for said in &moment.said {
        let sentence = sentence(said, moment, played.start);
        let mut step = place(said, several);
        for part in parts(&sentence) {
            let line = format!("{step:>width$}  {part}");
            if marked(&said.fact) {
                let _ = writeln!(
                    out,
                    "{} {}  {}",
                    look.red(">"),
                    look.dim(&head),
                    look.red(&line)
                );
            } else {
                let _ = writeln!(out, "  {}  {line}", look.dim(&head));
            }
            step.clear();
            head.clone_from(&blank);
        }
    }
}

/// A long sentence with several reasons, one reason a line.
fn parts(sentence: &str) -> Vec<&str> {
    if sentence.chars().count() > WIDE {
        sentence.split("; ").collect()
    } else {
        vec![sentence]
    }
}

fn sentence(said: &Said, moment: &Moment, start: Timestamp) -> String {
    let text = match &said.fact {
        Fact::Ignored { why } if &**why == NOTHING_LISTENED => {
            "no journey here does anything with it".to_owned()
        }
        fact => fact.sentence(),
    };
    in_local_time(&text, &moment.zone, start)
}

/// Where the customer stands at the end, and what is due next.
pub fn standing(played: &Played, look: Look) -> String {
    let at = local(played.until, &played.zone.zone, played.start);
    if played.standing.is_empty() {
        return format!("  {at}: inside no journey\n");
    }
    let mut out = String::new();
    for here in &played.standing {
        let _ = writeln!(out, "  {at}: {}", look.bold(&line(here, played)));
    }
    out
}

fn line(here: &Standing, played: &Played) -> String {
    let key = if here.key.is_empty() {
        String::new()
    } else {
        format!(" [{}]", here.key)
    };
    let zone = &played.zone.zone;
    let due = match here.due {
        Some(due) => format!("until {} at the longest", local(due, zone, played.start)),
        None => "until something happens".to_owned(),
    };
    let held = here
        .held
        .as_ref()
        .map(|h| format!(": {}", in_local_time(h, zone, played.start)));
    format!(
        "{}{key} at {} (line {}), {due}{}",
        here.journey,
        here.step,
        here.line,
        held.unwrap_or_default()
    )
}
