//! The tree behind JToken: nodes are shared and changed in place, and know their parent.

use std::fmt;
use std::sync::{Arc, LazyLock, Weak};

use parking_lot::Mutex;

use crate::value::{Key, KeyComparer, Text, Value};

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

/// What a node holds.
pub enum JContent {
    /// Properties (nodes of [`JContent::Property`]) in order.
    Object(Mutex<Vec<JToken>>),
    /// Elements.
    Array(Mutex<Vec<JToken>>),
    /// A property of an object.
    Property {
        /// `Name`.
        name: Text,
        /// `Value`.
        value: Mutex<JToken>,
    },
    /// A scalar.
    Value(Mutex<JValue>),
}

struct Node {
    parent: Mutex<Weak<Node>>,
    content: JContent,
}

/// A reference to a node of a JSON tree.
#[derive(Clone)]
pub struct JToken(Arc<Node>);

/// Stands in for the value of a property that is being taken apart.
static DETACHED: LazyLock<JToken> = LazyLock::new(JToken::null);

impl Node {
    /// Moves out the children that have children of their own.
    fn take_children(&mut self, taken: &mut Vec<JToken>) {
        match &mut self.content {
            JContent::Object(items) | JContent::Array(items) => {
                let items = std::mem::take(items.get_mut());
                taken.extend(items.into_iter().filter(|item| !item.is_shallow()));
            }
            JContent::Property { value, .. } => {
                let value = value.get_mut();
                if !matches!(value.content(), JContent::Value(_)) {
                    taken.push(std::mem::replace(value, DETACHED.clone()));
                }
            }
            JContent::Value(_) => {}
        }
    }
}

/// A deep tree is taken apart in a loop: recursion would exhaust the stack.
impl Drop for Node {
    fn drop(&mut self) {
        let mut pending = Vec::new();
        self.take_children(&mut pending);
        while let Some(JToken(node)) = pending.pop() {
            if let Some(mut node) = Arc::into_inner(node) {
                node.take_children(&mut pending);
            }
        }
    }
}

impl JToken {
    /// A node without a parent. Children that already have one must be cloned before.
    pub fn new(content: JContent) -> Self {
        let token = Self(Arc::new(Node { parent: Mutex::new(Weak::new()), content }));
        match token.content() {
            JContent::Object(items) | JContent::Array(items) => {
                items.lock().iter().for_each(|child| child.set_parent(Some(&token)));
            }
            JContent::Property { value, .. } => value.lock().set_parent(Some(&token)),
            JContent::Value(_) => {}
        }
        token
    }

    /// A JObject of properties without parents and with different names.
    pub fn object(properties: Vec<JToken>) -> Self {
        Self::new(JContent::Object(Mutex::new(properties)))
    }

    /// A JArray of tokens without parents.
    pub fn array(items: Vec<JToken>) -> Self {
        Self::new(JContent::Array(Mutex::new(items)))
    }

    /// A JProperty with a value without parent.
    pub fn property(name: Text, value: JToken) -> Self {
        Self::new(JContent::Property { name, value: Mutex::new(value) })
    }

    /// A scalar that becomes a child of `parent`, which gets it by [`JToken::fill`].
    pub(super) fn scalar_under(parent: &JToken, kind: JTokenType, value: Value) -> Self {
        let content = JContent::Value(Mutex::new(JValue { kind, value }));
        Self(Arc::new(Node { parent: Mutex::new(Arc::downgrade(&parent.0)), content }))
    }

    /// A property with a scalar that becomes a child of `parent`, which gets it by [`JToken::fill`].
    pub(super) fn property_under(parent: &JToken, name: Text, kind: JTokenType, value: Value) -> Self {
        Self(Arc::new_cyclic(|own| {
            let content = JContent::Value(Mutex::new(JValue { kind, value }));
            let value = JToken(Arc::new(Node { parent: Mutex::new(own.clone()), content }));
            let content = JContent::Property { name, value: Mutex::new(value) };
            Node { parent: Mutex::new(Arc::downgrade(&parent.0)), content }
        }))
    }

    /// Gives a new container its children, whose parent it is already: large trees are touched only once.
    pub(super) fn fill(&self, children: Vec<JToken>) {
        if let JContent::Object(items) | JContent::Array(items) = self.content() {
            *items.lock() = children;
        }
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
        Self::new(JContent::Value(Mutex::new(JValue { kind, value })))
    }

    /// What it holds.
    pub fn content(&self) -> &JContent {
        &self.0.content
    }

    /// `Parent`.
    pub fn parent(&self) -> Option<JToken> {
        self.0.parent.lock().upgrade().map(JToken)
    }

    /// True for a scalar and for a property with one: nothing nested hangs on them.
    fn is_shallow(&self) -> bool {
        match self.content() {
            JContent::Value(_) => true,
            JContent::Property { value, .. } => matches!(value.lock().content(), JContent::Value(_)),
            _ => false,
        }
    }

    /// Links or unlinks the parent; the parent's own list is the caller's business.
    pub fn set_parent(&self, parent: Option<&JToken>) {
        *self.0.parent.lock() = parent.map_or_else(Weak::new, |parent| Arc::downgrade(&parent.0));
    }

    /// `Children()`: properties, elements, or the value of a property.
    pub fn children(&self) -> Vec<JToken> {
        match self.content() {
            JContent::Object(items) | JContent::Array(items) => items.lock().clone(),
            JContent::Property { value, .. } => vec![value.lock().clone()],
            JContent::Value(_) => Vec::new(),
        }
    }

    /// Name and value of a property.
    pub fn as_property(&self) -> Option<(&Text, JToken)> {
        match self.content() {
            JContent::Property { name, value } => Some((name, value.lock().clone())),
            _ => None,
        }
    }

    /// Type and value of a scalar.
    pub fn as_scalar(&self) -> Option<JValue> {
        match self.content() {
            JContent::Value(value) => Some(value.lock().clone()),
            _ => None,
        }
    }

    /// The value of a property of an object; the comparison of names is ordinal.
    pub fn get(&self, name: &str) -> Option<JToken> {
        self.find_property(name).and_then(|property| property.as_property().map(|(_, value)| value))
    }

    /// The property of an object.
    pub fn find_property(&self, name: &str) -> Option<JToken> {
        match self.content() {
            JContent::Object(items) => items.lock().iter().find(|property| property.is_named(name)).cloned(),
            _ => None,
        }
    }

    /// True for a property with this name.
    pub fn is_named(&self, name: &str) -> bool {
        matches!(self.content(), JContent::Property { name: own, .. } if own.as_str() == name)
    }

    /// How many children there are.
    pub fn count(&self) -> usize {
        match self.content() {
            JContent::Object(items) | JContent::Array(items) => items.lock().len(),
            JContent::Property { .. } => 1,
            JContent::Value(_) => 0,
        }
    }

    /// `Root`.
    pub fn root(&self) -> JToken {
        let mut root = self.clone();
        while let Some(parent) = root.parent() {
            root = parent;
        }
        root
    }

    /// `Type`.
    pub fn kind(&self) -> JTokenType {
        match self.content() {
            JContent::Object(_) => JTokenType::Object,
            JContent::Array(_) => JTokenType::Array,
            JContent::Property { .. } => JTokenType::Property,
            JContent::Value(value) => value.lock().kind,
        }
    }

    /// The full name of its class.
    pub fn type_name(&self) -> &'static str {
        match self.kind() {
            JTokenType::Object => "Newtonsoft.Json.Linq.JObject",
            JTokenType::Array => "Newtonsoft.Json.Linq.JArray",
            JTokenType::Property => "Newtonsoft.Json.Linq.JProperty",
            JTokenType::Constructor => "Newtonsoft.Json.Linq.JConstructor",
            JTokenType::Raw => "Newtonsoft.Json.Linq.JRaw",
            _ => "Newtonsoft.Json.Linq.JValue",
        }
    }

    /// True when both are one node.
    pub fn is_same(&self, other: &JToken) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The node's identity.
    pub fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    /// `Equals`: scalars by type and value, containers by identity.
    pub fn equals(&self, other: &JToken) -> bool {
        if self.is_same(other) {
            return true;
        }
        let (JContent::Value(left), JContent::Value(right)) = (self.content(), other.content()) else {
            return false;
        };
        let (left, right) = (left.lock().clone(), right.lock().clone());
        super::compare::scalars_equal(&left, &right)
    }

    /// As a key of a dictionary.
    pub fn key(&self) -> Key {
        match self.content() {
            JContent::Value(value) => value.lock().value.key(KeyComparer::Default),
            _ => Key::Reference(self.address()),
        }
    }
}

impl fmt::Debug for JToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Bodies stay out of logs.
        write!(f, "<{}>", self.type_name())
    }
}
