//! What a stand-in makes of requests that have nothing wrong with them.

use std::collections::{HashMap, VecDeque};

use crate::Reply;

/// What the next messages meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mood {
    /// They are taken.
    Accept,
    /// They are refused, and would be refused again.
    RefuseForGood,
    /// The provider has trouble of its own.
    RefuseForNow,
    /// The provider is asked too often.
    Throttle {
        /// How many seconds it asks to be left alone, where it says so.
        retry_after: Option<u32>,
    },
    /// They are taken, and no answer ever comes.
    AcceptAndHang,
    /// They are taken, and the answer is a success with a body (and without headers) that nobody
    /// documented: what a proxy in between makes of it.
    Garble,
    /// The credentials are said to be wrong, whatever they are.
    Deny,
    /// The account may not send: it has no credit, or nobody paid for it. As [`Deny`](Self::Deny)
    /// where the provider has no such thing.
    NoCredit,
    /// The address is gone: a token that is not registered, a recipient who opted out. As
    /// [`RefuseForGood`](Self::RefuseForGood) where the provider does not tell them apart.
    GoneAddress,
    /// They are refused in these words.
    Answer(Box<Reply>),
}

/// The moods that refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// [`Mood::RefuseForGood`].
    ForGood,
    /// [`Mood::RefuseForNow`].
    ForNow,
    /// [`Mood::Throttle`] with its seconds.
    Throttle(Option<u32>),
    /// [`Mood::Deny`].
    Deny,
    /// [`Mood::NoCredit`].
    NoCredit,
    /// [`Mood::GoneAddress`].
    GoneAddress,
}

impl Mood {
    /// Refused in other words than the usual ones.
    pub fn answer(reply: Reply) -> Self {
        Self::Answer(Box::new(reply))
    }

    /// How it refuses, where the provider finds the words.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        match *self {
            Self::Accept | Self::AcceptAndHang | Self::Garble | Self::Answer(_) => None,
            Self::RefuseForGood => Some(Refusal::ForGood),
            Self::RefuseForNow => Some(Refusal::ForNow),
            Self::Throttle { retry_after } => Some(Refusal::Throttle(retry_after)),
            Self::Deny => Some(Refusal::Deny),
            Self::NoCredit => Some(Refusal::NoCredit),
            Self::GoneAddress => Some(Refusal::GoneAddress),
        }
    }
}

/// The moods to come, of which the last stays; some addresses have their own.
#[derive(Debug, Default)]
pub(crate) struct Moods {
    queue: VecDeque<Mood>,
    by_address: HashMap<String, Mood>,
}

impl Moods {
    pub(crate) fn set(&mut self, moods: impl IntoIterator<Item = Mood>) {
        self.queue = moods.into_iter().collect();
    }

    pub(crate) fn set_for(&mut self, to: &str, mood: Mood) {
        self.by_address.insert(to.to_owned(), mood);
    }

    /// The mood that a message to this address meets.
    pub(crate) fn next(&mut self, to: &str) -> Mood {
        if let Some(mood) = self.by_address.get(to) {
            return mood.clone();
        }
        match self.queue.len() {
            0 => Mood::Accept,
            1 => self.queue[0].clone(),
            _ => self.queue.pop_front().unwrap_or(Mood::Accept),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_mood_stays_and_an_address_has_its_own() {
        let mut moods = Moods::default();
        assert_eq!(moods.next("a"), Mood::Accept);
        moods.set([Mood::Deny, Mood::Garble]);
        moods.set_for("b", Mood::GoneAddress);
        assert_eq!(moods.next("b"), Mood::GoneAddress);
        let seen: Vec<Mood> = (0..3).map(|_| moods.next("a")).collect();
        assert_eq!(seen, [Mood::Deny, Mood::Garble, Mood::Garble]);
    }
}
