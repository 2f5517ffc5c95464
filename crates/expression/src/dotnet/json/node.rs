//! The tree behind JToken: nodes are shared and changed in place, and know their parent.

use std::fmt;
use std::sync::{Arc, Weak};

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

impl JToken {
    /// A node without a parent. Children that already have one must be cloned before.
    pub fn new(content: JContent) -> Self {
        let token = Self(Arc::new(Node { parent: Mutex::new(Weak::new()), content }));
        for child in token.children() {
            child.set_parent(Some(&token));
        }
        token
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
        left.kind == right.kind && left.value.equals(&right.value)
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
