//! Means of decimals, times and spans, and variance.

use datafusion::common::Result;

use super::gather::{Gather, broken};
use crate::functions::cell::{Cell, Row};

/// The mean of whole units: microseconds, or those of a decimal. Null without values.
#[derive(Debug, Default)]
pub(super) struct Mean {
    decimal: bool,
    sum: i128,
    count: i64,
}

impl Mean {
    /// Of decimals, or of times and spans.
    pub(super) fn new(decimal: bool) -> Self {
        Self { decimal, ..Self::default() }
    }

    fn add(&mut self, sum: i128, count: i64) {
        self.sum = self.sum.saturating_add(sum);
        self.count = self.count.saturating_add(count);
    }
}

impl Gather for Mean {
    fn row(&mut self, row: &Row<'_, '_>) -> Result<()> {
        if let Some(value) = row.decimal(0).or(row.long(0).map(i128::from)) {
            self.add(value, 1);
        }
        Ok(())
    }

    fn state(&self) -> Vec<u8> {
        [&self.sum.to_le_bytes()[..], &self.count.to_le_bytes()].concat()
    }

    fn merge(&mut self, state: &[u8]) -> Result<()> {
        let Some((sum, count)) = state.split_first_chunk::<16>() else { return broken() };
        let Some(count) = count.first_chunk::<8>() else { return broken() };
        self.add(i128::from_le_bytes(*sum), i64::from_le_bytes(*count));
        Ok(())
    }

    fn result(&mut self) -> Result<Cell<'static>> {
        let mean = self.sum.checked_div(i128::from(self.count));
        Ok(if self.decimal { mean.into() } else { mean.and_then(|mean| i64::try_from(mean).ok()).into() })
    }

    fn size(&self) -> usize {
        0
    }
}

/// Variance by Welford's method; zero without values.
#[derive(Debug, Default)]
pub(super) struct Variance {
    sample: bool,
    root: bool,
    count: f64,
    mean: f64,
    squares: f64,
}

impl Variance {
    /// Of a sample or of all, or its root.
    pub(super) fn new(sample: bool, root: bool) -> Self {
        Self { sample, root, ..Self::default() }
    }
}

impl Gather for Variance {
    fn row(&mut self, row: &Row<'_, '_>) -> Result<()> {
        if let Some(value) = row.real(0) {
            self.count += 1.0;
            let distance = value - self.mean;
            self.mean += distance / self.count;
            self.squares += distance * (value - self.mean);
        }
        Ok(())
    }

    fn state(&self) -> Vec<u8> {
        [self.count.to_le_bytes(), self.mean.to_le_bytes(), self.squares.to_le_bytes()].concat()
    }

    fn merge(&mut self, state: &[u8]) -> Result<()> {
        let (parts, _) = state.as_chunks::<8>();
        let &[count, mean, squares] = parts else { return broken() };
        let (count, mean) = (f64::from_le_bytes(count), f64::from_le_bytes(mean));
        if count == 0.0 {
            return Ok(());
        }
        let all = self.count + count;
        let distance = mean - self.mean;
        self.squares += f64::from_le_bytes(squares) + distance * distance * self.count * count / all;
        self.mean += distance * count / all;
        self.count = all;
        Ok(())
    }

    fn result(&mut self) -> Result<Cell<'static>> {
        let freedom = if self.sample { self.count - 1.0 } else { self.count };
        let variance = if freedom > 0.0 { self.squares / freedom } else { 0.0 };
        Ok(Cell::Real(if self.root { variance.sqrt() } else { variance }))
    }

    fn size(&self) -> usize {
        0
    }
}
