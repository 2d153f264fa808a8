//! What is known of the system at one moment.

use std::{collections::BTreeMap, time::Duration};

use jiff::{SignedDuration, Timestamp};
use store::{
    EngineRow,
    read::{DatabaseView, ReadError, Series, Span},
};
use tokio::time::timeout;

use crate::{Readiness, State};

/// An engine that was not seen for so long is missed.
pub(crate) const MISSED: SignedDuration = SignedDuration::from_mins(1);
/// How long the database may take for all that is read; without it, the page tells what it can.
const PATIENCE: Duration = Duration::from_secs(4);

/// The values of the last hour that are looked at.
const OF_THE_HOUR: [&str; 4] = ["dead", "failed/", "retried/", "sent/"];

/// What is known.
pub(crate) struct View {
    /// When it was looked.
    pub(crate) at: Timestamp,
    /// The parts of this process.
    pub(crate) parts: Vec<Readiness>,
    /// What stands in the database; `None`: it does not answer.
    pub(crate) kept: Option<Kept>,
}

/// What engines have written down, and what the database says of itself.
pub(crate) struct Kept {
    pub(crate) engines: Vec<EngineRow>,
    /// What happened within the last hour, by the minute.
    pub(crate) hour: Vec<Series>,
    /// `None`: the account may not ask.
    pub(crate) database: Option<DatabaseView>,
}

/// Looks at everything.
pub(crate) async fn look(state: &State) -> View {
    let parts = (state.ops.ready)().await;
    let at = state.now();
    let away = parts.iter().any(|p| p.part == "database" && !p.ready);
    let kept = match away {
        true => None,
        false => timeout(PATIENCE, read(state, at)).await.ok(),
    };
    let kept = kept.and_then(|read| {
        read.inspect_err(|error| tracing::error!(%error, "operations could not be read"))
            .ok()
    });
    View { at, parts, kept }
}

async fn read(state: &State, at: Timestamp) -> Result<Kept, ReadError> {
    let minute = at.as_second() - at.as_second().rem_euclid(60) + 60;
    let moment = |second| Timestamp::from_second(second).unwrap_or(at);
    let hour = Span {
        from: moment(minute - 3_600),
        to: moment(minute),
        step: 60,
    };
    let database = state.reader.database().await;
    Ok(Kept {
        engines: state.reader.engines().await?,
        hour: state.reader.samples(&OF_THE_HOUR, hour).await?,
        database: database
            .inspect_err(|error| tracing::warn!(%error, "the database says nothing of itself"))
            .ok(),
    })
}

impl View {
    /// Whether an engine was not seen for too long.
    pub(crate) fn is_missing(&self, engine: &EngineRow) -> bool {
        self.at.duration_since(engine.seen_at) > MISSED
    }

    /// The engines that run.
    pub(crate) fn alive(&self) -> impl Iterator<Item = &EngineRow> {
        let all = self.kept.iter().flat_map(|kept| &kept.engines);
        all.filter(|engine| !self.is_missing(engine))
    }

    /// The newest values, by name; of each the largest that a process has seen.
    pub(crate) fn values(&self) -> BTreeMap<String, f64> {
        let mut all = BTreeMap::new();
        for (name, value) in self.alive().flat_map(|engine| &engine.seen.values) {
            let most = all.entry(name.clone()).or_insert(*value);
            *most = f64::max(*most, *value);
        }
        all
    }

    /// One of them.
    pub(crate) fn value(&self, name: &str) -> Option<f64> {
        let seen = self
            .alive()
            .filter_map(|e| e.seen.values.get(name).copied());
        seen.reduce(f64::max)
    }

    /// How often that happened within the last so many minutes, at most 60: of all values whose names begin so.
    pub(crate) fn happened(&self, begins: &str, minutes: i64) -> f64 {
        self.each(begins, minutes).map(|(_, count)| count).sum()
    }

    /// The same value by value, with the rest of its name.
    pub(crate) fn each<'v>(
        &'v self,
        begins: &str,
        minutes: i64,
    ) -> impl Iterator<Item = (&'v str, f64)> {
        let from = self.at.as_second() - minutes * 60;
        let all = self.kept.iter().flat_map(|kept| &kept.hour);
        all.filter_map(move |series| {
            let rest = series.name.strip_prefix(begins)?;
            let late = series.points.iter().filter(|p| p.at.as_second() >= from);
            Some((rest, late.map(|p| p.value).sum()))
        })
    }

    /// Whether RabbitMQ is part of it: not where events come by HTTP alone.
    pub(crate) fn has_broker(&self) -> bool {
        self.parts.iter().any(|p| p.part == "broker") || self.alive().any(|e| e.seen.broker)
    }
}
