//! The arena behind JToken: the nodes of one tree lie side by side and know each other by number.
//!
//! A tree lives as long as any reference into it, so that the parents of a token are there however the token was
//! reached, and nothing is ever held in a circle. When a token becomes a child in another tree, the smaller of the
//! two arenas moves into the larger one and leaves a forwarding address. What is removed from a tree stays in its
//! arena, without a parent.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Mutex, MutexGuard};

use super::node::{JTokenType, JValue};
use crate::value::{Text, Value};

/// The number of a node in its arena.
pub(super) type Id = u32;
/// No node: the parent of a root.
pub(super) const NONE: Id = Id::MAX;

/// A node.
pub(super) struct Node {
    /// The container it is in, or [`NONE`].
    pub(super) parent: Id,
    pub(super) content: Content,
}

/// What a node holds.
pub(super) enum Content {
    /// Properties in order.
    Object(Children),
    /// Elements.
    Array(Children),
    /// `new Name(…)`: rare, so its parts lie elsewhere.
    Constructor(Box<Constructor>),
    /// A property of an object.
    Property { name: Text, value: Id },
    /// A scalar.
    Scalar(JValue),
}

/// The list of a container.
#[derive(Default)]
pub(super) struct Children {
    pub(super) ids: Vec<Id>,
    /// Counts changes: a walk that meets one ends with an exception.
    pub(super) version: u32,
}

/// `JConstructor`.
#[derive(Default)]
pub(super) struct Constructor {
    pub(super) name: Option<Text>,
    pub(super) arguments: Children,
}

impl From<Vec<Id>> for Children {
    fn from(ids: Vec<Id>) -> Self {
        Self { ids, version: 0 }
    }
}

/// Stands for numbers without a node.
static MISSING: Node = Node {
    parent: NONE,
    content: Content::Scalar(JValue { kind: JTokenType::Undefined, value: Value::Null }),
};

/// The nodes of a tree, and of what was removed from it.
#[derive(Default)]
pub(super) struct Nodes {
    all: Vec<Node>,
    /// Identities that were asked for: they outlast a move to another arena.
    identities: Option<Box<HashMap<Id, u64>>>,
}

impl Nodes {
    /// Adds a node; its parent's list is the caller's business.
    pub(super) fn push(&mut self, parent: Id, content: Content) -> Id {
        let id = Id::try_from(self.all.len()).unwrap_or(NONE);
        self.all.push(Node { parent, content });
        id
    }

    pub(super) fn reserve(&mut self, count: usize) {
        self.all.reserve(count);
    }

    #[inline]
    pub(super) fn node(&self, id: Id) -> &Node {
        self.all.get(id as usize).unwrap_or(&MISSING)
    }

    #[inline]
    pub(super) fn content(&self, id: Id) -> &Content {
        &self.node(id).content
    }

    pub(super) fn content_mut(&mut self, id: Id) -> Option<&mut Content> {
        self.all.get_mut(id as usize).map(|node| &mut node.content)
    }

    pub(super) fn parent(&self, id: Id) -> Option<Id> {
        Some(self.node(id).parent).filter(|parent| *parent != NONE)
    }

    pub(super) fn set_parent(&mut self, id: Id, parent: Id) {
        if let Some(node) = self.all.get_mut(id as usize) {
            node.parent = parent;
        }
    }

    /// Properties, elements, arguments, or the value of a property.
    pub(super) fn children(&self, id: Id) -> &[Id] {
        match self.content(id) {
            Content::Object(children) | Content::Array(children) => &children.ids,
            Content::Constructor(constructor) => &constructor.arguments.ids,
            Content::Property { value, .. } => std::slice::from_ref(value),
            Content::Scalar(_) => &[],
        }
    }

    /// The list of a container that can grow and shrink.
    pub(super) fn list_mut(&mut self, id: Id) -> Option<&mut Children> {
        match self.content_mut(id)? {
            Content::Object(children) | Content::Array(children) => Some(children),
            Content::Constructor(constructor) => Some(&mut constructor.arguments),
            _ => None,
        }
    }

    /// How often the list of a container was changed.
    pub(super) fn version(&self, id: Id) -> u32 {
        match self.content(id) {
            Content::Object(children) | Content::Array(children) => children.version,
            Content::Constructor(constructor) => constructor.arguments.version,
            _ => 0,
        }
    }

    /// The property of an object with exactly this name.
    pub(super) fn property(&self, object: Id, name: &str) -> Option<Id> {
        let Content::Object(properties) = self.content(object) else { return None };
        properties.ids.iter().copied().find(|id| self.name(*id).is_some_and(|own| own.as_str() == name))
    }

    /// The value of an object's property.
    pub(super) fn value(&self, object: Id, name: &str) -> Option<Id> {
        self.property(object, name).and_then(|property| self.children(property).first().copied())
    }

    /// The name of a property.
    pub(super) fn name(&self, id: Id) -> Option<&Text> {
        match self.content(id) {
            Content::Property { name, .. } => Some(name),
            _ => None,
        }
    }

    pub(super) fn scalar(&self, id: Id) -> Option<&JValue> {
        match self.content(id) {
            Content::Scalar(value) => Some(value),
            _ => None,
        }
    }

    pub(super) fn kind(&self, id: Id) -> JTokenType {
        match self.content(id) {
            Content::Object(_) => JTokenType::Object,
            Content::Array(_) => JTokenType::Array,
            Content::Constructor(_) => JTokenType::Constructor,
            Content::Property { .. } => JTokenType::Property,
            Content::Scalar(value) => value.kind,
        }
    }

    /// The parent and the place in it.
    pub(super) fn place(&self, id: Id) -> Option<(Id, usize)> {
        let parent = self.parent(id)?;
        let index = self.children(parent).iter().position(|child| *child == id)?;
        Some((parent, index))
    }

    pub(super) fn root(&self, id: Id) -> Id {
        let mut root = id;
        while let Some(parent) = self.parent(root) {
            root = parent;
        }
        root
    }

    /// A number for the node that no other node has.
    fn identity(&mut self, id: Id) -> u64 {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let known = self.identities.get_or_insert_default();
        *known.entry(id).or_insert_with(|| NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// Takes over another arena, whose numbers grow by the result.
    fn absorb(&mut self, other: Nodes) -> Id {
        let offset = Id::try_from(self.all.len()).unwrap_or(NONE);
        let moved = |id: &mut Id| *id = if *id == NONE { NONE } else { id.saturating_add(offset) };
        self.all.reserve(other.all.len());
        for mut node in other.all {
            moved(&mut node.parent);
            match &mut node.content {
                Content::Object(children) | Content::Array(children) => {
                    children.ids.iter_mut().for_each(moved);
                }
                Content::Constructor(constructor) => constructor.arguments.ids.iter_mut().for_each(moved),
                Content::Property { value, .. } => moved(value),
                Content::Scalar(_) => {}
            }
            self.all.push(node);
        }
        if let Some(identities) = other.identities {
            let identities =
                identities.into_iter().map(|(id, identity)| (id.saturating_add(offset), identity));
            self.identities.get_or_insert_default().extend(identities);
        }
        offset
    }
}

/// An arena that is shared by all references into it.
pub(super) struct Tree(Mutex<State>);

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
pub(super) struct Place {
    pub(super) tree: Arc<Tree>,
    pub(super) id: Id,
}

impl Place {
    pub(super) fn new(nodes: Nodes, id: Id) -> Self {
        Self { tree: Arc::new(Tree(Mutex::new(State::Here(nodes)))), id }
    }

    /// Another node of the same arena.
    pub(super) fn of(&self, id: Id) -> Self {
        Self { tree: Arc::clone(&self.tree), id }
    }

    /// Reads the arena. `read` gets the place of now, as its arena may have moved.
    #[inline]
    pub(super) fn read<R>(&self, read: impl FnOnce(&Nodes, &Place) -> R) -> R {
        let state = self.tree.0.lock();
        if let State::Here(nodes) = &*state {
            return read(nodes, self);
        }
        drop(state);
        self.settled().read(read)
    }

    /// Changes the arena.
    pub(super) fn change<R>(&self, change: impl FnOnce(&mut Nodes, &Place) -> R) -> R {
        let mut state = self.tree.0.lock();
        if let State::Here(nodes) = &mut *state {
            return change(nodes, self);
        }
        drop(state);
        self.settled().change(change)
    }

    /// Where the node is now.
    pub(super) fn settled(&self) -> Place {
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

    pub(super) fn identity(&self) -> u64 {
        self.change(|nodes, place| nodes.identity(place.id))
    }

    pub(super) fn is_same(&self, other: &Place) -> bool {
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
pub(super) fn read_both<R>(
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
pub(super) fn unite(left: &Place, right: &Place) -> (Place, Place) {
    loop {
        let (left, right) = (left.settled(), right.settled());
        if Arc::ptr_eq(&left.tree, &right.tree) {
            return (left, right);
        }
        let (mut left_state, mut right_state) = locked(&left.tree, &right.tree);
        if let (State::Here(left_nodes), State::Here(right_nodes)) = (&mut *left_state, &mut *right_state) {
            // The smaller one moves: a tree that grows by single tokens stays where it is.
            if left_nodes.all.len() >= right_nodes.all.len() {
                let offset = left_nodes.absorb(std::mem::take(right_nodes));
                *right_state = State::Moved { into: Arc::clone(&left.tree), offset };
            } else {
                let offset = right_nodes.absorb(std::mem::take(left_nodes));
                *left_state = State::Moved { into: Arc::clone(&right.tree), offset };
            }
        }
    }
}
