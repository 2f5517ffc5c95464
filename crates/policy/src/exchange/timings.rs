//! How long policies take, where that is kept.

use std::sync::Arc;
use std::time::Duration;

use super::Exchange;
use crate::pipeline::Step;
use crate::ports::record::PolicyTiming;

/// The most policies of one call whose times are kept: a `retry` may run many.
const MAX_TIMINGS: usize = 500;

impl Exchange {
    /// A policy begins; its place among the times, where they are kept.
    #[inline]
    pub(crate) fn timing_begins(&mut self, step: &Step) -> Option<usize> {
        self.timings.as_ref()?;
        self.begin_timing(step)
    }

    fn begin_timing(&mut self, step: &Step) -> Option<usize> {
        let started = self.elapsed();
        let section = self.section.name();
        let timings = self.timings.as_mut().filter(|timings| timings.len() < MAX_TIMINGS)?;
        timings.push(PolicyTiming {
            name: step.name,
            section,
            scope: step.scope.name(),
            path: Arc::clone(&step.path),
            started,
            duration: Duration::ZERO,
        });
        Some(timings.len() - 1)
    }

    /// The policy at this place ended.
    #[inline]
    pub(crate) fn timing_ends(&mut self, place: Option<usize>) {
        let Some(place) = place else { return };
        let now = self.elapsed();
        if let Some(timing) = self.timings.as_mut().and_then(|timings| timings.get_mut(place)) {
            timing.duration = now.saturating_sub(timing.started);
        }
    }
}
