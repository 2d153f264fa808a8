//! Every metric, in one place: its name, its labels and what it says. `docs/operations.md`, the dashboard and
//! the alert rules in `deploy/` are held against this list by tests.

use prometheus::{
    GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry, core::Collector,
};

/// One metric, as it is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exported {
    /// Its name; of a histogram, without `_bucket`, `_sum` and `_count`.
    pub name: &'static str,
    /// `counter`, `gauge` or `histogram`.
    pub kind: &'static str,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// What it says, without a full stop at its end.
    pub help: &'static str,
}

/// Bounds of what takes milliseconds to seconds.
const QUICK: &[f64] = &[
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];
/// Bounds of what may wait for minutes and hours.
const SLOW: &[f64] = &[
    0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 21_600.0, 86_400.0,
];
/// Bounds of how many come together.
const MANY: &[f64] = &[
    1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2500.0,
];

/// A metric that knows how it is made from its line in the list.
trait Made: Sized {
    const KIND: &'static str;
    fn made(of: Exported, bounds: &[f64]) -> prometheus::Result<Self>;
}

impl Made for IntCounterVec {
    const KIND: &'static str = "counter";
    fn made(of: Exported, _: &[f64]) -> prometheus::Result<Self> {
        Self::new(Opts::new(of.name, of.help), of.labels)
    }
}

impl Made for GaugeVec {
    const KIND: &'static str = "gauge";
    fn made(of: Exported, _: &[f64]) -> prometheus::Result<Self> {
        Self::new(Opts::new(of.name, of.help), of.labels)
    }
}

impl Made for HistogramVec {
    const KIND: &'static str = "histogram";
    fn made(of: Exported, bounds: &[f64]) -> prometheus::Result<Self> {
        let opts = HistogramOpts::new(of.name, of.help).buckets(bounds.to_vec());
        Self::new(opts, of.labels)
    }
}

fn registered<T: Made + Collector + Clone + 'static>(
    registry: &Registry,
    of: Exported,
    bounds: &[f64],
) -> prometheus::Result<T> {
    let made = T::made(of, bounds)?;
    registry.register(Box::new(made.clone()))?;
    Ok(made)
}

macro_rules! exported {
    ($($field:ident: $kind:ident $bounds:ident $name:literal [$($label:literal),*] $help:literal;)*) => {
        /// Every metric, in the order of the documentation.
        pub const EXPORTED: &[Exported] = &[$(Exported {
            name: $name,
            kind: <$kind as Made>::KIND,
            labels: &[$($label),*],
            help: $help,
        }),*];

        /// The metrics of one engine, by the names of the code.
        #[derive(Debug)]
        pub(super) struct Families {
            $(pub(super) $field: $kind,)*
        }

        impl Families {
            /// Makes all, and registers them.
            pub(super) fn registered(registry: &Registry) -> prometheus::Result<Self> {
                Ok(Self {
                    $($field: registered(registry, Exported {
                        name: $name,
                        kind: <$kind as Made>::KIND,
                        labels: &[$($label),*],
                        help: $help,
                    }, $bounds)?,)*
                })
            }
        }
    };
}

const NONE: &[f64] = &[];

exported! {
    taken_in: IntCounterVec NONE "parcours_events_taken_in_total" ["way"]
        "Events that took effect, by the way they came: amqp or http";
    duplicates: IntCounterVec NONE "parcours_events_duplicate_total" ["way"]
        "Events that had taken effect before and came again";
    dead: IntCounterVec NONE "parcours_events_dead_total" ["way"]
        "Events that could not be read or kept: from AMQP they are dead letters, by HTTP they were refused";
    inputs: IntCounterVec NONE "parcours_inputs_total" ["kind"]
        "Inputs that were decided: event, timer, receipt, date, sweep, answer, passage or take_over";
    turns: HistogramVec QUICK "parcours_turn_seconds" ["kind"]
        "How long one turn took from begin to commit, by what it was for: inputs, timers or passages";
    turn_inputs: HistogramVec MANY "parcours_turn_inputs" ["kind"]
        "How many inputs one turn decided";
    turn_retries: IntCounterVec NONE "parcours_turn_retries_total" []
        "Turns that were begun again because another one was in their way";
    entered: IntCounterVec NONE "parcours_runs_entered_total" ["journey"]
        "Runs that began";
    left: IntCounterVec NONE "parcours_runs_left_total" ["journey"]
        "Runs that left their journey";
    moved: IntCounterVec NONE "parcours_runs_moved_total" ["journey"]
        "Runs that moved to another version of their journey";
    goals: IntCounterVec NONE "parcours_goals_total" ["journey"]
        "Runs that reached their goal";
    decided: IntCounterVec NONE "parcours_messages_decided_total" ["journey", "channel"]
        "Messages that were decided to go";
    suppressed: IntCounterVec NONE "parcours_messages_suppressed_total" ["channel", "reason"]
        "Messages that were decided not to go, by the first rule that refused";
    held: IntCounterVec NONE "parcours_messages_held_total" ["reason"]
        "Messages that were held until a rule lets them go";
    caps: IntCounterVec NONE "parcours_caps_hit_total" ["cap"]
        "Decisions in which a cap was used up";
    sent: IntCounterVec NONE "parcours_messages_sent_total" ["channel", "provider"]
        "Messages that a provider took";
    retried: IntCounterVec NONE "parcours_messages_retried_total" ["channel", "provider"]
        "Attempts that failed and are made again later";
    put_off: IntCounterVec NONE "parcours_messages_put_off_total" ["channel"]
        "Messages that were given back untried, for no provider had room for them";
    failed: IntCounterVec NONE "parcours_messages_failed_total" ["channel", "provider", "reason"]
        "Messages that ended unsent after their decision: failed for good, or stopped at dispatch";
    provider: HistogramVec QUICK "parcours_provider_seconds" ["channel", "provider", "outcome"]
        "How long a provider took to answer: accepted, for_now (try again) or for_good (refused)";
    left_alone: GaugeVec NONE "parcours_provider_left_alone" ["channel", "provider"]
        "Whether a provider is left alone, 1 or 0: its circuit is open, or it asked for time";
    lag: HistogramVec SLOW "parcours_dispatch_lag_seconds" ["channel"]
        "From the decision of a message to its first hand-over to a provider";
    lateness: HistogramVec SLOW "parcours_timer_lateness_seconds" []
        "How long after its moment a customer's timer fired";
    fetches: IntCounterVec NONE "parcours_fetches_total" ["source", "outcome"]
        "Content that messages were filled in with: answered, kept from before, by default, or failed";
    vouchers_left: GaugeVec NONE "parcours_vouchers_left" ["pool"]
        "Codes of a pool that are free, counted up to 100,000";
    vouchers_low: GaugeVec NONE "parcours_vouchers_low" ["pool"]
        "Below how many codes its pool runs low";
    calls: IntCounterVec NONE "parcours_calls_total" ["endpoint", "result"]
        "Calls of endpoints: answered, failed, or retried later";
    call_seconds: HistogramVec QUICK "parcours_call_seconds" ["endpoint"]
        "How long an endpoint took to answer";
    loop_errors: IntCounterVec NONE "parcours_loop_errors_total" ["loop"]
        "Rounds of a loop that ended with an error and are made again";
    queue: GaugeVec NONE "parcours_queue_messages" ["queue"]
        "Messages in RabbitMQ: ready for intake, and dead letters that were not moved to the database yet";
    letters: GaugeVec NONE "parcours_dead_letters" ["cause"]
        "Dead letters that are open, by what has to be done: refused (it is no event), schema, quarantined (it was accepted), or broker (RabbitMQ took it out)";
    due: GaugeVec NONE "parcours_due" ["work"]
        "Work that is due and not taken up, counted up to a bound: messages, timers, calls or forwards";
    oldest: GaugeVec NONE "parcours_oldest_due_seconds" ["work"]
        "For how long the oldest of that work has been due: of messages, the age of the outbox";
    connections: GaugeVec NONE "parcours_database_connections" ["state"]
        "Connections to PostgreSQL: used or idle";
    connections_max: GaugeVec NONE "parcours_database_connections_max" []
        "How many connections this process may open";
    ready: GaugeVec NONE "parcours_ready" ["part"]
        "Whether a part can work, 1 or 0, as /readyz says it";
    revision: GaugeVec NONE "parcours_workspace_revision" []
        "The revision of the workspace that is in force in this process";
    build: GaugeVec NONE "parcours_build_info" ["version"]
        "1, with the version of the binary";
}
