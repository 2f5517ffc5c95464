//! The nodes of one arena.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::dotnet::json::node::{JTokenType, JValue};
use crate::value::{Text, Value};

/// The number of a node in its arena.
pub(in crate::dotnet::json) type Id = u32;
/// No node: the parent of a root.
pub(in crate::dotnet::json) const NONE: Id = Id::MAX;

/// A node.
pub(in crate::dotnet::json) struct Node {
    /// The container it is in, or [`NONE`].
    pub(in crate::dotnet::json) parent: Id,
    pub(in crate::dotnet::json) content: Content,
}

/// What a node holds.
pub(in crate::dotnet::json) enum Content {
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
pub(in crate::dotnet::json) struct Children {
    pub(in crate::dotnet::json) ids: Vec<Id>,
    /// Counts changes: a walk that meets one ends with an exception.
    pub(in crate::dotnet::json) version: u32,
}

/// `JConstructor`.
#[derive(Default)]
pub(in crate::dotnet::json) struct Constructor {
    pub(in crate::dotnet::json) name: Option<Text>,
    pub(in crate::dotnet::json) arguments: Children,
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
pub(in crate::dotnet::json) struct Nodes {
    all: Vec<Node>,
    /// Identities that were asked for: they outlast a move to another arena.
    identities: Option<HashMap<Id, u64>>,
}

impl Nodes {
    /// Adds a node; its parent's list is the caller's business.
    pub(in crate::dotnet::json) fn push(&mut self, parent: Id, content: Content) -> Id {
        let id = Id::try_from(self.all.len()).unwrap_or(NONE);
        self.all.push(Node { parent, content });
        id
    }

    pub(in crate::dotnet::json) fn reserve(&mut self, count: usize) {
        self.all.reserve(count);
    }

    #[inline]
    pub(in crate::dotnet::json) fn node(&self, id: Id) -> &Node {
        self.all.get(id as usize).unwrap_or(&MISSING)
    }

    #[inline]
    pub(in crate::dotnet::json) fn content(&self, id: Id) -> &Content {
        &self.node(id).content
    }

    pub(in crate::dotnet::json) fn content_mut(&mut self, id: Id) -> Option<&mut Content> {
        self.all.get_mut(id as usize).map(|node| &mut node.content)
    }

    pub(in crate::dotnet::json) fn parent(&self, id: Id) -> Option<Id> {
        Some(self.node(id).parent).filter(|parent| *parent != NONE)
    }

    pub(in crate::dotnet::json) fn set_parent(&mut self, id: Id, parent: Id) {
        if let Some(node) = self.all.get_mut(id as usize) {
            node.parent = parent;
        }
    }

    /// Properties, elements, arguments, or the value of a property.
    pub(in crate::dotnet::json) fn children(&self, id: Id) -> &[Id] {
        match self.content(id) {
            Content::Object(children) | Content::Array(children) => &children.ids,
            Content::Constructor(constructor) => &constructor.arguments.ids,
            Content::Property { value, .. } => std::slice::from_ref(value),
            Content::Scalar(_) => &[],
        }
    }

    /// The list of a container that can grow and shrink.
    pub(in crate::dotnet::json) fn list_mut(&mut self, id: Id) -> Option<&mut Children> {
        match self.content_mut(id)? {
            Content::Object(children) | Content::Array(children) => Some(children),
            Content::Constructor(constructor) => Some(&mut constructor.arguments),
            _ => None,
        }
    }

    /// How often the list of a container was changed.
    pub(in crate::dotnet::json) fn version(&self, id: Id) -> u32 {
        match self.content(id) {
            Content::Object(children) | Content::Array(children) => children.version,
            Content::Constructor(constructor) => constructor.arguments.version,
            _ => 0,
        }
    }

    /// The property of an object with exactly this name.
    pub(in crate::dotnet::json) fn property(&self, object: Id, name: &str) -> Option<Id> {
        let Content::Object(properties) = self.content(object) else { return None };
        properties.ids.iter().copied().find(|id| self.name(*id).is_some_and(|own| own.as_str() == name))
    }

    /// The value of an object's property.
    pub(in crate::dotnet::json) fn value(&self, object: Id, name: &str) -> Option<Id> {
        self.property(object, name).and_then(|property| self.children(property).first().copied())
    }

    /// The name of a property.
    pub(in crate::dotnet::json) fn name(&self, id: Id) -> Option<&Text> {
        match self.content(id) {
            Content::Property { name, .. } => Some(name),
            _ => None,
        }
    }

    pub(in crate::dotnet::json) fn scalar(&self, id: Id) -> Option<&JValue> {
        match self.content(id) {
            Content::Scalar(value) => Some(value),
            _ => None,
        }
    }

    pub(in crate::dotnet::json) fn kind(&self, id: Id) -> JTokenType {
        match self.content(id) {
            Content::Object(_) => JTokenType::Object,
            Content::Array(_) => JTokenType::Array,
            Content::Constructor(_) => JTokenType::Constructor,
            Content::Property { .. } => JTokenType::Property,
            Content::Scalar(value) => value.kind,
        }
    }

    /// The parent and the place in it.
    pub(in crate::dotnet::json) fn place(&self, id: Id) -> Option<(Id, usize)> {
        let parent = self.parent(id)?;
        let index = self.children(parent).iter().position(|child| *child == id)?;
        Some((parent, index))
    }

    pub(in crate::dotnet::json) fn root(&self, id: Id) -> Id {
        let mut root = id;
        while let Some(parent) = self.parent(root) {
            root = parent;
        }
        root
    }

    /// A number for the node that no other node has.
    pub(super) fn identity(&mut self, id: Id) -> u64 {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let known = self.identities.get_or_insert_default();
        *known.entry(id).or_insert_with(|| NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// How many nodes there are.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// Takes over another arena, whose numbers grow by the result.
    pub(super) fn absorb(&mut self, other: Nodes) -> Id {
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
