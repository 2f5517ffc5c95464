//! JToken: a reference to a node of a tree, and what every token answers.

use std::fmt;

use super::tree::{Children, Constructor, Content, Id, NONE, Nodes, Place, read_both};
use crate::call::Machine;
use crate::exception::Exception;
use crate::value::{Iterate, Key, KeyComparer, Text, Value};

/// `Newtonsoft.Json.Linq.JTokenType`, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum JTokenType {
    None,
    Object,
    Array,
    Constructor,
    Property,
    Comment,
    Integer,
    Float,
    String,
    Boolean,
    Null,
    Undefined,
    Date,
    Raw,
    Bytes,
    Guid,
    Uri,
    TimeSpan,
}

/// A scalar: the token type and the .NET value (Int64, Double, String, Boolean, DateTime …; null for Null).
#[derive(Clone, Debug)]
pub struct JValue {
    /// `Type`.
    pub kind: JTokenType,
    /// `Value`.
    pub value: Value,
}

/// A reference to a token; the tree is shared and changed in place.
#[derive(Clone)]
pub struct JToken(pub(super) Place);

impl JToken {
    /// A token of a new tree.
    pub(super) fn new(nodes: Nodes, id: Id) -> Self {
        Self(Place::new(nodes, id))
    }

    /// A token of one node.
    pub(super) fn single(content: Content) -> Self {
        let mut nodes = Nodes::default();
        let id = nodes.push(NONE, content);
        Self::new(nodes, id)
    }

    /// `new JObject()`.
    pub fn object() -> Self {
        Self::single(Content::Object(Children::default()))
    }

    /// `new JArray()`.
    pub fn array() -> Self {
        Self::single(Content::Array(Children::default()))
    }

    /// `new JConstructor(name)`.
    pub(super) fn constructor(name: Option<Text>) -> Self {
        let constructor = Constructor { name, arguments: Children::default() };
        Self::single(Content::Constructor(Box::new(constructor)))
    }

    /// A JValue of the type Null.
    pub fn null() -> Self {
        Self::scalar(JTokenType::Null, Value::Null)
    }

    /// A JValue of the type String.
    pub fn string(text: Text) -> Self {
        Self::scalar(JTokenType::String, Value::String(text))
    }

    /// A scalar.
    pub fn scalar(kind: JTokenType, value: Value) -> Self {
        Self::single(Content::Scalar(JValue { kind, value }))
    }

    fn at(place: &Place, id: Id) -> Self {
        Self(place.of(id))
    }

    fn related(&self, find: impl FnOnce(&Nodes, Id) -> Option<Id>) -> Option<JToken> {
        self.0.read(|nodes, place| find(nodes, place.id).map(|id| Self::at(place, id)))
    }

    /// `Parent`.
    pub fn parent(&self) -> Option<JToken> {
        self.related(Nodes::parent)
    }

    /// `Root`.
    pub fn root(&self) -> JToken {
        self.0.read(|nodes, place| Self::at(place, nodes.root(place.id)))
    }

    /// `Children()`: properties, elements, or the value of a property.
    pub fn children(&self) -> Vec<JToken> {
        self.0.read(|nodes, place| nodes.children(place.id).iter().map(|id| Self::at(place, *id)).collect())
    }

    /// The child at an index.
    pub fn child(&self, index: usize) -> Option<JToken> {
        self.related(|nodes, id| nodes.children(id).get(index).copied())
    }

    /// `First` of a container.
    pub(super) fn first(&self) -> Option<JToken> {
        self.related(|nodes, id| nodes.children(id).first().copied())
    }

    /// `Last` of a container.
    pub(super) fn last(&self) -> Option<JToken> {
        self.related(|nodes, id| nodes.children(id).last().copied())
    }

    /// The neighbour so many places further in the parent.
    pub(super) fn neighbour(&self, offset: isize) -> Option<JToken> {
        self.related(|nodes, id| {
            let (parent, index) = nodes.place(id)?;
            nodes.children(parent).get(index.checked_add_signed(offset)?).copied()
        })
    }

    /// All below in document order.
    pub(super) fn descendants(&self, with_self: bool) -> Vec<JToken> {
        self.0.read(|nodes, place| {
            let mut out = Vec::new();
            let mut pending = vec![place.id];
            while let Some(next) = pending.pop() {
                pending.extend(nodes.children(next).iter().rev());
                if with_self || next != place.id {
                    out.push(Self::at(place, next));
                }
            }
            out
        })
    }

    /// Name and value of a property.
    pub fn as_property(&self) -> Option<(Text, JToken)> {
        self.0.read(|nodes, place| match nodes.content(place.id) {
            Content::Property { name, value } => Some((name.clone(), Self::at(place, *value))),
            _ => None,
        })
    }

    /// Name and value of an object's properties.
    pub fn properties(&self) -> Vec<(Text, JToken)> {
        self.0.read(|nodes, place| {
            let property = |id: &Id| match nodes.content(*id) {
                Content::Property { name, value } => Some((name.clone(), Self::at(place, *value))),
                _ => None,
            };
            nodes.children(place.id).iter().filter_map(property).collect()
        })
    }

    /// The name of a property or constructor.
    pub fn name(&self) -> Option<Text> {
        self.0.read(|nodes, place| match nodes.content(place.id) {
            Content::Property { name, .. } => Some(name.clone()),
            Content::Constructor(constructor) => constructor.name.clone(),
            _ => None,
        })
    }

    /// Type and value of a scalar.
    pub fn as_scalar(&self) -> Option<JValue> {
        self.0.read(|nodes, place| nodes.scalar(place.id).cloned())
    }

    /// The scalar, also of a property; or what else it is.
    pub(super) fn scalar_or_kind(&self) -> Result<JValue, JTokenType> {
        self.0.read(|nodes, place| {
            let id = match nodes.content(place.id) {
                Content::Property { value, .. } => *value,
                _ => place.id,
            };
            nodes.scalar(id).cloned().ok_or_else(|| nodes.kind(id))
        })
    }

    /// The value of a property of an object; the comparison of names is ordinal.
    pub fn get(&self, name: &str) -> Option<JToken> {
        self.related(|nodes, id| nodes.value(id, name))
    }

    /// The value of a property and how many there are; none for other tokens than objects.
    pub(super) fn look_up(&self, name: &str) -> Option<(Option<JToken>, usize)> {
        self.0.read(|nodes, place| match nodes.content(place.id) {
            Content::Object(properties) => {
                let found = nodes.value(place.id, name).map(|id| Self::at(place, id));
                Some((found, properties.ids.len()))
            }
            _ => None,
        })
    }

    /// The property of an object.
    pub fn find_property(&self, name: &str) -> Option<JToken> {
        self.related(|nodes, id| nodes.property(id, name))
    }

    /// How many children there are.
    pub fn count(&self) -> usize {
        self.0.read(|nodes, place| nodes.children(place.id).len())
    }

    /// `Type`.
    pub fn kind(&self) -> JTokenType {
        self.0.read(|nodes, place| nodes.kind(place.id))
    }

    /// True for everything but a JValue.
    pub fn is_container(&self) -> bool {
        self.0.read(|nodes, place| nodes.scalar(place.id).is_none())
    }

    /// The full name of its class.
    pub fn type_name(&self) -> &'static str {
        class_name(self.kind())
    }

    /// True when both are one node.
    pub fn is_same(&self, other: &JToken) -> bool {
        self.0.is_same(&other.0)
    }

    /// The node's identity.
    pub fn address(&self) -> usize {
        usize::try_from(self.0.identity()).unwrap_or(usize::MAX)
    }

    /// `Equals`: scalars by type and value, containers by identity.
    pub fn equals(&self, other: &JToken) -> bool {
        self.is_same(other)
            || read_both(&self.0, &other.0, |(left, left_id), (right, right_id)| {
                match (left.scalar(left_id), right.scalar(right_id)) {
                    (Some(left), Some(right)) => super::compare::scalars_equal(left, right),
                    _ => false,
                }
            })
    }

    /// As a key of a dictionary.
    pub fn key(&self) -> Key {
        match self.as_scalar() {
            Some(scalar) => scalar.value.key(KeyComparer::Default),
            None => Key::Reference(self.address()),
        }
    }

    /// Walks over the children, which must not be added or removed meanwhile.
    pub(crate) fn walk(&self) -> Box<dyn Iterate> {
        let version = self.0.read(|nodes, place| nodes.version(place.id));
        Box::new(Walk { token: self.clone(), at: 0, version })
    }
}

/// The full name of the class for a token type.
pub(super) fn class_name(kind: JTokenType) -> &'static str {
    match kind {
        JTokenType::Object => "Newtonsoft.Json.Linq.JObject",
        JTokenType::Array => "Newtonsoft.Json.Linq.JArray",
        JTokenType::Property => "Newtonsoft.Json.Linq.JProperty",
        JTokenType::Constructor => "Newtonsoft.Json.Linq.JConstructor",
        JTokenType::Raw => "Newtonsoft.Json.Linq.JRaw",
        _ => "Newtonsoft.Json.Linq.JValue",
    }
}

struct Walk {
    token: JToken,
    at: usize,
    version: u32,
}

impl Iterate for Walk {
    fn next(&mut self, machine: &mut dyn Machine) -> Result<Option<Value>, Exception> {
        machine.budget().step()?;
        let (version, child) = self.token.0.read(|nodes, place| {
            let child = nodes.children(place.id).get(self.at).map(|id| JToken::at(place, *id));
            (nodes.version(place.id), child)
        });
        if version != self.version {
            return Err(Exception::invalid_operation(
                "Collection was modified; enumeration operation may not execute.",
            ));
        }
        self.at += 1;
        Ok(child.map(Value::Json))
    }
}

impl fmt::Debug for JToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Bodies stay out of logs.
        write!(f, "<{}>", self.type_name())
    }
}
