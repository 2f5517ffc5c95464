//! What is appended with one write.

use sekisho_policy::ports::Hold;

/// Frames are appended once they have this many bytes together.
pub(super) const CHUNK_BYTES: usize = 1024 * 1024;

/// Frames, one behind the other.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    pub(super) bytes: Vec<u8>,
    pub(super) records: u64,
    /// Of those whose clients learn of the end once they are written.
    pub(super) holds: Vec<Hold>,
}

impl Chunk {
    /// Makes it empty, and lets clients go on; it keeps room for about as much as a chunk holds.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(2 * CHUNK_BYTES);
        self.records = 0;
        self.holds.clear();
    }
}
