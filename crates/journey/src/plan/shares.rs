//! What changed weights do to customers who would be drawn again (rule 31).

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    ids::{CustomerId, sticky},
    machine::{Arm, Op},
};

/// A part of all customers, exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Share {
    /// So many…
    pub of: u64,
    /// …of so many.
    pub all: u64,
}

impl Share {
    /// In percent, with one digit: `33.3 %`.
    pub fn percent(self) -> String {
        let all = self.all.max(1);
        let tenths = (u128::from(self.of) * 1_000 + u128::from(all) / 2) / u128::from(all);
        format!("{}.{} %", tenths / 10, tenths % 10)
    }
}

/// The share of customers that two versions of a split give different arms. The draw hashes
/// customer, journey, id and salt, and never the weights: a customer keeps their place between 0
/// and 1, and only the arms' borders move. With another salt everybody is drawn anew.
pub fn moved(old: &Op, new: &Op) -> Option<Share> {
    let (Op::Split { salt: a, arms: old }, Op::Split { salt: b, arms: new }) = (old, new) else {
        return None;
    };
    let (total_old, total_new) = (sum(old), sum(new));
    let all = total_old.checked_mul(total_new).filter(|all| *all > 0)?;
    let kept = match a == b {
        true => overlaps(old, total_new, new, total_old),
        false => independent(old, new),
    };
    Some(Share {
        of: all.saturating_sub(kept),
        all,
    })
}

/// The arm that a customer draws (rule 31); `None`: no arm has any weight.
pub fn drawn<'a>(
    customer: CustomerId,
    journey: &str,
    split: &str,
    salt: &str,
    arms: &'a [Arm],
) -> Option<&'a Arm> {
    let place = sticky(customer, journey, split, salt, sum(arms));
    let mut end = 0;
    arms.iter().find(|arm| {
        end += u64::from(arm.weight);
        place < end
    })
}

/// How many of these customers draw another arm of a split than before.
pub(super) fn count(
    customers: &[CustomerId],
    journey: &str,
    split: &str,
    old: &Op,
    new: &Op,
) -> u64 {
    let arm = |op: &Op, customer| match op {
        Op::Split { salt, arms } => {
            drawn(customer, journey, split, salt, arms).map(|arm| arm.name.clone())
        }
        _ => None,
    };
    let moved = customers.iter().filter(|c| arm(old, **c) != arm(new, **c));
    u64::try_from(moved.count()).unwrap_or(u64::MAX)
}

fn sum(arms: &[Arm]) -> u64 {
    arms.iter().map(|a| u64::from(a.weight)).sum()
}

/// How much of the line has the same name before and after; both scaled to the same length.
fn overlaps(old: &[Arm], scale_old: u64, new: &[Arm], scale_new: u64) -> u64 {
    let (before, after) = (stretches(old, scale_old), stretches(new, scale_new));
    let mut kept = 0;
    for (name, from, to) in &before {
        let same = after.iter().filter(|(other, ..)| other == name);
        kept += same
            .map(|(_, start, end)| to.min(end).saturating_sub(*from.max(start)))
            .sum::<u64>();
    }
    kept
}

/// Each arm's name with where it begins and ends.
fn stretches(arms: &[Arm], scale: u64) -> Vec<(&str, u64, u64)> {
    let mut at = 0;
    let stretch = |arm: &'_ Arm| {
        let from = at;
        at += u64::from(arm.weight).saturating_mul(scale);
        (from, at)
    };
    let ends: Vec<_> = arms.iter().map(stretch).collect();
    arms.iter()
        .zip(ends)
        .map(|(arm, (from, to))| (&*arm.name, from, to))
        .collect()
}

fn independent(old: &[Arm], new: &[Arm]) -> u64 {
    let weight = |name: &str| -> u64 {
        let same = new.iter().filter(|arm| &*arm.name == name);
        same.map(|arm| u64::from(arm.weight)).sum()
    };
    old.iter()
        .map(|arm| u64::from(arm.weight).saturating_mul(weight(&arm.name)))
        .sum()
}
