//! `dynamic` values: the text of JSON, read in one pass and without a tree.
//!
//! - [`text`]: strings, arrays and bags as text
//! - [`scan`]: the value at a path
//! - [`path`]: the same as a function of DataFusion, with chains of accesses in one call

pub(crate) mod path;
pub(crate) mod scan;
pub(crate) mod text;

#[cfg(test)]
mod tests;
