//! A value with the time it was stored.

use bytes::Bytes;
use sekisho_expression::value::Value;

use super::bytes::{Reader, Writer};
use super::{Unkept, VERSION, value};

/// What marks a value among the entries of a cache.
const KIND: u8 = b'V';

/// A value of the cache.
#[derive(Debug)]
pub(crate) struct Entry {
    /// When it was stored, in 100 ns ticks since 0001-01-01T00:00:00Z.
    pub(crate) stored_ticks: i64,
    /// A copy of its own.
    pub(crate) value: Value,
}

impl Entry {
    /// The bytes, at most `limit`.
    ///
    /// # Errors
    /// What cannot be kept.
    pub(crate) fn to_bytes(value: &Value, stored_ticks: i64, limit: usize) -> Result<Bytes, Unkept> {
        let mut out = Writer::new(limit);
        out.raw(&[VERSION, KIND])?;
        out.ticks(stored_ticks)?;
        value::write(value, &mut out, 0)?;
        Ok(out.finish())
    }

    /// The entry in these bytes; none when they hold something else.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Entry> {
        let mut from = Reader::new(bytes);
        if from.array()? != [VERSION, KIND] {
            return None;
        }
        let stored_ticks = from.ticks()?;
        let value = value::read(&mut from, 0)?;
        from.end(Entry { stored_ticks, value })
    }
}
