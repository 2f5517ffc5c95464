//! What keeps trees alive: whoever holds one node holds every node that it was ever connected with.
//!
//! Parents are known weakly, so that trees are no cycles. In .NET a child keeps its parents; here the group of a handle
//! does. When two trees are joined, so are their groups.

use std::sync::Arc;

use parking_lot::Mutex;

use super::tree::Data;

/// A set of trees; sets are joined and never parted.
#[derive(Default)]
pub(super) struct Group(Mutex<State>);

#[derive(Default)]
struct State {
    /// The set that this one was joined with: links go one way only, so groups are no cycles either.
    joined: Option<Arc<Group>>,
    /// Roots of the trees; also nodes that are no longer roots.
    roots: Vec<Arc<Data>>,
    /// Longest chain of links that leads here.
    rank: u32,
}

impl Group {
    /// The set that stands for this one now.
    fn last(self: &Arc<Self>) -> Arc<Self> {
        let mut group = Arc::clone(self);
        loop {
            let next = group.0.lock().joined.clone();
            match next {
                Some(next) => group = next,
                None => return group,
            }
        }
    }

    /// Keeps the root of a tree.
    pub(super) fn keep(self: &Arc<Self>, root: Arc<Data>) {
        self.last().0.lock().roots.push(root);
    }

    /// Makes two sets one.
    pub(super) fn join(self: &Arc<Self>, other: &Arc<Self>) {
        let (left, right) = (self.last(), other.last());
        if Arc::ptr_eq(&left, &right) {
            return;
        }
        let (left_rank, right_rank) = (left.0.lock().rank, right.0.lock().rank);
        let (from, to) = if left_rank > right_rank { (right, left) } else { (left, right) };
        let roots = {
            let mut from = from.0.lock();
            from.joined = Some(Arc::clone(&to));
            std::mem::take(&mut from.roots)
        };
        let mut to = to.0.lock();
        to.roots.extend(roots);
        if left_rank == right_rank {
            to.rank += 1;
        }
    }
}
