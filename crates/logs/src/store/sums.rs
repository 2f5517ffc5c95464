//! Metrics that wait together are added up: one row for each name with its dimensions, as Application Insights adds them
//! up before it takes them. Values that are counted together are found together.

use std::hash::{BuildHasher, Hash, Hasher as _};

use hashbrown::{DefaultHashBuilder, HashTable};
use sekisho_policy::ports::Metric;

/// Values of the same metrics with the same dimensions.
#[derive(Debug)]
pub(crate) struct Sum {
    /// When the first of them came, in ticks.
    pub(crate) ticks: i64,
    /// What they are of; its values are their sums.
    pub(crate) metric: Metric,
    /// Of each of its values.
    pub(crate) tallies: Vec<Tally>,
}

/// What is known of values beside their sum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Tally {
    pub(crate) count: u32,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

/// Makes the hashes by which sums are found.
#[derive(Debug, Default)]
pub(super) struct Hasher(DefaultHashBuilder);

impl Hasher {
    pub(super) fn hash(&self, metric: &Metric) -> u64 {
        let mut hasher = self.0.build_hasher();
        metric.namespace.hash(&mut hasher);
        metric.dimensions.hash(&mut hasher);
        metric.values.iter().for_each(|(name, _)| name.hash(&mut hasher));
        hasher.finish()
    }
}

/// The sums that wait, by their [hashes](Hasher).
#[derive(Debug, Default)]
pub(super) struct Sums(HashTable<(u64, Sum)>);

impl Sums {
    /// Adds values to their sum; false when there is none.
    pub(super) fn merge(&mut self, hash: u64, metric: &Metric) -> bool {
        let Some((_, sum)) = self.0.find_mut(hash, |(_, sum)| are_of_one(&sum.metric, metric)) else {
            return false;
        };
        let sums = sum.metric.values.iter_mut().zip(&mut sum.tallies);
        for (((_, sum), tally), (_, value)) in sums.zip(&metric.values) {
            *sum += value;
            tally.add(*value);
        }
        true
    }

    /// Begins a sum.
    pub(super) fn insert(&mut self, hash: u64, ticks: i64, metric: &Metric) {
        let tally = |(_, value): &(_, f64)| Tally { count: 1, min: *value, max: *value };
        let tallies = metric.values.iter().map(tally).collect();
        let sum = Sum { ticks, metric: metric.clone(), tallies };
        self.0.insert_unique(hash, (hash, sum), |(hash, _)| *hash);
    }

    pub(super) fn drain(&mut self) -> impl Iterator<Item = Sum> {
        self.0.drain().map(|(_, sum)| sum)
    }
}

impl Tally {
    fn add(&mut self, value: f64) {
        self.count = self.count.saturating_add(1);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }
}

fn are_of_one(sum: &Metric, metric: &Metric) -> bool {
    let names = sum.values.iter().map(|(name, _)| name).eq(metric.values.iter().map(|(name, _)| name));
    names && sum.namespace == metric.namespace && sum.dimensions == metric.dimensions
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(value: f64, team: &str) -> Metric {
        Metric {
            namespace: None,
            values: vec![("tokens".into(), value), ("calls".into(), 1.0)],
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
                let values = sum.metric.values.iter().map(|(_, value)| *value).collect::<Vec<_>>();
                (sum.ticks, values, sum.tallies[0], sum.metric.dimensions[0].1.to_string())
            })
            .collect();
        found.sort_by_key(|(ticks, ..)| *ticks);
        let tally = |count, min, max| Tally { count, min, max };
        let expected = [
            (1, vec![14.0, 3.0], tally(3, -2.0, 9.0), "a".to_owned()),
            (2, vec![5.0, 1.0], tally(1, 5.0, 5.0), "b".to_owned()),
        ];
        assert_eq!(found, expected);
        assert!(!sums.merge(hasher.hash(&metric(1.0, "a")), &metric(1.0, "a")), "what was taken is over");
    }

    #[test]
    fn values_of_other_names_are_of_another_sum() {
        let (hasher, mut sums) = (Hasher::default(), Sums::default());
        let (both, mut one) = (metric(1.0, "a"), metric(1.0, "a"));
        one.values.pop();
        sums.insert(hasher.hash(&both), 1, &both);
        assert!(!sums.merge(hasher.hash(&one), &one));
        assert!(!are_of_one(&both, &one) && !are_of_one(&one, &both));
    }
}
