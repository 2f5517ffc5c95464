//! `GroupBy`, `ToLookup`, `Join`, `GroupJoin` and the groups they give.

use std::any::Any;
use std::collections::HashMap;

use super::{Source, computed, source};
use crate::call::{Call, Machine};
use crate::exception::Exception;
use crate::types::Type;
use crate::value::{Delegate, DotnetObject, Key, KeyComparer, Value, collect};

/// `IGrouping<K, T>`.
pub(super) struct Grouping {
    key_type: Type,
    element: Type,
    pub(super) key: Value,
    items: Vec<Value>,
}

impl DotnetObject for Grouping {
    fn type_of(&self) -> Type {
        Type::generic("System.Linq.IGrouping", [self.key_type.clone(), self.element.clone()])
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn items(&self) -> Option<Vec<Value>> {
        Some(self.items.clone())
    }
}

/// `ILookup<K, T>`.
pub(super) struct Lookup {
    key_type: Type,
    element: Type,
    groups: Vec<Value>,
    index: HashMap<Key, usize>,
}

impl DotnetObject for Lookup {
    fn type_of(&self) -> Type {
        Type::generic("System.Linq.ILookup", [self.key_type.clone(), self.element.clone()])
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn items(&self) -> Option<Vec<Value>> {
        Some(self.groups.clone())
    }
}

/// Elements by key in the order in which the keys first came.
struct Groups {
    groups: Vec<(Value, Vec<Value>)>,
    index: HashMap<Key, usize>,
}

fn grouped(
    source: &Value,
    key: &Delegate,
    element: Option<&Delegate>,
    machine: &mut dyn Machine,
) -> Result<Groups, Exception> {
    let mut out = Groups { groups: Vec::new(), index: HashMap::new() };
    let mut walk = Source::new(source);
    while let Some(item) = walk.next(machine)? {
        machine.budget().allocate(size_of::<Value>())?;
        let key_value = key.invoke(machine, std::slice::from_ref(&item))?;
        let item = match element {
            Some(element) => element.invoke(machine, &[item])?,
            None => item,
        };
        let at = *out.index.entry(key_value.key(KeyComparer::Default)).or_insert(out.groups.len());
        match out.groups.get_mut(at) {
            Some((_, items)) => items.push(item),
            None => out.groups.push((key_value, vec![item])),
        }
    }
    Ok(out)
}

fn grouping(key_type: &Type, element: &Type, (key, items): (Value, Vec<Value>)) -> Value {
    Value::object(Grouping { key_type: key_type.clone(), element: element.clone(), key, items })
}

/// `GroupBy(source, key)`, `(source, key, element)`: type arguments T, K and E.
pub(super) fn group_by(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (source, key) = (source(call)?, call.delegate(1)?);
    let selects = call.arguments().len() > 2;
    let element = if selects { Some(call.delegate(2)?) } else { None };
    let key_type = call.type_argument(1);
    let element_type = call.type_argument(if selects { 2 } else { 0 });
    let group_type = Type::generic("System.Linq.IGrouping", [key_type.clone(), element_type.clone()]);
    Ok(computed(group_type, move |machine| {
        let groups = grouped(&source, &key, element.as_ref(), machine)?;
        Ok(groups.groups.into_iter().map(|group| grouping(&key_type, &element_type, group)).collect())
    }))
}

/// `GroupBy(source, key, (key, items) => result)`: type arguments T, K and R.
pub(super) fn group_by_result(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (source, key, result) = (source(call)?, call.delegate(1)?, call.delegate(2)?);
    let element = call.type_argument(0);
    Ok(computed(call.type_argument(2), move |machine| {
        let mut out = Vec::new();
        for (key, items) in grouped(&source, &key, None, machine)?.groups {
            out.push(result.invoke(machine, &[key, Value::list(element.clone(), items)])?);
        }
        Ok(out)
    }))
}

pub(super) fn to_lookup(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (source, key) = (source(call)?, call.delegate(1)?);
    let selects = call.arguments().len() > 2;
    let element = if selects { Some(call.delegate(2)?) } else { None };
    let key_type = call.type_argument(1);
    let element_type = call.type_argument(if selects { 2 } else { 0 });
    let groups = grouped(&source, &key, element.as_ref(), call.machine())?;
    let index = groups.index;
    let groups = groups.groups.into_iter().map(|group| grouping(&key_type, &element_type, group)).collect();
    Ok(Value::object(Lookup { key_type, element: element_type, groups, index }))
}

/// The items of a key; an empty array for a key that is not there.
pub(super) fn lookup_get(call: &mut Call<'_>) -> Result<Value, Exception> {
    let lookup = call.object::<Lookup>()?;
    let found = lookup.index.get(&call.argument(0).key(KeyComparer::Default));
    let group = found.and_then(|at| lookup.groups.get(*at)).cloned();
    Ok(group.unwrap_or_else(|| Value::array(lookup.element.clone(), Vec::new())))
}

pub(super) fn lookup_contains(call: &mut Call<'_>) -> Result<Value, Exception> {
    let lookup = call.object::<Lookup>()?;
    Ok(Value::Boolean(lookup.index.contains_key(&call.argument(0).key(KeyComparer::Default))))
}

pub(super) fn lookup_count(call: &mut Call<'_>) -> Result<Value, Exception> {
    Ok(Value::Int32(i32::try_from(call.object::<Lookup>()?.groups.len()).unwrap_or(i32::MAX)))
}

/// `Join(outer, inner, outerKey, innerKey, result)`; null keys match nothing.
pub(super) fn join(call: &mut Call<'_>, as_group: bool) -> Result<Value, Exception> {
    let (outer, inner) = (source(call)?, call.argument(1).clone());
    if inner.is_null() {
        return Err(call.null_argument(1));
    }
    let (outer_key, inner_key, result) = (call.delegate(2)?, call.delegate(3)?, call.delegate(4)?);
    let inner_type = call.type_argument(1);
    Ok(computed(call.type_argument(3), move |machine| {
        let groups = grouped(&inner, &inner_key, None, machine)?;
        let mut out = Vec::new();
        for left in collect(&outer, machine)? {
            let key = outer_key.invoke(machine, std::slice::from_ref(&left))?.key(KeyComparer::Default);
            let found = groups.index.get(&key).filter(|_| key != Key::Null);
            let items = found.and_then(|at| groups.groups.get(*at)).map_or(&[][..], |(_, items)| items);
            if as_group {
                let list = Value::array(inner_type.clone(), items.to_vec());
                out.push(result.invoke(machine, &[left, list])?);
                continue;
            }
            for right in items {
                machine.budget().allocate(size_of::<Value>())?;
                out.push(result.invoke(machine, &[left.clone(), right.clone()])?);
            }
        }
        Ok(out)
    }))
}
