//! A bucket of tokens that may be in debt.

use super::{EXACT, Rule, Standing};

/// What was taken and has not been refilled. Looking changes nothing of it: how often is looked must not decide how the
/// refilled is rounded.
#[derive(Debug, Default)]
pub(crate) struct Bucket {
    /// When it was last changed.
    changed: Level,
    /// When it was last looked at.
    seen: Level,
}

#[derive(Clone, Copy, Debug, Default)]
struct Level {
    /// How much is taken. Whole amounts are added, fractions come from refilling.
    taken: f64,
    /// When that was so.
    at: u64,
}

impl Bucket {
    pub(super) fn look(&mut self, refill: u64, interval: u64, limit: u64, amount: u64, now: u64) -> Standing {
        let Level { taken, at } = self.changed;
        let refilled = (now - at) as f64 * refill as f64 / interval as f64;
        let taken = (taken - refilled).max(0.0);
        self.seen = Level { taken, at: now };
        // An ask of nothing is granted as soon as there is no debt.
        Standing::new(taken.ceil() as u64, limit, amount, |_| {
            if refill == 0 {
                return None;
            }
            let above = taken + amount as f64 - limit as f64;
            Some((above * interval as f64 / refill as f64).ceil().max(1.0) as u64)
        })
    }

    pub(super) fn add(&mut self, amount: u64) {
        self.change(|taken| (taken + amount as f64).min(EXACT as f64));
    }

    /// What was reserved drains from when it was; only the difference is taken, or put back, now.
    pub(super) fn settle(&mut self, reserved: u64, used: u64) {
        self.change(|taken| (taken + used as f64 - reserved as f64).clamp(0.0, EXACT as f64));
    }

    /// Changes what was taken when it was last looked at.
    fn change(&mut self, change: impl FnOnce(f64) -> f64) {
        let Level { taken, at } = self.seen;
        self.changed = Level { taken: change(taken), at };
    }

    pub(super) fn ends(&self, rule: Rule, now: u64) -> Option<u64> {
        match rule {
            Rule::Bucket { refill: 1.., .. } if self.changed.taken == 0.0 => Some(now),
            Rule::Bucket { refill: refill @ 1.., interval } => {
                let until_empty = (self.changed.taken * interval as f64 / refill as f64).ceil() as u64;
                // One more than that, so that no rounding leaves a rest behind.
                Some(self.changed.at.saturating_add(until_empty).saturating_add(1))
            }
            _ => None,
        }
    }
}
