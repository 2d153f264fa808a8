//! How much strangers may try and cause, by the quarter of an hour and by the minute.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};

/// So many failures of one address within [`SPAN`] are looked at. It is far more than an account may have, for
/// behind a proxy everybody has the same address.
const TRIES: u32 = 100;
const SPAN: SignedDuration = SignedDuration::from_mins(15);
/// How many addresses are counted. Beyond that the counts begin anew; accounts are locked by the database.
const MOST: usize = 10_000;
/// How many refusals of people unknown are written to the audit log in a minute, by one process.
const REFUSALS: u32 = 60;

/// Failures by address.
#[derive(Debug, Default)]
pub(super) struct Addresses(Mutex<HashMap<IpAddr, (Timestamp, u32)>>);

impl Addresses {
    /// Counts one attempt; whether it is looked at.
    pub(super) fn attempt(&self, address: IpAddr, now: Timestamp) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let over = |since: Timestamp| now.duration_since(since) >= SPAN;
        if all.len() >= MOST && !all.contains_key(&key(address)) {
            all.retain(|_, (since, _)| !over(*since));
            if all.len() >= MOST {
                all.clear();
            }
        }
        let (since, count) = all.entry(key(address)).or_insert((now, 0));
        if over(*since) {
            (*since, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
        *count <= TRIES
    }

    /// The attempt was no failure.
    pub(super) fn succeeded(&self, address: IpAddr) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, count)) = all.get_mut(&key(address)) {
            *count = count.saturating_sub(1);
        }
    }
}

/// Of IPv6 the network: whoever has one address there has them all.
fn key(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
    }
}

/// Refusals of people unknown, by the minute.
#[derive(Debug, Default)]
pub(super) struct Refusals(Mutex<(i64, u32)>);

impl Refusals {
    /// Whether one more is written down.
    pub(super) fn one_more(&self, now: Timestamp) -> bool {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = now.as_second().div_euclid(60);
        if counted.0 != minute {
            *counted = (minute, 0);
        }
        counted.1 = counted.1.saturating_add(1);
        counted.1 <= REFUSALS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_counted_for_a_quarter_of_an_hour() {
        let (all, here) = (Addresses::default(), IpAddr::from([192, 0, 2, 1]));
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        assert!((0..TRIES).all(|_| all.attempt(here, now)));
        assert!(!all.attempt(here, now), "one too many");
        assert!(all.attempt(IpAddr::from([192, 0, 2, 2]), now));
        assert!(all.attempt(here, now + SPAN));
        let network = |last| IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, last]);
        assert_eq!(key(network(1)), key(network(2)));
    }

    #[test]
    fn counts_have_a_bound() {
        let all = Addresses::default();
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        for n in 0..=u32::try_from(MOST).unwrap() {
            all.attempt(IpAddr::from(n.to_be_bytes()), now);
        }
        assert!(all.0.lock().unwrap().len() <= MOST);
        let refusals = Refusals::default();
        assert_eq!((0..100).filter(|_| refusals.one_more(now)).count(), 60);
        assert!(refusals.one_more(now + SignedDuration::from_secs(60)));
    }
}
