//! `GroupBy`, `ToLookup`, `Join`, `GroupJoin` and the groups they give.

use std::any::Any;
use std::collections::HashMap;

use super::{Source, lazy, source, walk};
use crate::call::{Call, Machine};
use crate::dotnet::collections::comparer_of;
use crate::exception::Exception;
use crate::types::Type;
use crate::value::{Delegate, DotnetObject, Key, KeyComparer, Value};

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
    comparer: KeyComparer,
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

/// How elements are grouped.
#[derive(Clone)]
struct Plan {
    source: Value,
    key: Delegate,
    element: Option<Delegate>,
    comparer: KeyComparer,
}

impl Plan {
    /// Of the arguments: the source, the key selector, and what stands at the given places.
    fn of(call: &Call<'_>, element: Option<usize>, comparer: Option<usize>) -> Result<Self, Exception> {
        let (source, key) = (source(call)?, call.delegate(1)?);
        let element = element.map(|at| call.delegate(at)).transpose()?;
        let comparer = comparer.map_or(KeyComparer::Default, |at| comparer_of(call.argument(at)));
        Ok(Self { source, key, element, comparer })
    }

    fn run(&self, machine: &mut dyn Machine) -> Result<Groups, Exception> {
        let mut out = Groups { comparer: self.comparer, groups: Vec::new(), index: HashMap::new() };
        let mut walk = Source::new(&self.source);
        while let Some(item) = walk.next(machine)? {
            machine.budget().allocate(size_of::<Value>())?;
            let key = self.key.invoke(machine, std::slice::from_ref(&item))?;
            let item = match &self.element {
                Some(element) => element.invoke(machine, &[item])?,
                None => item,
            };
            out.add(key, item);
        }
        Ok(out)
    }
}

/// Elements by key in the order in which the keys first came.
struct Groups {
    comparer: KeyComparer,
    groups: Vec<(Value, Vec<Value>)>,
    index: HashMap<Key, usize>,
}

impl Groups {
    fn add(&mut self, key: Value, item: Value) {
        let at = *self.index.entry(key.key(self.comparer)).or_insert(self.groups.len());
        match self.groups.get_mut(at) {
            Some((_, items)) => items.push(item),
            None => self.groups.push((key, vec![item])),
        }
    }

    /// The items of a key; none for null, which joins match with nothing.
    fn matching(&self, key: &Value) -> &[Value] {
        if key.is_null() {
            return &[];
        }
        let found = self.index.get(&key.key(self.comparer)).and_then(|at| self.groups.get(*at));
        found.map_or(&[], |(_, items)| items)
    }
}

/// A sequence of what `show` makes of each group; the groups are made when a walk begins.
fn grouped(
    element: Type,
    plan: Plan,
    show: impl Fn(Value, Vec<Value>, &mut dyn Machine) -> Result<Value, Exception> + Clone + Send + Sync + 'static,
) -> Value {
    lazy(element, move || {
        let (plan, show) = (plan.clone(), show.clone());
        let mut groups: Option<std::vec::IntoIter<(Value, Vec<Value>)>> = None;
        walk(move |machine| {
            let groups = match &mut groups {
                Some(groups) => groups,
                None => groups.insert(plan.run(machine)?.groups.into_iter()),
            };
            groups.next().map(|(key, items)| show(key, items, machine)).transpose()
        })
    })
}

/// The element type: that of the element selector, which is the third type argument, or the source's.
fn element_type(call: &Call<'_>, element: Option<usize>) -> Type {
    call.type_argument(if element.is_some() { 2 } else { 0 })
}

/// `GroupBy` that gives groups.
pub(super) fn group_by(
    call: &mut Call<'_>,
    element: Option<usize>,
    comparer: Option<usize>,
) -> Result<Value, Exception> {
    let plan = Plan::of(call, element, comparer)?;
    let (key_type, element) = (call.type_argument(1), element_type(call, element));
    let group_type = Type::generic("System.Linq.IGrouping", [key_type.clone(), element.clone()]);
    Ok(grouped(group_type, plan, move |key, items, _| {
        Ok(Value::object(Grouping { key_type: key_type.clone(), element: element.clone(), key, items }))
    }))
}

/// `GroupBy` whose argument `result` makes something of each group.
pub(super) fn group_by_result(
    call: &mut Call<'_>,
    element: Option<usize>,
    result: usize,
    comparer: Option<usize>,
) -> Result<Value, Exception> {
    let plan = Plan::of(call, element, comparer)?;
    let result = call.delegate(result)?;
    let result_type = call.type_argument(if element.is_some() { 3 } else { 2 });
    let (key_type, element) = (call.type_argument(1), element_type(call, element));
    Ok(grouped(result_type, plan, move |key, items, machine| {
        let group =
            Grouping { key_type: key_type.clone(), element: element.clone(), key: key.clone(), items };
        result.invoke(machine, &[key, Value::object(group)])
    }))
}

pub(super) fn to_lookup(
    call: &mut Call<'_>,
    element: Option<usize>,
    comparer: Option<usize>,
) -> Result<Value, Exception> {
    let groups = Plan::of(call, element, comparer)?.run(call.machine())?;
    let (key_type, element) = (call.type_argument(1), element_type(call, element));
    let Groups { comparer, groups, index } = groups;
    let grouping = |(key, items)| {
        Value::object(Grouping { key_type: key_type.clone(), element: element.clone(), key, items })
    };
    let groups = groups.into_iter().map(grouping).collect();
    Ok(Value::object(Lookup { key_type, element, comparer, groups, index }))
}

/// The items of a key; an empty array for a key that is not there.
pub(super) fn lookup_get(call: &mut Call<'_>) -> Result<Value, Exception> {
    let lookup = call.object::<Lookup>()?;
    let found = lookup.index.get(&call.argument(0).key(lookup.comparer));
    let group = found.and_then(|at| lookup.groups.get(*at)).cloned();
    Ok(group.unwrap_or_else(|| Value::array(lookup.element.clone(), Vec::new())))
}

pub(super) fn lookup_contains(call: &mut Call<'_>) -> Result<Value, Exception> {
    let lookup = call.object::<Lookup>()?;
    Ok(Value::Boolean(lookup.index.contains_key(&call.argument(0).key(lookup.comparer))))
}

pub(super) fn lookup_count(call: &mut Call<'_>) -> Result<Value, Exception> {
    Ok(Value::Int32(i32::try_from(call.object::<Lookup>()?.groups.len()).unwrap_or(i32::MAX)))
}

/// A join in progress: the outer sequence, and the inner elements by key.
#[derive(Clone)]
struct Join {
    outer: Value,
    outer_key: Delegate,
    inner: Plan,
    result: Delegate,
}

/// The sequences and selectors of `Join` and `GroupJoin`: outer, inner, outer key, inner key, result[, comparer].
fn join_of(call: &Call<'_>) -> Result<Join, Exception> {
    let (outer, inner) = (source(call)?, call.argument(1).clone());
    if inner.is_null() {
        return Err(call.null_argument(1));
    }
    let (outer_key, key, result) = (call.delegate(2)?, call.delegate(3)?, call.delegate(4)?);
    let comparer = comparer_of(call.argument(5));
    Ok(Join { outer, outer_key, inner: Plan { source: inner, key, element: None, comparer }, result })
}

/// The walk of a join over the outer sequence. The inner one is gone through after the first outer element came: an
/// empty outer sequence leaves it untouched.
struct Outer {
    join: Join,
    walk: Source,
    groups: Option<Groups>,
}

impl Outer {
    fn new(join: Join) -> Self {
        Self { walk: Source::new(&join.outer), join, groups: None }
    }

    /// The next outer element with the inner ones of its key.
    fn next(&mut self, machine: &mut dyn Machine) -> Result<Option<(Value, Vec<Value>)>, Exception> {
        let Some(left) = self.walk.next(machine)? else { return Ok(None) };
        let groups = match &mut self.groups {
            Some(groups) => groups,
            None => self.groups.insert(self.join.inner.run(machine)?),
        };
        let key = self.join.outer_key.invoke(machine, std::slice::from_ref(&left))?;
        let items = groups.matching(&key);
        machine.budget().steps(items.len() as u64 / 8)?;
        Ok(Some((left, items.to_vec())))
    }
}

/// `Join`: a result for each pair.
pub(super) fn join(call: &mut Call<'_>) -> Result<Value, Exception> {
    let join = join_of(call)?;
    Ok(lazy(call.type_argument(3), move || {
        let mut outer = Outer::new(join.clone());
        let mut pairs: Option<(Value, std::vec::IntoIter<Value>)> = None;
        walk(move |machine| {
            loop {
                if let Some((left, items)) = &mut pairs
                    && let Some(right) = items.next()
                {
                    return outer.join.result.invoke(machine, &[left.clone(), right]).map(Some);
                }
                let Some((left, items)) = outer.next(machine)? else { return Ok(None) };
                pairs = Some((left, items.into_iter()));
            }
        })
    }))
}

/// `GroupJoin`: a result for each outer element.
pub(super) fn group_join(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (join, inner) = (join_of(call)?, call.type_argument(1));
    Ok(lazy(call.type_argument(3), move || {
        let (mut outer, inner) = (Outer::new(join.clone()), inner.clone());
        walk(move |machine| {
            let Some((left, items)) = outer.next(machine)? else { return Ok(None) };
            let items = Value::array(inner.clone(), items);
            outer.join.result.invoke(machine, &[left, items]).map(Some)
        })
    }))
}
