//! The compiled form of a schema.

use std::collections::BTreeMap;
use std::sync::Arc;

use sekisho_expression::dotnet::Pattern;
use serde_json::Value;

use super::format::Format;

/// The place of a node in its set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Id(pub(super) usize);

/// Types of JSON Schema as a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Types(pub(super) u8);

pub(super) const NULL: u8 = 1;
pub(super) const BOOLEAN: u8 = 2;
pub(super) const INTEGER: u8 = 4;
pub(super) const NUMBER: u8 = 8;
pub(super) const STRING: u8 = 16;
pub(super) const ARRAY: u8 = 32;
pub(super) const OBJECT: u8 = 64;

/// The names of types, as messages show them.
const NAMES: [(u8, &str, &str); 7] = [
    (NULL, "null", "Null"),
    (BOOLEAN, "boolean", "Boolean"),
    (INTEGER, "integer", "Integer"),
    (NUMBER, "number", "Number"),
    (STRING, "string", "String"),
    (ARRAY, "array", "Array"),
    (OBJECT, "object", "Object"),
];

impl Types {
    pub(super) fn has(self, kind: u8) -> bool {
        self.0 & kind != 0
    }

    /// The type of a name in a schema.
    pub(super) fn of_name(name: &str) -> Option<Types> {
        NAMES.iter().find(|(_, known, _)| *known == name).map(|(kind, ..)| Types(*kind))
    }

    /// The type of a value; a whole number is an integer however it is written.
    pub(super) fn of(value: &Value) -> Types {
        Types(match value {
            Value::Null => NULL,
            Value::Bool(_) => BOOLEAN,
            Value::Number(number) if number.is_f64() => {
                if number.as_f64().is_some_and(|number| number.fract() == 0.0) { INTEGER } else { NUMBER }
            }
            Value::Number(_) => INTEGER,
            Value::String(_) => STRING,
            Value::Array(_) => ARRAY,
            Value::Object(_) => OBJECT,
        })
    }

    /// True when a value of type `kind` is one of these.
    pub(super) fn accept(self, kind: Types) -> bool {
        self.0 & kind.0 != 0 || (self.has(NUMBER) && kind.has(INTEGER))
    }

    /// `String, Null`
    pub(super) fn text(self) -> String {
        let named = NAMES.iter().filter(|(kind, ..)| self.has(*kind)).map(|(_, _, shown)| *shown);
        named.collect::<Vec<_>>().join(", ")
    }
}

/// Whether members that the schema does not name may be there.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Additional {
    /// Nothing is said.
    #[default]
    Unsaid,
    /// `false`
    Refused,
    /// `true`, or a schema for them.
    Allowed(Option<Id>),
}

/// One schema. Members are named after keywords.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// True when a reference leads here: its outcome is worth keeping during a check.
    pub(super) is_shared: bool,
    /// The name of a definition that is not there.
    pub(super) missing: Option<Arc<str>>,
    /// `$ref` with other keywords beside it.
    pub(super) reference: Option<Id>,
    pub(super) nullable: bool,
    pub(super) types: Option<Types>,
    pub(super) enumeration: Option<Vec<Value>>,
    pub(super) number: Option<Box<NumberRules>>,
    pub(super) text: Option<Box<TextRules>>,
    pub(super) array: Option<Box<ArrayRules>>,
    pub(super) items: Option<Id>,
    pub(super) object: Option<Box<ObjectRules>>,
    pub(super) all_of: Vec<Id>,
    pub(super) any_of: Vec<Id>,
    pub(super) one_of: Vec<Id>,
    pub(super) not: Option<Id>,
    pub(super) conditional: Option<Conditional>,
    /// `example`, `examples`, `default`: what a sample takes.
    pub(super) example: Option<Box<Value>>,
    pub(super) is_write_only: bool,
}

/// `if`, `then`, `else`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Conditional {
    pub(super) condition: Id,
    pub(super) then: Option<Id>,
    pub(super) otherwise: Option<Id>,
}

#[derive(Debug, Default)]
pub(super) struct NumberRules {
    pub(super) minimum: Option<f64>,
    pub(super) maximum: Option<f64>,
    pub(super) exclusive_minimum: Option<f64>,
    pub(super) exclusive_maximum: Option<f64>,
    pub(super) multiple_of: Option<f64>,
    pub(super) format: Option<Format>,
}

#[derive(Debug, Default)]
pub(super) struct TextRules {
    pub(super) minimum_length: Option<u64>,
    pub(super) maximum_length: Option<u64>,
    pub(super) pattern: Option<Arc<Pattern>>,
    pub(super) format: Option<Format>,
}

#[derive(Debug, Default)]
pub(super) struct ArrayRules {
    pub(super) prefix: Vec<Id>,
    pub(super) minimum: Option<u64>,
    pub(super) maximum: Option<u64>,
    pub(super) is_unique: bool,
    pub(super) contains: Option<Id>,
    pub(super) minimum_contains: Option<u64>,
    pub(super) maximum_contains: Option<u64>,
}

#[derive(Debug, Default)]
pub(super) struct ObjectRules {
    /// By name, each with its place in the document.
    pub(super) properties: BTreeMap<Box<str>, (usize, Id)>,
    pub(super) required: Vec<Box<str>>,
    pub(super) patterns: Vec<(Arc<Pattern>, Id)>,
    pub(super) additional: Additional,
    pub(super) names: Option<Id>,
    pub(super) minimum: Option<u64>,
    pub(super) maximum: Option<u64>,
    pub(super) dependent_required: Vec<(Box<str>, Vec<Box<str>>)>,
    pub(super) dependent: Vec<(Box<str>, Id)>,
}
