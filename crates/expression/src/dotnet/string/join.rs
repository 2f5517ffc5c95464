//! `Concat`, `Join` and `Format`.

use crate::call::Call;
use crate::dotnet::format::composite;
use crate::exception::Exception;
use crate::value::{Text, Value};

/// The texts of values, with a separator between them.
fn joined(call: &mut Call<'_>, separator: &str, items: &[Value]) -> Result<Value, Exception> {
    let mut out = String::new();
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push_str(separator);
        }
        let text = call.text_of(item)?;
        call.budget().step()?;
        call.budget().allocate(text.len() + separator.len())?;
        out.push_str(&text);
    }
    Ok(Value::from(out))
}

/// `Concat` of its arguments.
pub(super) fn concat(call: &mut Call<'_>) -> Result<Value, Exception> {
    let items = call.arguments().to_vec();
    joined(call, "", &items)
}

/// `Concat` of the elements of argument 0.
pub(super) fn concat_elements(call: &mut Call<'_>) -> Result<Value, Exception> {
    let items = call.elements(0)?;
    joined(call, "", &items)
}

/// `Join` of the elements of argument 1.
pub(super) fn join(call: &mut Call<'_>) -> Result<Value, Exception> {
    let separator = separator(call);
    let items = call.elements(1)?;
    joined(call, &separator, &items)
}

/// `Join` of a part of an array.
pub(super) fn join_part(call: &mut Call<'_>) -> Result<Value, Exception> {
    let separator = separator(call);
    let items = call.elements(1)?;
    let part = usize::try_from(call.int(2)).ok().zip(usize::try_from(call.int(3)).ok());
    let part = part.and_then(|(start, count)| items.get(start..start.checked_add(count)?));
    match part {
        Some(part) => joined(call, &separator, part),
        None => Err(Exception::argument_out_of_range(
            "startIndex",
            "Index and count must refer to a location within the buffer.",
        )),
    }
}

/// Argument 0: a string, a Char, or null for nothing.
fn separator(call: &Call<'_>) -> Text {
    match call.argument(0) {
        Value::Char(unit) => Text::from_units(&[*unit]),
        Value::String(text) => text.clone(),
        _ => Text::empty(),
    }
}

/// `Format` with the values as the arguments after the format at `at`.
pub(super) fn format_values(call: &mut Call<'_>, at: usize) -> Result<Value, Exception> {
    let format = call.text(at)?;
    let values = call.arguments().get(at + 1..).unwrap_or_default().to_vec();
    composite(&format, &values, call.machine()).map(Value::from)
}

/// `Format` with the values in an array after the format at `at`.
pub(super) fn format_array(call: &mut Call<'_>, at: usize) -> Result<Value, Exception> {
    let format = call.text(at)?;
    let values = call.elements(at + 1)?;
    composite(&format, &values, call.machine()).map(Value::from)
}
