//! Retention: what `config/policies.yaml` says is not kept any longer goes, in bounded pages, a round a day.

use jiff::{SignedDuration, Timestamp};
use journey::{
    policies::{Period, Retention},
    policy,
};
use store::{Cutoffs, RetentionPage};

use crate::{Engine, Error};

/// An event that is delivered again is known by its input. Dead letters are kept for 30 days.
const INPUTS_AT_LEAST: SignedDuration = SignedDuration::from_hours(31 * 24);

impl Engine {
    /// Removes what is too old for the next customers of the round. `None`: everything is kept, a round is
    /// not due, or another engine is at it.
    ///
    /// # Errors
    /// If the database is away; the page is looked at again.
    pub async fn retention_once(&self, now: Timestamp) -> Result<Option<RetentionPage>, Error> {
        let loaded = self.loaded();
        let retention = &loaded.world.policies.retention;
        if !retention.any() {
            return Ok(None);
        }
        let settings = &self.settings;
        // Caps count so far back, and the longest limit that a customer may choose.
        let counted = loaded.world.horizon().max(policy::rolling(Period::Month));
        let cutoffs = cutoffs(retention, counted, now);
        let page = self
            .store
            .retire(
                &cutoffs,
                settings.retention_page,
                settings.retention_rest,
                now,
            )
            .await?;
        if let Some(RetentionPage { removed: 1.., .. }) = page {
            tracing::debug!(?page, "removed what is not kept any longer");
        }
        Ok(page)
    }
}

/// What a message said goes with it at the latest, also once nothing is said of it any more.
fn content(retention: &Retention) -> Option<SignedDuration> {
    [retention.content, retention.messages]
        .into_iter()
        .flatten()
        .min()
}

/// What is younger is kept: in any case what a cap still counts, and what an event that comes again is known by.
fn cutoffs(retention: &Retention, horizon: SignedDuration, now: Timestamp) -> Cutoffs {
    let before = |kept: Option<SignedDuration>, least: SignedDuration| {
        let at = |kept: SignedDuration| now.checked_sub(kept.max(least));
        // Nothing of ours is older.
        kept.map(|kept| at(kept).unwrap_or_default().max(Timestamp::UNIX_EPOCH))
    };
    Cutoffs {
        inputs: before(retention.inputs, INPUTS_AT_LEAST),
        messages: before(retention.messages, horizon),
        content: content(retention).and_then(|kept| before(Some(kept), SignedDuration::ZERO)),
        runs: before(retention.runs, SignedDuration::ZERO),
        calls: before(retention.calls, SignedDuration::ZERO),
    }
}
