//! What waits for the writer.

use std::sync::Arc;

use sekisho_policy::ports::{CallRecord, Event, Hold};

use super::chunk::{CHUNK_BYTES, Chunk};

/// What waits for the writer.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Frames that are made.
    pub(super) chunks: Vec<Chunk>,
    /// What frames are yet to be made of.
    pub(super) items: Vec<Item>,
}

#[derive(Debug)]
pub(super) enum Item {
    Call(Arc<CallRecord>, Hold),
    /// With its time, in ticks.
    Event(i64, Box<Event>),
}

impl Batch {
    /// Adds so many frames that are made. A chunk that is full is followed by another, so that none is moved often while it grows.
    pub(super) fn add_frames(&mut self, frames: &[u8], count: usize) {
        let has_room = self.chunks.last().is_some_and(|chunk| chunk.bytes.len() < CHUNK_BYTES);
        if !has_room {
            self.chunks.push(Chunk::default());
        }
        if let Some(chunk) = self.chunks.last_mut() {
            chunk.bytes.extend_from_slice(frames);
            chunk.records += count as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_chunk_is_followed_by_another() {
        let mut batch = Batch::default();
        let frame = vec![1; CHUNK_BYTES / 2];
        (0..5).for_each(|_| batch.add_frames(&frame, 3));
        let chunks: Vec<_> = batch.chunks.iter().map(|chunk| (chunk.bytes.len(), chunk.records)).collect();
        assert_eq!(chunks, [(CHUNK_BYTES, 6), (CHUNK_BYTES, 6), (CHUNK_BYTES / 2, 3)]);
    }
}
