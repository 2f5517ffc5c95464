//! A bucket of tokens that may be in debt.

use super::{EXACT, Rule, Standing};

/// What was taken and has not been refilled.
#[derive(Debug, Default)]
pub(crate) struct Bucket {
    /// How much is taken. Whole amounts are added, fractions come from refilling.
    taken: f64,
    /// When that was so.
    at: u64,
}

impl Bucket {
    pub(super) fn look(&mut self, refill: u64, interval: u64, limit: u64, amount: u64, now: u64) -> Standing {
        let refilled = (now - self.at) as f64 * refill as f64 / interval as f64;
        self.taken = (self.taken - refilled).max(0.0);
        self.at = now;
        // An ask of nothing is granted as soon as there is no debt.
        Standing::new(self.taken.ceil() as u64, limit, amount, |_| {
            if refill == 0 {
                return None;
            }
            let above = self.taken + amount as f64 - limit as f64;
            Some((above * interval as f64 / refill as f64).ceil().max(1.0) as u64)
        })
    }

    pub(super) fn add(&mut self, amount: u64) {
        self.taken = (self.taken + amount as f64).min(EXACT as f64);
    }

    /// What was reserved drains from when it was; only the difference is taken, or put back, now.
    pub(super) fn settle(&mut self, reserved: u64, used: u64) {
        self.taken = (self.taken + used as f64 - reserved as f64).clamp(0.0, EXACT as f64);
    }

    pub(super) fn ends(&self, rule: Rule, now: u64) -> Option<u64> {
        match rule {
            Rule::Bucket { refill: 1.., .. } if self.taken == 0.0 => Some(now),
            Rule::Bucket { refill: refill @ 1.., interval } => {
                let until_empty = (self.taken * interval as f64 / refill as f64).ceil() as u64;
                Some(now.saturating_add(until_empty))
            }
            _ => None,
        }
    }
}
