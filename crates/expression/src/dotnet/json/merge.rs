//! `JContainer.Merge`: objects by name, arrays and nulls as the settings say.

use super::node::{JToken, JTokenType};
use super::{MAX_DEPTH, compare, edit, too_deep};
use crate::call::Machine;
use crate::exception::Exception;
use crate::value::Text;

/// `MergeArrayHandling`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Arrays {
    #[default]
    Concat,
    Union,
    Replace,
    Merge,
}

/// `JsonMergeSettings`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Settings {
    /// `MergeArrayHandling`.
    pub(super) arrays: Arrays,
    /// `MergeNullValueHandling.Merge`: a null takes the place of a value.
    pub(super) merge_nulls: bool,
    /// `PropertyNameComparison` ignores case.
    pub(super) ignore_case: bool,
}

/// Merges `content` into `target`.
///
/// # Errors
/// As adding; an exception that cannot be caught, when the trees are nested too deeply.
pub(super) fn merge(
    target: &JToken,
    content: &JToken,
    settings: Settings,
    machine: &mut dyn Machine,
) -> Result<(), Exception> {
    Merge { settings, machine }.merge(target, content, 0)
}

struct Merge<'m> {
    settings: Settings,
    machine: &'m mut dyn Machine,
}

impl Merge<'_> {
    fn merge(&mut self, target: &JToken, content: &JToken, depth: usize) -> Result<(), Exception> {
        if depth > MAX_DEPTH {
            return Err(too_deep());
        }
        match (target.kind(), content.kind()) {
            (JTokenType::Object, JTokenType::Object) => self.objects(target, content, depth),
            (JTokenType::Array, JTokenType::Array) | (JTokenType::Constructor, JTokenType::Constructor) => {
                self.arrays(target, content, depth)
            }
            (JTokenType::Property, JTokenType::Property) => match content.as_property() {
                Some((_, value)) if !is_null(&value) => {
                    let copy = edit::deep_clone(&value, self.machine)?;
                    edit::set_at(target, 0, copy, self.machine)
                }
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn objects(&mut self, target: &JToken, content: &JToken, depth: usize) -> Result<(), Exception> {
        for (name, value) in content.properties() {
            super::build::charge_search(target, self.machine)?;
            match self.find(target, &name) {
                None => {
                    let copy = edit::deep_clone(&value, self.machine)?;
                    let property = edit::new_property(name, copy, self.machine)?;
                    edit::append(target, property, self.machine)?;
                }
                Some(existing) => self.property(&existing, &value, depth)?,
            }
        }
        Ok(())
    }

    fn find(&self, object: &JToken, name: &Text) -> Option<JToken> {
        object.find_property(name).or_else(|| {
            let folded = self.settings.ignore_case.then(|| name.to_uppercase())?;
            let same = |property: &JToken| property.name().is_some_and(|own| own.to_uppercase() == folded);
            object.children().into_iter().find(same)
        })
    }

    fn property(&mut self, property: &JToken, value: &JToken, depth: usize) -> Result<(), Exception> {
        let Some((_, current)) = property.as_property() else { return Ok(()) };
        if current.is_container() && current.kind() == value.kind() {
            return self.merge(&current, value, depth + 1);
        }
        if is_null(value) && !self.settings.merge_nulls {
            return Ok(());
        }
        let copy = edit::deep_clone(value, self.machine)?;
        edit::set_at(property, 0, copy, self.machine)
    }

    fn arrays(&mut self, target: &JToken, content: &JToken, depth: usize) -> Result<(), Exception> {
        match self.settings.arrays {
            Arrays::Replace if target.is_same(content) => return Ok(()),
            Arrays::Replace => edit::clear(target)?,
            Arrays::Merge => return self.by_place(target, content, depth),
            Arrays::Concat | Arrays::Union => {}
        }
        for item in content.children() {
            self.machine.budget().step()?;
            if self.settings.arrays == Arrays::Union && self.is_among(target, &item)? {
                continue;
            }
            let copy = edit::deep_clone(&item, self.machine)?;
            edit::append(target, copy, self.machine)?;
        }
        Ok(())
    }

    fn is_among(&mut self, array: &JToken, item: &JToken) -> Result<bool, Exception> {
        for other in array.children() {
            self.machine.budget().step()?;
            if compare::deep_equals(&other, item, self.machine.budget())? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Element by element.
    fn by_place(&mut self, target: &JToken, content: &JToken, depth: usize) -> Result<(), Exception> {
        for (at, item) in content.children().into_iter().enumerate() {
            self.machine.budget().step()?;
            match target.child(at) {
                None => {
                    let copy = edit::deep_clone(&item, self.machine)?;
                    edit::append(target, copy, self.machine)?;
                }
                Some(existing) if existing.is_container() => self.merge(&existing, &item, depth + 1)?,
                Some(_) if item.kind() == JTokenType::Null => {}
                Some(_) => {
                    let copy = edit::deep_clone(&item, self.machine)?;
                    edit::set_at(target, at, copy, self.machine)?;
                }
            }
        }
        Ok(())
    }
}

/// A Null token, or a scalar without a value.
fn is_null(token: &JToken) -> bool {
    token.as_scalar().is_some_and(|scalar| scalar.value.is_null())
}
