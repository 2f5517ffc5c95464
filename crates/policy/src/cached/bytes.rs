//! Numbers and texts as bytes: little-endian, lengths in 32 bits.

use bytes::Bytes;

use super::Unkept;

/// Writes up to a limit.
pub(super) struct Writer {
    out: Vec<u8>,
    limit: usize,
}

impl Writer {
    pub(super) fn new(limit: usize) -> Self {
        Self { out: Vec::with_capacity(64), limit }
    }

    pub(super) fn raw(&mut self, bytes: &[u8]) -> Result<(), Unkept> {
        if bytes.len() > self.limit.saturating_sub(self.out.len()) {
            return Err(Unkept::TooLarge(self.limit));
        }
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    pub(super) fn byte(&mut self, byte: u8) -> Result<(), Unkept> {
        self.raw(&[byte])
    }

    pub(super) fn ticks(&mut self, ticks: i64) -> Result<(), Unkept> {
        self.raw(&ticks.to_le_bytes())
    }

    pub(super) fn count(&mut self, count: usize) -> Result<(), Unkept> {
        let count = u32::try_from(count).map_err(|_| Unkept::TooLarge(self.limit))?;
        self.raw(&count.to_le_bytes())
    }

    /// Bytes with their length in front.
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Unkept> {
        self.count(bytes.len())?;
        self.raw(bytes)
    }

    pub(super) fn finish(self) -> Bytes {
        self.out.into()
    }
}

/// Reads; none where the bytes end early or hold something else.
pub(super) struct Reader<'b> {
    rest: &'b [u8],
}

impl<'b> Reader<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) fn raw(&mut self, length: usize) -> Option<&'b [u8]> {
        let (head, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(head)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.raw(N)?.try_into().ok()
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn ticks(&mut self) -> Option<i64> {
        self.array().map(i64::from_le_bytes)
    }

    /// How many elements follow, each at least a byte: a count that cannot be true is none.
    pub(super) fn count(&mut self) -> Option<usize> {
        let count = usize::try_from(u32::from_le_bytes(self.array()?)).ok()?;
        (count <= self.rest.len()).then_some(count)
    }

    pub(super) fn bytes(&mut self) -> Option<&'b [u8]> {
        let length = self.count()?;
        self.raw(length)
    }

    pub(super) fn text(&mut self) -> Option<&'b str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    /// The value, when nothing follows it.
    pub(super) fn end<T>(self, value: T) -> Option<T> {
        self.rest.is_empty().then_some(value)
    }
}
