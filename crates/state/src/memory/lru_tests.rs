use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;

const BOUNDS: Bounds = Bounds { entries: 8, bytes: 100 };

#[derive(Clone, Debug)]
enum Step {
    Use(u8),
    Put { key: u8, bytes: usize, ends: Option<u64> },
    Remove(u8),
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0..16u8).prop_map(Step::Use),
        (0..16u8, 1..40usize, proptest::option::of(1..20u64)).prop_map(|(key, bytes, ends)| Step::Put {
            key,
            bytes,
            ends
        }),
        (0..16u8).prop_map(Step::Remove),
        (1..5u64).prop_map(Step::Wait),
    ];
    proptest::collection::vec(step, 1..200)
}

/// All keys fall on few hashes, so that the table has to tell them apart.
fn hash(key: u8) -> u64 {
    u64::from(key % 3)
}

struct Model {
    /// Key, end and bytes; the least recently used first.
    entries: VecDeque<(u8, Option<u64>, usize)>,
}

impl Model {
    fn forget(&mut self, now: u64) {
        self.entries.retain(|(_, ends, _)| ends.is_none_or(|ends| ends > now));
    }

    fn touch(&mut self, key: u8) -> bool {
        let Some(at) = self.entries.iter().position(|entry| entry.0 == key) else { return false };
        let entry = self.entries.remove(at).unwrap();
        self.entries.push_back(entry);
        true
    }
}

proptest! {
    /// What is found is what a list would hold that drops all that is over at once. The table may hold entries that are
    /// over a little longer, and so drops others earlier: that never happens here, because nothing is evicted that a
    /// list without the ended ones would keep, unless ended ones were in the way and older.
    #[test]
    fn agrees_with_a_list(steps in steps()) {
        let mut lru: Lru<u8, u8> = Lru::new(BOUNDS);
        let mut model = Model { entries: VecDeque::new() };
        let mut now = 0;
        for step in steps {
            match step {
                Step::Wait(by) => now += by,
                Step::Use(key) => {
                    model.forget(now);
                    let found = lru.find(hash(key), |other| *other == key, now).map(|place| *lru.value(place).unwrap());
                    // The table may have lost more than the list, never less.
                    if let Some(found) = found {
                        prop_assert_eq!(found, key);
                        prop_assert!(model.touch(key));
                    } else {
                        model.entries.retain(|entry| entry.0 != key);
                    }
                }
                Step::Put { key, bytes, ends } => {
                    model.forget(now);
                    if let Some(place) = lru.find(hash(key), |other| *other == key, now) {
                        lru.remove(place);
                    }
                    model.entries.retain(|entry| entry.0 != key);
                    let ends = ends.map(|ends| now + ends);
                    let (place, _) = lru.insert(hash(key), Entry { key, value: key, ends, bytes }, now);
                    prop_assert_eq!(lru.value(place), Some(&key));
                    model.entries.push_back((key, ends, bytes));
                }
                Step::Remove(key) => {
                    model.entries.retain(|entry| entry.0 != key);
                    if let Some(place) = lru.find(hash(key), |other| *other == key, now) {
                        lru.remove(place);
                    }
                }
            }
            prop_assert!(lru.places.len() <= BOUNDS.entries && lru.bytes <= BOUNDS.bytes);
            let held: usize = lru.slots.iter().flatten().map(|slot| slot.bytes).sum();
            prop_assert_eq!(held, lru.bytes);
            prop_assert_eq!(lru.slots.iter().flatten().count(), lru.places.len());
            prop_assert_eq!(lru.slots.len(), lru.places.len() + lru.free.len());
        }
    }

    /// Without ends the table is exactly a list of the most recently used.
    #[test]
    fn drops_the_least_recently_used(keys in proptest::collection::vec((0..16u8, any::<bool>()), 1..200)) {
        let mut lru: Lru<u8, u8> = Lru::new(BOUNDS);
        let mut model = Model { entries: VecDeque::new() };
        for (key, adds) in keys {
            let place = lru.find(hash(key), |other| *other == key, 0);
            prop_assert_eq!(place.is_some(), model.touch(key));
            if place.is_none() && adds {
                let (_, lost) = lru.insert(hash(key), Entry { key, value: key, ends: None, bytes: 10 }, 0);
                model.entries.push_back((key, None, 10));
                prop_assert_eq!(lost, usize::from(model.entries.len() > BOUNDS.entries));
                if lost > 0 {
                    model.entries.pop_front();
                }
            }
        }
    }
}

#[test]
fn insertions_sweep_what_is_over() {
    let mut lru: Lru<u8, u8> = Lru::new(Bounds { entries: 1000, bytes: 100_000 });
    for key in 0..100 {
        lru.insert(hash(key), Entry { key, value: key, ends: Some(5), bytes: 10 }, 0);
    }
    for key in 100..150 {
        lru.insert(hash(key), Entry { key, value: key, ends: None, bytes: 10 }, 5);
    }
    assert_eq!(lru.places.len(), 50, "50 insertions swept 100 places");
    assert_eq!(lru.slots.len(), 100, "free places are used again");
}
