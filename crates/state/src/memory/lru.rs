//! A table that holds a bounded number of entries and bytes, and forgets the least recently used first.

use hashbrown::HashTable;

/// The end of the list of uses, and the place that is none.
const NONE: u32 = u32::MAX;
/// What the table itself takes for an entry, about: a place in the table of hashes and its share of free room.
const OVERHEAD: usize = 16;
/// Places that every insertion looks at for entries whose time is over. Two for one: the sweep is always faster than
/// growth, so that no timer has to walk the table.
const SWEPT: usize = 2;

/// How much may be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) entries: usize,
    pub(super) bytes: usize,
}

/// A place in the table, good until the next insertion or removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place(u32);

struct Slot<K, V> {
    hash: u64,
    key: K,
    value: V,
    /// When the entry is over, in microseconds of a clock that never goes back; none for never.
    ends: Option<u64>,
    bytes: usize,
    older: u32,
    newer: u32,
}

/// The table.
pub(super) struct Lru<K, V> {
    bounds: Bounds,
    places: HashTable<u32>,
    slots: Vec<Option<Slot<K, V>>>,
    free: Vec<u32>,
    oldest: u32,
    newest: u32,
    bytes: usize,
    swept: usize,
}

impl<K: Eq, V> Lru<K, V> {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            places: HashTable::new(),
            slots: Vec::new(),
            free: Vec::new(),
            oldest: NONE,
            newest: NONE,
            bytes: 0,
            swept: 0,
        }
    }

    /// What an entry takes beside what its key and its value hold elsewhere.
    pub(super) const fn own_bytes() -> usize {
        size_of::<Option<Slot<K, V>>>() + OVERHEAD
    }

    /// The entry of a key, which counts as used now; an entry that is over is dropped instead.
    pub(super) fn find(&mut self, hash: u64, is_key: impl Fn(&K) -> bool, now: u64) -> Option<Place> {
        let slots = &self.slots;
        let matches =
            |place: &u32| slot(slots, *place).is_some_and(|slot| slot.hash == hash && is_key(&slot.key));
        let place = *self.places.find(hash, matches)?;
        if slot(&self.slots, place)?.is_over(now) {
            self.drop_entry(place);
            return None;
        }
        self.unlink(place);
        self.link_newest(place);
        Some(Place(place))
    }

    pub(super) fn value(&self, place: Place) -> Option<&V> {
        slot(&self.slots, place.0).map(|slot| &slot.value)
    }

    pub(super) fn value_mut(&mut self, place: Place) -> Option<&mut V> {
        slot_mut(&mut self.slots, place.0).map(|slot| &mut slot.value)
    }

    /// Sets when an entry is over and what it takes, [`Lru::own_bytes`] included. Gives how many others that still
    /// counted had to go for it.
    pub(super) fn changed(&mut self, place: Place, ends: Option<u64>, bytes: usize, now: u64) -> usize {
        if let Some(slot) = slot_mut(&mut self.slots, place.0) {
            self.bytes = self.bytes - slot.bytes + bytes;
            slot.bytes = bytes;
            slot.ends = ends;
        }
        self.evict(now)
    }

    /// Adds an entry whose key is not there. Gives its place, and how many others that still counted had to go for it.
    pub(super) fn insert(&mut self, hash: u64, entry: Entry<K, V>, now: u64) -> (Place, usize) {
        self.sweep(now);
        let Entry { key, value, ends, bytes } = entry;
        self.bytes += bytes;
        let slot = Some(Slot { hash, key, value, ends, bytes, older: NONE, newer: NONE });
        let place = match self.free.pop() {
            Some(place) => {
                self.slots[place as usize] = slot;
                place
            }
            None => {
                self.slots.push(slot);
                (self.slots.len() - 1) as u32
            }
        };
        self.link_newest(place);
        let slots = &self.slots;
        let hash_of = |place: &u32| self::slot(slots, *place).map_or(0, |slot| slot.hash);
        self.places.insert_unique(hash, place, hash_of);
        (Place(place), self.evict(now))
    }

    pub(super) fn remove(&mut self, place: Place) {
        self.drop_entry(place.0);
    }

    /// Drops the least recently used until the bounds hold. The newest stays: whoever adds it has seen to its size.
    fn evict(&mut self, now: u64) -> usize {
        let mut lost = 0;
        while (self.places.len() > self.bounds.entries || self.bytes > self.bounds.bytes)
            && self.oldest != self.newest
        {
            lost += usize::from(slot(&self.slots, self.oldest).is_some_and(|slot| !slot.is_over(now)));
            self.drop_entry(self.oldest);
        }
        lost
    }

    /// Drops what is over among the next few places.
    fn sweep(&mut self, now: u64) {
        for _ in 0..SWEPT.min(self.slots.len()) {
            self.swept = (self.swept + 1) % self.slots.len();
            if slot(&self.slots, self.swept as u32).is_some_and(|slot| slot.is_over(now)) {
                self.drop_entry(self.swept as u32);
            }
        }
    }

    fn drop_entry(&mut self, place: u32) {
        self.unlink(place);
        let Some(gone) = self.slots.get_mut(place as usize).and_then(Option::take) else { return };
        if let Ok(entry) = self.places.find_entry(gone.hash, |other| *other == place) {
            entry.remove();
        }
        self.bytes -= gone.bytes;
        self.free.push(place);
    }

    fn unlink(&mut self, place: u32) {
        let Some(&Slot { older, newer, .. }) = slot(&self.slots, place) else { return };
        match slot_mut(&mut self.slots, older) {
            Some(slot) => slot.newer = newer,
            None => self.oldest = newer,
        }
        match slot_mut(&mut self.slots, newer) {
            Some(slot) => slot.older = older,
            None => self.newest = older,
        }
    }

    fn link_newest(&mut self, place: u32) {
        let before = std::mem::replace(&mut self.newest, place);
        match slot_mut(&mut self.slots, before) {
            Some(slot) => slot.newer = place,
            None => self.oldest = place,
        }
        if let Some(slot) = slot_mut(&mut self.slots, place) {
            (slot.older, slot.newer) = (before, NONE);
        }
    }
}

/// What is added to the table.
pub(super) struct Entry<K, V> {
    pub(super) key: K,
    pub(super) value: V,
    /// When it is over; none for never.
    pub(super) ends: Option<u64>,
    /// What it takes, [`Lru::own_bytes`] included.
    pub(super) bytes: usize,
}

impl<K, V> Slot<K, V> {
    fn is_over(&self, now: u64) -> bool {
        self.ends.is_some_and(|ends| ends <= now)
    }
}

fn slot<K, V>(slots: &[Option<Slot<K, V>>], place: u32) -> Option<&Slot<K, V>> {
    slots.get(place as usize)?.as_ref()
}

fn slot_mut<K, V>(slots: &mut [Option<Slot<K, V>>], place: u32) -> Option<&mut Slot<K, V>> {
    slots.get_mut(place as usize)?.as_mut()
}

#[cfg(test)]
#[path = "lru_tests.rs"]
mod tests;
