//! Base64.

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};

use crate::call::Call;
use crate::exception::Exception;
use crate::value::Value;

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
    call.budget().allocate(text.len())?;
    let compact: String =
        text.chars().filter(|character| !matches!(character, ' ' | '\t' | '\r' | '\n')).collect();
    let message = "The input is not a valid Base-64 string as it contains a non-base 64 character, more than two padding characters, or an illegal character among the padding characters.";
    READER.decode(compact).map(Value::bytes).map_err(|_| Exception::format(message))
}

/// `ToBase64String`; `part` when arguments 1 and 2 are offset and length.
pub(super) fn write(call: &mut Call<'_>, part: bool, line_breaks: bool) -> Result<Value, Exception> {
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
    call.budget().allocate(selected.len() / 3 * 4 + 4)?;
    let text = STANDARD.encode(selected);
    if !line_breaks {
        return Ok(Value::from(text));
    }
    let mut out = String::with_capacity(text.len() + text.len() / LINE * 2);
    for (at, character) in text.chars().enumerate() {
        if at > 0 && at % LINE == 0 {
            out.push_str("\r\n");
        }
        out.push(character);
    }
    Ok(Value::from(out))
}
