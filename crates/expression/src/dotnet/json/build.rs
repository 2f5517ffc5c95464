//! Values of .NET to trees: content given to constructors, and `FromObject`.

use super::node::{JToken, JTokenType, JValue};
use super::numbers::BigInteger;
use super::tree::{Children, Content, Id, NONE, Nodes};
use super::{MAX_DEPTH, NODE_BYTES, dates, edit, too_deep, writer};
use crate::call::Machine;
use crate::exception::Exception;
use crate::types::Type;
use crate::value::{Text, Value, collect};

/// The token type of a value given to `new JValue(object)`.
fn scalar_kind(value: &Value) -> Option<JTokenType> {
    Some(match value {
        Value::Null => JTokenType::Null,
        Value::String(_) => JTokenType::String,
        Value::Boolean(_) => JTokenType::Boolean,
        Value::Double(_) | Value::Single(_) | Value::Decimal(_) => JTokenType::Float,
        Value::DateTime(_) | Value::DateTimeOffset(_) => JTokenType::Date,
        Value::TimeSpan(_) => JTokenType::TimeSpan,
        Value::Guid(_) => JTokenType::Guid,
        Value::Bytes(_) => JTokenType::Bytes,
        Value::Char(_) => return None,
        Value::Object(object) if object.type_of() == Type::Named("System.Uri") => JTokenType::Uri,
        _ if value.downcast::<BigInteger>().is_some() => JTokenType::Integer,
        _ if value.as_integer().is_some() => JTokenType::Integer,
        _ => return None,
    })
}

/// `new JValue(object)`.
///
/// # Errors
/// `ArgumentException` for a value that is no scalar of JSON.
pub(super) fn scalar(value: Value) -> Result<JToken, Exception> {
    match scalar_kind(&value) {
        Some(kind) => Ok(JToken::scalar(kind, value)),
        None => {
            let message = format!("Could not determine JSON object type for type {}.", value.type_of());
            Err(Exception::argument(message, ""))
        }
    }
}

/// The implicit conversions to JToken: integers are kept as Int64, those of `T?` as they are.
pub(super) fn implicit(value: Value, was_nullable: bool) -> Result<JToken, Exception> {
    match &value {
        Value::UInt64(_) | Value::Enum(_) | Value::Char(_) => scalar(value),
        _ if was_nullable => scalar(value),
        _ => match value.as_integer().and_then(|number| i64::try_from(number).ok()) {
            Some(number) => scalar(Value::Int64(number)),
            None => scalar(value),
        },
    }
}

/// One piece of content: a token itself, else a scalar.
///
/// # Errors
/// As [`scalar`].
pub(super) fn content(value: Value) -> Result<JToken, Exception> {
    match value {
        Value::Json(token) => Ok(token),
        other => scalar(other),
    }
}

/// Whether content is a sequence whose elements are added one by one.
pub(super) fn is_sequence(value: &Value) -> bool {
    match value {
        Value::Array(_)
        | Value::List(_)
        | Value::Dictionary(_)
        | Value::HashSet(_)
        | Value::Enumerable(_) => true,
        Value::Object(object) => object.items().is_some(),
        _ => false,
    }
}

/// Adds content to a container at an index. The elements of a sequence take one place each, also those that are
/// sequences themselves: what follows a sequence in a sequence is put after its first element.
///
/// # Errors
/// As [`scalar`] and [`edit::insert`].
pub(super) fn add(
    container: &JToken,
    index: usize,
    value: Value,
    machine: &mut dyn Machine,
) -> Result<(), Exception> {
    add_nested(container, index, value, 0, machine)
}

fn add_nested(
    container: &JToken,
    index: usize,
    value: Value,
    depth: usize,
    machine: &mut dyn Machine,
) -> Result<(), Exception> {
    if depth > MAX_DEPTH {
        return Err(too_deep());
    }
    machine.budget().step()?;
    if is_sequence(&value) {
        for (at, item) in collect(&value, machine)?.into_iter().enumerate() {
            add_nested(container, index + at, item, depth + 1, machine)?;
        }
        return Ok(());
    }
    machine.budget().allocate(NODE_BYTES)?;
    charge_search(container, machine)?;
    edit::insert(container, index, content(value)?, machine)
}

/// Names are searched one after the other: large objects cost steps.
pub(super) fn charge_search(container: &JToken, machine: &mut dyn Machine) -> Result<(), Exception> {
    machine.budget().steps(container.count() as u64 / 16)
}

/// `JToken.FromObject`: a tree without parent. null gives a Null token.
///
/// # Errors
/// `JsonSerializationException` for objects without a JSON form; what sequences throw; exceeded limits.
pub fn from_value(value: &Value, machine: &mut dyn Machine) -> Result<JToken, Exception> {
    let mut builder = Builder { nodes: Nodes::default(), machine };
    let id = builder.value(value, NONE, 0)?;
    Ok(JToken::new(builder.nodes, id))
}

struct Builder<'m> {
    nodes: Nodes,
    machine: &'m mut dyn Machine,
}

impl Builder<'_> {
    fn value(&mut self, value: &Value, parent: Id, depth: usize) -> Result<Id, Exception> {
        if depth > MAX_DEPTH {
            return Err(too_deep());
        }
        self.machine.budget().step()?;
        self.machine.budget().allocate(NODE_BYTES)?;
        let scalar = |kind, value| Content::Scalar(JValue { kind, value });
        match value {
            Value::Json(token) if parent != NONE && token.kind() == JTokenType::Property => {
                let message = "Token PropertyName would result in an invalid JSON object.";
                Err(Exception::new("Newtonsoft.Json.JsonWriterException", message))
            }
            Value::Json(token) => edit::copy_into(token, parent, &mut self.nodes, self.machine),
            Value::Char(unit) => {
                let text = Value::String(Text::from_units(&[*unit]));
                Ok(self.nodes.push(parent, scalar(JTokenType::String, text)))
            }
            Value::Enum(number) => {
                Ok(self.nodes.push(parent, scalar(JTokenType::Integer, Value::Int64(number.value))))
            }
            Value::Anonymous(object) => {
                let names = object.shape.iter().map(|(name, _)| Text::from(&**name));
                self.object(names.zip(object.values.iter().cloned()), parent, depth)
            }
            Value::KeyValuePair(pair) => {
                let members = [("Key", pair.key.clone()), ("Value", pair.value.clone())];
                self.object(members.map(|(name, value)| (Text::from(name), value)).into_iter(), parent, depth)
            }
            Value::Tuple(tuple) => {
                let names = (1..=tuple.items.len()).map(|at| Text::from(format!("Item{at}")));
                self.object(names.zip(tuple.items.iter().cloned()), parent, depth)
            }
            Value::Dictionary(_) | Value::Host(_) => {
                let pairs = self.pairs(value)?;
                self.object(pairs.into_iter(), parent, depth)
            }
            _ => match scalar_kind(value) {
                Some(kind) => Ok(self.nodes.push(parent, scalar(kind, value.clone()))),
                None if is_sequence(value) => self.array(value, parent, depth),
                None => Err(without_form(value)),
            },
        }
    }

    fn array(&mut self, sequence: &Value, parent: Id, depth: usize) -> Result<Id, Exception> {
        let own = self.nodes.push(parent, Content::Array(Children::default()));
        let mut items = Vec::new();
        for item in collect(sequence, self.machine)? {
            items.push(self.value(&item, own, depth + 1)?);
        }
        edit::set_children(&mut self.nodes, own, items);
        Ok(own)
    }

    fn object(
        &mut self,
        members: impl Iterator<Item = (Text, Value)>,
        parent: Id,
        depth: usize,
    ) -> Result<Id, Exception> {
        let own = self.nodes.push(parent, Content::Object(Children::default()));
        let mut properties = Vec::new();
        for (name, value) in members {
            self.machine.budget().allocate(NODE_BYTES)?;
            let property = self.nodes.push(own, Content::Property { name, value: NONE });
            let value = self.value(&value, property, depth + 1)?;
            edit::set_children(&mut self.nodes, property, vec![value]);
            properties.push(property);
        }
        edit::set_children(&mut self.nodes, own, properties);
        Ok(own)
    }

    /// Pairs become properties named by their keys' text.
    fn pairs(&mut self, value: &Value) -> Result<Vec<(Text, Value)>, Exception> {
        let pairs = match collect(value, self.machine) {
            Err(thrown) if thrown.type_name() == "System.InvalidCastException" => {
                return Err(without_form(value));
            }
            collected => collected?,
        };
        let mut out = Vec::with_capacity(pairs.len());
        for pair in pairs {
            let Value::KeyValuePair(pair) = pair else { return Err(without_form(value)) };
            let name = match &pair.key {
                Value::Guid(bytes) => Text::from(writer::guid_text(bytes)),
                Value::DateTime(date) => Text::from(dates::date_time_text(*date)),
                Value::DateTimeOffset(date) => Text::from(dates::date_time_offset_text(*date)),
                key => crate::dotnet::text_of(key, self.machine)?,
            };
            out.push((name, pair.value.clone()));
        }
        Ok(out)
    }
}

fn without_form(value: &Value) -> Exception {
    let message = format!("Objects of the type '{}' have no JSON form here.", value.type_of());
    Exception::new("Newtonsoft.Json.JsonSerializationException", message)
}
