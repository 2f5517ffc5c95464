//! The files that the writer writes to, as a port: tests let them fail.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use super::segment;

/// Makes segments.
pub(crate) trait Disk: Send {
    /// Makes the segment of a number, empty.
    fn create(&self, number: u64) -> io::Result<Box<dyn SegmentFile>>;
    /// What makes the names of new segments outlast a loss of power; none where they are safe by themselves.
    fn names(&self) -> Option<Arc<File>> {
        None
    }
}

/// A segment that is being written.
pub(crate) trait SegmentFile: Send {
    /// Appends all of it, or fails.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Takes away what stands behind this length.
    fn cut(&mut self, length: u64) -> io::Result<()>;
    /// What makes it outlast a loss of power.
    fn handle(&self) -> Option<Arc<File>>;
}

/// A directory of segments.
pub(crate) struct Directory(pub(crate) PathBuf);

struct Appended(Arc<File>);

impl Disk for Directory {
    fn create(&self, number: u64) -> io::Result<Box<dyn SegmentFile>> {
        let path = segment::path(&self.0, number);
        let file = OpenOptions::new().append(true).create_new(true).open(path)?;
        Ok(Box::new(Appended(Arc::new(file))))
    }

    fn names(&self) -> Option<Arc<File>> {
        File::open(&self.0).ok().map(Arc::new)
    }
}

impl SegmentFile for Appended {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        (&*self.0).write_all(bytes)
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }

    fn handle(&self) -> Option<Arc<File>> {
        Some(Arc::clone(&self.0))
    }
}
