//! Segments: files of frames that are only ever appended to.
//!
//! A segment begins with `SKSHLOG` and a version, the time of its making and a checksum; then frames follow to its end.
//! The segment that is being written when the process dies may end inside a frame: it ends before that frame then.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::record::frame::{self, Frame, MAX_FRAME, PREFIX};

const MAGIC: &[u8; 8] = b"SKSHLOG\x01";
/// Bytes of the header: magic, ticks, checksum.
pub(crate) const HEADER: usize = 20;
/// Buffer of a reader, in bytes.
const READ_BYTES: usize = 256 * 1024;

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
fn made(bytes: &[u8; HEADER]) -> Option<i64> {
    let ticks = i64::from_le_bytes(bytes.get(8..16)?.try_into().ok()?);
    (header(ticks) == *bytes).then_some(ticks)
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

/// A file up to a length, read without moving the place that others of the same handle read at.
struct Span {
    file: Arc<File>,
    at: u64,
    end: u64,
}

impl Read for Span {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX).min(bytes.len());
        let read = self.file.read_at(bytes.get_mut(..left).unwrap_or_default(), self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

/// Reads the frames of a segment, one after the other.
pub(crate) struct Reader {
    file: BufReader<Span>,
    /// When the segment was made, in ticks; 0 for one without a header.
    pub(crate) made: i64,
    /// Where the next frame begins.
    at: u64,
    content: Vec<u8>,
    end: Option<End>,
}

impl Reader {
    /// Reads what is there now. A segment without a whole header has no frames.
    pub(crate) fn new(file: Arc<File>) -> io::Result<Reader> {
        let end = file.metadata()?.len();
        let mut file = BufReader::with_capacity(READ_BYTES, Span { file, at: 0, end });
        let mut first = [0; HEADER];
        let read = read_up_to(&mut file, &mut first)?;
        let ticks = made(&first);
        let end = match (ticks, read < HEADER) {
            (Some(_), _) => None,
            (None, true) => Some(End::Torn),
            (None, false) => Some(End::Damaged),
        };
        Ok(Reader { file, made: ticks.unwrap_or_default(), at: HEADER as u64, content: Vec::new(), end })
    }

    /// The next frame, with the place of its content; none at the end.
    ///
    /// # Errors
    /// When the disk does not read.
    pub(crate) fn next(&mut self) -> io::Result<Option<(u64, Frame<'_>)>> {
        if self.end.is_some() {
            return Ok(None);
        }
        let mut prefix = [0; PREFIX];
        match read_up_to(&mut self.file, &mut prefix)? {
            PREFIX => {}
            0 => return Ok(self.stop(End::Whole)),
            _ => return Ok(self.stop(End::Torn)),
        }
        let (length, checksum) = frame::prefix(prefix);
        if length > MAX_FRAME {
            return Ok(self.stop(End::Damaged));
        }
        self.content.clear();
        // Grows with what is there: a damaged length takes no memory.
        let read = self.file.by_ref().take(length as u64).read_to_end(&mut self.content)?;
        if read < length {
            return Ok(self.stop(End::Torn));
        }
        if !frame::is_whole(&self.content, checksum) || Frame::parse(&self.content).is_none() {
            return Ok(self.stop(End::Damaged));
        }
        let place = self.at + PREFIX as u64;
        self.at = place + length as u64;
        Ok(Frame::parse(&self.content).map(|frame| (place, frame)))
    }

    fn stop<T>(&mut self, end: End) -> Option<T> {
        self.end = Some(end);
        None
    }

    /// How it ended, once there are no more frames.
    pub(crate) fn end(&self) -> Option<End> {
        self.end
    }
}

fn read_up_to(from: &mut impl Read, bytes: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match from.read(rest) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
