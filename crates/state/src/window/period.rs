//! A counter that starts again with every period.

use super::{EXACT, Rule, Standing, calendar, needed};

/// What was added in one period.
#[derive(Debug, Default)]
pub(crate) struct Period {
    /// When the period began, in microseconds since the Unix epoch.
    start: i64,
    count: u64,
}

impl Period {
    pub(super) fn look(&mut self, rule: Rule, limit: u64, amount: u64, now: i64) -> Standing {
        let (start, end) = bounds(rule, now);
        if self.start != start {
            *self = Period { start, count: 0 };
        }
        Standing::new(self.count, limit, needed(amount), |_| {
            end.map(|end| u64::try_from(end.saturating_sub(now)).unwrap_or(0))
        })
    }

    pub(super) fn add(&mut self, amount: u64) {
        self.count = self.count.saturating_add(amount).min(EXACT);
    }

    /// What was reserved in an earlier period is gone with it.
    pub(super) fn settle(&mut self, reserved: u64, used: u64, age: u64, now: i64) {
        let reserved_at = now.saturating_sub_unsigned(age);
        let reserved = if reserved_at < self.start { 0 } else { reserved };
        self.count = self.count.saturating_add(used).saturating_sub(reserved).min(EXACT);
    }
}

/// Start and end of the period of a moment; one that is endless starts at 0 and has no end.
pub(super) fn bounds(rule: Rule, now: i64) -> (i64, Option<i64>) {
    match rule {
        Rule::Fixed { phase, length } => {
            let (phase, length) = (phase.cast_signed(), length.cast_signed());
            let start = (now - phase).div_euclid(length) * length + phase;
            (start, Some(start + length))
        }
        Rule::Calendar(period) => {
            let (start, end) = calendar::bounds(period, now);
            (start, Some(end))
        }
        Rule::Endless | Rule::Sliding { .. } | Rule::Bucket { .. } => (0, None),
    }
}
