//! Kusto queries (KQL) on DataFusion.
//!
//! A query goes this way: [`lexer`] → [`parser`] → [`ast`] → binder, which finds out what each name means and of what type each
//! value is, and makes a plan of DataFusion → [`run()`] → [`Answer`].
//!
//! - [`types`]: the types of KQL and how Arrow holds them
//! - [`error`]: errors with their place in the query
//! - [`functions`]: scalar operators and functions
//! - [`aggregates`]: what `summarize` and its like compute
//! - [`answer`]: what a query gives, also as the Log Analytics API writes it

pub mod aggregates;
pub mod answer;
pub mod ast;
mod bind;
pub mod catalog;
pub mod error;
pub mod functions;
pub mod lexer;
mod near;
pub mod parser;
mod plugins;
pub mod run;
pub mod types;

pub use answer::Answer;
pub use ast::{Query, Render};
pub use catalog::Catalog;
pub use error::{Error, Span};
pub use parser::parse;
pub use run::{Options, run};
pub use types::{Type, Typed};

/// Runs a part of what nests, on more stack when little is left.
fn deep<T>(part: impl FnOnce() -> T) -> T {
    const LEFT: usize = 128 * 1024;
    const MORE: usize = 1024 * 1024;
    stacker::maybe_grow(LEFT, MORE, part)
}
