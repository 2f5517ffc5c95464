//! `binary_all_and` and its like.

use datafusion::common::Result;

use super::gather::{Gather, broken};
use crate::functions::cell::{Cell, Row};

/// All values joined bit by bit; null without values.
#[derive(Debug)]
pub(super) struct Bits {
    join: fn(i64, i64) -> i64,
    all: Option<i64>,
}

impl Bits {
    /// By an operation whose order does not matter.
    pub(super) fn new(join: fn(i64, i64) -> i64) -> Self {
        Self { join, all: None }
    }

    fn add(&mut self, value: i64) {
        self.all = Some(self.all.map_or(value, |all| (self.join)(all, value)));
    }
}

impl Gather for Bits {
    fn row(&mut self, row: &Row<'_, '_>) -> Result<()> {
        if let Some(value) = row.long(0) {
            self.add(value);
        }
        Ok(())
    }

    fn state(&self) -> Vec<u8> {
        self.all.map(|all| all.to_le_bytes().to_vec()).unwrap_or_default()
    }

    fn merge(&mut self, state: &[u8]) -> Result<()> {
        if state.is_empty() {
            return Ok(());
        }
        let Some(value) = state.first_chunk::<8>() else { return broken() };
        self.add(i64::from_le_bytes(*value));
        Ok(())
    }

    fn result(&mut self) -> Result<Cell<'static>> {
        Ok(self.all.into())
    }

    fn size(&self) -> usize {
        0
    }
}
