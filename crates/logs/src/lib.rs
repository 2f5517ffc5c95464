//! The store of logs, and its tables.
//!
//! - [`store`]: records are appended to segments
//! - `record`: what is kept, and how it lies in a segment
//! - [`mask`]: what is kept as `***`
//! - [`compact`]: segments become Parquet; files are merged, copied and removed
//! - `layout`: where things lie
//! - `llm`: the rows of model calls
//! - `tables`: tables over all of it, under the names that they have in the cloud
//! - [`reader`]: reads a store, whoever writes to it
//! - [`queries`]: queries of it

pub mod compact;
mod layout;
mod llm;
pub mod mask;
pub mod queries;
pub mod reader;
mod record;
pub mod store;
mod tables;

pub use compact::{Retention, Target, TargetSettings};
pub use mask::Masking;
pub use queries::Queries;
pub use reader::Reader;
pub use store::{Counters, LogStore, LogThreads, Options};
pub use tables::views::Compatibility;
