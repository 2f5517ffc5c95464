//! The arena behind JToken: the nodes of one tree lie side by side and know each other by number.
//!
//! A tree lives as long as any reference into it, so that the parents of a token are there however the token was
//! reached, and nothing is ever held in a circle. When a token becomes a child in another tree, the smaller of the
//! two arenas moves into the larger one and leaves a forwarding address. What is removed from a tree stays in its
//! arena, without a parent.

mod nodes;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};

pub(in crate::dotnet::json) use nodes::{Children, Constructor, Content, Id, NONE, Nodes};

/// An arena that is shared by all references into it.
pub(in crate::dotnet::json) struct Tree(Mutex<State>);

enum State {
    Here(Nodes),
    /// Became part of another arena.
    Moved {
        into: Arc<Tree>,
        offset: Id,
    },
}

/// A node of a tree, wherever that tree is now.
#[derive(Clone)]
pub(in crate::dotnet::json) struct Place {
    pub(in crate::dotnet::json) tree: Arc<Tree>,
    pub(in crate::dotnet::json) id: Id,
}

impl Place {
    pub(in crate::dotnet::json) fn new(nodes: Nodes, id: Id) -> Self {
        Self { tree: Arc::new(Tree(Mutex::new(State::Here(nodes)))), id }
    }

    /// Another node of the same arena.
    pub(in crate::dotnet::json) fn of(&self, id: Id) -> Self {
        Self { tree: Arc::clone(&self.tree), id }
    }

    /// Reads the arena. `read` gets the place of now, as its arena may have moved.
    #[inline]
    pub(in crate::dotnet::json) fn read<R>(&self, read: impl FnOnce(&Nodes, &Place) -> R) -> R {
        let state = self.tree.0.lock();
        if let State::Here(nodes) = &*state {
            return read(nodes, self);
        }
        drop(state);
        self.settled().read(read)
    }

    /// Changes the arena.
    pub(in crate::dotnet::json) fn change<R>(&self, change: impl FnOnce(&mut Nodes, &Place) -> R) -> R {
        let mut state = self.tree.0.lock();
        if let State::Here(nodes) = &mut *state {
            return change(nodes, self);
        }
        drop(state);
        self.settled().change(change)
    }

    /// Where the node is now.
    pub(in crate::dotnet::json) fn settled(&self) -> Place {
        let mut place = self.clone();
        loop {
            let next = match &*place.tree.0.lock() {
                State::Here(_) => None,
                State::Moved { into, offset } => {
                    Some(Place { tree: Arc::clone(into), id: place.id.saturating_add(*offset) })
                }
            };
            match next {
                Some(next) => place = next,
                None => return place,
            }
        }
    }

    pub(in crate::dotnet::json) fn identity(&self) -> u64 {
        self.change(|nodes, place| nodes.identity(place.id))
    }

    /// True when both are in one arena, and may be of one tree.
    pub(in crate::dotnet::json) fn shares_arena(&self, other: &Place) -> bool {
        Arc::ptr_eq(&self.tree, &other.tree) || Arc::ptr_eq(&self.settled().tree, &other.settled().tree)
    }

    pub(in crate::dotnet::json) fn is_same(&self, other: &Place) -> bool {
        if Arc::ptr_eq(&self.tree, &other.tree) {
            return self.id == other.id;
        }
        let (left, right) = (self.settled(), other.settled());
        Arc::ptr_eq(&left.tree, &right.tree) && left.id == right.id
    }
}

/// Locks two arenas in the order of their addresses, so that two threads never wait for each other.
fn locked<'t>(left: &'t Tree, right: &'t Tree) -> (MutexGuard<'t, State>, MutexGuard<'t, State>) {
    if std::ptr::from_ref(left) < std::ptr::from_ref(right) {
        let left = left.0.lock();
        (left, right.0.lock())
    } else {
        let right = right.0.lock();
        (left.0.lock(), right)
    }
}

/// Reads two nodes at once.
pub(in crate::dotnet::json) fn read_both<R>(
    left: &Place,
    right: &Place,
    read: impl FnOnce((&Nodes, Id), (&Nodes, Id)) -> R,
) -> R {
    loop {
        let (left, right) = (left.settled(), right.settled());
        if Arc::ptr_eq(&left.tree, &right.tree) {
            // Should the arena move just now, both move by the same.
            let distance = right.id.wrapping_sub(left.id);
            return left
                .read(|nodes, place| read((nodes, place.id), (nodes, place.id.wrapping_add(distance))));
        }
        let (left_state, right_state) = locked(&left.tree, &right.tree);
        if let (State::Here(left_nodes), State::Here(right_nodes)) = (&*left_state, &*right_state) {
            return read((left_nodes, left.id), (right_nodes, right.id));
        }
    }
}

/// Brings two nodes into one arena and gives their places there.
pub(in crate::dotnet::json) fn unite(left: &Place, right: &Place) -> (Place, Place) {
    loop {
        let (left, right) = (left.settled(), right.settled());
        if Arc::ptr_eq(&left.tree, &right.tree) {
            return (left, right);
        }
        let (mut left_state, mut right_state) = locked(&left.tree, &right.tree);
        if let (State::Here(left_nodes), State::Here(right_nodes)) = (&mut *left_state, &mut *right_state) {
            // The smaller one moves: a tree that grows by single tokens stays where it is.
            if left_nodes.len() >= right_nodes.len() {
                let offset = left_nodes.absorb(std::mem::take(right_nodes));
                *right_state = State::Moved { into: Arc::clone(&left.tree), offset };
            } else {
                let offset = right_nodes.absorb(std::mem::take(left_nodes));
                *left_state = State::Moved { into: Arc::clone(&right.tree), offset };
            }
        }
    }
}
