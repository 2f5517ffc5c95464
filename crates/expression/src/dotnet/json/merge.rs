//! `JContainer.Merge` with the default settings: objects are merged by name, arrays are joined, nulls are skipped.

use super::node::{JContent, JToken, JTokenType};
use super::{MAX_DEPTH, edit, too_deep};
use crate::call::Machine;
use crate::exception::Exception;

/// Merges `content` into `target`.
///
/// # Errors
/// As adding; an exception that cannot be caught, when the trees are nested too deeply.
pub(super) fn merge(
    target: &JToken,
    content: &JToken,
    depth: usize,
    machine: &mut dyn Machine,
) -> Result<(), Exception> {
    if depth > MAX_DEPTH {
        return Err(too_deep());
    }
    match (target.content(), content.content()) {
        (JContent::Object(_), JContent::Object(_)) => {
            for property in content.children() {
                super::build::charge_search(target, machine)?;
                let Some((name, value)) = property.as_property() else { continue };
                match target.find_property(name) {
                    None => {
                        let copy = edit::deep_clone(&value, 0, machine)?;
                        edit::append(target, JToken::property(name.clone(), copy), machine)?;
                    }
                    Some(existing) => merge_value(&existing, &value, depth, machine)?,
                }
            }
            Ok(())
        }
        (JContent::Array(_), JContent::Array(_)) => {
            for item in content.children() {
                machine.budget().step()?;
                let copy = edit::deep_clone(&item, 0, machine)?;
                edit::append(target, copy, machine)?;
            }
            Ok(())
        }
        (JContent::Property { .. }, JContent::Property { value, .. }) => {
            let value = value.lock().clone();
            merge_value(target, &value, depth, machine)
        }
        _ => Ok(()),
    }
}

fn merge_value(
    property: &JToken,
    value: &JToken,
    depth: usize,
    machine: &mut dyn Machine,
) -> Result<(), Exception> {
    let Some((_, current)) = property.as_property() else { return Ok(()) };
    let both_containers = !matches!(current.content(), JContent::Value(_)) && current.kind() == value.kind();
    if both_containers {
        return merge(&current, value, depth + 1, machine);
    }
    if value.kind() == JTokenType::Null {
        return Ok(());
    }
    let copy = edit::deep_clone(value, 0, machine)?;
    edit::set_at(property, 0, copy, machine)
}
