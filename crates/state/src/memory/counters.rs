//! Counters in memory.

use std::future::ready;
use std::sync::Arc;

use sekisho_policy::ports::counters::{CounterAsk, CounterError, CounterState, Settlement, Window};
use sekisho_policy::ports::{Clock, Counters, Event, PortFuture, Recorder};
use smallvec::SmallVec;

use super::MemoryBounds;
use super::lru::{Entry, Lru};
use super::shards::{Locked, Shards};
use crate::window::{EXACT, Now, Rule, Standing, Tally, bounded, micros};

/// A shard is not made smaller than this.
const SHARD_BYTES: usize = 64 * 1024;

/// Counters in memory.
pub struct MemoryCounters {
    clock: Arc<dyn Clock>,
    recorder: Option<Arc<dyn Recorder>>,
    counters: Shards<Key, Tally>,
}

/// The name of a counter.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    text: Box<str>,
    window: Window,
}

type Table = Lru<Key, Tally>;

impl MemoryCounters {
    /// Counters that all stand at nothing, within the usual bounds.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, recorder: None, counters: Shards::new(MemoryBounds::COUNTERS, SHARD_BYTES) }
    }

    /// Within these bounds; `recorder` is told about every counter that is dropped while it counts.
    pub fn bounded(clock: Arc<dyn Clock>, bounds: MemoryBounds, recorder: Arc<dyn Recorder>) -> Self {
        Self { clock, recorder: Some(recorder), counters: Shards::new(bounds, SHARD_BYTES) }
    }

    fn hash(&self, ask: &CounterAsk) -> u64 {
        self.counters.hash((&*ask.key, ask.window))
    }

    fn lock<'a>(
        &self,
        asks: impl Iterator<Item = &'a CounterAsk>,
    ) -> (SmallVec<[u64; 4]>, Locked<'_, Key, Tally>) {
        let hashes: SmallVec<[u64; 4]> = asks.map(|ask| self.hash(ask)).collect();
        let locked = self.counters.lock_all(&hashes);
        (hashes, locked)
    }

    /// Adds to the counters of all asks, whose tables are locked.
    fn add_all(&self, asks: &[CounterAsk], hashes: &[u64], locked: &mut Locked<'_, Key, Tally>, now: Now) {
        let mut lost = 0;
        for (ask, hash) in asks.iter().zip(hashes).filter(|(ask, _)| ask.amount > 0) {
            if let Some(table) = self.counters.table(locked, *hash) {
                let (rule, amount) = (Rule::from(ask.window), bounded(ask).1);
                lost += change(table, *hash, ask, now, |tally| tally.add(rule, amount, now));
            }
        }
        self.tell_of_evictions(lost);
    }

    fn tell_of_evictions(&self, lost: usize) {
        if let Some(recorder) = &self.recorder {
            (0..lost).for_each(|_| recorder.event(Event::StateEvicted { kind: "counters" }));
        }
    }

    fn settle_now(&self, settlements: &[Settlement]) -> Vec<CounterState> {
        let (hashes, mut locked) = self.lock(settlements.iter().map(|settlement| &settlement.ask));
        let now = Now::of(&*self.clock);
        let mut lost = 0;
        let mut states = Vec::with_capacity(settlements.len());
        for (settlement, hash) in settlements.iter().zip(&hashes) {
            let Settlement { ask, reserved, age } = settlement;
            let Some(table) = self.counters.table(&mut locked, *hash) else { continue };
            let (rule, used) = (Rule::from(ask.window), bounded(ask).1);
            let reserved = (*reserved).min(EXACT);
            if reserved > 0 || used > 0 {
                lost += change(table, *hash, ask, now, |tally| {
                    tally.settle(rule, reserved, used, micros(*age), now);
                });
            }
            states.push(look(table, *hash, ask, 0, now).state(0));
        }
        self.tell_of_evictions(lost);
        states
    }

    fn decide_now(&self, asks: &[CounterAsk]) -> Vec<CounterState> {
        let (hashes, mut locked) = self.lock(asks.iter());
        // The clock is read behind the locks, so that what is counted is in order.
        let now = Now::of(&*self.clock);
        let standings: SmallVec<[Standing; 4]> = asks
            .iter()
            .zip(&hashes)
            .map(|(ask, hash)| match self.counters.table(&mut locked, *hash) {
                Some(table) => look(table, *hash, ask, bounded(ask).1, now),
                None => Standing { count: 0, fits: false, wait: None },
            })
            .collect();
        let granted = standings.iter().all(|standing| standing.fits);
        if granted {
            self.add_all(asks, &hashes, &mut locked, now);
        }
        let added = |ask: &CounterAsk| if granted { bounded(ask).1 } else { 0 };
        asks.iter().zip(standings).map(|(ask, standing)| standing.state(added(ask))).collect()
    }
}

/// How a counter stands to an ask of `amount`. One that nothing was added to takes no room.
fn look(table: &mut Table, hash: u64, ask: &CounterAsk, amount: u64, now: Now) -> Standing {
    let (rule, limit) = (Rule::from(ask.window), bounded(ask).0);
    let place = table.find(hash, |key| key.window == ask.window && *key.text == *ask.key, now.steady);
    match place.and_then(|place| table.value_mut(place)) {
        Some(tally) => tally.look(rule, limit, amount, now),
        None => Tally::new(rule).look(rule, limit, amount, now),
    }
}

/// Changes a counter as it stands now; gives how many others were dropped for it.
fn change(
    table: &mut Table,
    hash: u64,
    ask: &CounterAsk,
    now: Now,
    change: impl FnOnce(&mut Tally),
) -> usize {
    let (rule, limit) = (Rule::from(ask.window), bounded(ask).0);
    let place = table.find(hash, |key| key.window == ask.window && *key.text == *ask.key, now.steady);
    let own_bytes = Table::own_bytes() + ask.key.len();
    if let Some(place) = place
        && let Some(tally) = table.value_mut(place)
    {
        tally.look(rule, limit, 0, now);
        change(tally);
        let (ends, bytes) = (tally.ends(rule, now), own_bytes + tally.heap_bytes());
        return table.changed(place, ends, bytes, now.steady);
    }
    let mut value = Tally::new(rule);
    value.look(rule, limit, 0, now);
    change(&mut value);
    let (ends, bytes) = (value.ends(rule, now), own_bytes + value.heap_bytes());
    let key = Key { text: ask.key.as_str().into(), window: ask.window };
    table.insert(hash, Entry { key, value, ends, bytes }, now.steady).1
}

impl Counters for MemoryCounters {
    fn decide<'a>(
        &'a self,
        asks: &'a [CounterAsk],
    ) -> PortFuture<'a, Result<Vec<CounterState>, CounterError>> {
        Box::pin(ready(Ok(self.decide_now(asks))))
    }

    fn add<'a>(&'a self, asks: &'a [CounterAsk]) -> PortFuture<'a, ()> {
        let (hashes, mut locked) = self.lock(asks.iter());
        let now = Now::of(&*self.clock);
        self.add_all(asks, &hashes, &mut locked, now);
        Box::pin(ready(()))
    }

    fn settle<'a>(&'a self, settlements: &'a [Settlement]) -> PortFuture<'a, Option<Vec<CounterState>>> {
        Box::pin(ready(Some(self.settle_now(settlements))))
    }
}
