//! `System.Text.StringBuilder`.

#[cfg(test)]
mod tests;

use std::any::Any;

use parking_lot::Mutex;

use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure};
use crate::types::Type;
use crate::value::{DotnetObject, Text, Value, collect};

use super::chars::{char_array, copy_to, part_of_array, range};
use super::format::composite;

static STRING_BUILDER: TypeDeclaration = TypeDeclaration::class("System.Text.StringBuilder").members(&[
    impure("new()", |_| Ok(builder(Vec::new(), 16))),
    impure("new(int capacity)", |call| {
        if call.int(0) < 0 {
            return Err(Exception::argument_out_of_range(
                "capacity",
                "'capacity' must be greater than zero.",
            ));
        }
        Ok(builder(Vec::new(), capacity(call, 0)))
    }),
    impure("new(string value)", |call| {
        let units = call.text_or_null(0).map(|text| text.units()).unwrap_or_default();
        Ok(builder(units, 16))
    }),
    impure("new(string value, int capacity)", |call| {
        let units = call.text_or_null(0).map(|text| text.units()).unwrap_or_default();
        Ok(builder(units, capacity(call, 1)))
    }),
    impure("new(int capacity, int maxCapacity)", |call| {
        let (wanted, most) = (call.int(0), call.int(1));
        if most < 1 || wanted < 0 || wanted > most {
            let (parameter, message) = match () {
                () if most < 1 => ("maxCapacity", "MaxCapacity must be one or greater."),
                () if wanted < 0 => ("capacity", "'capacity' must be greater than zero."),
                () => ("capacity", "Capacity exceeds maximum capacity."),
            };
            return Err(Exception::argument_out_of_range(parameter, message));
        }
        let most = usize::try_from(most).unwrap_or(MOST);
        let state = State { units: Vec::new(), capacity: capacity(call, 0).min(most), most };
        Ok(Value::object(Builder(Mutex::new(state))))
    }),
    impure("new(string value, int startIndex, int length, int capacity)", |call| {
        let text = call.text_or_null(0).unwrap_or_else(Text::empty);
        let part = range(call.int(1), call.int(2), text.length())
            .and_then(|range| text.substring(range.start, range.len()))
            .ok_or_else(outside)?;
        Ok(builder(part.units(), capacity(call, 3)))
    }),
    impure("StringBuilder Append(string value)", |call| {
        let text = call.text_or_null(0).unwrap_or_else(Text::empty);
        push(call, &text)
    }),
    impure("StringBuilder Append(char value)", |call| {
        let unit = call.char(0);
        push_units(call, &[unit])
    }),
    impure("StringBuilder Append(char value, int repeatCount)", |call| {
        let count = usize::try_from(call.int(1)).map_err(|_| {
            Exception::argument_out_of_range("repeatCount", "Count cannot be less than zero.")
        })?;
        call.budget().allocate(count.saturating_mul(2))?;
        let unit = call.char(0);
        push_units(call, &vec![unit; count])
    }),
    impure("StringBuilder Append(char[] value)", |call| {
        let units = if call.argument(0).is_null() { Vec::new() } else { char_array(call, 0)? };
        push_units(call, &units)
    }),
    impure("StringBuilder Append(char[] value, int startIndex, int charCount)", |call| {
        let units = if call.argument(0).is_null() { Vec::new() } else { part_of_array(call, 0)? };
        push_units(call, &units)
    }),
    impure("StringBuilder Append(StringBuilder value, int startIndex, int count)", |call| {
        let units = call.object_argument::<Builder>(0)?.0.lock().units.clone();
        let part = range(call.int(1), call.int(2), units.len()).and_then(|range| units.get(range));
        let part = part.ok_or_else(outside)?;
        push_units(call, part)
    }),
    impure("StringBuilder Append(string value, int startIndex, int count)", |call| {
        let text = call.text(0)?;
        let part = range(call.int(1), call.int(2), text.length())
            .and_then(|range| text.substring(range.start, range.len()))
            .ok_or_else(outside)?;
        push(call, &part)
    }),
    impure("StringBuilder Append(StringBuilder value)", |call| {
        let units = match call.argument(0) {
            Value::Null => Vec::new(),
            value => {
                value.downcast::<Builder>().map(|other| other.0.lock().units.clone()).unwrap_or_default()
            }
        };
        push_units(call, &units)
    }),
    impure("StringBuilder Append(object value)", |call| {
        let value = call.argument(0).clone();
        let text = call.text_of(&value)?;
        push(call, &text)
    }),
    impure("StringBuilder AppendLine()", |call| push(call, "\n")),
    impure("StringBuilder AppendLine(string value)", |call| {
        let text = call.text_or_null(0).unwrap_or_else(Text::empty);
        push(call, &text)?;
        push(call, "\n")
    }),
    impure("StringBuilder AppendFormat(string format, params object[] args)", |call| append_format(call, 0)),
    impure(
        "StringBuilder AppendFormat(IFormatProvider provider, string format, params object[] args)",
        |call| append_format(call, 1),
    ),
    impure("StringBuilder AppendJoin(string separator, params object[] values)", append_join),
    impure("StringBuilder AppendJoin(string separator, params string[] values)", append_join),
    impure("StringBuilder AppendJoin<T>(string separator, IEnumerable<T> values)", append_join),
    impure("StringBuilder AppendJoin(char separator, params object[] values)", append_join),
    impure("StringBuilder AppendJoin(char separator, params string[] values)", append_join),
    impure("StringBuilder AppendJoin<T>(char separator, IEnumerable<T> values)", append_join),
    impure("StringBuilder Insert(int index, string value)", |call| {
        let text = call.text_or_null(1).unwrap_or_else(Text::empty);
        insert(call, &text.units())
    }),
    impure("StringBuilder Insert(int index, string value, int count)", |call| {
        let text = call.text_or_null(1).unwrap_or_else(Text::empty);
        let count =
            usize::try_from(call.int(2)).map_err(|_| Exception::argument_out_of_range("count", ""))?;
        call.budget().allocate(text.len().saturating_mul(count).saturating_mul(2))?;
        insert(call, &text.units().repeat(count))
    }),
    impure("StringBuilder Insert(int index, char value)", |call| {
        let unit = call.char(1);
        insert(call, &[unit])
    }),
    impure("StringBuilder Insert(int index, char[] value)", |call| {
        let units = if call.argument(1).is_null() { Vec::new() } else { char_array(call, 1)? };
        insert(call, &units)
    }),
    impure("StringBuilder Insert(int index, char[] value, int startIndex, int charCount)", |call| {
        let units = if call.argument(1).is_null() { Vec::new() } else { part_of_array(call, 1)? };
        insert(call, &units)
    }),
    impure("StringBuilder Insert(int index, object value)", |call| {
        let value = call.argument(1).clone();
        let text = call.text_of(&value)?;
        insert(call, &text.units())
    }),
    impure("StringBuilder Remove(int startIndex, int length)", |call| {
        let (start, count) = (call.int(0), call.int(1));
        with(call, |state| {
            let range = range(start, count, state.units.len())
                .ok_or_else(|| Exception::argument_out_of_range("index", OUT_OF_RANGE))?;
            state.units.drain(range);
            Ok(())
        })
    }),
    impure("StringBuilder Replace(string oldValue, string newValue)", |call| replace(call, None)),
    impure("StringBuilder Replace(string oldValue, string newValue, int startIndex, int count)", |call| {
        let part = (call.int(2), call.int(3));
        replace(call, Some(part))
    }),
    impure("StringBuilder Replace(char oldChar, char newChar)", |call| replace_char(call, None)),
    impure("StringBuilder Replace(char oldChar, char newChar, int startIndex, int count)", |call| {
        let part = (call.int(2), call.int(3));
        replace_char(call, Some(part))
    }),
    impure("StringBuilder Clear()", |call| {
        with(call, |state| {
            state.units.clear();
            Ok(())
        })
    }),
    impure("int Length", |call| Ok(count(this(call)?.0.lock().units.len()))),
    impure("set int Length", |call| {
        let length = usize::try_from(call.int(0))
            .map_err(|_| Exception::argument_out_of_range("value", "Length cannot be less than zero."))?;
        call.budget().allocate(length.saturating_mul(2))?;
        with(call, |state| {
            state.units.resize(length, 0);
            Ok(())
        })
    }),
    impure("int Capacity", |call| Ok(count(this(call)?.0.lock().capacity))),
    impure("set int Capacity", |call| {
        let wanted = usize::try_from(call.int(0)).unwrap_or(0);
        with(call, |state| {
            if wanted < state.units.len() {
                let message = "capacity was less than the current size.";
                return Err(Exception::argument_out_of_range("value", message));
            }
            state.capacity = wanted;
            Ok(())
        })
    }),
    impure("int MaxCapacity", |call| Ok(count(this(call)?.0.lock().most))),
    impure("void CopyTo(int sourceIndex, char[] destination, int destinationIndex, int count)", |call| {
        let units = this(call)?.0.lock().units.clone();
        copy_to(call, &units)
    }),
    impure("int EnsureCapacity(int capacity)", |call| {
        let wanted =
            usize::try_from(call.int(0)).map_err(|_| Exception::argument_out_of_range("capacity", ""))?;
        let mut state = this(call)?.0.lock();
        state.capacity = state.capacity.max(wanted);
        Ok(count(state.capacity))
    }),
    impure("char this[int index]", |call| {
        let at = usize::try_from(call.int(0)).ok();
        let unit = at.and_then(|at| this(call).ok()?.0.lock().units.get(at).copied());
        unit.map(Value::Char).ok_or_else(Exception::index_out_of_range)
    }),
    impure("set char this[int index]", |call| {
        let (at, unit) = (usize::try_from(call.int(0)).unwrap_or(usize::MAX), call.char(1));
        with(call, |state| match state.units.get_mut(at) {
            Some(slot) => {
                *slot = unit;
                Ok(())
            }
            None => Err(Exception::argument_out_of_range("index", OUT_OF_RANGE)),
        })
    }),
    impure("bool Equals(StringBuilder sb)", |call| {
        let other = call.argument(0).downcast::<Builder>().map(|other| other.0.lock().units.clone());
        let equal =
            other.is_some_and(|other| this(call).is_ok_and(|builder| builder.0.lock().units == other));
        Ok(Value::Boolean(equal))
    }),
    impure("string ToString()", |call| {
        let units = this(call)?.0.lock().units.clone();
        call.budget().allocate(units.len())?;
        Ok(Value::String(Text::from_units(&units)))
    }),
    impure("string ToString(int startIndex, int length)", |call| {
        let (start, length) = (call.int(0), call.int(1));
        let state = this(call)?.0.lock();
        let part = range(start, length, state.units.len()).and_then(|range| state.units.get(range));
        part.map(|part| Value::String(Text::from_units(part))).ok_or_else(outside)
    }),
]);

/// The types of this family.
pub(super) static TYPES: &[&TypeDeclaration] = &[&STRING_BUILDER];

const OUT_OF_RANGE: &str =
    "Index was out of range. Must be non-negative and less than or equal to the size of the collection.";

/// A `StringBuilder`; its content may hold halves of surrogate pairs for a while.
struct Builder(Mutex<State>);

struct State {
    units: Vec<u16>,
    capacity: usize,
    /// `MaxCapacity`.
    most: usize,
}

/// `MaxCapacity` unless given.
const MOST: usize = i32::MAX as usize;

impl State {
    /// The capacity grows as .NET's chunks do.
    fn grow(&mut self) {
        if let Some(surplus) = self.units.len().checked_sub(self.capacity).filter(|surplus| *surplus > 0) {
            self.capacity = (self.capacity + surplus.max(self.capacity.min(8000))).min(self.most);
        }
    }
}

impl DotnetObject for Builder {
    fn type_of(&self) -> Type {
        Type::Named("System.Text.StringBuilder")
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn to_text(&self) -> String {
        String::from_utf16_lossy(&self.0.lock().units)
    }
}

/// A new `StringBuilder`.
pub(super) fn builder(units: Vec<u16>, capacity: usize) -> Value {
    let capacity = capacity.max(units.len());
    let state = State { units, capacity, most: MOST };
    Value::object(Builder(Mutex::new(state)))
}

fn capacity(call: &Call<'_>, at: usize) -> usize {
    usize::try_from(call.int(at)).ok().filter(|capacity| *capacity > 0).unwrap_or(16)
}

fn this<'c>(call: &'c Call<'_>) -> Result<&'c Builder, Exception> {
    call.object()
}

fn count(length: usize) -> Value {
    Value::Int32(i32::try_from(length).unwrap_or(i32::MAX))
}

fn outside() -> Exception {
    Exception::argument_out_of_range("length", "Index and length must refer to a location within the string.")
}

/// Changes the content and gives the builder back.
fn with(
    call: &mut Call<'_>,
    change: impl FnOnce(&mut State) -> Result<(), Exception>,
) -> Result<Value, Exception> {
    {
        let mut state = this(call)?.0.lock();
        change(&mut state)?;
        if state.units.len() > state.most {
            let most = state.most;
            state.units.truncate(most);
            let message = "The length cannot be greater than the capacity.";
            return Err(Exception::argument_out_of_range("valueCount", message));
        }
        state.grow();
    }
    Ok(call.receiver().clone())
}

fn push(call: &mut Call<'_>, text: &str) -> Result<Value, Exception> {
    call.budget().allocate(text.len().saturating_mul(2))?;
    with(call, |state| {
        state.units.extend(text.encode_utf16());
        Ok(())
    })
}

fn push_units(call: &mut Call<'_>, units: &[u16]) -> Result<Value, Exception> {
    call.budget().allocate(units.len().saturating_mul(2))?;
    with(call, |state| {
        state.units.extend_from_slice(units);
        Ok(())
    })
}

fn append_format(call: &mut Call<'_>, format: usize) -> Result<Value, Exception> {
    let text = call.text(format)?;
    let arguments = call.elements(format + 1)?;
    let formatted = composite(&text, &arguments, call.machine())?;
    push(call, &formatted)
}

fn append_join(call: &mut Call<'_>) -> Result<Value, Exception> {
    let separator = match call.argument(0) {
        Value::Char(unit) => Text::from_units(&[*unit]),
        other => other.as_text().cloned().unwrap_or_else(Text::empty),
    };
    let values = call.argument(1).clone();
    for (at, value) in collect(&values, call.machine())?.iter().enumerate() {
        if at > 0 {
            push(call, &separator)?;
        }
        let text = call.text_of(value)?;
        push(call, &text)?;
    }
    Ok(call.receiver().clone())
}

fn insert(call: &mut Call<'_>, units: &[u16]) -> Result<Value, Exception> {
    let at = usize::try_from(call.int(0)).unwrap_or(usize::MAX);
    // What lies behind moves.
    let moved = this(call)?.0.lock().units.len();
    call.budget().steps(1 + moved as u64 / 256)?;
    call.budget().allocate(units.len().saturating_mul(2))?;
    with(call, |state| {
        if at > state.units.len() {
            return Err(Exception::argument_out_of_range("index", OUT_OF_RANGE));
        }
        state.units.splice(at..at, units.iter().copied());
        Ok(())
    })
}

fn part_of(state: &State, part: Option<(i32, i32)>) -> Result<std::ops::Range<usize>, Exception> {
    match part {
        None => Ok(0..state.units.len()),
        Some((start, count)) => range(start, count, state.units.len())
            .ok_or_else(|| Exception::argument_out_of_range("startIndex", OUT_OF_RANGE)),
    }
}

fn replace(call: &mut Call<'_>, part: Option<(i32, i32)>) -> Result<Value, Exception> {
    let old = call.text(0)?.units();
    let new = call.text_or_null(1).map(|text| text.units()).unwrap_or_default();
    if old.is_empty() {
        return Err(Exception::argument("The value cannot be an empty string.", "oldValue"));
    }
    let (units, range) = {
        let state = this(call)?.0.lock();
        (state.units.clone(), part_of(&state, part)?)
    };
    call.budget().steps(1 + units.len() as u64 / 16)?;
    let mut out: Vec<u16> = units.get(..range.start).unwrap_or_default().to_vec();
    let mut rest = units.get(range.clone()).unwrap_or_default();
    while let Some((first, tail)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(old.as_slice()) {
            call.budget().allocate(new.len().saturating_mul(2))?;
            out.extend_from_slice(&new);
            rest = after;
        } else {
            out.push(*first);
            rest = tail;
        }
    }
    out.extend_from_slice(units.get(range.end..).unwrap_or_default());
    with(call, |state| {
        state.units = out;
        Ok(())
    })
}

fn replace_char(call: &mut Call<'_>, part: Option<(i32, i32)>) -> Result<Value, Exception> {
    let (old, new) = (call.char(0), call.char(1));
    let length = this(call)?.0.lock().units.len();
    call.budget().steps(1 + length as u64 / 64)?;
    with(call, |state| {
        let range = part_of(state, part)?;
        for unit in state.units.get_mut(range).unwrap_or_default() {
            if *unit == old {
                *unit = new;
            }
        }
        Ok(())
    })
}
