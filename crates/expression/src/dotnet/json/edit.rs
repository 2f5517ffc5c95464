//! Changes to a tree. A token has one parent: adding one that has a parent already adds a copy.

use super::node::{JToken, JTokenType, JValue, class_name};
use super::tree::{Children, Constructor, Content, Id, NONE, Nodes, unite};
use super::{MAX_DEPTH, NODE_BYTES, compare, too_deep};
use crate::budget::Budget;
use crate::call::Machine;
use crate::exception::Exception;
use crate::value::Text;

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
pub(super) fn deep_clone(token: &JToken, machine: &mut dyn Machine) -> Result<JToken, Exception> {
    let mut copied = Nodes::default();
    let id = copy_into(token, NONE, &mut copied, machine)?;
    Ok(JToken::new(copied, id))
}

/// Copies a token and all below to another arena.
///
/// # Errors
/// As [`deep_clone`].
pub(super) fn copy_into(
    token: &JToken,
    parent: Id,
    to: &mut Nodes,
    machine: &mut dyn Machine,
) -> Result<Id, Exception> {
    token.0.read(|from, place| copy(from, place.id, parent, to, 0, machine.budget()))
}

fn copy(
    from: &Nodes,
    id: Id,
    parent: Id,
    to: &mut Nodes,
    depth: usize,
    budget: &mut Budget,
) -> Result<Id, Exception> {
    if depth > MAX_DEPTH {
        return Err(too_deep());
    }
    budget.step()?;
    budget.allocate(NODE_BYTES)?;
    let empty = match from.content(id) {
        Content::Object(_) => Content::Object(Children::default()),
        Content::Array(_) => Content::Array(Children::default()),
        Content::Constructor(constructor) => Content::Constructor(Box::new(Constructor {
            name: constructor.name.clone(),
            arguments: Children::default(),
        })),
        Content::Property { name, .. } => Content::Property { name: name.clone(), value: NONE },
        Content::Scalar(value) => Content::Scalar(value.clone()),
    };
    let own = to.push(parent, empty);
    let mut copied = Vec::with_capacity(from.children(id).len());
    for child in from.children(id) {
        copied.push(copy(from, *child, own, to, depth + 1, budget)?);
    }
    set_children(to, own, copied);
    Ok(own)
}

/// Gives a new container its children, whose parent it is already.
pub(super) fn set_children(nodes: &mut Nodes, container: Id, children: Vec<Id>) {
    match nodes.content_mut(container) {
        Some(Content::Property { value, .. }) => *value = children.first().copied().unwrap_or(NONE),
        Some(Content::Object(list) | Content::Array(list)) => *list = children.into(),
        Some(Content::Constructor(constructor)) => constructor.arguments = children.into(),
        _ => {}
    }
}

/// The token itself when it may become a child of `container`, else a copy.
fn adopt(container: &JToken, item: JToken, machine: &mut dyn Machine) -> Result<JToken, Exception> {
    // The way to the root is long in a deep tree, and most items are of another one.
    let would_hold_itself = item.is_same(container)
        || (item.count() > 0 && item.0.shares_arena(&container.0) && container.root().is_same(&item));
    if item.parent().is_some() || would_hold_itself { deep_clone(&item, machine) } else { Ok(item) }
}

/// Brings both into one arena and changes it.
pub(super) fn joined<R>(
    container: &JToken,
    item: &JToken,
    change: impl FnOnce(&mut Nodes, Id, Id) -> R,
) -> R {
    let (container, item) = unite(&container.0, &item.0);
    // Should the arena move just now, both move by the same.
    let distance = item.id.wrapping_sub(container.id);
    container.change(|nodes, place| change(nodes, place.id, place.id.wrapping_add(distance)))
}

/// Objects take properties with new names, arrays and properties take values.
fn validate(nodes: &Nodes, container: Id, item: Id, replaced: Option<Id>) -> Result<(), Exception> {
    let class = class_name(nodes.kind(container));
    match (nodes.content(container), nodes.name(item)) {
        (Content::Object(_), Some(name)) => {
            let keeps_name = replaced.is_some_and(|replaced| nodes.name(replaced) == Some(name));
            if !keeps_name && nodes.property(container, name).is_some() {
                let message = format!(
                    "Can not add property {name} to {class}. Property with the same name already exists on object."
                );
                return Err(Exception::argument(message, ""));
            }
            Ok(())
        }
        (Content::Object(_), None) | (_, Some(_)) => {
            let item = class_name(nodes.kind(item));
            Err(Exception::argument(format!("Can not add {item} to {class}."), ""))
        }
        _ => Ok(()),
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
    let class = container.type_name();
    let takes_comments = matches!(container.kind(), JTokenType::Array | JTokenType::Constructor);
    if !container.is_container() {
        return Err(Exception::invalid_operation(format!("Cannot add a child to {class}.")));
    }
    if item.kind() == JTokenType::Comment && !takes_comments {
        return Ok(());
    }
    if container.kind() == JTokenType::Property {
        return Err(json_exception(format!("{class} cannot have multiple values.")));
    }
    if index > container.count() {
        let message = "Index must be within the bounds of the List.";
        return Err(Exception::argument_out_of_range("index", message));
    }
    let item = adopt(container, item, machine)?;
    joined(container, &item, |nodes, container, item| {
        validate(nodes, container, item, None)?;
        if let Some(list) = nodes.list_mut(container) {
            list.ids.insert(index.min(list.ids.len()), item);
            list.version = list.version.wrapping_add(1);
        }
        nodes.set_parent(item, container);
        Ok(())
    })
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
    let Some(old) = container.child(index) else { return Err(index_out_of_range()) };
    // An equal scalar is not put in the place of another.
    if let (Some(old), Some(new)) = (old.as_scalar(), item.as_scalar())
        && compare::scalars_equal(&old, &new)
    {
        return Ok(());
    }
    let item = adopt(container, item, machine)?;
    joined(container, &item, |nodes, container, item| {
        let old = nodes.children(container).get(index).copied();
        validate(nodes, container, item, old)?;
        match nodes.content_mut(container) {
            Some(Content::Property { value, .. }) => *value = item,
            _ => {
                let Some(list) = nodes.list_mut(container) else { return Ok(()) };
                if let Some(slot) = list.ids.get_mut(index) {
                    *slot = item;
                }
                list.version = list.version.wrapping_add(1);
            }
        }
        nodes.set_parent(item, container);
        if let Some(old) = old {
            nodes.set_parent(old, NONE);
        }
        Ok(())
    })
}

/// `JObject[name] = value`: changes the property or adds one.
///
/// # Errors
/// As [`insert`].
pub(super) fn set_named(
    object: &JToken,
    name: &Text,
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
    name: Text,
    value: JToken,
    machine: &mut dyn Machine,
) -> Result<JToken, Exception> {
    if value.kind() == JTokenType::Property {
        let class = class_name(JTokenType::Property);
        return Err(Exception::argument(format!("Can not add {class} to {class}."), ""));
    }
    let value = if value.parent().is_some() { deep_clone(&value, machine)? } else { value };
    Ok(value.0.change(|nodes, place| {
        let property = nodes.push(NONE, Content::Property { name, value: place.id });
        nodes.set_parent(place.id, property);
        JToken(place.of(property))
    }))
}

/// Removes the child at an index.
///
/// # Errors
/// `ArgumentOutOfRangeException`; `JsonException` for the value of a property.
pub(super) fn remove_at(container: &JToken, index: usize) -> Result<(), Exception> {
    container.0.change(|nodes, place| {
        let Some(list) = nodes.list_mut(place.id) else {
            let class = class_name(nodes.kind(place.id));
            return Err(json_exception(format!("Cannot add or remove items from {class}.")));
        };
        if index >= list.ids.len() {
            return Err(index_out_of_range());
        }
        let removed = list.ids.remove(index);
        list.version = list.version.wrapping_add(1);
        nodes.set_parent(removed, NONE);
        Ok(())
    })
}

/// Removes all children.
///
/// # Errors
/// As [`remove_at`].
pub(super) fn clear(container: &JToken) -> Result<(), Exception> {
    let is_list = container.0.change(|nodes, place| {
        let Some(list) = nodes.list_mut(place.id) else { return false };
        let removed = std::mem::take(&mut list.ids);
        list.version = list.version.wrapping_add(1);
        removed.into_iter().for_each(|item| nodes.set_parent(item, NONE));
        true
    });
    if is_list { Ok(()) } else { remove_at(container, 0) }
}

/// The place of a child by identity.
pub(super) fn index_of(container: &JToken, item: &JToken) -> Option<usize> {
    let (parent, index) = place(item).ok()?;
    parent.is_same(container).then_some(index)
}

/// The parent and the place in it.
///
/// # Errors
/// `InvalidOperationException` without a parent.
pub(super) fn place(token: &JToken) -> Result<(JToken, usize), Exception> {
    token
        .0
        .read(|nodes, place| nodes.place(place.id).map(|(parent, index)| (JToken(place.of(parent)), index)))
        .ok_or_else(missing_parent)
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

/// Changes type and value of a scalar.
pub(super) fn set_scalar(token: &JToken, change: impl FnOnce(&mut JValue)) {
    token.0.change(|nodes, place| {
        if let Some(Content::Scalar(value)) = nodes.content_mut(place.id) {
            change(value);
        }
    });
}

/// Renames a constructor.
pub(super) fn set_name(token: &JToken, name: Option<Text>) {
    token.0.change(|nodes, place| {
        if let Some(Content::Constructor(constructor)) = nodes.content_mut(place.id) {
            constructor.name = name;
        }
    });
}
