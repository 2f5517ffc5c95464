//! Frames that become a batch of rows together.

use super::frame::Frame;

/// The most frames of a batch. Batches are small enough to stay in the caches of a processor while they become columns.
const BATCH_FRAMES: usize = 1024;
/// A batch ends once its frames take this much, in bytes.
const BATCH_BYTES: usize = 1024 * 1024;

/// Frames, one behind the other.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Frames {
    pub(crate) fn push(&mut self, content: &[u8]) {
        self.bytes.extend_from_slice(content);
        self.ends.push(self.bytes.len());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// True once it is time to make rows of them.
    pub(crate) fn is_full(&self) -> bool {
        self.ends.len() >= BATCH_FRAMES || self.bytes.len() >= BATCH_BYTES
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Frame<'_>> {
        let starts = [0].into_iter().chain(self.ends.iter().copied());
        starts.zip(&self.ends).filter_map(|(start, end)| Frame::parse(self.bytes.get(start..*end)?))
    }

    /// In the order of their time.
    pub(crate) fn in_order(&self) -> Vec<Frame<'_>> {
        let mut frames: Vec<_> = self.iter().collect();
        frames.sort_by_key(|frame| frame.ticks);
        frames
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(2 * BATCH_BYTES);
        self.ends.clear();
    }
}
