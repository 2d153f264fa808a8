//! What holds at a place of a journey, and where several ways meet.

use crate::{expr::types::Type, source::Span};

/// What holds where a step begins.
#[derive(Clone)]
pub(super) struct Here {
    pub(super) event: Current,
    /// The `exit` behind which nothing is reached.
    pub(super) left: Option<Span>,
}

/// The current event at a place (rule 19).
#[derive(Clone, PartialEq)]
pub(super) enum Current {
    /// There, of this type.
    Is(Type),
    /// The run has waited since, there; without a place, in another file.
    Gone(Option<Span>),
    /// A send may have been held, there.
    Unsure(Option<Span>),
}

impl Here {
    /// The same where another file begins: its places are not shown there.
    pub(super) fn elsewhere(self) -> Self {
        self.at(None)
    }

    /// The same behind a step that leads through another file.
    pub(super) fn behind(self, step: &Span) -> Self {
        self.at(Some(step))
    }

    fn at(self, place: Option<&Span>) -> Self {
        let event = match self.event {
            Current::Is(event) => Current::Is(event),
            Current::Gone(_) => Current::Gone(place.cloned()),
            Current::Unsure(_) => Current::Unsure(place.cloned()),
        };
        Self {
            event,
            left: self.left.and(place.cloned()),
        }
    }
}

/// What holds where several ways meet; `before`: what held where they part. Of the waits, one is
/// shown that every way has passed, if there is any.
pub(super) fn join(ends: Vec<Here>, before: &Current) -> Here {
    let all_left = ends.iter().all(|e| e.left.is_some());
    let left = if all_left {
        ends.iter().find_map(|e| e.left.clone())
    } else {
        None
    };
    let mut going: Vec<Current> = ends
        .into_iter()
        .filter(|e| all_left || e.left.is_none())
        .map(|e| e.event)
        .collect();
    let gone = going.iter().position(|e| matches!(e, Current::Gone(_)));
    let unsure = going.iter().position(|e| matches!(e, Current::Unsure(_)));
    let alike = going.windows(2).all(|w| w[0] == w[1]);
    let event = match gone.or(unsure) {
        Some(_) if !alike && matches!(before, Current::Gone(Some(_))) => before.clone(),
        Some(at) => going.swap_remove(at),
        None if alike => going.pop().unwrap_or(Current::Is(Type::Any)),
        None => Current::Is(Type::Any),
    };
    Here { event, left }
}
