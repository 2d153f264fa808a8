//! Who is written to, group by group, and which differences are worth a question.
//!
//! A group is behind if its share of customers who got a message is below four fifths of the share of the
//! group that got most, and chance does not explain it: the rule of the US Uniform Guidelines on Employee
//! Selection Procedures, 29 CFR 1607.4(D), used for lack of one for marketing. It accuses nobody: consents
//! and purchases differ between groups too.

use std::{collections::BTreeMap, sync::Arc};

use serde::Serialize;

/// How far behind is worth a question: 29 CFR 1607.4(D).
const FOUR_FIFTHS: f64 = 0.8;
/// Fewer customers than this say nothing about a group.
pub const FEWEST: u64 = 30;
/// Two-sided, at the level of 0.05.
const CRITICAL: f64 = 1.96;

/// Of customers who do not have the trait.
pub const UNKNOWN: &str = "(not known)";
/// Of all groups that are too small, or too many, to be told one by one.
pub const OTHERS: &str = "(other groups)";

/// Customers by one of their traits, and what each journey sent to them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Groups {
    /// The trait; `age` is the band of years.
    pub by: Arc<str>,
    /// How many customers are in each group.
    pub customers: BTreeMap<Arc<str>, u64>,
    /// What they got, by journey and group.
    pub journeys: BTreeMap<Arc<str>, BTreeMap<Arc<str>, Got>>,
}

/// What a group got of a journey.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Got {
    /// Customers who got at least one message.
    pub reached: u64,
    /// Messages.
    pub messages: u64,
}

/// A group that a journey writes to less than to another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Behind {
    /// Which journey.
    pub journey: Arc<str>,
    /// Which group.
    pub group: Arc<str>,
    /// The share of its customers who got a message, from 0 to 1.
    pub share: f64,
    /// The group that got most.
    pub most: Arc<str>,
    /// Its share.
    pub most_share: f64,
}

impl Groups {
    /// Whether the trait is known of anybody.
    pub fn any(&self) -> bool {
        self.customers.keys().any(|group| **group != *UNKNOWN)
    }

    /// The groups that are behind, by journey and name.
    pub fn behind(&self) -> Vec<Behind> {
        let mut found = Vec::new();
        for (journey, got) in &self.journeys {
            let shares: Vec<Share<'_>> = self.shares(got).collect();
            let most = shares.iter().max_by(|a, b| a.of().total_cmp(&b.of()));
            let Some(most) = most else { continue };
            let behind = shares.iter().filter(|share| share.is_behind(most));
            found.extend(behind.map(|share| Behind {
                journey: journey.clone(),
                group: share.group.clone(),
                share: share.of(),
                most: most.group.clone(),
                most_share: most.of(),
            }));
        }
        found
    }

    /// Of the groups that are one and large enough.
    fn shares<'a>(&'a self, got: &'a BTreeMap<Arc<str>, Got>) -> impl Iterator<Item = Share<'a>> {
        let is_one = |group: &str| group != UNKNOWN && group != OTHERS;
        self.customers
            .iter()
            .filter(move |(group, customers)| is_one(group) && **customers >= FEWEST)
            .map(|(group, &customers)| Share {
                group,
                customers,
                reached: got.get(group).map_or(0, |g| g.reached).min(customers),
            })
    }
}

struct Share<'a> {
    group: &'a Arc<str>,
    customers: u64,
    reached: u64,
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of customers are far below 2^53"
)]
impl Share<'_> {
    fn of(&self) -> f64 {
        self.reached as f64 / self.customers as f64
    }

    /// By the rule, and by more than chance: the z-test of two proportions, pooled.
    fn is_behind(&self, most: &Self) -> bool {
        let (here, there) = (self.customers as f64, most.customers as f64);
        let pooled = (self.reached + most.reached) as f64 / (here + there);
        let error = (pooled * (1.0 - pooled) * (1.0 / here + 1.0 / there)).sqrt();
        let difference = most.of() - self.of();
        self.of() < FOUR_FIFTHS * most.of() && difference > CRITICAL * error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Groups of `(name, customers, reached)` for one journey.
    fn groups(of: &[(&str, u64, u64)]) -> Groups {
        let got = of.iter().map(|&(name, _, reached)| {
            let messages = reached * 2;
            (Arc::from(name), Got { reached, messages })
        });
        Groups {
            by: Arc::from("gender"),
            customers: of.iter().map(|&(n, c, _)| (Arc::from(n), c)).collect(),
            journeys: BTreeMap::from([(Arc::from("offer"), got.collect())]),
        }
    }

    fn behind(of: &[(&str, u64, u64)]) -> Vec<String> {
        let found = groups(of).behind();
        found.iter().map(|b| b.group.to_string()).collect()
    }

    #[test]
    fn a_group_is_behind_below_four_fifths_and_beyond_chance() {
        assert_eq!(behind(&[("f", 1000, 300), ("m", 1000, 500)]), ["f"]);
        let exactly = [("f", 1000, 400), ("m", 1000, 500)];
        assert!(behind(&exactly).is_empty(), "four fifths are not below");
        assert_eq!(behind(&[("f", 1000, 399), ("m", 1000, 500)]), ["f"]);
        let by_chance = [("f", 40, 15), ("m", 40, 20)];
        assert!(behind(&by_chance).is_empty(), "0.375 of 0.5, among forty");
        assert!(
            behind(&[("f", 29, 0), ("m", 1000, 500)]).is_empty(),
            "too few"
        );
        assert_eq!(behind(&[("f", 30, 0), ("m", 1000, 500)]), ["f"]);
        assert!(behind(&[("f", 100, 0), ("m", 100, 0)]).is_empty());
        assert!(behind(&[("f", 100, 100), ("m", 100, 100)]).is_empty());
        assert!(behind(&[("f", 100, 50)]).is_empty() && behind(&[]).is_empty());
    }

    #[test]
    fn whoever_is_not_a_group_is_not_compared() {
        let all = [(UNKNOWN, 1000, 0), (OTHERS, 1000, 1000), ("m", 1000, 500)];
        assert!(behind(&all).is_empty());
        assert!(groups(&all).any() && !groups(&[(UNKNOWN, 9, 1)]).any());
    }

    #[test]
    fn it_says_who_got_how_much() {
        let found = groups(&[("a", 100, 10), ("b", 100, 90), ("c", 100, 40)]).behind();
        let told: Vec<_> = found
            .iter()
            .map(|b| (&*b.journey, &*b.group, b.share, &*b.most, b.most_share))
            .collect();
        assert_eq!(
            told,
            [("offer", "a", 0.1, "b", 0.9), ("offer", "c", 0.4, "b", 0.9)]
        );
    }
}
