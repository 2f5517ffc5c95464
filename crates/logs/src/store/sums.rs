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
        sum.add(metric.values.iter().map(|(_, value)| (*value, Tally::one(*value))));
        true
    }

    /// Begins a sum.
    pub(super) fn insert(&mut self, hash: u64, ticks: i64, metric: &Metric) {
        let tallies = metric.values.iter().map(|(_, value)| Tally::one(*value)).collect();
        let sum = Sum { ticks, metric: metric.clone(), tallies };
        self.0.insert_unique(hash, (hash, sum), |(hash, _)| *hash);
    }

    /// Adds other sums, of which nothing is left there.
    pub(super) fn take(&mut self, others: &mut Sums) {
        for (hash, sum) in others.0.drain() {
            match self.0.find_mut(hash, |(_, known)| are_of_one(&known.metric, &sum.metric)) {
                Some((_, known)) => {
                    known.ticks = known.ticks.min(sum.ticks);
                    let values = sum.metric.values.iter().map(|(_, value)| *value);
                    known.add(values.zip(sum.tallies));
                }
                None => {
                    self.0.insert_unique(hash, (hash, sum), |(hash, _)| *hash);
                }
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn drain(&mut self) -> impl Iterator<Item = Sum> {
        self.0.drain().map(|(_, sum)| sum)
    }
}

impl Sum {
    /// Adds to each of its values, in their order.
    fn add(&mut self, more: impl Iterator<Item = (f64, Tally)>) {
        let sums = self.metric.values.iter_mut().zip(&mut self.tallies);
        for (((_, sum), tally), (value, other)) in sums.zip(more) {
            *sum += value;
            tally.add(other);
        }
    }
}

impl Tally {
    const fn one(value: f64) -> Tally {
        Tally { count: 1, min: value, max: value }
    }

    fn add(&mut self, more: Tally) {
        self.count = self.count.saturating_add(more.count);
        self.min = self.min.min(more.min);
        self.max = self.max.max(more.max);
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
    fn sums_of_the_same_become_one() {
        let hasher = Hasher::default();
        let of = |values: [(i64, f64, &str); 2]| {
            let mut sums = Sums::default();
            for (ticks, value, team) in values {
                let metric = metric(value, team);
                sums.insert(hasher.hash(&metric), ticks, &metric);
            }
            sums
        };
        let (mut sums, mut others) =
            (of([(5, 3.0, "a"), (4, 1.0, "b")]), of([(2, -2.0, "a"), (7, 9.0, "c")]));
        sums.take(&mut others);
        assert_eq!((sums.len(), others.is_empty()), (3, true));
        let sum = sums.drain().find(|sum| &*sum.metric.dimensions[0].1 == "a").unwrap();
        assert_eq!((sum.ticks, sum.metric.values[0].1, sum.metric.values[1].1), (2, 1.0, 2.0));
        assert_eq!(sum.tallies[0], Tally { count: 2, min: -2.0, max: 3.0 });
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
