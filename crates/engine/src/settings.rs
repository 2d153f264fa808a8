//! What can be set. Built by the binary; nobody else reads the environment.

use std::{fmt, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use journey::advance::Clock;

use crate::traces::Traces;

/// Settings of one engine. Every bound has its place here.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The wall clock, or the events' own for demonstrations and replays.
    pub clock: Clock,
    /// Where the engine reads the time of day.
    pub time: Time,
    /// Batches of events that are taken in side by side, never two with the same customer; all shards share them.
    pub intake_lanes: usize,
    /// Customers with a timer that is due who are picked at once.
    pub timer_page: u32,
    /// Customers whose timers one transaction fires.
    pub timer_batch: usize,
    /// Such transactions side by side.
    pub timer_lanes: usize,
    /// How long the timer loop sleeps at the most.
    pub timer_poll: SignedDuration,
    /// Messages of one channel that one dispatch round leases: few, for consent is as of the lease.
    pub dispatch_batch: u32,
    /// Rounds of one channel that are worked on side by side.
    pub dispatch_rounds: usize,
    /// Messages of one round that are on their way at the same time; how many are with a provider is
    /// a setting of the provider.
    pub dispatch_concurrency: usize,
    /// How long a provider is still waited for once the engine stops.
    pub dispatch_patience: SignedDuration,
    /// How long a lease lasts: three times what a provider may take. No message is handed over in the
    /// second half of its lease, and no provider is waited for in its last eighth.
    pub lease: SignedDuration,
    /// How long the dispatch loop sleeps at the most.
    pub dispatch_poll: SignedDuration,
    /// Tries at one message before it has failed for good.
    pub max_attempts: u16,
    /// The wait before the second try; it doubles with each further one.
    pub first_retry: SignedDuration,
    /// The longest wait between two tries.
    pub longest_retry: SignedDuration,
    /// Tries at one batch when the database asks to try again.
    pub turn_retries: u32,
    /// How long one batch is tried again without a word. After it the error is logged, and the batch
    /// comes again later: what takes a database so long is no conflict with another turn.
    pub turn_patience: SignedDuration,
    /// How often the workspace is looked at for a newer one.
    pub workspace_poll: SignedDuration,
    /// Open runs that one look for runs in flight goes over.
    pub passage_stretch: u32,
    /// Customers whose runs one transaction has pass to another version.
    pub passage_batch: usize,
    /// How long after it is first seen an apply's order about runs in flight is still looked for:
    /// several times `workspace_poll`, for an engine that has not heard of it enters runs as before.
    pub passage_settle: SignedDuration,
    /// How long an engine has such an order to itself between two batches.
    pub passage_lease: SignedDuration,
    /// Customers that one page of a sweep goes over.
    pub sweep_page: u32,
    /// How long after it is first seen a publication's sweep begins: several times `workspace_poll`,
    /// for an engine that has not heard of the publication takes customers in as before.
    pub sweep_settle: SignedDuration,
    /// Customers that one page of the retention goes over.
    pub retention_page: u32,
    /// How long after one round of the retention the next begins.
    pub retention_rest: SignedDuration,
    /// How often dead letters and replays of them are looked for.
    pub letter_poll: SignedDuration,
    /// Dead letters that are taken from their queue at once.
    pub letter_batch: usize,
    /// Bytes of dead letters that are taken from their queue at once.
    pub letter_bytes: usize,
    /// Dead letters that are kept: those that are done go first, then the oldest.
    pub letters_kept: u32,
    /// Bytes of dead letters that are kept.
    pub letters_bytes: u64,
    /// How long a dead letter is kept: no longer than an event is known by its input, which is 31 days at the least.
    pub letters_age: SignedDuration,
    /// Dead letters that one batch of a replay submits.
    pub replay_batch: u32,
    /// How long an engine has a replay to itself for a batch: as long as RabbitMQ may take for it.
    pub replay_lease: SignedDuration,
    /// How often what waits in RabbitMQ and in the database is looked at for metrics.
    pub sample_every: SignedDuration,
    /// How long one such look may take.
    pub sample_patience: SignedDuration,
    /// How far work that is due is counted.
    pub sample_count: u32,
    /// Journeys that have a label of their own in metrics; those seen later are counted as `other`. The same for
    /// endpoints and caps together.
    pub metric_names: usize,
    /// How long the rounds of a loop may fail before the process counts as not ready.
    pub loop_patience: SignedDuration,
    /// Makes the steps of traces.
    pub traces: Traces,
    /// Where the process runs, as that calls itself: for people who look for it.
    pub host: Arc<str>,
    /// Whether the process serves HTTP as well.
    pub serves: bool,
    /// Pages of customers, for templates and headers of mails.
    pub links: Links,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            clock: Clock::Wall,
            time: Time::default(),
            intake_lanes: 2,
            timer_page: 4_000,
            timer_batch: 500,
            timer_lanes: 2,
            timer_poll: SignedDuration::from_millis(200),
            dispatch_batch: 64,
            dispatch_rounds: 2,
            dispatch_concurrency: 32,
            dispatch_patience: SignedDuration::from_secs(5),
            lease: SignedDuration::from_secs(90),
            dispatch_poll: SignedDuration::from_millis(200),
            max_attempts: 8,
            first_retry: SignedDuration::from_secs(5),
            longest_retry: SignedDuration::from_hours(1),
            turn_retries: 20,
            turn_patience: SignedDuration::from_secs(5),
            workspace_poll: SignedDuration::from_millis(900),
            passage_stretch: 2_000,
            passage_batch: 200,
            passage_settle: SignedDuration::from_secs(5),
            passage_lease: SignedDuration::from_secs(10),
            sweep_page: 1_000,
            sweep_settle: SignedDuration::from_secs(5),
            retention_page: 500,
            retention_rest: SignedDuration::from_hours(24),
            letter_poll: SignedDuration::from_millis(500),
            letter_batch: 100,
            letter_bytes: 8 << 20,
            letters_kept: 100_000,
            letters_bytes: 1_000_000_000,
            letters_age: SignedDuration::from_hours(30 * 24),
            replay_batch: 200,
            replay_lease: SignedDuration::from_secs(30),
            sample_every: SignedDuration::from_secs(5),
            sample_patience: SignedDuration::from_secs(2),
            sample_count: 10_000,
            metric_names: 200,
            loop_patience: SignedDuration::from_secs(15),
            traces: Traces::default(),
            host: "".into(),
            serves: false,
            links: Links::default(),
        }
    }
}

/// Where an engine reads the time of day: by default from the machine; a simulation gives its own.
#[derive(Clone)]
pub struct Time(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Time {
    /// Whatever `read` says. It must not go back.
    pub fn of(read: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// Now, in the database's precision.
    pub(crate) fn now(&self) -> Timestamp {
        let now = (self.0)();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }
}

impl Default for Time {
    fn default() -> Self {
        Self::of(Timestamp::now)
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Time")
    }
}

/// Where customers find the pages that are theirs: to unsubscribe, to choose, to confirm.
#[derive(Clone, Debug)]
pub struct Links {
    /// Where our own pages are reached from outside, without a slash at the end.
    pub base: String,
    /// Secrets of at least 32 bytes that links are signed with: the first signs, all are believed.
    /// None: the one that the database keeps.
    pub secrets: Vec<String>,
    /// A page of the shop's own instead of ours, with `{customer}`, `{message}`, `{purpose}` and
    /// `{token}` to be filled.
    pub unsubscribe: Option<String>,
    /// The same for the choice of what to receive.
    pub preferences: Option<String>,
    /// A mail address that takes unsubscriptions, for `List-Unsubscribe`; whatever arrives there is
    /// to be passed to `POST /v1/unsubscribe/mail`.
    pub mailto: Option<String>,
    /// Whether addresses in text messages that are longer than a short form get one.
    pub short: bool,
    /// Where short forms are reached from outside, without a slash at the end.
    pub short_base: String,
}

impl Links {
    /// How many characters a short form of an address has.
    pub fn short_form(&self) -> usize {
        self.short_base.len() + crate::links::SHORT.len() + journey::short::CODE
    }
}

impl Default for Links {
    fn default() -> Self {
        Self {
            base: "http://127.0.0.1:8080".into(),
            secrets: Vec::new(),
            unsubscribe: None,
            preferences: None,
            mailto: None,
            short: false,
            short_base: "http://127.0.0.1:8080".into(),
        }
    }
}
