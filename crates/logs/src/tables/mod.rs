//! Tables.
//!
//! - [`column`]: columns and where their values come from
//! - [`room`]: where texts are written before they are a column
//! - [`calls`], [`happenings`]: the tables as they lie on disk
//! - [`physical`]: a table on disk as DataFusion reads it
//! - [`models`]: the table of model calls, which is made of that of calls
//! - [`unread`]: segments that are not compacted yet
//! - [`views`]: the tables under the names that they have in the cloud
//! - [`object`], [`json_rows`], [`cut`]: what views compute

pub(crate) mod calls;
pub(crate) mod column;
mod cut;
pub(crate) mod happenings;
mod json_rows;
pub(crate) mod models;
mod object;
pub(crate) mod physical;
pub(crate) mod room;
#[cfg(test)]
mod tests;
mod unread;
pub(crate) mod views;

use datafusion::arrow::datatypes::SchemaRef;

use crate::layout::Table;

impl Table {
    /// All its columns.
    pub(crate) fn schema(self) -> SchemaRef {
        match self {
            Table::Calls => column::schema::<calls::Calls>(),
            Table::Metrics => column::schema::<happenings::Metrics>(),
            Table::Events => column::schema::<happenings::Events>(),
        }
    }
}
