//! Arrays: making them, and their elements.

use super::Frame;
use crate::exception::Exception;
use crate::program::Node;
use crate::types::Type;
use crate::value::Value;

impl<'f> Frame<'f> {
    pub(super) fn array(&mut self, node: &'f Node) -> Result<Value, Exception> {
        match node {
            Node::NewArray { element, length } => {
                let length = self.eval(length)?.as_integer().unwrap_or(0);
                let length = usize::try_from(length)
                    .map_err(|_| Exception::overflow("Array dimensions exceeded supported range."))?;
                let size = if *element == Type::Byte { 1 } else { size_of::<Value>() };
                self.machine.budget().allocate(length.saturating_mul(size))?;
                if *element == Type::Byte {
                    return Ok(Value::bytes(vec![0; length]));
                }
                Ok(Value::array(element.clone(), vec![element.default_value(); length]))
            }
            Node::ArrayItems { element, items } => {
                self.machine.budget().allocate(items.len() * size_of::<Value>())?;
                let mut values = Vec::with_capacity(items.len());
                for item in items {
                    values.push(self.eval(item)?);
                }
                Ok(Value::array(element.clone(), values))
            }
            Node::Length(array) => {
                let length = match self.eval(array)? {
                    Value::Array(array) => array.items.lock().len(),
                    Value::Bytes(bytes) => bytes.lock().len(),
                    _ => return Err(Exception::null_reference()),
                };
                Ok(Value::Int32(i32::try_from(length).unwrap_or(i32::MAX)))
            }
            Node::Element(parts) => {
                let array = self.eval(&parts.0)?;
                let index = self.eval(&parts.1)?;
                if array.is_null() {
                    return Err(Exception::null_reference());
                }
                let index = position(&index)?;
                let found = match &array {
                    Value::Array(array) => array.items.lock().get(index).cloned(),
                    Value::Bytes(bytes) => bytes.lock().get(index).map(|byte| Value::Byte(*byte)),
                    _ => None,
                };
                found.ok_or_else(Exception::index_out_of_range)
            }
            _ => Ok(Value::Null),
        }
    }
}

/// An index into an array.
fn position(index: &Value) -> Result<usize, Exception> {
    let index = index.as_integer().and_then(|index| usize::try_from(index).ok());
    index.ok_or_else(Exception::index_out_of_range)
}

pub(super) fn set_element(array: &Value, index: &Value, value: Value) -> Result<Value, Exception> {
    if array.is_null() {
        return Err(Exception::null_reference());
    }
    let index = position(index)?;
    match array {
        Value::Array(array) => {
            let mut items = array.items.lock();
            let slot = items.get_mut(index).ok_or_else(Exception::index_out_of_range)?;
            array.check(&value)?;
            let before = std::mem::replace(slot, value.clone());
            drop(items);
            drop(before);
        }
        Value::Bytes(bytes) => {
            let mut bytes = bytes.lock();
            let slot = bytes.get_mut(index).ok_or_else(Exception::index_out_of_range)?;
            if let Value::Byte(byte) = value {
                *slot = byte;
            }
        }
        _ => return Err(Exception::null_reference()),
    }
    Ok(value)
}
