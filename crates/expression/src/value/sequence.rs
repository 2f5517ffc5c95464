//! Things that `foreach` and LINQ walk over.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, LazyLock};

use parking_lot::Mutex;

use super::release::{Held, drop_later};
use super::{Entries, Value};
use crate::call::Machine;
use crate::exception::Exception;
use crate::types::Type;

/// A walk in progress.
pub trait Iterate: Send {
    /// The next element, or none at the end.
    fn next(&mut self, machine: &mut dyn Machine) -> Result<Option<Value>, Exception>;
}

/// A lazy sequence: every walk starts anew.
pub trait Sequence: Send + Sync {
    /// Starts a walk.
    fn iterate(&self) -> Box<dyn Iterate>;
    /// The sequence as what it is, for operators that know more than how to walk over it.
    fn as_any(&self) -> Option<&dyn Any> {
        None
    }
}

/// A lazy result of LINQ, seen as `IEnumerable<T>`.
#[derive(Clone)]
pub struct Enumerable {
    /// The element type.
    pub element: Type,
    /// The sequence.
    pub source: Arc<dyn Sequence>,
    /// True for the result of `OrderBy`, which `ThenBy` continues.
    pub ordered: bool,
}

impl fmt::Debug for Enumerable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Enumerable").field("element", &self.element).finish_non_exhaustive()
    }
}

/// Stands in for the source of a sequence that is being dropped.
static NOTHING: LazyLock<Arc<dyn Sequence>> = LazyLock::new(|| Arc::new(Nothing));

struct Nothing;

impl Sequence for Nothing {
    fn iterate(&self) -> Box<dyn Iterate> {
        Ready::boxed(Vec::new())
    }
}

/// A sequence may be made from another, which was made from another: see [`super::release()`].
impl Drop for Enumerable {
    fn drop(&mut self) {
        drop_later(Held::Sequence(std::mem::replace(&mut self.source, Arc::clone(&NOTHING))));
    }
}

/// A walk over values that are already there.
pub struct Ready(std::vec::IntoIter<Value>);

impl Ready {
    /// Walks over `items`.
    pub fn boxed(items: Vec<Value>) -> Box<dyn Iterate> {
        Box::new(Self(items.into_iter()))
    }
}

impl Iterate for Ready {
    fn next(&mut self, machine: &mut dyn Machine) -> Result<Option<Value>, Exception> {
        machine.budget().step()?;
        Ok(self.0.next())
    }
}

/// A walk by index over a list that may change meanwhile.
struct Indexed<F>(F, usize);

impl<F: FnMut(usize) -> Option<Value> + Send> Iterate for Indexed<F> {
    fn next(&mut self, machine: &mut dyn Machine) -> Result<Option<Value>, Exception> {
        machine.budget().step()?;
        let item = (self.0)(self.1);
        self.1 += 1;
        Ok(item)
    }
}

/// A walk over the units of a text.
struct TextWalk {
    text: super::Text,
    /// The byte behind the last character.
    at: usize,
    /// The second unit of a character that has two.
    low: Option<u16>,
}

impl Iterate for TextWalk {
    fn next(&mut self, machine: &mut dyn Machine) -> Result<Option<Value>, Exception> {
        machine.budget().step()?;
        if let Some(low) = self.low.take() {
            return Ok(Some(Value::Char(low)));
        }
        let Some(character) = self.text.get(self.at..).and_then(|rest| rest.chars().next()) else {
            return Ok(None);
        };
        self.at += character.len_utf8();
        let mut units = [0; 2];
        let units = character.encode_utf16(&mut units);
        self.low = units.get(1).copied();
        Ok(units.first().copied().map(Value::Char))
    }
}

/// What a collection throws when it changed during a walk.
pub(crate) fn modified() -> Exception {
    Exception::invalid_operation("Collection was modified; enumeration operation may not execute.")
}

/// A walk over a `List<T>`, which must not change meanwhile.
struct ListWalk {
    list: Arc<super::List>,
    at: usize,
    version: u32,
}

impl Iterate for ListWalk {
    fn next(&mut self, machine: &mut dyn Machine) -> Result<Option<Value>, Exception> {
        machine.budget().step()?;
        let items = self.list.items.lock();
        if items.version() != self.version {
            return Err(modified());
        }
        let item = items.get(self.at).cloned();
        self.at += 1;
        Ok(item)
    }
}

/// A walk over entries, which must not change meanwhile: `seen` tells whose they are and what an entry is shown as.
struct EntriesWalk<S> {
    seen: S,
    at: usize,
    version: u32,
}

/// Entries with an owner.
pub(crate) trait SeenEntries: Send {
    /// The entries.
    fn entries(&self) -> &Mutex<Entries>;
    /// What a walk gives for an entry.
    fn show(&self, key: &Value, value: &Value) -> Value;
}

impl<S: SeenEntries> Iterate for EntriesWalk<S> {
    fn next(&mut self, machine: &mut dyn Machine) -> Result<Option<Value>, Exception> {
        machine.budget().step()?;
        let entries = self.seen.entries().lock();
        if entries.version() != self.version {
            return Err(modified());
        }
        let Some((at, key, value)) = entries.next_from(self.at) else { return Ok(None) };
        self.at = at + 1;
        Ok(Some(self.seen.show(key, value)))
    }
}

/// A walk over entries as `seen` shows them.
pub(crate) fn walk_entries(seen: impl SeenEntries + 'static) -> Box<dyn Iterate> {
    let version = seen.entries().lock().version();
    Box::new(EntriesWalk { seen, at: 0, version })
}

impl SeenEntries for Arc<super::Dictionary> {
    fn entries(&self) -> &Mutex<Entries> {
        &self.entries
    }
    fn show(&self, key: &Value, value: &Value) -> Value {
        Value::pair(self.key.clone(), self.value.clone(), key.clone(), value.clone())
    }
}

impl SeenEntries for Arc<super::HashSet> {
    fn entries(&self) -> &Mutex<Entries> {
        &self.entries
    }
    fn show(&self, key: &Value, _: &Value) -> Value {
        key.clone()
    }
}

/// A walk over a lazy sequence, which may itself walk over another: their nesting is limited.
struct Guarded(Box<dyn Iterate>);

/// What one lazy sequence inside another costs of [`crate::Limits::depth`].
const NESTING: u32 = 4;

impl Iterate for Guarded {
    fn next(&mut self, machine: &mut dyn Machine) -> Result<Option<Value>, Exception> {
        machine.budget().enter(NESTING)?;
        let next = self.0.next(machine);
        machine.budget().leave(NESTING);
        next
    }
}

/// Starts a walk over any value that can be enumerated.
///
/// # Errors
/// `NullReferenceException` for null, `InvalidCastException` for a value that is no sequence.
pub fn iterate(value: &Value, machine: &mut dyn Machine) -> Result<Box<dyn Iterate>, Exception> {
    Ok(match value {
        Value::Null => return Err(Exception::null_reference()),
        Value::Array(array) => {
            let array = Arc::clone(array);
            Box::new(Indexed(move |at| array.items.lock().get(at).cloned(), 0))
        }
        Value::Bytes(bytes) => {
            let bytes = Arc::clone(bytes);
            Box::new(Indexed(move |at| bytes.lock().get(at).map(|byte| Value::Byte(*byte)), 0))
        }
        Value::List(list) => {
            let version = list.items.lock().version();
            Box::new(ListWalk { list: Arc::clone(list), at: 0, version })
        }
        Value::String(text) => Box::new(TextWalk { text: text.clone(), at: 0, low: None }),
        Value::Dictionary(dictionary) => walk_entries(Arc::clone(dictionary)),
        Value::HashSet(set) => walk_entries(Arc::clone(set)),
        Value::Enumerable(sequence) => Box::new(Guarded(sequence.source.iterate())),
        Value::Json(token) => token.walk(),
        Value::Host(host) => Ready::boxed(crate::dotnet::context::elements(host, machine)?),
        Value::Object(object) => object.walk().ok_or_else(|| not_a_sequence(value))?,
        _ => return Err(not_a_sequence(value)),
    })
}

fn not_a_sequence(value: &Value) -> Exception {
    Exception::invalid_cast(&value.type_of(), &Type::Named("System.Collections.IEnumerable"))
}

/// All elements of a value that can be enumerated.
///
/// # Errors
/// As [`iterate`]; also what the sequence's own lambdas throw, and exceeded limits.
pub fn collect(value: &Value, machine: &mut dyn Machine) -> Result<Vec<Value>, Exception> {
    let mut walk = iterate(value, machine)?;
    let mut out = Vec::new();
    while let Some(item) = walk.next(machine)? {
        machine.budget().allocate(size_of::<Value>())?;
        out.push(item);
    }
    Ok(out)
}
