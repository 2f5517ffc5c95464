//! Changes to a tree. A token has one parent: adding one that has a parent already adds a copy.

use std::mem::replace;

use super::node::{JContent, JToken, JTokenType, JValue};
use super::{MAX_DEPTH, too_deep};
use crate::call::Machine;
use crate::exception::Exception;

fn json_exception(message: impl Into<String>) -> Exception {
    Exception::new("Newtonsoft.Json.JsonException", message)
}

fn missing_parent() -> Exception {
    Exception::invalid_operation("The parent is missing.")
}

/// `List<T>`'s message for a bad index.
pub(super) fn index_out_of_range() -> Exception {
    let message = "Index was out of range. Must be non-negative and less than the size of the collection.";
    Exception::argument_out_of_range("index", message)
}

/// `DeepClone()`: without parent.
///
/// # Errors
/// An exception that cannot be caught, when the tree is nested too deeply or the copy exceeds a limit.
pub(super) fn deep_clone(
    token: &JToken,
    depth: usize,
    machine: &mut dyn Machine,
) -> Result<JToken, Exception> {
    if depth > MAX_DEPTH {
        return Err(too_deep());
    }
    machine.budget().allocate(96)?;
    let clone_all = |items: &[JToken], machine: &mut dyn Machine| -> Result<Vec<JToken>, Exception> {
        items.iter().map(|item| deep_clone(item, depth + 1, machine)).collect()
    };
    Ok(match token.content() {
        JContent::Object(items) => JToken::object(clone_all(&items.lock(), machine)?),
        JContent::Array(items) => JToken::array(clone_all(&items.lock(), machine)?),
        JContent::Property { name, value } => {
            JToken::property(name.clone(), deep_clone(&value.lock(), depth + 1, machine)?)
        }
        JContent::Value(value) => {
            let JValue { kind, value } = value.lock().clone();
            JToken::scalar(kind, value)
        }
    })
}

/// The token itself when it may become a child of `container`, else a copy.
fn adopt(container: &JToken, item: JToken, machine: &mut dyn Machine) -> Result<JToken, Exception> {
    let is_ancestor = item.is_same(container) || (item.count() > 0 && container.root().is_same(&item));
    if item.parent().is_some() || is_ancestor { deep_clone(&item, 0, machine) } else { Ok(item) }
}

/// Objects take properties with new names, arrays and properties take values.
fn validate(container: &JToken, item: &JToken, replaced: Option<&JToken>) -> Result<(), Exception> {
    let cannot = || {
        let message = format!("Can not add {} to {}.", item.type_name(), container.type_name());
        Exception::argument(message, "")
    };
    let is_object = container.kind() == JTokenType::Object;
    match item.as_property() {
        Some((name, _)) if is_object => {
            let keeps_name = replaced.is_some_and(|replaced| replaced.is_named(name));
            if !keeps_name && container.find_property(name).is_some() {
                let class = container.type_name();
                let message = format!(
                    "Can not add property {name} to {class}. Property with the same name already exists on object."
                );
                return Err(Exception::argument(message, ""));
            }
            Ok(())
        }
        None if !is_object => Ok(()),
        _ => Err(cannot()),
    }
}

/// Inserts a token; into a property nothing can be inserted.
///
/// # Errors
/// `ArgumentException`, `ArgumentOutOfRangeException`, `JsonException` as in Newtonsoft.Json.
pub(super) fn insert(
    container: &JToken,
    index: usize,
    item: JToken,
    machine: &mut dyn Machine,
) -> Result<(), Exception> {
    let item = adopt(container, item, machine)?;
    match container.content() {
        JContent::Object(items) | JContent::Array(items) => {
            validate(container, &item, None)?;
            let mut items = items.lock();
            if index > items.len() {
                let message = "Index must be within the bounds of the List.";
                return Err(Exception::argument_out_of_range("index", message));
            }
            item.set_parent(Some(container));
            items.insert(index, item);
            Ok(())
        }
        JContent::Property { .. } => {
            Err(json_exception(format!("{} cannot have multiple values.", container.type_name())))
        }
        JContent::Value(_) => {
            Err(Exception::invalid_operation(format!("Cannot add a child to {}.", container.type_name())))
        }
    }
}

/// Adds a token at the end.
///
/// # Errors
/// As [`insert`].
pub(super) fn append(container: &JToken, item: JToken, machine: &mut dyn Machine) -> Result<(), Exception> {
    insert(container, container.count(), item, machine)
}

/// Replaces the child at an index.
///
/// # Errors
/// `ArgumentOutOfRangeException`; as [`insert`].
pub(super) fn set_at(
    container: &JToken,
    index: usize,
    item: JToken,
    machine: &mut dyn Machine,
) -> Result<(), Exception> {
    let Some(old) = container.children().get(index).cloned() else { return Err(index_out_of_range()) };
    if old.is_same(&item) || is_unchanged(&old, &item) {
        return Ok(());
    }
    let item = adopt(container, item, machine)?;
    validate(container, &item, Some(&old))?;
    item.set_parent(Some(container));
    match container.content() {
        JContent::Object(items) | JContent::Array(items) => {
            if let Some(slot) = items.lock().get_mut(index) {
                *slot = item;
            }
        }
        JContent::Property { value, .. } => {
            let previous = replace(&mut *value.lock(), item);
            drop(previous);
        }
        JContent::Value(_) => {}
    }
    old.set_parent(None);
    Ok(())
}

/// An equal scalar is not put in the place of another.
fn is_unchanged(old: &JToken, new: &JToken) -> bool {
    matches!((old.content(), new.content()), (JContent::Value(_), JContent::Value(_)))
        && old.kind() != JTokenType::Raw
        && old.equals(new)
}

/// `JObject[name] = value`: changes the property or adds one.
///
/// # Errors
/// As [`insert`].
pub(super) fn set_named(
    object: &JToken,
    name: &crate::value::Text,
    value: JToken,
    machine: &mut dyn Machine,
) -> Result<(), Exception> {
    match object.find_property(name) {
        Some(property) => set_at(&property, 0, value, machine),
        None => {
            let property = new_property(name.clone(), value, machine)?;
            append(object, property, machine)
        }
    }
}

/// A property around a value, which is copied when it has a parent.
///
/// # Errors
/// `ArgumentException` when the value is a property.
pub(super) fn new_property(
    name: crate::value::Text,
    value: JToken,
    machine: &mut dyn Machine,
) -> Result<JToken, Exception> {
    if value.kind() == JTokenType::Property {
        let class = "Newtonsoft.Json.Linq.JProperty";
        return Err(Exception::argument(format!("Can not add {class} to {class}."), ""));
    }
    let value = if value.parent().is_some() { deep_clone(&value, 0, machine)? } else { value };
    Ok(JToken::property(name, value))
}

/// Removes the child at an index.
///
/// # Errors
/// `ArgumentOutOfRangeException`; `JsonException` for the value of a property.
pub(super) fn remove_at(container: &JToken, index: usize) -> Result<(), Exception> {
    let removed = match container.content() {
        JContent::Object(items) | JContent::Array(items) => {
            let mut items = items.lock();
            if index >= items.len() {
                return Err(index_out_of_range());
            }
            items.remove(index)
        }
        JContent::Property { .. } | JContent::Value(_) => {
            let message = format!("Cannot add or remove items from {}.", container.type_name());
            return Err(json_exception(message));
        }
    };
    removed.set_parent(None);
    Ok(())
}

/// Removes all children.
///
/// # Errors
/// As [`remove_at`].
pub(super) fn clear(container: &JToken) -> Result<(), Exception> {
    match container.content() {
        JContent::Object(items) | JContent::Array(items) => {
            let removed = std::mem::take(&mut *items.lock());
            removed.iter().for_each(|item| item.set_parent(None));
            Ok(())
        }
        _ => remove_at(container, 0),
    }
}

/// The place of a child by identity.
pub(super) fn index_of(container: &JToken, item: &JToken) -> Option<usize> {
    match container.content() {
        JContent::Object(items) | JContent::Array(items) => {
            items.lock().iter().position(|child| child.is_same(item))
        }
        JContent::Property { value, .. } => value.lock().is_same(item).then_some(0),
        JContent::Value(_) => None,
    }
}

/// The parent and the place in it.
///
/// # Errors
/// `InvalidOperationException` without a parent.
pub(super) fn place(token: &JToken) -> Result<(JToken, usize), Exception> {
    let parent = token.parent().ok_or_else(missing_parent)?;
    let index = index_of(&parent, token).ok_or_else(missing_parent)?;
    Ok((parent, index))
}

/// `Remove()`.
///
/// # Errors
/// `InvalidOperationException` without a parent, `JsonException` for the value of a property.
pub(super) fn remove(token: &JToken) -> Result<(), Exception> {
    let (parent, index) = place(token)?;
    remove_at(&parent, index)
}

/// `Replace(value)`.
///
/// # Errors
/// `InvalidOperationException` without a parent; as [`set_at`].
pub(super) fn replace_token(
    token: &JToken,
    value: JToken,
    machine: &mut dyn Machine,
) -> Result<(), Exception> {
    let (parent, index) = place(token)?;
    set_at(&parent, index, value, machine)
}
