//! Percentiles: the smallest value that so many percent of the values are not above. They are exact: all values are kept, eight bytes
//! each, which count towards the query's memory.

use datafusion::common::{DataFusionError, Result};

use super::gather::{Gather, broken};
use crate::Type;
use crate::functions::cell::{Cell, Row};
use crate::functions::json::text;

/// How many values a group may have, so that its state stays within what Arrow's offsets reach.
const MOST: usize = 1 << 27;

/// The percentiles of some values.
#[derive(Debug)]
pub(super) struct Ranks {
    /// Of what type the values are.
    kind: Type,
    percentiles: Vec<f64>,
    /// True for all percentiles as an array, false for the first one alone.
    array: bool,
    /// Ordered as the values are.
    values: Vec<i64>,
}

impl Ranks {
    /// The percentile of values.
    pub(super) fn one(kind: Type, percentile: f64) -> Self {
        Self { kind, percentiles: vec![percentile], array: false, values: Vec::new() }
    }

    /// Percentiles of values as an array.
    pub(super) fn array(kind: Type, percentiles: Vec<f64>) -> Self {
        Self { kind, percentiles, array: true, values: Vec::new() }
    }

    fn bounded(&self) -> Result<()> {
        if self.values.len() <= MOST {
            return Ok(());
        }
        Err(DataFusionError::ResourcesExhausted(format!(
            "a percentile of more than {MOST} values in one group; name fewer rows or smaller groups"
        )))
    }

    fn rank(&mut self, percentile: f64) -> Cell<'static> {
        let count = self.values.len();
        let rank = (percentile / 100.0 * count as f64).ceil().clamp(1.0, count.max(1) as f64);
        let position = (rank as usize).saturating_sub(1);
        if position >= count {
            return Cell::Null;
        }
        let (_, value, _) = self.values.select_nth_unstable(position);
        match self.kind {
            Type::Real => Cell::Real(real(*value)),
            _ => Cell::Long(*value),
        }
    }
}

/// A number that is ordered as the floating-point number is.
fn ordered(value: f64) -> i64 {
    let bits = value.to_bits().cast_signed();
    if bits < 0 { bits ^ i64::MAX } else { bits }
}

fn real(ordered: i64) -> f64 {
    let bits = if ordered < 0 { ordered ^ i64::MAX } else { ordered };
    f64::from_bits(bits.cast_unsigned())
}

impl Gather for Ranks {
    fn row(&mut self, row: &Row<'_, '_>) -> Result<()> {
        match row.cell(0) {
            Cell::Long(value) => self.values.push(*value),
            Cell::Real(value) => self.values.push(ordered(*value)),
            _ => {}
        }
        self.bounded()
    }

    fn state(&self) -> Vec<u8> {
        self.values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    fn merge(&mut self, state: &[u8]) -> Result<()> {
        let (values, rest) = state.as_chunks::<8>();
        if !rest.is_empty() {
            return broken();
        }
        self.values.extend(values.iter().map(|value| i64::from_le_bytes(*value)));
        self.bounded()
    }

    fn result(&mut self) -> Result<Cell<'static>> {
        let percentiles = self.percentiles.clone();
        if !self.array {
            return Ok(percentiles.first().map_or(Cell::Null, |percentile| self.rank(*percentile)));
        }
        if self.values.is_empty() {
            return Ok(Cell::Null);
        }
        let values =
            percentiles.into_iter().map(|percentile| text::of_cell(&self.rank(percentile), self.kind));
        let values: Vec<String> = values.collect();
        Ok(text::array(values.iter().map(String::as_str)).into())
    }

    fn size(&self) -> usize {
        self.values.capacity() * size_of::<i64>()
    }
}
