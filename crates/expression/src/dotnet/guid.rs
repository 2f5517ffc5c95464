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
        pure("new(int a, short b, short c, byte[] d)", |call| {
            let tail = call.bytes(3)?.lock().clone();
            let tail: [u8; 8] = tail
                .as_slice()
                .try_into()
                .map_err(|_| Exception::argument("Byte array for Guid must be exactly 8 bytes long.", "d"))?;
            Ok(from_parts(call, tail))
        }),
        pure(
            "new(int a, short b, short c, byte d, byte e, byte f, byte g, byte h, byte i, byte j, byte k)",
            from_tail_arguments,
        ),
        pure(
            "new(uint a, ushort b, ushort c, byte d, byte e, byte f, byte g, byte h, byte i, byte j, byte k)",
            from_tail_arguments,
        ),
        pure("static Guid Empty", |_| Ok(Value::Guid([0; 16]))),
        impure("static Guid NewGuid()", new_guid),
        pure("static Guid Parse(string input)", |call| parse(&call.text(0)?).map(Value::Guid)),
        pure("static bool TryParse(string input, out Guid result)", |call| {
            let parsed = call.text_or_null(0).and_then(|text| read(text.trim()));
            call.set_out(1, Value::Guid(parsed.unwrap_or_default()));
            Ok(Value::Boolean(parsed.is_some()))
        }),
        pure("static Guid ParseExact(string input, string format)", |call| {
            let (text, format) = (call.text(0)?, call.text(1)?);
            read_form(text.trim(), form(&format)?).map(Value::Guid).ok_or_else(unreadable)
        }),
        pure("static bool TryParseExact(string input, string format, out Guid result)", |call| {
            let (text, format) = (call.text_or_null(0), call.text_or_null(1));
            let read =
                text.zip(format).and_then(|(text, format)| read_form(text.trim(), form(&format).ok()?));
            call.set_out(2, Value::Guid(read.unwrap_or_default()));
            Ok(Value::Boolean(read.is_some()))
        }),
        pure("string ToString()", |call| to_text(&this(call)?, "d").map(Value::from)),
        pure("string ToString(string format)", |call| {
            let format = call.text_or_null(0);
            to_text(&this(call)?, format.as_deref().unwrap_or("d")).map(Value::from)
        }),
        pure("string ToString(string format, IFormatProvider provider)", |call| {
            let format = call.text_or_null(0);
            to_text(&this(call)?, format.as_deref().unwrap_or("d")).map(Value::from)
        }),
        impure("byte[] ToByteArray()", |call| Ok(Value::bytes(mixed_endian(this(call)?).to_vec()))),
        pure("int GetHashCode()", |call| Ok(Value::Int32(hash_code(this(call)?)))),
        pure("bool Equals(Guid g)", |call| Ok(Value::Boolean(this(call)? == call.guid(0)))),
        pure("int CompareTo(Guid value)", |call| Ok(Value::Int32(this(call)?.cmp(&call.guid(0)) as i32))),
        pure("int CompareTo(object value)", |call| match call.argument(0) {
            Value::Null => Ok(Value::Int32(1)),
            Value::Guid(other) => Ok(Value::Int32(this(call)?.cmp(other) as i32)),
            _ => Err(Exception::argument("Object must be of type GUID.", "value")),
        }),
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

/// The first three parts from arguments 0 to 2, then eight bytes.
fn from_parts(call: &Call<'_>, tail: [u8; 8]) -> Value {
    let number = |at: usize| call.argument(at).as_integer().unwrap_or(0);
    let [a, b, c, d] = (number(0) as u32).to_be_bytes();
    let ([e, f], [g, h]) = ((number(1) as u16).to_be_bytes(), (number(2) as u16).to_be_bytes());
    let [i, j, k, l, m, n, o, p] = tail;
    Value::Guid([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p])
}

fn from_tail_arguments(call: &mut Call<'_>) -> Result<Value, Exception> {
    let tail = std::array::from_fn(|at| u8::try_from(call.int(3 + at)).unwrap_or_default());
    Ok(from_parts(call, tail))
}

/// How a Guid is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// 32 digits.
    Digits,
    /// With hyphens.
    Hyphens,
    Braces,
    Parentheses,
    /// `{0x…,0x…,0x…,{0x…,…}}`.
    Numbers,
}

fn form(format: &str) -> Result<Form, Exception> {
    Ok(match format {
        "N" | "n" => Form::Digits,
        "D" | "d" => Form::Hyphens,
        "B" | "b" => Form::Braces,
        "P" | "p" => Form::Parentheses,
        "X" | "x" => Form::Numbers,
        _ => {
            let message = "Format string can be only \"D\", \"d\", \"N\", \"n\", \"P\", \"p\", \"B\", \"b\", \"X\" or \"x\".";
            return Err(Exception::format(message));
        }
    })
}

fn unreadable() -> Exception {
    Exception::format("Guid should contain 32 digits with 4 dashes (xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx).")
}

fn parse(text: &str) -> Result<[u8; 16], Exception> {
    read(text.trim()).ok_or_else(unreadable)
}

/// Any of the forms.
pub(super) fn read(text: &str) -> Option<[u8; 16]> {
    let form = match text.as_bytes() {
        [b'{', .., b'}', b'}'] => Form::Numbers,
        [b'{', ..] if text.contains(',') => Form::Numbers,
        [b'{', ..] => Form::Braces,
        [b'(', ..] => Form::Parentheses,
        _ if text.len() == 32 => Form::Digits,
        _ => Form::Hyphens,
    };
    read_form(text, form)
}

fn read_form(text: &str, form: Form) -> Option<[u8; 16]> {
    let hyphened = match form {
        Form::Numbers => return read_numbers(text),
        Form::Digits => return read_digits(text),
        Form::Hyphens => text,
        Form::Braces => text.strip_prefix('{')?.strip_suffix('}')?,
        Form::Parentheses => text.strip_prefix('(')?.strip_suffix(')')?,
    };
    let in_place = [8, 13, 18, 23].iter().all(|at| hyphened.as_bytes().get(*at) == Some(&b'-'));
    if hyphened.len() != 36 || !in_place {
        return None;
    }
    read_digits(&hyphened.replace('-', ""))
}

fn read_digits(digits: &str) -> Option<[u8; 16]> {
    let valid = digits.len() == 32 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    u128::from_str_radix(digits, 16).ok().filter(|_| valid).map(u128::to_be_bytes)
}

fn read_numbers(text: &str) -> Option<[u8; 16]> {
    let compact: String = text.chars().filter(|next| !next.is_whitespace()).collect();
    let (head, tail) = compact.strip_prefix('{')?.strip_suffix("}}")?.split_once(",{")?;
    let number = |text: &str, bits: u32| {
        let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))?;
        let valid = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        u64::from_str_radix(digits, 16).ok().filter(|number| valid && number >> bits == 0)
    };
    let mut bits = 0_u128;
    let (head, tail): (Vec<&str>, Vec<&str>) = (head.split(',').collect(), tail.split(',').collect());
    if head.len() != 3 || tail.len() != 8 {
        return None;
    }
    let widths = [32, 16, 16].into_iter().chain([8; 8]);
    for (part, width) in head.into_iter().chain(tail).zip(widths) {
        bits = bits << width | u128::from(number(part, width)?);
    }
    Some(bits.to_be_bytes())
}

/// Text in one of the forms N, D, B, P, X; empty means D.
fn to_text(bytes: &[u8; 16], format: &str) -> Result<String, Exception> {
    let digits = format!("{:032x}", u128::from_be_bytes(*bytes));
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or("");
    let dashed = format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32));
    let form = if format.is_empty() { Form::Hyphens } else { form(format)? };
    Ok(match form {
        Form::Digits => digits,
        Form::Hyphens => dashed,
        Form::Braces => format!("{{{dashed}}}"),
        Form::Parentheses => format!("({dashed})"),
        Form::Numbers => {
            let bytes: Vec<String> =
                (16..32).step_by(2).map(|at| format!("0x{}", part(at, at + 2))).collect();
            let (head, tail) =
                (format!("0x{},0x{},0x{}", part(0, 8), part(8, 12), part(12, 16)), bytes.join(","));
            format!("{{{head},{{{tail}}}}}")
        }
    })
}
