//! Answers under vectors: what was kept nearest to a vector, for a time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::PortFuture;

/// The most dimensions of a vector.
pub const MAX_DIMENSIONS: usize = 16_384;

/// How exact distances are: those of the same direction may be a little above 0.
pub const PRECISION: f32 = 1e-6;

/// A direction: the numbers of an embedding, brought to length 1. Cheap to copy.
#[derive(Clone, Debug, PartialEq)]
pub struct Vector(Arc<[f32]>);

impl Vector {
    /// The direction of these numbers; none when there are none or too many, when one is not finite, or all are 0.
    pub fn new(numbers: &[f32]) -> Option<Vector> {
        if numbers.is_empty() || numbers.len() > MAX_DIMENSIONS {
            return None;
        }
        let length = numbers.iter().map(|number| f64::from(*number).powi(2)).sum::<f64>().sqrt();
        if !length.is_finite() || length <= f64::MIN_POSITIVE {
            return None;
        }
        #[allow(clippy::cast_possible_truncation)] // At most 1.
        Some(Vector(numbers.iter().map(|number| (f64::from(*number) / length) as f32).collect()))
    }

    /// The numbers.
    pub fn numbers(&self) -> &[f32] {
        &self.0
    }

    /// The numbers as bytes: `f32`, little-endian.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|number| number.to_le_bytes()).collect()
    }
}

/// What lies nearest to a vector.
#[derive(Clone, Debug, PartialEq)]
pub struct Neighbour {
    /// The cosine distance, 1 − cosine similarity: 0 for the same direction, 1 for unrelated ones, at most 2.
    pub distance: f32,
    /// What was kept there; none when it is too far away.
    pub value: Option<Bytes>,
}

/// A cache of values under vectors. What it holds may be gone at any time; a failure is a miss and never fails a call.
pub trait Vectors: Send + Sync {
    /// The nearest vector of the same length in a partition, and what is kept there unless it is farther than `within`.
    /// None when the partition is empty or cannot be reached.
    fn nearest<'a>(
        &'a self,
        partition: &'a str,
        vector: &'a Vector,
        within: f32,
    ) -> PortFuture<'a, Option<Neighbour>>;

    /// Keeps a value for a time, in place of what was kept under the same vector. `partition` is a name in hexadecimal
    /// digits.
    fn put<'a>(
        &'a self,
        partition: &'a str,
        vector: &'a Vector,
        value: Bytes,
        duration: Duration,
    ) -> PortFuture<'a, ()>;
}

/// The vector caches of a gateway.
#[derive(Clone)]
pub struct VectorCaches {
    /// The one that policies use unless they name another.
    pub usual: Arc<dyn Vectors>,
    /// External caches by their resource name.
    pub named: BTreeMap<String, Arc<dyn Vectors>>,
}

impl VectorCaches {
    /// The cache with this resource name, or the usual one.
    pub fn of(&self, cache_id: Option<&str>) -> Option<&Arc<dyn Vectors>> {
        cache_id.map_or(Some(&self.usual), |id| self.named.get(id))
    }
}

/// A model in this process that makes embeddings.
pub trait Embeddings: Send + Sync {
    /// The embedding of a text; none when there is none, for example of an empty text.
    fn embed<'a>(&'a self, text: &'a str) -> PortFuture<'a, Option<Vector>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_is_a_direction() {
        assert_eq!(Vector::new(&[3.0, 4.0]).unwrap().numbers(), [0.6, 0.8]);
        assert_eq!(Vector::new(&[3e30, 4e30]), Vector::new(&[3.0, 4.0]));
        for none in [&[][..], &[0.0, 0.0], &[f32::NAN], &[f32::INFINITY, 1.0], &vec![1.0; MAX_DIMENSIONS + 1]]
        {
            assert_eq!(Vector::new(none), None);
        }
        assert_eq!(Vector::new(&[2.0]).unwrap().to_bytes(), 1f32.to_le_bytes());
    }
}
