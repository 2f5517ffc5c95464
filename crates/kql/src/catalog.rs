//! The tables that queries may name.

use std::fmt::Debug;
use std::sync::Arc;

use datafusion::catalog::TableProvider;

/// The tables that queries may name.
///
/// The type of a column follows from Arrow's, unless the metadata of its field says so under [`crate::types::TYPE_KEY`]:
/// `dynamic` or `guid`. Columns of a type that KQL does not have are hidden.
pub trait Catalog: Debug + Send + Sync {
    /// The table of that name. Names are case-sensitive.
    fn table(&self, name: &str) -> Option<Arc<dyn TableProvider>>;

    /// The names of all tables: what a wildcard stands for, and what is meant by a misspelt name.
    fn names(&self) -> Vec<String>;
}
