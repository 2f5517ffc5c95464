//! What the cache policies keep.
//!
//! - [`settings`]: attributes and keys
//! - [`bytes`]: numbers and texts as bytes, with bounds
//! - [`value`], [`json`], [`types`]: values of expressions
//! - [`entry`]: a value with the time it was stored
//! - [`caching`]: what `cache-lookup` leaves for the rest of the call; [`vary`]: the key of a response
//! - [`maker`]: of many calls that miss a value, one makes it
//! - [`response`]: a whole response; [`tee`]: its body, kept while it passes
//!
//! A cache may be shared with other programs, so what comes out of it is as foreign as what comes from the wire: whatever
//! cannot be read is a miss.

mod bytes;
pub(crate) mod caching;
pub(crate) mod entry;
mod json;
pub(crate) mod maker;
pub(crate) mod response;
pub(crate) mod settings;
pub(crate) mod tee;
#[cfg(test)]
mod tests;
mod types;
mod value;
pub(crate) mod vary;

pub(crate) use value::snapshot;

/// The version of the format. Bytes of another one are a miss.
const VERSION: u8 = 1;

/// The deepest nesting of values.
const MAX_DEPTH: usize = 128;

/// Why a value cannot be kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unkept {
    /// Only data can be kept.
    #[error("a value of the type `{0}` cannot be kept in a cache")]
    Type(String),
    /// More than the gateway keeps in memory of one body.
    #[error("the value is larger than the {0} bytes that one entry may have")]
    TooLarge(usize),
    /// Or it holds itself.
    #[error("the value is nested more than {MAX_DEPTH} deep")]
    TooDeep,
}
