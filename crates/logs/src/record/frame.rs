//! How an entry lies in a segment: `length u32 | crc32c u32 | kind u8 | ticks i64 | head length u32 | bodies | head`,
//! numbers in little endian. Length and checksum are of what follows the checksum.

use std::ops::Range;

use postcard::ser_flavors::Flavor;

/// Bytes in front of what the checksum covers.
pub(crate) const PREFIX: usize = 8;
/// Bytes of kind, time and the length of the head.
const FIXED: usize = 13;
/// The largest frame, in bytes. What is larger was not written by this store.
pub(crate) const MAX_FRAME: usize = 2 * 1024 * 1024 * 1024 - 1;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(crate) enum Kind {
    Call = 1,
    Metric = 2,
    Event = 3,
}

impl Kind {
    fn of(byte: u8) -> Option<Kind> {
        [Kind::Call, Kind::Metric, Kind::Event].into_iter().find(|kind| *kind as u8 == byte)
    }
}

/// A frame that is being written at the end of a buffer. Its bodies are appended before it is [finished](Open::finish).
pub(crate) struct Open {
    start: usize,
}

impl Open {
    /// Begins a frame.
    pub(crate) fn begin(buffer: &mut Vec<u8>, kind: Kind, ticks: i64) -> Open {
        let start = buffer.len();
        buffer.extend_from_slice(&[0; PREFIX]);
        buffer.push(kind as u8);
        buffer.extend_from_slice(&ticks.to_le_bytes());
        buffer.extend_from_slice(&[0; 4]);
        Open { start }
    }

    /// Ends the frame with its head. False when it cannot be written or is too large; the buffer is then as it was.
    pub(crate) fn finish<H: serde::Serialize>(self, buffer: &mut Vec<u8>, head: &H) -> bool {
        let at = buffer.len();
        let is_written = postcard::serialize_with_flavor(head, Tail(buffer)).is_ok();
        let content = self.start + PREFIX;
        let (head, length) = (buffer.len() - at, buffer.len() - content);
        if !is_written || length > MAX_FRAME {
            buffer.truncate(self.start);
            return false;
        }
        put(buffer, content + FIXED - 4, head);
        let checksum = crc32c::crc32c(buffer.get(content..).unwrap_or_default());
        put(buffer, self.start, length);
        put(buffer, self.start + 4, checksum as usize);
        true
    }
}

/// Numbers here are below [`MAX_FRAME`] or checksums.
fn put(buffer: &mut [u8], at: usize, number: usize) {
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    if let Some(place) = buffer.get_mut(at..at + 4) {
        place.copy_from_slice(&number.to_le_bytes());
    }
}

/// Lets postcard write to the end of a buffer that is borrowed.
struct Tail<'a>(&'a mut Vec<u8>);

/// Both are called for each field of a head: a call costs more than what most of them write.
impl Flavor for Tail<'_> {
    type Output = ();

    #[inline(always)]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    #[inline(always)]
    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// A frame that was read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame<'a> {
    pub(crate) kind: Kind,
    pub(crate) ticks: i64,
    pub(crate) head: &'a [u8],
    pub(crate) bodies: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Takes the content of a frame apart; none when it is not one.
    pub(crate) fn parse(content: &'a [u8]) -> Option<Frame<'a>> {
        let (fixed, rest) = content.split_at_checked(FIXED)?;
        let (kind, numbers) = fixed.split_first()?;
        let (ticks, length) = numbers.split_first_chunk::<8>()?;
        let length = u32::from_le_bytes(length.try_into().ok()?);
        let bodies = rest.len().checked_sub(usize::try_from(length).ok()?)?;
        let (bodies, head) = rest.split_at_checked(bodies)?;
        Some(Frame { kind: Kind::of(*kind)?, ticks: i64::from_le_bytes(*ticks), head, bodies })
    }
}

/// Length and checksum in front of a frame.
pub(crate) fn prefix(bytes: [u8; PREFIX]) -> (usize, u32) {
    let [a, b, c, d, e, f, g, h] = bytes;
    (u32::from_le_bytes([a, b, c, d]) as usize, u32::from_le_bytes([e, f, g, h]))
}

/// True when the content of a frame is as it was written.
pub(crate) fn is_whole(content: &[u8], checksum: u32) -> bool {
    crc32c::crc32c(content) == checksum
}

/// Where a body lies among the bodies of a frame.
pub(crate) fn slice(bodies: &[u8], range: Range<u64>) -> Option<&[u8]> {
    bodies.get(usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?)
}
