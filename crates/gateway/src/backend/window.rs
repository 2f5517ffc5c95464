//! Counts of outcomes in a sliding interval.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

/// Times of failures in the interval, exact. Only a failing call takes the lock.
#[derive(Debug)]
pub(super) struct FailureTimes {
    threshold: usize,
    interval: Duration,
    times: Mutex<VecDeque<Duration>>,
}

impl FailureTimes {
    pub(super) fn new(threshold: u32, interval: Duration) -> Self {
        let threshold = usize::try_from(threshold).unwrap_or(usize::MAX).max(1);
        Self { threshold, interval, times: Mutex::new(VecDeque::new()) }
    }

    /// Notes a failure; true when there were enough of them.
    pub(super) fn fail(&self, now: Duration) -> bool {
        let mut times = self.times.lock();
        while times.front().is_some_and(|time| now.saturating_sub(*time) >= self.interval) {
            times.pop_front();
        }
        times.push_back(now);
        times.len() >= self.threshold
    }

    pub(super) fn clear(&self) {
        self.times.lock().clear();
    }
}

/// The interval is cut into this many parts; a call is forgotten with its part.
const PARTS: u64 = 32;
const COUNT_BITS: u32 = 20;
const COUNT_MASK: u64 = (1 << COUNT_BITS) - 1;
const EPOCH_MASK: u64 = (1 << (64 - 2 * COUNT_BITS)) - 1;

/// The share of failures in the interval, within a 32nd of it. No call takes a lock.
///
/// Each part is one number: from the top, which part of time it stands for, how many calls, how many failures.
#[derive(Debug)]
pub(super) struct FailureShare {
    percentage: u64,
    part_nanoseconds: u64,
    parts: [AtomicU64; PARTS as usize],
}

/// Fewer calls than this say nothing about a share.
const MINIMUM_SAMPLE: u64 = 10;

impl FailureShare {
    pub(super) fn new(percentage: u8, interval: Duration) -> Self {
        let nanoseconds = u64::try_from(interval.as_nanos()).unwrap_or(u64::MAX);
        Self {
            percentage: u64::from(percentage),
            part_nanoseconds: (nanoseconds / PARTS).max(1),
            parts: std::array::from_fn(|_| AtomicU64::new(0)),
        }
    }

    /// Notes a call; true when it failed and the share is reached.
    pub(super) fn note(&self, failed: bool, now: Duration) -> bool {
        let epoch = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX) / self.part_nanoseconds;
        let Some(part) = self.parts.get((epoch % PARTS) as usize) else { return false };
        let mine = epoch & EPOCH_MASK;
        let add = |value: u64| {
            let (known, calls, failures) = unpack(value);
            let (calls, failures) = if known == mine { (calls, failures) } else { (0, 0) };
            (calls < COUNT_MASK).then(|| pack(mine, calls + 1, failures + u64::from(failed)))
        };
        // A part that is full keeps its share.
        let _ = part.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
        failed && self.is_reached(epoch)
    }

    fn is_reached(&self, epoch: u64) -> bool {
        let (mut calls, mut failures) = (0, 0);
        for part in &self.parts {
            let (known, part_calls, part_failures) = unpack(part.load(Ordering::Relaxed));
            if (epoch.wrapping_sub(known) & EPOCH_MASK) < PARTS {
                calls += part_calls;
                failures += part_failures;
            }
        }
        calls >= MINIMUM_SAMPLE && failures * 100 >= calls * self.percentage
    }

    pub(super) fn clear(&self) {
        for part in &self.parts {
            part.store(0, Ordering::Relaxed);
        }
    }
}

fn pack(epoch: u64, calls: u64, failures: u64) -> u64 {
    (epoch << (2 * COUNT_BITS)) | (calls << COUNT_BITS) | failures
}

fn unpack(value: u64) -> (u64, u64, u64) {
    (value >> (2 * COUNT_BITS), (value >> COUNT_BITS) & COUNT_MASK, value & COUNT_MASK)
}
