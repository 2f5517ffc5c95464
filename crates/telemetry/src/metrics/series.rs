//! Handles of metrics by their labels, so that a call neither builds a label set nor locks a family.

use std::sync::Arc;

use papaya::HashMap;

use super::labels::{Bound, Labels, OTHER, View};

/// Makes the handles of a label set that is seen for the first time.
type Make<const N: usize, H> = Box<dyn Fn(&Labels<N>) -> H + Send + Sync>;

/// The handles of one kind, by label values. At most `limit` label sets; past that all of them count as one whose
/// present values are `other`.
pub(crate) struct Series<const N: usize, H> {
    names: &'static [&'static str; N],
    bounds: [Arc<Bound>; N],
    limit: usize,
    handles: HashMap<Labels<N>, H>,
    make: Make<N, H>,
}

impl<const N: usize, H> Series<N, H> {
    pub(crate) fn new(
        names: &'static [&'static str; N],
        bounds: [&Arc<Bound>; N],
        limit: usize,
        make: impl Fn(&Labels<N>) -> H + Send + Sync + 'static,
    ) -> Self {
        Series { names, bounds: bounds.map(Arc::clone), limit, handles: HashMap::new(), make: Box::new(make) }
    }

    /// Uses the handles of these label values.
    pub(crate) fn with<R>(&self, values: [Option<&str>; N], act: impl FnOnce(&H) -> R) -> R {
        let handles = self.handles.pin();
        if let Some(found) = handles.get(&View(values)) {
            return act(found);
        }
        let labels = self.admit(values);
        let is_known = handles.contains_key(&labels);
        if is_known || handles.len() < self.limit {
            let make = || (self.make)(&labels);
            return act(handles.get_or_insert_with(labels.clone(), make));
        }
        let others = values.map(|value| value.map(|_| OTHER.into()));
        act(&(self.make)(&Labels { names: self.names, values: others }))
    }

    /// Replaces the values that are past the bound of their label.
    fn admit(&self, values: [Option<&str>; N]) -> Labels<N> {
        let mut bounds = self.bounds.iter();
        let values = values.map(|value| {
            let bound = bounds.next();
            value.and_then(|value| bound.map(|bound| bound.admit(value)))
        });
        Labels { names: self.names, values }
    }
}
