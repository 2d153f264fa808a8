//! Calls of endpoints: leased, made outside any transaction, and answered by an input (rule 30).
//!
//! Killed after the call and before its answer is taken in, the lease runs out and the call is made
//! again under the same id; killed after that, the answer's id conflicts and nothing happens twice.

use std::{sync::Arc, time::Instant};

use channels::Called;
use futures::{StreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use journey::{
    advance::Clock,
    call::{Answer, Call, Outcome},
    endpoints::Endpoint,
    failure::Failure,
    ids::InputId,
    input::{Input, InputKind},
    time::plus,
    value::Value,
};
use store::{Arrival, CallEnd, CallKey, CallRetry, LeasedCall};
use tokio_util::sync::CancellationToken;

use crate::{Engine, Error, world::Loaded};

/// How much longer a lease lasts than the slowest endpoint may take: to take its answer in.
const MARGIN: SignedDuration = SignedDuration::from_secs(15);

/// What one round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// Calls that were leased.
    pub leased: usize,
    /// To be made again later.
    pub retried: usize,
    /// Those that are over.
    pub ended: usize,
    /// Given back untouched: the engine stops, or the time of the lease would not do.
    pub released: usize,
}

/// What the calls of one round have in common.
struct Round {
    loaded: Arc<Loaded>,
    /// When the leases run out: an endpoint must have answered before somebody else may call.
    until: Timestamp,
    /// Cancelled: nothing more is called.
    stop: CancellationToken,
}

/// What becomes of a call after one attempt.
pub(crate) enum Next {
    /// Its answer, or that there will be none.
    Ends(Outcome),
    /// Another attempt.
    Again(Timestamp, Failure),
    /// People answer it, in the console's inbox.
    Opens,
    /// It was not made.
    Released,
}

/// A call, and what became of it.
type Made = (LeasedCall, Next);

impl Engine {
    /// Makes the calls that are due, several at once, and takes their answers in. Nothing due: all
    /// counts are 0.
    ///
    /// # Errors
    /// If the database is away; leases then expire, and the calls are made again.
    pub async fn calls_once(&self, stop: &CancellationToken) -> Result<Calls, Error> {
        let (now, settings, loaded) = (self.wall(), &self.settings, self.loaded());
        let lease = settings.lease.max(slowest(&loaded).saturating_add(MARGIN));
        let leased = self
            .store
            .lease_calls(now, settings.dispatch_batch, lease)
            .await?;
        let mut counts = Calls {
            leased: leased.len(),
            ..Calls::default()
        };
        let round = Round {
            loaded,
            until: plus(now, lease),
            stop: stop.child_token(),
        };
        let mut made = stream::iter(leased)
            .map(async |leased| {
                let next = self.make(&leased, &round).await;
                (leased, next)
            })
            .buffer_unordered(settings.dispatch_concurrency)
            .ready_chunks(settings.dispatch_concurrency);
        let mut result = Ok(());
        while let Some(chunk) = made.next().await {
            if let Err(error) = self.record_calls(chunk, &mut counts).await {
                // Endpoints that were called are still waited for; nothing new begins.
                round.stop.cancel();
                result = result.and(Err(error));
            }
        }
        result.map(|()| counts)
    }

    /// Now; on a recorded clock, endpoints answer at once.
    fn time_of(&self, call: &Call) -> Timestamp {
        match self.clock() {
            Clock::Wall => self.wall(),
            Clock::Recorded => call.at,
        }
    }

    async fn make(&self, leased: &LeasedCall, round: &Round) -> Next {
        let call = &leased.call;
        let now = self.time_of(call);
        if call.expires_at.is_some_and(|at| at <= now) {
            return Next::Ends(Outcome::Failed(Failure::TooLate));
        }
        if leased.restricted {
            return Next::Ends(Outcome::Failed(Failure::Restricted));
        }
        let Some(endpoint) = round.loaded.endpoints.0.get(&call.endpoint) else {
            let name = call.endpoint.clone();
            return Next::Ends(Outcome::Failed(Failure::NoEndpoint { name }));
        };
        if endpoint.inbox {
            return Next::Opens;
        }
        if round.stop.is_cancelled() || plus(self.wall(), endpoint.timeout) >= round.until {
            return Next::Released;
        }
        let begun = Instant::now();
        let called = self
            .channels
            .caller()
            .call(endpoint, call, &leased.key, now)
            .await;
        self.metrics.called(&call.endpoint, begun.elapsed());
        match called {
            Called::Answered(value) => Next::Ends(Outcome::Answered(value)),
            Called::RefusedForGood { detail } => Next::Ends(Outcome::Failed(detail)),
            Called::RefusedForNow {
                detail,
                retry_after,
            } => {
                let asked = retry_after.and_then(|d| SignedDuration::try_from(d).ok());
                self.again(leased, endpoint, detail, asked)
            }
        }
    }

    /// Later, further and further apart, up to the endpoint's number of retries.
    fn again(
        &self,
        leased: &LeasedCall,
        endpoint: &Endpoint,
        detail: Failure,
        asked: Option<SignedDuration>,
    ) -> Next {
        if u32::from(leased.attempt) > endpoint.retries {
            let why = Failure::GaveUp {
                tries: leased.attempt,
                last: Box::new(detail),
            };
            return Next::Ends(Outcome::Failed(why));
        }
        let wait = self.back_off(leased.attempt);
        let at = plus(self.wall(), asked.map_or(wait, |asked| asked.max(wait)));
        if leased.call.expires_at.is_some_and(|end| end <= at) {
            // The run's own timer ends the wait; another attempt would come too late.
            return Next::Ends(Outcome::Failed(detail));
        }
        Next::Again(at, detail)
    }

    async fn record_calls(&self, chunk: Vec<Made>, counts: &mut Calls) -> Result<(), Error> {
        let (mut ended, mut again, mut released) = (vec![], vec![], vec![]);
        let mut opened = Vec::new();
        for (leased, next) in chunk {
            self.metrics.call(&leased.call.endpoint, &next);
            match next {
                Next::Ends(outcome) => ended.push((leased, outcome)),
                Next::Again(due_at, error) => again.push(CallRetry {
                    key: leased.lease(),
                    due_at,
                    error,
                }),
                Next::Opens => opened.push(leased),
                Next::Released => released.push(leased.lease()),
            }
        }
        counts.ended += ended.len();
        counts.retried += again.len();
        counts.released += released.len();
        self.take_answers(ended).await?;
        self.open(opened).await?;
        self.store.retry_calls(&again).await?;
        self.store.release_calls(&released, self.wall()).await?;
        Ok(())
    }

    /// Puts calls into the inbox; of a hand-over it is told that it has arrived.
    async fn open(&self, opened: Vec<LeasedCall>) -> Result<(), Error> {
        let arrived = Outcome::Answered(Value::Null);
        let arrived: Vec<_> = opened
            .iter()
            .filter(|leased| leased.call.hand_over)
            .map(|leased| self.answer(leased, &arrived))
            .collect();
        if !arrived.is_empty() {
            self.turn(arrived).await?;
        }
        let leases: Vec<_> = opened.iter().map(LeasedCall::lease).collect();
        self.store.open_calls(&leases).await?;
        Ok(())
    }

    /// Takes outcomes in, and then records that their calls are over. What the database cannot
    /// keep is no answer.
    async fn take_answers(&self, ended: Vec<(LeasedCall, Outcome)>) -> Result<(), Error> {
        if ended.is_empty() {
            return Ok(());
        }
        let mut ends: Vec<CallEnd> = ended.iter().map(|(l, o)| end(l.lease(), o)).collect();
        let arrivals = |(leased, outcome): &(LeasedCall, Outcome)| self.answer(leased, outcome);
        let decided = self.turn(ended.iter().map(arrivals).collect()).await?;
        let mut unkept = Vec::new();
        for index in decided.rejected.into_iter().map(|r| r.index) {
            let why = Outcome::Failed(Failure::Unkept);
            unkept.push(self.answer(&ended[index].0, &why));
            ends[index] = end(ends[index].key, &why);
        }
        if !unkept.is_empty() {
            self.turn(unkept).await?;
        }
        let recorded = self.store.end_calls(&ends, self.wall()).await?;
        if recorded < ends.len() as u64 {
            let ended = ends.len();
            tracing::debug!(ended, recorded, "some calls were cancelled, or made again");
        }
        Ok(())
    }

    fn answer(&self, leased: &LeasedCall, outcome: &Outcome) -> Arrival {
        let answer = Answer {
            call: leased.call.id,
            run: leased.call.run,
            outcome: outcome.clone(),
        };
        Arrival {
            customer: leased.customer,
            key: leased.key.clone(),
            input: Input {
                id: InputId::of_answer(leased.call.id),
                now: self.time_of(&leased.call),
                kind: InputKind::Answer(Box::new(answer)),
            },
        }
    }
}

fn end(key: CallKey, outcome: &Outcome) -> CallEnd {
    let error = match outcome {
        Outcome::Answered(_) => None,
        Outcome::Failed(why) => Some(why.clone()),
    };
    CallEnd { key, error }
}

/// What one attempt may take at the most.
fn slowest(loaded: &Loaded) -> SignedDuration {
    let timeouts = loaded.endpoints.0.values().map(|e| e.timeout);
    timeouts.max().unwrap_or_default()
}
