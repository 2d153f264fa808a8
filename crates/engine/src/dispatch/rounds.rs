//! Rounds: some messages of one channel are leased, handed over and recorded together.
//!
//! Each channel has rounds of its own, side by side with those of the others, so that a provider that
//! hangs holds up nobody else. Messages are leased only as fast as their providers take them; the rest
//! stays in the outbox, where it costs nothing.

use std::{sync::Arc, time::Duration};

use futures::future::join_all;
use journey::message::Channel;
use store::{Leased, Room};
use tokio::{task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{Dispatched, Round};
use crate::{Engine, Error};

/// What is at work.
#[derive(Default)]
pub(crate) struct Rounds {
    tasks: JoinSet<Ended>,
    open: Vec<Open>,
}

/// A round that is at work.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Open {
    channel: Channel,
    messages: usize,
}

/// A round that is over, and what it did.
struct Ended {
    round: Open,
    result: Result<Dispatched, Error>,
}

impl Engine {
    /// Leases messages that are due, as many as their providers can take, hands them over and waits
    /// for all of them. Nothing due, or no room: all counts are 0.
    ///
    /// # Errors
    /// If the database is away; leases then expire, and the messages are tried again.
    pub async fn dispatch_once(&self, stop: &CancellationToken) -> Result<Dispatched, Error> {
        let leased = self.lease_rounds(&[], stop).await?;
        let rounds = leased
            .into_iter()
            .map(|(leased, round)| self.round(leased, round));
        let mut all = Dispatched::default();
        let mut result = Ok(());
        for ended in join_all(rounds).await {
            match ended {
                Ok(done) => all.add(&done),
                Err(error) => result = result.and(Err(error)),
            }
        }
        result.map(|()| all)
    }

    /// Leases for every channel that has room beside the rounds that are open, and begins a round
    /// each. Returns how many were begun.
    pub(crate) async fn begin_rounds(
        self: &Arc<Self>,
        rounds: &mut Rounds,
        stop: &CancellationToken,
    ) -> Result<usize, Error> {
        let leased = self.lease_rounds(&rounds.open, stop).await?;
        let begun = leased.len();
        for (leased, round) in leased {
            let open = Open {
                channel: leased[0].message.channel,
                messages: leased.len(),
            };
            let engine = Arc::clone(self);
            rounds.open.push(open);
            rounds.tasks.spawn(async move {
                let result = engine.round(leased, round).await;
                Ended {
                    round: open,
                    result,
                }
            });
        }
        Ok(begun)
    }

    async fn lease_rounds(
        &self,
        open: &[Open],
        stop: &CancellationToken,
    ) -> Result<Vec<(Vec<Leased>, Round)>, Error> {
        let rooms = self.rooms(open);
        let limit: u32 = rooms.iter().map(|r| r.most).sum();
        if limit == 0 {
            return Ok(Vec::new());
        }
        let (begun, lease) = (Instant::now(), self.settings.lease);
        let now = self.wall();
        let leased = self.store.lease_for(&rooms, now, limit, lease);
        let mut leased = leased.await?;
        let after = |eighths: i32| {
            let span = Duration::try_from(lease / 8 * eighths);
            begun + span.unwrap_or_default()
        };
        let mut rounds = Vec::new();
        for room in rooms {
            let of_it = |l: &mut Leased| l.message.channel == room.channel;
            let messages: Vec<_> = leased.extract_if(.., of_it).collect();
            if messages.is_empty() {
                continue;
            }
            let round = Round {
                loaded: self.loaded(),
                asked: room.provider,
                until: after(4),
                until_at: journey::time::plus(now, lease / 2),
                ends: after(7),
                stop: stop.child_token(),
                hurry: stop.clone(),
            };
            rounds.push((messages, round));
        }
        Ok(rounds)
    }

    /// The channels that can take more than what is open.
    fn rooms(&self, open: &[Open]) -> Vec<Room> {
        let (batch, side_by_side) = (self.settings.dispatch_batch, self.settings.dispatch_rounds);
        let room = |channel| {
            let open: Vec<_> = open.iter().filter(|o| o.channel == channel).collect();
            if open.len() >= side_by_side.max(1) {
                return None;
            }
            let busy: usize = open.iter().map(|o| o.messages).sum();
            let free = self.channels.room(channel).saturating_sub(busy);
            let most = u32::try_from(free).unwrap_or(u32::MAX).min(batch);
            let provider = self.channels.preferred(channel).map(Arc::from);
            (most > 0).then_some(Room {
                channel,
                most,
                provider,
            })
        };
        Channel::ALL.into_iter().filter_map(room).collect()
    }
}

impl Rounds {
    /// Waits for a round to end; for ever where none is open.
    pub(crate) async fn ended(&mut self) -> Result<Dispatched, Error> {
        match self.tasks.join_next().await {
            Some(ended) => self.close(ended),
            None => std::future::pending().await,
        }
    }

    /// Whether none is open.
    pub(crate) fn is_idle(&self) -> bool {
        self.open.is_empty()
    }

    /// A round that has ended already.
    pub(crate) fn try_ended(&mut self) -> Option<Result<Dispatched, Error>> {
        let ended = self.tasks.try_join_next()?;
        Some(self.close(ended))
    }

    /// Waits for all that are open.
    pub(crate) async fn finish(mut self) -> Result<(), Error> {
        let mut result = Ok(());
        while !self.open.is_empty() {
            result = self.ended().await.map(drop).and(result);
        }
        result
    }

    fn close(&mut self, ended: Result<Ended, tokio::task::JoinError>) -> Result<Dispatched, Error> {
        let ended = match ended {
            Ok(ended) => ended,
            // As if the loop itself had panicked: the engine stops.
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        };
        if let Some(at) = self.open.iter().position(|open| *open == ended.round) {
            self.open.swap_remove(at);
        }
        ended.result
    }
}

impl Dispatched {
    fn add(&mut self, other: &Self) {
        self.leased += other.leased;
        self.sent += other.sent;
        self.retried += other.retried;
        self.ended += other.ended;
        self.released += other.released;
        self.put_off += other.put_off;
    }
}
