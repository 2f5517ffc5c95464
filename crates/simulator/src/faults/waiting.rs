//! Faults that wait for the calls they hit.

use std::collections::HashSet;

use parking_lot::Mutex;

use super::Fault;
use crate::text;

/// Keys of faults that hit once, remembered at most; then none hits any more.
const MOST_ONCE_KEYS: usize = 10_000;

/// Faults waiting for calls.
#[derive(Debug, Default)]
pub(crate) struct FaultSet(Mutex<Vec<Waiting>>);

/// A fault and how many calls of its deployment it saw.
#[derive(Debug)]
struct Waiting {
    fault: Fault,
    seen: u64,
}

impl Waiting {
    /// Whether the next call of a deployment is hit.
    fn hits(&mut self, deployment: Option<&str>) -> bool {
        let is_meant = self.fault.deployment.is_none() || self.fault.deployment.as_deref() == deployment;
        if !is_meant {
            return false;
        }
        self.seen = self.seen.saturating_add(1);
        let Some(percent) = self.fault.percent else { return true };
        text::mix(self.fault.seed.wrapping_add(self.seen)) % 100 < u64::from(percent)
    }
}

impl FaultSet {
    pub(crate) fn new(faults: Vec<Fault>) -> Self {
        let set = Self::default();
        set.replace(faults);
        set
    }

    pub(crate) fn replace(&self, faults: Vec<Fault>) {
        *self.0.lock() = faults.into_iter().map(|fault| Waiting { fault, seen: 0 }).collect();
    }

    /// The first fault for a call of this deployment; one with a count is used up by it.
    pub(crate) fn take(&self, deployment: Option<&str>) -> Option<Fault> {
        let mut waiting = self.0.lock();
        waiting.retain(|waiting| waiting.fault.count != Some(0));
        let hit = waiting.iter_mut().find_map(|waiting| waiting.hits(deployment).then_some(waiting))?;
        hit.fault.count = hit.fault.count.map(|count| count.saturating_sub(1));
        let cut_at_random = hit.fault.cut_at_random.map(|seed| seed.wrapping_add(hit.seen));
        Some(Fault { cut_at_random, ..hit.fault.clone() })
    }
}

/// Keys of faults that hit once, as hashes of one size.
#[derive(Debug, Default)]
pub(crate) struct OnceKeys(Mutex<HashSet<u64>>);

impl OnceKeys {
    /// Whether a fault with this key hits: one without a key always does.
    pub(crate) fn is_first(&self, key: Option<&str>) -> bool {
        let Some(key) = key else { return true };
        let mut seen = self.0.lock();
        seen.len() < MOST_ONCE_KEYS && seen.insert(text::hash(key))
    }

    pub(crate) fn clear(&self) {
        self.0.lock().clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_hits_once() {
        let keys = OnceKeys::default();
        assert!(keys.is_first(Some("a")) && !keys.is_first(Some("a")) && keys.is_first(None));
    }

    #[test]
    fn percent_and_random_cuts_follow_the_seed() {
        let run = |seed| {
            let fault = Fault { percent: Some(30), seed, cut_at_random: Some(seed), ..Fault::default() };
            let faults = FaultSet::new(vec![fault]);
            (0..1000).map(|_| faults.take(None).and_then(|fault| fault.cut_at_random)).collect::<Vec<_>>()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
        let hit = run(7).iter().flatten().count();
        assert!((250..350).contains(&hit), "{hit}");
    }

    #[test]
    fn counted_faults_are_used_up_in_order() {
        let fault = |status, count, deployment: Option<&str>| Fault {
            status: Some(status),
            count,
            deployment: deployment.map(str::to_owned),
            ..Fault::default()
        };
        let faults = FaultSet::new(vec![fault(500, Some(1), Some("a")), fault(503, Some(2), None)]);
        let take = |deployment| faults.take(deployment).and_then(|fault| fault.status);
        assert_eq!(take(Some("b")), Some(503));
        assert_eq!(take(Some("a")), Some(500));
        assert_eq!(take(Some("a")), Some(503));
        assert_eq!(take(Some("a")), None);
        faults.replace(vec![fault(429, None, None)]);
        assert_eq!((take(None), take(None)), (Some(429), Some(429)));
    }
}
