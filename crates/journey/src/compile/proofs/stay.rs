//! The longest stay against the shortest time that a customer takes to a place.

use jiff::SignedDuration;

use super::{
    drops_in,
    walk::{Proof, Way, walk},
};
use crate::{
    diagnostics::{Sink, time},
    parse::ast::{Action, Formula, Journey, Repeat, Stay as Longest, Step, Use},
    source::Span,
};

/// Reports steps that nobody reaches within the longest stay, and a goal that ends before anything
/// is sent. Lower bounds of time are true however late a timer fires.
pub(super) fn check(journey: &Journey, sink: &mut Sink) {
    // Who comes from another version may have taken less time.
    if drops_in(journey) {
        return;
    }
    let mut proof = Stay {
        longest: journey.stay.as_ref(),
        first_message: None,
        others: false,
        inside: 0,
        sink,
    };
    walk(
        &mut proof,
        &journey.steps,
        Least::Since(SignedDuration::ZERO),
    );
    let (first, others) = (proof.first_message, proof.others);
    goal(journey, first.filter(|_| !others), sink);
}

struct Stay<'s> {
    longest: Option<&'s Longest>,
    /// The shortest time after which something is sent.
    first_message: Option<SignedDuration>,
    /// Whether anything else can move a customer to the goal.
    others: bool,
    /// How many fragments are around.
    inside: u32,
    sink: &'s mut Sink,
}

/// How far a customer can be.
#[derive(Clone)]
enum Least {
    /// The shortest time since entry.
    Since(SignedDuration),
    /// The stay is over before; this is to be said if anything stands here.
    Due(Box<Over>),
    /// The stay is over, and that has been said.
    Over,
}

/// What takes longer than the stay.
#[derive(Clone)]
struct Over {
    place: Span,
    since: SignedDuration,
    by: SignedDuration,
}

impl Stay<'_> {
    fn over(&self, least: SignedDuration) -> bool {
        self.longest.is_some_and(|longest| least >= longest.after)
    }

    /// Later by so much; reported where the stay is over by then.
    fn later(&mut self, step: &Step, since: SignedDuration, by: SignedDuration) -> Least {
        let then = since.saturating_add(by);
        if !self.over(then) {
            return Least::Since(then);
        }
        let place = step.verb_span.clone();
        self.report(&Over { place, since, by });
        Least::Over
    }

    fn report(&mut self, over: &Over) {
        let Some(longest) = self.longest.filter(|_| self.inside == 0) else {
            return;
        };
        let label = match over.since.is_zero() {
            true => format!("{} from entry at the earliest", written(over.by)),
            false => format!(
                "{}, and at least {} before it",
                written(over.by),
                written(over.since)
            ),
        };
        let stay = written(longest.after);
        self.sink
            .error(
                time::BEYOND,
                over.place.clone(),
                format!("nobody is left when this is over: the longest stay is {stay}"),
            )
            .labelled(label)
            .shown(longest.place.clone(), "by then everybody has left")
            .noted(format!(
                "everybody leaves after {stay} by `exit: {{ after: {stay} }}`: stay longer, or wait less"
            ))
            .warns();
    }
}

impl Proof for Stay<'_> {
    type State = Least;

    fn step(&mut self, step: &Step, state: Least) -> Least {
        let since = match state {
            Least::Since(since) => since,
            Least::Due(over) => {
                self.report(&over);
                return Least::Over;
            }
            Least::Over => return Least::Over,
        };
        match &step.action {
            Action::Wait(wait) if wait.moment.is_none() => {
                return self.later(step, since, wait.span);
            }
            Action::Send(_) | Action::Ask(_) => {
                let first = self.first_message.map_or(since, |first| first.min(since));
                self.first_message = Some(first);
            }
            Action::Call(_) | Action::HandOver(_) | Action::Emit(..) | Action::Start(..) => {
                self.others = true;
            }
            _ => {}
        }
        Least::Since(since)
    }

    fn choose(
        &mut self,
        arms: &[(Option<Formula>, Vec<Step>)],
        _: &[Step],
        state: &Least,
    ) -> Vec<Option<Least>> {
        vec![Some(state.clone()); arms.len() + 1]
    }

    fn way(&mut self, step: &Step, way: Way<'_>, state: &Least) -> Option<Least> {
        let (Way::TimedOut, Action::WaitFor(wait)) = (way, &step.action) else {
            return Some(state.clone());
        };
        let (Least::Since(since), Some(by)) = (state, wait.within) else {
            return Some(state.clone());
        };
        let then = since.saturating_add(by);
        let place = step.verb_span.clone();
        // A time-out that nothing hangs on may well be as long as the stay.
        Some(match self.over(then) {
            true => Least::Due(Box::new(Over {
                place,
                since: *since,
                by,
            })),
            false => Least::Since(then),
        })
    }

    fn join(&mut self, a: Least, b: Least) -> Least {
        match (a, b) {
            (Least::Since(a), Least::Since(b)) => Least::Since(a.min(b)),
            (since @ Least::Since(_), _) | (_, since @ Least::Since(_)) => since,
            (due @ Least::Due(_), _) | (_, due @ Least::Due(_)) => due,
            (Least::Over, Least::Over) => Least::Over,
        }
    }

    fn round(&mut self, _: &Step, _: &Repeat, first: Least) -> Least {
        first
    }

    fn rounds_over(
        &mut self,
        step: &Step,
        repeat: &Repeat,
        start: Least,
        end: Least,
    ) -> Option<Least> {
        let (Least::Since(start), Least::Since(end)) = (start, &end) else {
            return Some(end);
        };
        let more = match (repeat.times, &repeat.until) {
            // It may hold before the second round.
            (Some(times), Some(_)) => times.saturating_sub(1).min(1),
            (Some(times), None) => times.saturating_sub(1),
            (None, _) => 0,
        };
        let every = repeat.every.unwrap_or_default();
        let by = every.saturating_mul(i32::try_from(more).unwrap_or(0));
        let then = start.saturating_add(by).max(*end);
        let place = step.verb_span.clone();
        // Rounds may well go on until the stay is over, if nothing is to come behind them.
        Some(match self.over(then) {
            true => Least::Due(Box::new(Over {
                place,
                since: start,
                by,
            })),
            false => Least::Since(then),
        })
    }

    fn inside(&mut self, _: &Step, _: &Use, state: Least) -> Least {
        self.inside += 1;
        state
    }

    fn outside(&mut self, _: &Use, end: Option<Least>) -> Option<Least> {
        self.inside -= 1;
        end
    }
}

/// A goal whose window is over before the first message can go.
fn goal(journey: &Journey, first: Option<SignedDuration>, sink: &mut Sink) {
    let within = journey.goal.as_ref().and_then(|g| g.within.clone());
    let (Some((within, place)), Some(first)) = (within, first) else {
        return;
    };
    if first > within {
        sink.error(time::GOAL_TOO_SHORT, place, "the goal ends before anything is sent")
            .labelled(format!("the first message goes {} after entry at the earliest", written(first)))
            .noted("`within` counts from entry: make it longer than the way to the messages that are to bring it about")
            .warns();
    }
}

/// A duration as authors write it.
fn written(span: SignedDuration) -> String {
    let mut rest = span.as_secs();
    let mut text = String::new();
    for (unit, seconds) in [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)] {
        if rest / seconds > 0 {
            text.push_str(&format!("{}{unit}", rest / seconds));
            rest %= seconds;
        }
    }
    if text.is_empty() {
        "0s".to_owned()
    } else {
        text
    }
}
