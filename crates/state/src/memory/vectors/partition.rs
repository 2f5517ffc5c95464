//! The vectors of one partition, side by side in memory.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use sekisho_policy::ports::vectors::Vector;

/// Products that are summed side by side, so that the compiler uses the machine's wide registers.
const LANES: usize = 16;
/// Vectors that every insertion looks at for entries whose time is over: faster than growth.
const SWEPT: usize = 2;
/// What an entry takes beside its numbers and its value, about.
const ENTRY_BYTES: usize = size_of::<Entry>() + 32;

/// The vectors of one partition. All of them have the length of the first.
#[derive(Default)]
pub(super) struct Partition {
    dimensions: usize,
    /// One after the other.
    numbers: Vec<f32>,
    entries: Vec<Entry>,
    bytes: usize,
    swept: usize,
}

struct Entry {
    value: Bytes,
    /// When it is over, in microseconds of a clock that never goes back.
    ends: u64,
    /// The number of its last use.
    used: Arc<AtomicU64>,
}

/// The nearest vector so far.
pub(super) struct Found {
    pub(super) distance: f32,
    /// What is kept there and the number of its last use; none when it is too far away.
    pub(super) value: Option<(Bytes, Arc<AtomicU64>)>,
}

impl Partition {
    /// What an entry takes.
    pub(super) fn entry_bytes(vector: &Vector, value: &Bytes) -> usize {
        size_of_val(vector.numbers()) + value.len() + ENTRY_BYTES
    }

    /// How many vectors are to be searched for one of this length.
    pub(super) fn len(&self, vector: &Vector) -> usize {
        if vector.numbers().len() == self.dimensions { self.entries.len() } else { 0 }
    }

    pub(super) fn entries(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The number of each entry's last use, and what it takes.
    pub(super) fn uses(&self) -> impl Iterator<Item = (u64, usize)> {
        self.entries.iter().map(|entry| (entry.used.load(Ordering::Relaxed), self.size(entry)))
    }

    /// Looks for a nearer one than `best` in some of the places.
    pub(super) fn search(
        &self,
        vector: &Vector,
        places: Range<usize>,
        within: f32,
        now: u64,
        best: &mut Option<Found>,
    ) {
        let numbers = self.numbers.get(places.start * self.dimensions..places.end * self.dimensions);
        let rows = numbers.unwrap_or_default().chunks_exact(self.dimensions.max(1));
        let mut nearest = best.as_ref().map_or(f32::INFINITY, |best| best.distance);
        let mut found = None;
        for (row, entry) in rows.zip(self.entries.get(places).unwrap_or_default()) {
            let distance = distance(row, vector.numbers());
            if distance < nearest && entry.ends > now {
                nearest = distance;
                found = Some(entry);
            }
        }
        if let Some(entry) = found {
            let value = (nearest <= within).then(|| (entry.value.clone(), Arc::clone(&entry.used)));
            *best = Some(Found { distance: nearest, value });
        }
    }

    /// Puts a value, with when it is over, in place of what is there under the same vector; none takes that away.
    pub(super) fn put(&mut self, vector: &Vector, value: Option<(Bytes, u64)>, used: u64, now: u64) {
        let numbers = vector.numbers();
        if self.dimensions != numbers.len() {
            // Another model makes the embeddings: what the one before made is of no use.
            *self = Self { dimensions: numbers.len(), ..Self::default() };
        }
        self.sweep(now);
        let same = self.numbers.chunks_exact(self.dimensions).position(|row| row == numbers);
        if let Some(place) = same {
            self.remove(place);
        }
        let Some((value, ends)) = value else { return };
        if self.numbers.len() + numbers.len() > self.numbers.capacity() {
            // A quarter at a time: doubling would leave half of the memory unused and uncounted.
            self.numbers.reserve_exact(numbers.len().max(self.numbers.len() / 4));
        }
        self.numbers.extend_from_slice(numbers);
        let entry = Entry { value, ends, used: Arc::new(AtomicU64::new(used)) };
        self.bytes += self.size(&entry);
        self.entries.push(entry);
    }

    /// Keeps entries by their last use and their end.
    pub(super) fn retain(&mut self, keep: impl Fn(u64, u64) -> bool) {
        let mut place = 0;
        while let Some(entry) = self.entries.get(place) {
            if keep(entry.used.load(Ordering::Relaxed), entry.ends) {
                place += 1;
            } else {
                self.remove(place);
            }
        }
    }

    fn size(&self, entry: &Entry) -> usize {
        self.dimensions * size_of::<f32>() + entry.value.len() + ENTRY_BYTES
    }

    /// Drops what is over among the next few places.
    fn sweep(&mut self, now: u64) {
        for _ in 0..SWEPT.min(self.entries.len()) {
            self.swept = (self.swept + 1) % self.entries.len();
            if self.entries[self.swept].ends <= now {
                self.remove(self.swept);
            }
            if self.entries.is_empty() {
                return;
            }
        }
    }

    /// Removes an entry; the last one takes its place.
    fn remove(&mut self, place: usize) {
        let entry = self.entries.swap_remove(place);
        self.bytes -= self.size(&entry);
        let last = self.entries.len() * self.dimensions;
        self.numbers.copy_within(last.., place * self.dimensions);
        self.numbers.truncate(last);
    }
}

/// The cosine distance of two directions.
fn distance(one: &[f32], other: &[f32]) -> f32 {
    let (chunks, rest) = one.as_chunks::<LANES>();
    let (other_chunks, other_rest) = other.as_chunks::<LANES>();
    let mut sums = [0.0_f32; LANES];
    for (chunk, other) in chunks.iter().zip(other_chunks) {
        for (sum, (number, other)) in sums.iter_mut().zip(chunk.iter().zip(other)) {
            *sum += number * other;
        }
    }
    let rest: f32 = rest.iter().zip(other_rest).map(|(number, other)| number * other).sum();
    // Rounding may leave a little below 0.
    (1.0 - sums.iter().sum::<f32>() - rest).max(0.0)
}
