//! Calls of endpoints: leased, made outside any transaction, and answered by an input (rule 30).
//!
//! Killed after the call and before its answer is taken in, the lease runs out and the call is made
//! again under the same id; killed after that, the answer's id conflicts and nothing happens twice.

use std::sync::Arc;

use futures::{StreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use journey::{
    advance::Clock,
    call::{Answer, Call, Outcome},
    endpoints::Endpoint,
    ids::InputId,
    input::{Input, InputKind},
    time::plus,
};
use store::{Arrival, LeasedCall};

use crate::{Engine, Error};
use channels::Called;

/// What one round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// Calls that were due.
    pub leased: usize,
    /// Those that are over.
    pub ended: usize,
}

/// What becomes of a call after one attempt.
enum Next {
    /// Its answer, or that there will be none.
    Ends(Outcome),
    /// Another attempt.
    Again(Timestamp, String),
}

impl Engine {
    /// Makes the calls that are due, several at once, and takes their answers in.
    ///
    /// # Errors
    /// If the database is away; leases then expire, and the calls are made again.
    pub async fn calls_once(&self) -> Result<Calls, Error> {
        let now = self.wall();
        let settings = &self.settings;
        let leased = self
            .store
            .lease_calls(now, settings.dispatch_batch, settings.lease)
            .await?;
        let mut counts = Calls {
            leased: leased.len(),
            ended: 0,
        };
        let mut made = stream::iter(leased)
            .map(async |leased| {
                let next = self.make(&leased).await;
                (leased, next)
            })
            .buffer_unordered(settings.dispatch_concurrency);
        while let Some((leased, next)) = made.next().await {
            match next {
                Next::Again(at, error) => self.store.retry_call(&leased, at, &error).await?,
                Next::Ends(outcome) => {
                    counts.ended += 1;
                    self.take_answer(&leased, outcome).await?;
                }
            }
        }
        Ok(counts)
    }

    /// Now; on a recorded clock, endpoints answer at once.
    fn time_of(&self, call: &Call) -> Timestamp {
        match self.clock() {
            Clock::Wall => self.wall(),
            Clock::Recorded => call.at,
        }
    }

    async fn make(&self, leased: &LeasedCall) -> Next {
        let call = &leased.call;
        let now = self.time_of(call);
        if call.expires_at.is_some_and(|at| at <= now) {
            let why = "nobody waits for the answer any more".into();
            return Next::Ends(Outcome::Failed(why));
        }
        let loaded = self.loaded();
        let Some(endpoint) = loaded.endpoints.0.get(&call.endpoint) else {
            let why = format!("there is no endpoint {} any more", call.endpoint);
            return Next::Ends(Outcome::Failed(why.into()));
        };
        let called = self
            .channels
            .caller()
            .call(endpoint, call, &leased.key, now)
            .await;
        match called {
            Called::Answered(value) => Next::Ends(Outcome::Answered(value)),
            Called::RefusedForGood { detail } => Next::Ends(Outcome::Failed(detail.into())),
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
        detail: String,
        asked: Option<SignedDuration>,
    ) -> Next {
        if u32::from(leased.attempt) > endpoint.retries {
            return Next::Ends(Outcome::Failed(detail.into()));
        }
        let doubled = 1_i32 << (leased.attempt.saturating_sub(1)).min(20);
        let wait = self
            .settings
            .first_retry
            .saturating_mul(doubled)
            .min(self.settings.longest_retry);
        let at = plus(self.wall(), asked.map_or(wait, |asked| asked.max(wait)));
        if leased.call.expires_at.is_some_and(|end| end <= at) {
            // The run's own timer ends the wait; another attempt would come too late.
            return Next::Ends(Outcome::Failed(detail.into()));
        }
        Next::Again(at, detail)
    }

    async fn take_answer(&self, leased: &LeasedCall, outcome: Outcome) -> Result<(), Error> {
        let mut error = match &outcome {
            Outcome::Answered(_) => None,
            Outcome::Failed(why) => Some(why.clone()),
        };
        if !self.submit(leased, outcome).await? {
            // What the database cannot keep is no answer.
            let why: Arc<str> = "the answer cannot be stored".into();
            error = Some(why.clone());
            self.submit(leased, Outcome::Failed(why)).await?;
        }
        let now = self.wall();
        self.store.end_call(leased, now, error.as_deref()).await?;
        Ok(())
    }

    /// Takes an outcome in. False if the database cannot hold it.
    async fn submit(&self, leased: &LeasedCall, outcome: Outcome) -> Result<bool, Error> {
        let answer = Answer {
            call: leased.call.id,
            run: leased.call.run,
            outcome,
        };
        let arrival = Arrival {
            customer: leased.customer,
            key: leased.key.clone(),
            input: Input {
                id: InputId::of_answer(leased.call.id),
                now: self.time_of(&leased.call),
                kind: InputKind::Answer(Box::new(answer)),
            },
        };
        Ok(self.turn(vec![arrival]).await?.rejected.is_empty())
    }
}
