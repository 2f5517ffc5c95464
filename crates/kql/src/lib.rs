//! Kusto queries (KQL) on DataFusion.
//!
//! - [`types`]: the types of KQL and how Arrow holds them
//! - [`error`]: errors with their place in the query
//! - [`functions`]: scalar operators and functions
//! - [`aggregates`]: what `summarize` and its like compute

pub mod aggregates;
pub mod error;
pub mod functions;
pub mod types;

pub use error::{Error, Span};
pub use types::{Type, Typed};
