//! Segments: files of frames that are only ever appended to.
//!
//! A segment begins with `SKSHLOG` and a version, the time of its making and a checksum; then frames follow to its end.
//! The segment that is being written when the process dies may end inside a frame: it ends before that frame then.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::record::frame::{self, Frame, MAX_FRAME, PREFIX};

const MAGIC: &[u8; 8] = b"SKSHLOG\x01";
/// Bytes of the header: magic, ticks, checksum.
pub(crate) const HEADER: usize = 20;
/// What is read at once, in bytes: it stays in the caches of a processor while it becomes columns. Larger frames are read as a
/// whole.
const READ_BYTES: usize = 1024 * 1024;

/// The header of a segment that is made now.
pub(crate) fn header(ticks: i64) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    let (magic, rest) = header.split_at_mut(MAGIC.len());
    magic.copy_from_slice(MAGIC);
    let (time, checksum) = rest.split_at_mut(8);
    time.copy_from_slice(&ticks.to_le_bytes());
    checksum.copy_from_slice(&crc32c::crc32c_append(crc32c::crc32c(MAGIC), time).to_le_bytes());
    header
}

/// When the segment was made, in ticks; none when it is no segment of this version.
fn made(bytes: [u8; HEADER]) -> Option<i64> {
    let ticks = i64::from_le_bytes(bytes.get(8..16)?.try_into().ok()?);
    (header(ticks) == bytes).then_some(ticks)
}

/// The file of a segment.
pub(crate) fn path(directory: &Path, number: u64) -> PathBuf {
    directory.join(format!("{number:010}.log"))
}

/// Numbers of the segments in a directory, the oldest first; none without the directory.
pub(crate) fn numbers(directory: &Path) -> io::Result<Vec<u64>> {
    let entries = match std::fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut numbers = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        numbers.extend(name.to_str().and_then(|name| name.strip_suffix(".log")?.parse::<u64>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// How reading a segment ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// At its end.
    Whole,
    /// Inside a frame that was not written to its end.
    Torn,
    /// At bytes that were not written like this.
    Damaged,
}

/// Reads the frames of a segment, some at a time. Frames are looked at where they were read to.
pub(crate) struct Reader {
    file: Arc<File>,
    /// The part of the file that is read next.
    rest: Range<u64>,
    block: Vec<u8>,
    /// What of the block is read and not given yet.
    unread: Range<usize>,
    /// When the segment was made, in ticks; 0 for one without a header.
    pub(crate) made: i64,
    end: Option<End>,
}

impl Reader {
    /// Reads what is there now. A segment without a whole header has no frames.
    pub(crate) fn new(file: Arc<File>) -> io::Result<Reader> {
        let rest = 0..file.metadata()?.len();
        let mut reader = Reader { file, rest, block: vec![0; READ_BYTES], unread: 0..0, made: 0, end: None };
        reader.fill(HEADER)?;
        match reader.unread().first_chunk::<HEADER>().map(|header| made(*header)) {
            Some(Some(ticks)) => reader.made = ticks,
            Some(None) => reader.end = Some(End::Damaged),
            None => reader.end = Some(End::Torn),
        }
        reader.unread.start = reader.unread.end.min(HEADER);
        Ok(reader)
    }

    /// The frames that come next, as many as were read together; none at the end.
    ///
    /// # Errors
    /// When the disk does not read.
    pub(crate) fn next_frames(&mut self) -> io::Result<Option<Vec<Frame<'_>>>> {
        if self.end.is_none() {
            self.fill_for_a_frame()?;
        }
        let mut frames = Vec::new();
        while self.end.is_none()
            && let Some((prefix, rest)) =
                self.block.get(self.unread.clone()).and_then(<[u8]>::split_first_chunk)
            && let (length, checksum) = frame::prefix(*prefix)
            && let Some(content) = rest.get(..length)
        {
            match Frame::parse(content).filter(|_| frame::is_whole(content, checksum)) {
                Some(frame) => {
                    frames.push(frame);
                    self.unread.start += PREFIX + length;
                }
                None => self.end = Some(End::Damaged),
            }
        }
        Ok(Some(frames).filter(|frames| !frames.is_empty()))
    }

    /// Reads on until the next frame is there as a whole; it is the end where there is none.
    fn fill_for_a_frame(&mut self) -> io::Result<()> {
        self.fill(PREFIX)?;
        let Some(prefix) = self.unread().first_chunk::<PREFIX>() else {
            self.end = Some(if self.unread.is_empty() { End::Whole } else { End::Torn });
            return Ok(());
        };
        let (length, _) = frame::prefix(*prefix);
        if length > MAX_FRAME {
            self.end = Some(End::Damaged);
            return Ok(());
        }
        self.fill(PREFIX + length)?;
        if self.unread.len() < PREFIX + length {
            self.end = Some(End::Torn);
        }
        Ok(())
    }

    fn unread(&self) -> &[u8] {
        self.block.get(self.unread.clone()).unwrap_or_default()
    }

    /// Reads on until so many bytes are there, as far as the file has them: a damaged length takes no more memory than the file.
    fn fill(&mut self, bytes: usize) -> io::Result<()> {
        if self.unread.len() >= bytes || self.rest.is_empty() {
            return Ok(());
        }
        self.block.copy_within(self.unread.clone(), 0);
        self.unread = 0..self.unread.len();
        let size = bytes.min(self.unread.end.saturating_add(self.left())).max(READ_BYTES);
        if self.block.len() != size {
            self.block.resize(size, 0);
            self.block.shrink_to_fit();
        }
        while self.unread.len() < bytes {
            let end = self.block.len().min(self.unread.end.saturating_add(self.left()));
            let room = self.block.get_mut(self.unread.end..end).unwrap_or_default();
            match self.file.read_at(room, self.rest.start) {
                // Its end, also when the file has become shorter.
                Ok(0) => break,
                Ok(read) => {
                    self.rest.start += read as u64;
                    self.unread.end += read;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Bytes of the file that are not read yet.
    fn left(&self) -> usize {
        usize::try_from(self.rest.end - self.rest.start).unwrap_or(usize::MAX)
    }

    /// How it ended, once there are no more frames.
    pub(crate) fn end(&self) -> Option<End> {
        self.end
    }
}
