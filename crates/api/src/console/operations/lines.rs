//! What is known, line by line, in the words of the page.

use jiff::SignedDuration;
use store::{EngineRow, read::DatabaseView};

use crate::{
    Readiness,
    console::{
        chart,
        words::{self, When},
    },
    i18n::{Html, fill, say, timed},
    operations::{
        ProviderView, View,
        troubles::{host, part_name},
    },
};

/// A part of this process.
pub(super) struct PartLine {
    pub(super) name: String,
    pub(super) ready: bool,
    pub(super) detail: String,
    pub(super) since: Option<Html>,
}

/// A process.
pub(super) struct EngineLine {
    pub(super) host: String,
    /// The beginning of its id.
    pub(super) id: String,
    pub(super) roles: Vec<String>,
    pub(super) version: String,
    pub(super) started: When,
    pub(super) missing: bool,
    /// How long ago it was seen.
    pub(super) seen: String,
    /// What it is at, in words.
    pub(super) work: String,
    /// What is wrong with its loops.
    pub(super) wrong: Vec<String>,
}

/// A provider of a channel.
pub(super) struct ProviderLine {
    pub(super) name: String,
    pub(super) channel: String,
    /// `good` or `bad`.
    pub(super) tone: &'static str,
    pub(super) state: String,
    pub(super) busy: String,
    pub(super) sent_a_minute: String,
    pub(super) sent: String,
    pub(super) retried: String,
    pub(super) failed: Vec<FailedLine>,
}

/// Messages that ended unsent.
pub(super) struct FailedLine {
    pub(super) reason: String,
    pub(super) count: String,
    /// Where they stand; empty: who looks may not see them.
    pub(super) link: String,
}

/// What the database says of itself.
pub(super) struct DatabaseLines {
    pub(super) version: String,
    pub(super) size: String,
    pub(super) oldest: String,
    pub(super) locks: String,
    pub(super) schema: String,
}

pub(super) fn part(part: &Readiness) -> PartLine {
    PartLine {
        name: part_name(part.part),
        ready: part.ready,
        detail: part.detail.clone(),
        since: part.since.map(|at| timed("since {0}", &[When(at)])),
    }
}

/// How many processes run, in words.
pub(super) fn running(view: &View) -> String {
    let running = view.alive().count() as u64;
    crate::i18n::count(running, "{0} process runs", "{0} processes run")
}

/// Events that wait, and dead letters.
pub(super) fn queues(view: &View) -> [String; 2] {
    ["queue/ready", "queue/dead"].map(|name| {
        let value = view.value(name);
        value.map_or_else(|| say("Unknown").to_owned(), whole)
    })
}

/// Those that run and those that are missed; `None`: nobody knows.
pub(super) fn engines(view: &View) -> Option<Vec<EngineLine>> {
    let kept = view.kept.as_ref()?;
    let line = |row: &EngineRow| {
        let wrong = row.seen.loops.iter().filter(|l| !l.well);
        EngineLine {
            host: host(row),
            id: row.id.to_string().chars().take(8).collect(),
            roles: row.roles.clone(),
            version: row.version.clone(),
            started: When(row.started_at),
            missing: view.is_missing(row),
            seen: ago(view.at.duration_since(row.seen_at)),
            work: work(row),
            wrong: wrong
                .map(|l| format!("{}: {}", part_name(&l.name), l.error))
                .collect(),
        }
    };
    Some(kept.engines.iter().map(line).collect())
}

fn work(row: &EngineRow) -> String {
    let (used, max) = (row.seen.connections_used, row.seen.connections_max);
    let connections = fill("{0} of {1} connections", &[&used, &max]);
    if !row.roles.iter().any(|r| r == "dispatch") {
        return connections;
    }
    let messages = crate::i18n::count(
        row.seen.handed_over,
        "{0} message with providers",
        "{0} messages with providers",
    );
    format!("{messages}, {connections}")
}

/// `3 s ago`.
fn ago(span: SignedDuration) -> String {
    let seconds = span.as_secs().max(0);
    match seconds {
        ..120 => fill("{0} s ago", &[&seconds]),
        120..7_200 => fill("{0} min ago", &[&(seconds / 60)]),
        _ => fill("{0} h ago", &[&(seconds / 3_600)]),
    }
}

pub(super) fn providers(all: &[ProviderView], links: bool) -> Vec<ProviderLine> {
    all.iter().map(|one| provider(one, links)).collect()
}

fn provider(one: &ProviderView, links: bool) -> ProviderLine {
    let seconds = one.left_alone_seconds;
    let state = match (one.closed, seconds) {
        (true, 0) => say("In order").to_owned(),
        (true, _) => fill("Asked for time: {0} s more", &[&seconds]),
        (false, 0) => say("Circuit open: tried again now").to_owned(),
        (false, _) => fill("Circuit open: {0} s more", &[&seconds]),
    };
    let failed = one.failed.iter().map(|(reason, count)| FailedLine {
        reason: words::reason(reason),
        count: whole(*count),
        link: match links {
            true => format!("/messages?channel={}&reason={reason}", one.channel),
            false => String::new(),
        },
    });
    ProviderLine {
        name: one.provider.clone(),
        channel: words::channel(&one.channel),
        tone: if one.closed && seconds == 0 {
            "good"
        } else {
            "bad"
        },
        state,
        busy: words::number(one.busy),
        sent_a_minute: chart::number(one.sent_a_minute),
        sent: whole(one.sent),
        retried: whole(one.retried),
        failed: failed.collect(),
    }
}

pub(super) fn database(view: &View) -> Option<DatabaseLines> {
    let database = view.kept.as_ref()?.database.as_ref()?;
    let oldest = database.oldest_transaction_seconds;
    Some(DatabaseLines {
        version: database.version.clone(),
        size: database
            .bytes
            .map_or_else(|| say("Unknown").to_owned(), size),
        oldest: match oldest {
            #[expect(clippy::cast_precision_loss, reason = "seconds of some days")]
            Some(seconds) => chart::seconds(seconds as f64),
            None => say("None").to_owned(),
        },
        locks: words::number(database.waiting_for_locks),
        schema: schema(database),
    })
}

fn schema(database: &DatabaseView) -> String {
    let (at, known) = (database.migration, database.migration_known);
    match at == known {
        true => format!("{at:04}"),
        false => fill(
            "{0}, this version knows {1}",
            &[&format!("{at:04}"), &format!("{known:04}")],
        ),
    }
}

/// `12 MB`.
#[expect(clippy::cast_precision_loss, reason = "for people")]
fn size(bytes: u64) -> String {
    match bytes {
        ..10_000_000 => format!("{} kB", chart::number(bytes as f64 / 1e3)),
        10_000_000..10_000_000_000 => format!("{} MB", chart::number(bytes as f64 / 1e6)),
        _ => format!("{} GB", chart::number(bytes as f64 / 1e9)),
    }
}

fn whole(count: f64) -> String {
    chart::number(count.round())
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::{ago, size};

    #[test]
    fn spans_and_sizes_are_said_as_people_say_them() {
        let ago = |s| ago(SignedDuration::from_secs(s));
        assert_eq!(
            [-1, 119, 120, 7_200].map(ago),
            ["0 s ago", "119 s ago", "2 min ago", "2 h ago"]
        );
        assert_eq!(
            [7_900, 12_345_678, 20_000_000_000].map(size),
            ["7.9 kB", "12 MB", "20 GB"]
        );
    }
}
