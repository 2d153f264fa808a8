//! How much may be said in a minute.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use jiff::Timestamp;
use journey::ids::CustomerId;

/// The most strangers that are named in a minute, by one process.
const STRANGERS: u32 = 3_000;
/// The most visitors who say something in a minute, to one process.
const MOST: usize = 100_000;

/// Counts by the minute; all that was counted is forgotten at its end.
#[derive(Debug)]
pub(super) struct Rates {
    lines: u32,
    minute: Mutex<Minute>,
}

#[derive(Debug, Default)]
struct Minute {
    number: i64,
    strangers: u32,
    said: HashMap<CustomerId, u32>,
}

impl Rates {
    /// So many lines for each visitor.
    pub(super) fn new(lines: u32) -> Self {
        Self {
            lines,
            minute: Mutex::default(),
        }
    }

    /// Whether one more stranger may be named.
    pub(super) fn stranger(&self, now: Timestamp) -> bool {
        self.in_minute(now, |minute| {
            minute.strangers = minute.strangers.saturating_add(1);
            minute.strangers <= STRANGERS
        })
    }

    /// Whether that visitor may say one more line.
    pub(super) fn line(&self, of: CustomerId, now: Timestamp) -> bool {
        self.in_minute(now, |minute| {
            if minute.said.len() >= MOST && !minute.said.contains_key(&of) {
                return false;
            }
            let said = minute.said.entry(of).or_default();
            *said = said.saturating_add(1);
            *said <= self.lines
        })
    }

    fn in_minute<T>(&self, now: Timestamp, count: impl FnOnce(&mut Minute) -> T) -> T {
        let mut minute = self.minute.lock().unwrap_or_else(PoisonError::into_inner);
        let number = now.as_second().div_euclid(60);
        if minute.number != number {
            *minute = Minute {
                number,
                ..Minute::default()
            };
        }
        count(&mut minute)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visitor_has_so_many_lines_a_minute() {
        let rates = Rates::new(2);
        let (ana, bob) = (CustomerId::of("ana"), CustomerId::of("bob"));
        let at = |second: i64| Timestamp::from_second(600 + second).unwrap();
        let said = |of, second| rates.line(of, at(second));
        assert_eq!(
            [said(ana, 0), said(ana, 1), said(ana, 59)],
            [true, true, false]
        );
        assert!(said(bob, 59));
        assert!(said(ana, 60));
    }

    #[test]
    fn strangers_are_bounded() {
        let rates = Rates::new(1);
        let at = Timestamp::from_second(600).unwrap();
        let named = (0..STRANGERS + 5).filter(|_| rates.stranger(at)).count();
        assert_eq!(named, STRANGERS as usize);
    }
}
