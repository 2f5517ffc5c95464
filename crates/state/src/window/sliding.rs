//! A sliding window in bounded memory.

use std::collections::VecDeque;

use super::{EXACT, Rule, Standing, needed};

/// So many additions are told apart.
pub(super) const TOLD_APART: usize = 64;

/// Additions that leave the window together.
#[derive(Clone, Copy, Debug)]
struct Entry {
    /// The first of them.
    first: u64,
    /// The last of them: `length` after it they leave.
    last: u64,
    /// Their sum.
    amount: u64,
}

/// The additions that count, oldest first. While 64 entries count, an addition joins the newest entry if that began less
/// than a 64th of the window ago; so there are never more than 130.
#[derive(Debug, Default)]
pub(crate) struct Sliding {
    entries: VecDeque<Entry>,
    total: u64,
}

impl Sliding {
    pub(super) fn look(&mut self, length: u64, limit: u64, amount: u64, now: u64) -> Standing {
        while let Some(oldest) = self.entries.front()
            && oldest.last.saturating_add(length) <= now
        {
            self.total -= oldest.amount;
            self.entries.pop_front();
        }
        Standing::new(self.total, limit, needed(amount), |above| self.wait(length, above, now))
    }

    /// Microseconds until `above` of what counts has left.
    fn wait(&self, length: u64, above: u64, now: u64) -> Option<u64> {
        let mut left = 0;
        let last_needed = self.entries.iter().find(|entry| {
            left += entry.amount;
            left >= above
        });
        last_needed.map(|entry| (entry.last + length).saturating_sub(now))
    }

    pub(super) fn add(&mut self, length: u64, amount: u64, now: u64) {
        let amount = amount.min(EXACT - self.total);
        self.total += amount;
        let grain = length.div_ceil(TOLD_APART as u64);
        let is_full = self.entries.len() >= TOLD_APART;
        match self.entries.back_mut() {
            Some(newest) if newest.last == now || (is_full && now - newest.first < grain) => {
                newest.last = now;
                newest.amount += amount;
            }
            _ => self.entries.push_back(Entry { first: now, last: now, amount }),
        }
    }

    /// Takes what was reserved from the oldest entries: what is left of the sum then leaves later rather than sooner.
    pub(super) fn settle(&mut self, length: u64, reserved: u64, used: u64, age: u64, now: u64) {
        let mut left = if age < length { reserved } else { 0 };
        while left > 0
            && let Some(oldest) = self.entries.front_mut()
        {
            let taken = left.min(oldest.amount);
            left -= taken;
            self.total -= taken;
            oldest.amount -= taken;
            if oldest.amount == 0 {
                self.entries.pop_front();
            }
        }
        if used > 0 {
            self.add(length, used, now);
        }
    }

    pub(super) fn ends(&self, rule: Rule, now: u64) -> u64 {
        let (Rule::Sliding { length }, Some(newest)) = (rule, self.entries.back()) else { return now };
        newest.last.saturating_add(length)
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.entries.capacity() * size_of::<Entry>()
    }
}
