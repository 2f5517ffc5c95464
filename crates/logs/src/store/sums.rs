//! Metrics that wait together are added up: one row for each name with its dimensions, as Application Insights adds them
//! up before it takes them.

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;
use sekisho_policy::ports::Metric;

/// Values of one metric with the same dimensions.
#[derive(Debug)]
pub(crate) struct Sum {
    /// When the first of them came, in ticks.
    pub(crate) ticks: i64,
    /// What they are of; its value is their sum.
    pub(crate) metric: Metric,
    pub(crate) count: u32,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

/// Makes the hashes by which sums are found.
#[derive(Debug, Default)]
pub(super) struct Hasher(RandomState);

impl Hasher {
    pub(super) fn hash(&self, metric: &Metric) -> u64 {
        self.0.hash_one((&metric.name, &metric.namespace, &metric.dimensions))
    }
}

/// The sums that wait, by their [hashes](Hasher).
#[derive(Debug, Default)]
pub(super) struct Sums(HashTable<(u64, Sum)>);

impl Sums {
    /// Adds a value to its sum; false when there is none.
    pub(super) fn merge(&mut self, hash: u64, metric: &Metric) -> bool {
        let Some((_, sum)) = self.0.find_mut(hash, |(_, sum)| are_of_one(&sum.metric, metric)) else {
            return false;
        };
        sum.metric.value += metric.value;
        sum.count = sum.count.saturating_add(1);
        sum.least = sum.least.min(metric.value);
        sum.most = sum.most.max(metric.value);
        true
    }

    /// Begins a sum.
    pub(super) fn insert(&mut self, hash: u64, ticks: i64, metric: &Metric) {
        let (least, most) = (metric.value, metric.value);
        let sum = Sum { ticks, metric: metric.clone(), count: 1, least, most };
        self.0.insert_unique(hash, (hash, sum), |(hash, _)| *hash);
    }

    pub(super) fn drain(&mut self) -> impl Iterator<Item = Sum> {
        self.0.drain().map(|(_, sum)| sum)
    }
}

fn are_of_one(sum: &Metric, metric: &Metric) -> bool {
    sum.name == metric.name && sum.namespace == metric.namespace && sum.dimensions == metric.dimensions
}
