//! Base64.

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};

use crate::call::Call;
use crate::dotnet::chars::{self, part_of_array};
use crate::exception::Exception;
use crate::value::{Text, Value};

/// As .NET reads: padding is required, but the bits behind the last byte may be anything.
const READER: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// Characters in a line with line breaks.
const LINE: usize = 76;

/// `FromBase64String`: white space between the characters is ignored.
pub(super) fn read(call: &mut Call<'_>) -> Result<Value, Exception> {
    let text = call.text(0)?;
    decoded(call, &text)
}

/// `FromBase64CharArray(char[] inArray, int offset, int length)`.
pub(super) fn read_chars(call: &mut Call<'_>) -> Result<Value, Exception> {
    let text = Text::from_units(&part_of_array(call, 0)?);
    decoded(call, &text)
}

fn decoded(call: &mut Call<'_>, text: &str) -> Result<Value, Exception> {
    call.budget().allocate(text.len())?;
    let compact: String =
        text.chars().filter(|character| !matches!(character, ' ' | '\t' | '\r' | '\n')).collect();
    let message = "The input is not a valid Base-64 string as it contains a non-base 64 character, more than two padding characters, or an illegal character among the padding characters.";
    READER.decode(compact).map(Value::bytes).map_err(|_| Exception::format(message))
}

/// Of the bytes of argument 0, those in the range of arguments 1 and 2 when it is a part; lines are broken when the
/// argument at `options` says so.
fn encoded(call: &mut Call<'_>, part: bool, options: Option<usize>) -> Result<String, Exception> {
    let bytes = call.bytes(0)?;
    let bytes = bytes.lock().clone();
    let selected = if part {
        let offset = usize::try_from(call.int(1)).ok().zip(usize::try_from(call.int(2)).ok());
        let message = "Offset and length must refer to a position in the string.";
        offset
            .and_then(|(offset, length)| bytes.get(offset..offset.checked_add(length)?))
            .ok_or_else(|| Exception::argument_out_of_range("offset", message))?
    } else {
        &bytes
    };
    let line_breaks = match options.map_or(0, |at| call.enumeration(at)) {
        0 => false,
        1 => true,
        other => return Err(Exception::argument(format!("Illegal enum value: {other}."), "options")),
    };
    call.budget().allocate(selected.len() / 3 * 4 + 4)?;
    let text = STANDARD.encode(selected);
    if !line_breaks {
        return Ok(text);
    }
    let mut out = String::with_capacity(text.len() + text.len() / LINE * 2);
    for (at, character) in text.chars().enumerate() {
        if at > 0 && at % LINE == 0 {
            out.push_str("\r\n");
        }
        out.push(character);
    }
    Ok(out)
}

/// `ToBase64String`.
pub(super) fn write(call: &mut Call<'_>, part: bool, options: Option<usize>) -> Result<Value, Exception> {
    encoded(call, part, options).map(Value::from)
}

/// `ToBase64CharArray(byte[] inArray, int offsetIn, int length, char[] outArray, int offsetOut)`.
pub(super) fn write_chars(call: &mut Call<'_>, options: Option<usize>) -> Result<Value, Exception> {
    let units: Vec<u16> = encoded(call, true, options)?.encode_utf16().collect();
    let Value::Array(target) = call.argument(3) else { return Err(call.null_argument(3)) };
    let message = "Either offset did not refer to a position in the string, or there is an insufficient length of destination character array.";
    chars::write(target, call.int(4), &units)
        .ok_or_else(|| Exception::argument_out_of_range("offsetOut", message))?;
    Ok(Value::Int32(i32::try_from(units.len()).unwrap_or(i32::MAX)))
}
