//! `System.Guid`.

use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure, pure};
use crate::value::Value;

static GUID: TypeDeclaration = TypeDeclaration::structure("System.Guid")
    .interfaces(&["System.IComparable", "System.IFormattable", "System.IEquatable<Guid>"])
    .members(&[
        pure("new()", |_| Ok(Value::Guid([0; 16]))),
        pure("new(string g)", |call| parse(&call.text(0)?).map(Value::Guid)),
        pure("new(byte[] b)", from_bytes),
        pure("static Guid Empty", |_| Ok(Value::Guid([0; 16]))),
        impure("static Guid NewGuid()", new_guid),
        pure("static Guid Parse(string input)", |call| parse(&call.text(0)?).map(Value::Guid)),
        pure("static bool TryParse(string input, out Guid result)", |call| {
            let parsed = call.text_or_null(0).and_then(|text| read(text.trim()));
            call.set_out(1, Value::Guid(parsed.unwrap_or_default()));
            Ok(Value::Boolean(parsed.is_some()))
        }),
        pure("string ToString()", |call| to_text(&this(call)?, "d").map(Value::from)),
        pure("string ToString(string format)", |call| {
            let format = call.text_or_null(0);
            to_text(&this(call)?, format.as_deref().unwrap_or("d")).map(Value::from)
        }),
        impure("byte[] ToByteArray()", |call| Ok(Value::bytes(mixed_endian(this(call)?).to_vec()))),
        pure("int GetHashCode()", |call| Ok(Value::Int32(hash_code(this(call)?)))),
        pure("bool Equals(Guid g)", |call| Ok(Value::Boolean(this(call)? == call.guid(0)))),
        pure("int CompareTo(Guid value)", |call| Ok(Value::Int32(this(call)?.cmp(&call.guid(0)) as i32))),
        pure("static bool operator ==(Guid a, Guid b)", |call| {
            Ok(Value::Boolean(call.guid(0) == call.guid(1)))
        }),
        pure("static bool operator !=(Guid a, Guid b)", |call| {
            Ok(Value::Boolean(call.guid(0) != call.guid(1)))
        }),
    ]);

/// The types of this family.
pub(super) static TYPES: &[&TypeDeclaration] = &[&GUID];

fn this(call: &Call<'_>) -> Result<[u8; 16], Exception> {
    match call.receiver() {
        Value::Guid(bytes) => Ok(*bytes),
        other => Err(call.mismatch(other)),
    }
}

fn new_guid(call: &mut Call<'_>) -> Result<Value, Exception> {
    let context = call.context();
    let random = (u128::from(context.random()) << 64) | u128::from(context.random());
    // Version 4, variant 1 (RFC 9562).
    let stamped =
        (random & !(0xF000_u128 << 64) & !(0xC000_u128 << 48)) | (0x4000_u128 << 64) | (0x8000_u128 << 48);
    Ok(Value::Guid(stamped.to_be_bytes()))
}

fn from_bytes(call: &mut Call<'_>) -> Result<Value, Exception> {
    let bytes = call.bytes(0)?;
    let bytes = bytes.lock();
    let bytes: [u8; 16] = bytes
        .as_slice()
        .try_into()
        .map_err(|_| Exception::argument("Byte array for Guid must be exactly 16 bytes long.", "b"))?;
    Ok(Value::Guid(mixed_endian(bytes)))
}

/// Between the order of the text and the order of `ToByteArray`: the first three groups are little-endian there.
fn mixed_endian(bytes: [u8; 16]) -> [u8; 16] {
    let [a, b, c, d, e, f, g, h, rest @ ..] = bytes;
    let mut out = [0; 16];
    let order = [d, c, b, a, f, e, h, g];
    for (slot, byte) in out.iter_mut().zip(order.into_iter().chain(rest)) {
        *slot = byte;
    }
    out
}

/// .NET's: the four 32-bit words of the memory layout, xored.
fn hash_code(bytes: [u8; 16]) -> i32 {
    let words = mixed_endian(bytes);
    words
        .chunks_exact(4)
        .map(|word| word.try_into().map_or(0, i32::from_le_bytes))
        .fold(0, |hash, word| hash ^ word)
}

fn parse(text: &str) -> Result<[u8; 16], Exception> {
    let message = "Guid should contain 32 digits with 4 dashes (xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx).";
    read(text.trim()).ok_or_else(|| Exception::format(message))
}

/// The forms N, D, B and P.
fn read(text: &str) -> Option<[u8; 16]> {
    let inner = match (text.strip_prefix('{'), text.strip_prefix('(')) {
        (Some(rest), _) => rest.strip_suffix('}')?,
        (_, Some(rest)) => rest.strip_suffix(')')?,
        _ => text,
    };
    let bare = inner.len() == 32 && inner.len() == text.len();
    let dashed =
        inner.len() == 36 && [8, 13, 18, 23].iter().all(|at| inner.as_bytes().get(*at) == Some(&b'-'));
    if !bare && !dashed {
        return None;
    }
    let digits: String = inner.chars().filter(|digit| *digit != '-').collect();
    if digits.len() != 32 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    u128::from_str_radix(&digits, 16).ok().map(u128::to_be_bytes)
}

/// Text in one of the forms N, D, B, P; empty means D.
fn to_text(bytes: &[u8; 16], format: &str) -> Result<String, Exception> {
    let digits = format!("{:032x}", u128::from_be_bytes(*bytes));
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or("");
    let dashed = format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32));
    match format {
        "N" | "n" => Ok(digits),
        "" | "D" | "d" => Ok(dashed),
        "B" | "b" => Ok(format!("{{{dashed}}}")),
        "P" | "p" => Ok(format!("({dashed})")),
        _ => {
            let message = "Format string can be only \"D\", \"d\", \"N\", \"n\", \"P\", \"p\", \"B\", \"b\", \"X\" or \"x\".";
            Err(Exception::format(message))
        }
    }
}
