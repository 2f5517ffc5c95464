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
    pub(crate) min: f64,
    pub(crate) max: f64,
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
        sum.min = sum.min.min(metric.value);
        sum.max = sum.max.max(metric.value);
        true
    }

    /// Begins a sum.
    pub(super) fn insert(&mut self, hash: u64, ticks: i64, metric: &Metric) {
        let sum = Sum { ticks, metric: metric.clone(), count: 1, min: metric.value, max: metric.value };
        self.0.insert_unique(hash, (hash, sum), |(hash, _)| *hash);
    }

    pub(super) fn drain(&mut self) -> impl Iterator<Item = Sum> {
        self.0.drain().map(|(_, sum)| sum)
    }
}

fn are_of_one(sum: &Metric, metric: &Metric) -> bool {
    sum.name == metric.name && sum.namespace == metric.namespace && sum.dimensions == metric.dimensions
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(value: f64, team: &str) -> Metric {
        Metric {
            namespace: None,
            name: "tokens".into(),
            value,
            dimensions: vec![("team".into(), team.into())],
            insights_logger: None,
        }
    }

    #[test]
    fn values_with_the_same_dimensions_are_one_sum() {
        let (hasher, mut sums) = (Hasher::default(), Sums::default());
        for (ticks, value, team) in [(1, 7.0, "a"), (2, 5.0, "b"), (3, -2.0, "a"), (4, 9.0, "a")] {
            let metric = metric(value, team);
            let hash = hasher.hash(&metric);
            if !sums.merge(hash, &metric) {
                sums.insert(hash, ticks, &metric);
            }
        }
        let mut found: Vec<_> = sums
            .drain()
            .map(|sum| {
                (
                    sum.ticks,
                    sum.metric.value,
                    sum.count,
                    sum.min,
                    sum.max,
                    sum.metric.dimensions[0].1.to_string(),
                )
            })
            .collect();
        found.sort_by_key(|(ticks, ..)| *ticks);
        assert_eq!(found, [(1, 14.0, 3, -2.0, 9.0, "a".to_owned()), (2, 5.0, 1, 5.0, 5.0, "b".to_owned())]);
        assert!(!sums.merge(hasher.hash(&metric(1.0, "a")), &metric(1.0, "a")), "what was taken is over");
    }
}
