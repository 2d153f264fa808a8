//! What became of one attempt.

use std::time::Duration;

use journey::failure::Failure;

/// What became of one attempt. Details name no address and quote no content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The provider has it.
    Accepted {
        /// The name that the provider gave it.
        provider_id: Option<String>,
    },
    /// Trying again would change nothing.
    RefusedForGood {
        /// What went wrong.
        detail: Failure,
        /// Whether the provider says that nobody can be reached at the address any more: a device that has
        /// no such app, a recipient who has left.
        gone: bool,
    },
    /// It may work later.
    RefusedForNow {
        /// What went wrong.
        detail: Failure,
        /// How long the provider asks to be left alone.
        retry_after: Option<Duration>,
        /// What it is about.
        about: About,
        /// Whether the provider may have taken it all the same, and only its answer was lost.
        unclear: bool,
    },
}

/// What a refusal for now is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// The message or its address: others may go.
    Message,
    /// The provider has trouble of its own, does not answer, or cannot be reached.
    Trouble,
    /// The provider is asked too often.
    Haste,
}

impl Outcome {
    pub(crate) fn for_good(detail: Failure) -> Self {
        let gone = false;
        Self::RefusedForGood { detail, gone }
    }

    /// Nobody can be reached at the address any more.
    pub(crate) fn gone(detail: Failure) -> Self {
        let gone = true;
        Self::RefusedForGood { detail, gone }
    }

    /// Refused, and certainly not taken.
    pub(crate) fn for_now(about: About, detail: Failure) -> Self {
        Self::RefusedForNow {
            detail,
            retry_after: None,
            about,
            unclear: false,
        }
    }

    /// The provider was asked, and what it made of it is not known.
    pub(crate) fn unclear(detail: Failure) -> Self {
        Self::RefusedForNow {
            detail,
            retry_after: None,
            about: About::Trouble,
            unclear: true,
        }
    }

    /// Whether the provider may have taken the message though it did not say so.
    pub fn is_unclear(&self) -> bool {
        matches!(self, Self::RefusedForNow { unclear: true, .. })
    }

    /// Whether another provider may be asked at once: this one certainly did not take it, for
    /// reasons of its own.
    pub fn is_not_me(&self) -> bool {
        matches!(
            self,
            Self::RefusedForNow {
                about: About::Trouble | About::Haste,
                unclear: false,
                ..
            }
        )
    }

    /// What went wrong.
    pub(crate) fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Accepted { .. } => None,
            Self::RefusedForGood { detail, .. } | Self::RefusedForNow { detail, .. } => {
                Some(detail)
            }
        }
    }

    /// The same, and the message waits no longer than `longest` because the provider asks for it. A
    /// wait of nothing is none that was asked for: the next try would be the next moment.
    pub(crate) fn bounded(mut self, longest: Duration) -> Self {
        if let Self::RefusedForNow { retry_after, .. } = &mut self {
            *retry_after = retry_after.filter(|w| !w.is_zero()).map(|w| w.min(longest));
        }
        self
    }
}
