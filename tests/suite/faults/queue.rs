//! A broker in memory: gives every event at least once and keeps each customer's order; between
//! customers there is none, and what was acknowledged may come again.

use std::collections::{BTreeMap, VecDeque};

use parcours_tests::kit::Random;

use super::shops::Told;

/// An event on its way.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub told: Told,
    /// Whether it was acknowledged before: it need not come back.
    again: bool,
}

#[derive(Debug, Default)]
pub struct Queue {
    waiting: BTreeMap<String, VecDeque<Told>>,
    settled: Vec<Told>,
}

impl Queue {
    pub fn publish(&mut self, told: Told) {
        let customer = told.customer.clone();
        self.waiting.entry(customer).or_default().push_back(told);
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Takes up to `most` events of customers by chance, each customer's in order, and some that came
    /// before. Who is not drawn waits.
    pub fn batch(&mut self, random: &mut Random, most: u64) -> Vec<Delivery> {
        let mut batch = Vec::new();
        for _ in 0..=random.below(most) {
            let customers: Vec<String> = self.waiting.keys().cloned().collect();
            if customers.is_empty() {
                break;
            }
            let customer = random.of(&customers);
            let queue = self.waiting.get_mut(customer);
            let Some(told) = queue.and_then(VecDeque::pop_front) else {
                continue;
            };
            if self.waiting.get(customer).is_some_and(VecDeque::is_empty) {
                self.waiting.remove(customer);
            }
            if random.chance(8) {
                // The producer was not sure, and has sent it twice.
                batch.push(Delivery {
                    told: told.clone(),
                    again: true,
                });
            }
            batch.push(Delivery { told, again: false });
        }
        while !self.settled.is_empty() && random.chance(20) {
            let told = random.of(&self.settled).clone();
            batch.push(Delivery { told, again: true });
        }
        batch
    }

    /// They were taken in.
    pub fn acknowledge(&mut self, batch: Vec<Delivery>) {
        let first = batch.into_iter().filter(|d| !d.again);
        self.settled.extend(first.map(|d| d.told));
    }

    /// They were not, as far as anybody knows: they come again, before everything else of their customers.
    pub fn give_back(&mut self, batch: Vec<Delivery>) {
        for delivery in batch.into_iter().rev().filter(|d| !d.again) {
            let customer = delivery.told.customer.clone();
            let queue = self.waiting.entry(customer).or_default();
            queue.push_front(delivery.told);
        }
    }
}
