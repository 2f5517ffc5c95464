//! The vectors of tokens, as `model.safetensors` has them.

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use super::ModelError;

/// Rows of numbers, and what each token makes of them.
pub(crate) struct Table {
    dimensions: usize,
    /// Row after row.
    numbers: Vec<f32>,
    /// The row of each token; each token has its own when there are none.
    rows: Option<Vec<usize>>,
    /// What the row of each token is multiplied with; 1 when there are none.
    weights: Option<Vec<f32>>,
}

impl Table {
    /// Reads `embeddings`, a matrix, and where they are there `mapping` and `weights`, one entry for each token.
    pub(crate) fn read(file: &[u8]) -> Result<Table, ModelError> {
        let tensors = SafeTensors::deserialize(file).map_err(|error| wrong(error.to_string()))?;
        let embeddings = tensors.tensor("embeddings").map_err(|error| wrong(error.to_string()))?;
        let &[count, dimensions] = embeddings.shape() else {
            return Err(wrong("`embeddings` is no matrix".to_owned()));
        };
        if count == 0 || dimensions == 0 {
            return Err(wrong("`embeddings` is empty".to_owned()));
        }
        let optional = |name| tensors.tensor(name).ok();
        let table = Table {
            dimensions,
            numbers: numbers("embeddings", &embeddings)?,
            rows: optional("mapping").map(|tensor| rows(&tensor, count)).transpose()?,
            weights: optional("weights").map(|tensor| numbers("weights", &tensor)).transpose()?,
        };
        match (&table.rows, &table.weights) {
            (Some(rows), Some(weights)) if rows.len() != weights.len() => {
                Err(wrong("`mapping` and `weights` differ in length".to_owned()))
            }
            (None, Some(weights)) if weights.len() != count => {
                Err(wrong("`weights` and `embeddings` differ in length".to_owned()))
            }
            _ => Ok(table),
        }
    }

    /// The mean of the rows of tokens; none when no token has one.
    pub(crate) fn mean(&self, tokens: impl Iterator<Item = u32>) -> Option<Vec<f32>> {
        let mut sum = vec![0.0_f32; self.dimensions];
        let mut count = 0.0_f32;
        for token in tokens {
            let Some((row, weight)) = self.row(token) else { continue };
            sum.iter_mut().zip(row).for_each(|(sum, number)| *sum += number * weight);
            count += 1.0;
        }
        (count > 0.0).then(|| sum.into_iter().map(|number| number / count).collect())
    }

    fn row(&self, token: u32) -> Option<(&[f32], f32)> {
        let token = token as usize;
        let row = self.rows.as_ref().map_or(Some(token), |rows| rows.get(token).copied())?;
        let weight = self.weights.as_ref().map_or(Some(1.0), |weights| weights.get(token).copied())?;
        let first = row.checked_mul(self.dimensions)?;
        Some((self.numbers.get(first..first.checked_add(self.dimensions)?)?, weight))
    }
}

fn wrong(message: String) -> ModelError {
    ModelError::Content { file: "model.safetensors", message }
}

/// The numbers of a tensor. Whole ones are quantised: their scale is that of the whole table and does not matter.
fn numbers(name: &str, tensor: &TensorView<'_>) -> Result<Vec<f32>, ModelError> {
    let data = tensor.data();
    #[allow(clippy::cast_possible_truncation)] // What `f32` holds of `f64` is enough.
    let numbers: Vec<f32> = match tensor.dtype() {
        Dtype::F32 => data.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect(),
        Dtype::F64 => data.as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes) as f32).collect(),
        Dtype::F16 => data.as_chunks().0.iter().map(|bytes| half(u16::from_le_bytes(*bytes))).collect(),
        Dtype::I8 => data.iter().map(|byte| f32::from(i8::from_le_bytes([*byte]))).collect(),
        other => return Err(wrong(format!("`{name}` has numbers of the type {other:?}"))),
    };
    if numbers.iter().all(|number| number.is_finite()) {
        Ok(numbers)
    } else {
        Err(wrong(format!("`{name}` has numbers that are not finite")))
    }
}

/// The rows of tokens.
fn rows(tensor: &TensorView<'_>, count: usize) -> Result<Vec<usize>, ModelError> {
    let data = tensor.data();
    let rows: Option<Vec<usize>> = match tensor.dtype() {
        Dtype::I64 => {
            data.as_chunks().0.iter().map(|bytes| usize::try_from(i64::from_le_bytes(*bytes)).ok()).collect()
        }
        Dtype::I32 => {
            data.as_chunks().0.iter().map(|bytes| usize::try_from(i32::from_le_bytes(*bytes)).ok()).collect()
        }
        _ => None,
    };
    rows.filter(|rows| rows.iter().all(|row| *row < count))
        .ok_or_else(|| wrong("`mapping` holds something else than numbers of rows".to_owned()))
}

/// A half-precision number (IEEE 754 binary16).
fn half(bits: u16) -> f32 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let exponent = i32::from(bits >> 10 & 0x1F);
    let fraction = f32::from(bits & 0x3FF) / 1024.0;
    match exponent {
        0 => sign * fraction * 2_f32.powi(-14),
        31 if fraction == 0.0 => sign * f32::INFINITY,
        31 => f32::NAN,
        _ => sign * (1.0 + fraction) * 2_f32.powi(exponent - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_precision_is_read() {
        for (bits, number) in
            [(0x0000, 0.0), (0x3C00, 1.0), (0xC000, -2.0), (0x3555, 0.333_251_95), (0x0001, 5.960_464_5e-8)]
        {
            assert_eq!(half(bits), number);
        }
        assert!(half(0x7C00).is_infinite() && half(0x7E00).is_nan());
    }
}
