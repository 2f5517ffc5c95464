//! Label sets: owned in a family, borrowed on the way to one. An absent label is left out, never shown empty.

use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use papaya::Equivalent;
use parking_lot::RwLock;
use prometheus_client::encoding::{EncodeLabel, EncodeLabelSet, LabelSetEncoder};

/// Stands for all values past a bound.
pub(super) const OTHER: &str = "other";
/// The longest label value in bytes; a longer one counts as [`OTHER`].
const MAX_VALUE_BYTES: usize = 256;

/// The labels of one series.
#[derive(Clone, Debug)]
pub(crate) struct Labels<const N: usize> {
    pub(super) names: &'static [&'static str; N],
    pub(super) values: [Option<Arc<str>>; N],
}

impl<const N: usize> PartialEq for Labels<N> {
    fn eq(&self, other: &Self) -> bool {
        self.values == other.values
    }
}

impl<const N: usize> Eq for Labels<N> {}

impl<const N: usize> Hash for Labels<N> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.values.hash(state);
    }
}

impl<const N: usize> EncodeLabelSet for Labels<N> {
    fn encode(&self, encoder: &mut LabelSetEncoder) -> Result<(), std::fmt::Error> {
        for (name, value) in self.names.iter().zip(&self.values) {
            if let Some(value) = value {
                (*name, &**value).encode(encoder.encode_label())?;
            }
        }
        Ok(())
    }
}

/// The values of [`Labels`], borrowed. Hashes like them.
#[derive(Clone, Copy, Debug, Hash)]
pub(super) struct View<'a, const N: usize>(pub(super) [Option<&'a str>; N]);

impl<const N: usize> Equivalent<Labels<N>> for View<'_, N> {
    fn equivalent(&self, key: &Labels<N>) -> bool {
        self.0.iter().zip(&key.values).all(|(view, value)| *view == value.as_deref())
    }
}

/// The values that one label may take: the first `limit` different ones.
#[derive(Debug)]
pub(crate) struct Bound {
    limit: usize,
    seen: RwLock<HashSet<Arc<str>>>,
}

impl Bound {
    pub(crate) fn new(limit: usize) -> Arc<Bound> {
        Arc::new(Bound { limit, seen: RwLock::default() })
    }

    /// The value itself, or [`OTHER`] past the bound.
    pub(super) fn admit(&self, value: &str) -> Arc<str> {
        if value.len() > MAX_VALUE_BYTES {
            return OTHER.into();
        }
        if let Some(known) = self.seen.read().get(value) {
            return known.clone();
        }
        let mut seen = self.seen.write();
        if let Some(known) = seen.get(value) {
            return known.clone();
        }
        if seen.len() >= self.limit {
            return OTHER.into();
        }
        let value: Arc<str> = value.into();
        seen.insert(value.clone());
        value
    }
}
