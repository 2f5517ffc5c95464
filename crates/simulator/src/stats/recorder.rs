//! Counts the calls of one resource.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use super::{Check, Counts, OpenStream, ResourceStats, SeenRequest, StreamPlan};
use crate::call::Event;

/// Requests kept per resource.
const RECENT_REQUESTS: usize = 16;
/// Judged texts kept per resource.
const RECENT_CHECKS: usize = 256;
/// Names counted apart, of deployments as of callers; a `*` deployment takes any name a caller invents.
const MOST_NAMES: usize = 1000;

/// Where a call is counted, beside the resource as a whole.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    pub(crate) deployment: Option<String>,
    pub(crate) caller: Option<String>,
}

/// Tokens of a call, and those of them that its reply told.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tokens {
    pub(crate) prompt: u64,
    pub(crate) completion: u64,
    pub(crate) reported_prompt: u64,
    pub(crate) reported_completion: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Recorder {
    open_connections: AtomicU64,
    connections: AtomicU64,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    counts: Counts,
    deployments: BTreeMap<String, Counts>,
    callers: BTreeMap<String, Counts>,
    unnamed: u64,
    recent: VecDeque<SeenRequest>,
    checks: VecDeque<Check>,
}

impl Inner {
    /// Changes the counts of the resource, of the deployment and of the caller.
    fn change(&mut self, tally: &Tally, change: impl Fn(&mut Counts)) {
        change(&mut self.counts);
        let named = [(&mut self.deployments, &tally.deployment), (&mut self.callers, &tally.caller)];
        for (counts, name) in named {
            let Some(name) = name else { continue };
            if let Some(counts) = counts.get_mut(name) {
                change(counts);
            } else if counts.len() < MOST_NAMES {
                change(counts.entry(name.clone()).or_default());
            }
        }
    }

    fn has_no_room(&self, tally: &Tally) -> bool {
        let named = [(&self.deployments, &tally.deployment), (&self.callers, &tally.caller)];
        named.iter().any(|(counts, name)| {
            counts.len() >= MOST_NAMES && name.as_ref().is_some_and(|name| !counts.contains_key(name))
        })
    }
}

/// Adds what is new; what is oldest goes when there is no room.
fn keep<T>(kept: &mut VecDeque<T>, new: T, most: usize) {
    if kept.len() >= most {
        kept.pop_front();
    }
    kept.push_back(new);
}

impl Recorder {
    pub(crate) fn connection_opened(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
        self.open_connections.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn connection_closed(&self) {
        self.open_connections.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn begin(&self, tally: &Tally, seen: SeenRequest) {
        let mut inner = self.inner.lock();
        inner.unnamed += u64::from(inner.has_no_room(tally));
        inner.change(tally, |counts| counts.requests += 1);
        let deployment = tally.deployment.as_deref().unwrap_or_default();
        if let Some(counts) = inner.deployments.get_mut(deployment) {
            counts.last = Some(seen.clone());
        }
        inner.counts.last = Some(seen.clone());
        keep(&mut inner.recent, seen, RECENT_REQUESTS);
    }

    pub(crate) fn checked(&self, check: Check) {
        keep(&mut self.inner.lock().checks, check, RECENT_CHECKS);
    }

    pub(crate) fn status(&self, tally: &Tally, status: u16) {
        self.change(tally, |counts| *counts.by_status.entry(status).or_default() += 1);
    }

    pub(crate) fn tokens(&self, tally: &Tally, tokens: Tokens) {
        self.change(tally, |counts| {
            counts.prompt_tokens += tokens.prompt;
            counts.completion_tokens += tokens.completion;
            counts.reported_prompt_tokens += tokens.reported_prompt;
            counts.reported_completion_tokens += tokens.reported_completion;
        });
    }

    /// Counts a stream from now on to its end.
    pub(crate) fn open_stream(
        self: &Arc<Self>,
        tally: Tally,
        plan: StreamPlan,
        events: Vec<Event>,
    ) -> OpenStream {
        self.change(&tally, |counts| counts.open_streams += 1);
        OpenStream::new(self.clone(), tally, plan, events)
    }

    pub(super) fn change(&self, tally: &Tally, change: impl Fn(&mut Counts)) {
        self.inner.lock().change(tally, change);
    }

    pub(crate) fn snapshot(&self) -> ResourceStats {
        let inner = self.inner.lock();
        ResourceStats {
            open_connections: self.open_connections.load(Ordering::Relaxed),
            connections: self.connections.load(Ordering::Relaxed),
            counts: inner.counts.clone(),
            deployments: inner.deployments.clone(),
            callers: inner.callers.clone(),
            unnamed: inner.unnamed,
            recent: inner.recent.iter().cloned().collect(),
            checks: inner.checks.iter().cloned().collect(),
        }
    }

    /// Forgets everything but what is open now.
    pub(crate) fn reset(&self) {
        let mut inner = self.inner.lock();
        let still_open = |counts: &Counts| Counts { open_streams: counts.open_streams, ..Counts::default() };
        let Inner { deployments, callers, .. } = &mut *inner;
        for named in [deployments, callers] {
            named.retain(|_, counts| counts.open_streams > 0);
            named.values_mut().for_each(|counts| *counts = still_open(counts));
        }
        inner.counts = still_open(&inner.counts);
        inner.unnamed = 0;
        inner.recent.clear();
        inner.checks.clear();
        self.connections.store(0, Ordering::Relaxed);
    }
}
