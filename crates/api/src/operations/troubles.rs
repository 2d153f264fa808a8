//! What somebody should look at, and what to do: as the alert rules in `deploy/` see it, but at once.

use schemars::JsonSchema;
use serde::Serialize;
use store::EngineRow;

use super::View;
use crate::{
    console::{chart, words},
    i18n::{fill, say},
};

/// From where on something is too much: the bounds of the alert rules, held against them by a test.
pub(crate) struct Limits;

impl Limits {
    /// Events that wait in RabbitMQ.
    pub(crate) const QUEUE: f64 = 50_000.0;
    /// For how many seconds the oldest timer has been due.
    pub(crate) const TIMERS: f64 = 60.0;
    /// The same of messages.
    pub(crate) const MESSAGES: f64 = 120.0;
    /// The same of calls.
    pub(crate) const CALLS: f64 = 120.0;
    /// Messages that end unsent for a fault, a second.
    const FAILED: f64 = 0.02;
    /// Minutes over which these are looked at.
    const FAILED_MINUTES: i64 = 30;
    /// Minutes over which dead letters are.
    const DEAD_MINUTES: i64 = 15;
    /// For how many seconds a loop may fail.
    const LOOP_SECONDS: u64 = 15;
}

/// Something that is not well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Trouble {
    /// The alert that means it: its section in docs/operations.md says more.
    pub(crate) alert: &'static str,
    /// What is not well, in a sentence.
    pub(crate) what: String,
    /// What to do, in a sentence or two.
    pub(crate) cure: &'static str,
}

/// What is not well, the most urgent first.
pub(crate) fn of(view: &View) -> Vec<Trouble> {
    let mut all = Vec::new();
    parts(view, &mut all);
    engines(view, &mut all);
    broker(view, &mut all);
    late(view, &mut all);
    providers(view, &mut all);
    connections(view, &mut all);
    all
}

fn parts(view: &View, all: &mut Vec<Trouble>) {
    for part in view.parts.iter().filter(|p| !p.ready) {
        let what = fill(
            "{0} is not ready: {1}",
            &[&part_name(part.part), &part.detail],
        );
        let cure = match part.part {
            "database" | "broker" => say(
                "Look at that server, and at the way to it. What comes in meanwhile is kept, and everything goes on by itself.",
            ),
            "schema" => say("Run `parcours migrate`."),
            "workspace" => say("Publish a workspace with `parcours apply`."),
            _ => say(
                "The error says why. The loop tries again by itself; if it has ended, start the process again.",
            ),
        };
        all.push(Trouble {
            alert: "ParcoursNotReady",
            what,
            cure,
        });
    }
}

fn engines(view: &View, all: &mut Vec<Trouble>) {
    let Some(kept) = &view.kept else { return };
    for engine in kept.engines.iter().filter(|e| view.is_missing(e)) {
        let what = fill(
            "The process on {0} ({1}) has not been seen since {2}",
            &[
                &host(engine),
                &engine.roles.join(", "),
                &words::moment(engine.seen_at),
            ],
        );
        let cure = say(
            "Look whether it runs, and whether it reaches the database. Others of its roles go on meanwhile.",
        );
        all.push(Trouble {
            alert: "ParcoursDown",
            what,
            cure,
        });
    }
    for (role, what) in [
        ("intake", say("No process takes events in from RabbitMQ")),
        ("timers", say("No process fires timers")),
        ("dispatch", say("No process hands messages to providers")),
    ] {
        let wanted = role != "intake" || view.has_broker();
        if wanted && !view.alive().any(|e| e.roles.iter().any(|r| r == role)) {
            let cure = say("Start a process with that role.");
            all.push(Trouble {
                alert: "ParcoursDown",
                what: what.to_owned(),
                cure,
            });
        }
    }
    for engine in view.alive() {
        let failing = |l: &&store::LoopSeen| !l.well && l.failing_seconds >= Limits::LOOP_SECONDS;
        for failing in engine.seen.loops.iter().filter(failing) {
            let what = fill(
                "{0} keeps failing on {1}: {2}",
                &[&part_name(&failing.name), &host(engine), &failing.error],
            );
            // That of this process is told already.
            if !all.iter().any(|t| t.what.contains(&*failing.error)) {
                let cure = say("The error says why. It is tried again by itself.");
                all.push(Trouble {
                    alert: "ParcoursLoopErrors",
                    what,
                    cure,
                });
            }
        }
    }
}

fn broker(view: &View, all: &mut Vec<Trouble>) {
    let refuses = |e: &EngineRow| Some(e.seen.broker_refuses.clone()).filter(|why| !why.is_empty());
    if let Some(why) = view.alive().find_map(refuses) {
        let what = fill("RabbitMQ takes nothing for now: {0}", &[&why]);
        let cure = say(
            "It is short of memory or disk. Producers wait, and nothing that was accepted is lost.",
        );
        all.push(Trouble {
            alert: "ParcoursNotReady",
            what,
            cure,
        });
    }
    if let Some(waiting) = view.value("queue/ready").filter(|n| *n > Limits::QUEUE) {
        let what = fill("{0} events wait in RabbitMQ", &[&number(waiting)]);
        let cure = say(
            "More events come than are taken in. Look at how long turns take: if long, at PostgreSQL.",
        );
        all.push(Trouble {
            alert: "ParcoursIntakeBehind",
            what,
            cure,
        });
    }
    let dead = view.happened("dead", Limits::DEAD_MINUTES);
    if dead > 0.0 {
        let what = fill(
            "{0} events of the last quarter of an hour could not be read or kept",
            &[&number(dead)],
        );
        let cure =
            say("Mend the producer; what should count is published again under the same id.");
        all.push(Trouble {
            alert: "ParcoursDeadLetters",
            what,
            cure,
        });
    }
}

fn late(view: &View, all: &mut Vec<Trouble>) {
    let late = |value, limit| {
        let late = view.value(value).filter(|seconds| *seconds > limit);
        late.map(chart::seconds)
    };
    if let Some(time) = late("late/messages", Limits::MESSAGES) {
        let what = fill("The oldest message has been due for {0}", &[&time]);
        let cure =
            say("If a process with `dispatch` runs, providers are slow or refuse: see below.");
        all.push(Trouble {
            alert: "ParcoursOutboxOld",
            what,
            cure,
        });
    }
    if let Some(time) = late("late/timers", Limits::TIMERS) {
        let what = fill("The oldest timer has been due for {0}", &[&time]);
        let cure = say(
            "After a pause or a restore many are due at once and are worked off. Else look at the processes with `timers`.",
        );
        all.push(Trouble {
            alert: "ParcoursTimersLate",
            what,
            cure,
        });
    }
    if let Some(time) = late("late/calls", Limits::CALLS) {
        let what = fill(
            "The oldest call of an endpoint has been due for {0}",
            &[&time],
        );
        let cure = say("Look at the endpoints: they are slow or refuse.");
        all.push(Trouble {
            alert: "ParcoursCallsOld",
            what,
            cure,
        });
    }
}

fn providers(view: &View, all: &mut Vec<Trouble>) {
    for one in super::providers::of(view) {
        let channel = words::channel(&one.channel);
        if !one.closed || one.left_alone_seconds > 0 {
            let what = fill("{0} ({1}) is left alone", &[&one.provider, &channel]);
            let cure = say(
                "It fails again and again, or asks for time. Messages wait without using up their tries, and it is tried again by itself.",
            );
            all.push(Trouble {
                alert: "ParcoursProviderLeftAlone",
                what,
                cure,
            });
        }
    }
    let fault = |(rest, count): (&str, f64)| {
        let reason = rest.rsplit('/').next().unwrap_or_default();
        matches!(reason, "failed" | "unrenderable").then_some(count)
    };
    let minutes = Limits::FAILED_MINUTES;
    let failed: f64 = view.each("failed/", minutes).filter_map(fault).sum();
    if failed > Limits::FAILED * 1_800.0 {
        let what = fill(
            "{0} messages of the last half hour ended unsent",
            &[&number(failed)],
        );
        let cure = say(
            "The pages of these messages quote what the provider said, or name the line of the template.",
        );
        all.push(Trouble {
            alert: "ParcoursMessagesFail",
            what,
            cure,
        });
    }
}

fn connections(view: &View, all: &mut Vec<Trouble>) {
    let full = |e: &&EngineRow| {
        let most = e.seen.connections_max;
        most > 0 && e.seen.connections_used >= most
    };
    for engine in view.alive().filter(full) {
        let what = fill(
            "All connections to PostgreSQL are in use on {0}",
            &[&host(engine)],
        );
        let cure = say("Look for slow queries there before you start more processes.");
        all.push(Trouble {
            alert: "ParcoursConnectionsShort",
            what,
            cure,
        });
    }
}

/// Where a process runs; where it does not say, the beginning of its id.
pub(crate) fn host(engine: &EngineRow) -> String {
    match engine.host.is_empty() {
        true => engine.id.to_string().chars().take(8).collect(),
        false => engine.host.clone(),
    }
}

/// A part, as people call it.
pub(crate) fn part_name(part: &str) -> String {
    let known = match part {
        "database" => "PostgreSQL",
        "broker" => "RabbitMQ",
        "schema" => say("The database’s schema"),
        "workspace" => say("The workspace"),
        "intake" => say("Intake of events"),
        "timers" => say("Timers"),
        "dispatch" => say("Dispatch of messages"),
        "calls" => say("Calls of endpoints"),
        "passages" => say("Moves to other versions"),
        "sweeps" => say("Schedules and publications"),
        "retention" => say("Removal of what is not kept"),
        "reload" => say("News of the workspace"),
        other => return words::capital(other),
    };
    known.to_owned()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count, and not below 0"
)]
fn number(value: f64) -> String {
    words::number(value.round().max(0.0) as u64)
}

#[cfg(test)]
mod tests;
