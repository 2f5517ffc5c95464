//! `System.BitConverter`: little-endian.

use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure, pure};
use crate::value::Value;

static BIT_CONVERTER: TypeDeclaration = TypeDeclaration::statics("System.BitConverter").members(&[
    pure("static bool IsLittleEndian", |_| Ok(Value::Boolean(true))),
    impure("static string ToString(byte[] value)", |call| hex(call, 1)),
    impure("static string ToString(byte[] value, int startIndex)", |call| hex(call, 2)),
    impure("static string ToString(byte[] value, int startIndex, int length)", |call| hex(call, 3)),
    impure("static byte[] GetBytes(bool value)", get_bytes),
    impure("static byte[] GetBytes(char value)", get_bytes),
    impure("static byte[] GetBytes(short value)", get_bytes),
    impure("static byte[] GetBytes(ushort value)", get_bytes),
    impure("static byte[] GetBytes(int value)", get_bytes),
    impure("static byte[] GetBytes(uint value)", get_bytes),
    impure("static byte[] GetBytes(long value)", get_bytes),
    impure("static byte[] GetBytes(ulong value)", get_bytes),
    impure("static byte[] GetBytes(float value)", get_bytes),
    impure("static byte[] GetBytes(double value)", get_bytes),
    impure("static bool ToBoolean(byte[] value, int startIndex)", |call| {
        take::<1>(call).map(|[byte]| Value::Boolean(byte != 0))
    }),
    impure("static char ToChar(byte[] value, int startIndex)", |call| {
        take(call).map(|bytes| Value::Char(u16::from_le_bytes(bytes)))
    }),
    impure("static short ToInt16(byte[] value, int startIndex)", |call| {
        take(call).map(|bytes| Value::Int16(i16::from_le_bytes(bytes)))
    }),
    impure("static ushort ToUInt16(byte[] value, int startIndex)", |call| {
        take(call).map(|bytes| Value::UInt16(u16::from_le_bytes(bytes)))
    }),
    impure("static int ToInt32(byte[] value, int startIndex)", |call| {
        take(call).map(|bytes| Value::Int32(i32::from_le_bytes(bytes)))
    }),
    impure("static uint ToUInt32(byte[] value, int startIndex)", |call| {
        take(call).map(|bytes| Value::UInt32(u32::from_le_bytes(bytes)))
    }),
    impure("static long ToInt64(byte[] value, int startIndex)", |call| {
        take(call).map(|bytes| Value::Int64(i64::from_le_bytes(bytes)))
    }),
    impure("static ulong ToUInt64(byte[] value, int startIndex)", |call| {
        take(call).map(|bytes| Value::UInt64(u64::from_le_bytes(bytes)))
    }),
    impure("static float ToSingle(byte[] value, int startIndex)", |call| {
        take(call).map(|bytes| Value::Single(f32::from_le_bytes(bytes)))
    }),
    impure("static double ToDouble(byte[] value, int startIndex)", |call| {
        take(call).map(|bytes| Value::Double(f64::from_le_bytes(bytes)))
    }),
    pure("static long DoubleToInt64Bits(double value)", |call| {
        Ok(Value::Int64(call.double(0).to_bits().cast_signed()))
    }),
    pure("static int SingleToInt32Bits(float value)", |call| {
        let bits = if let Value::Single(value) = call.argument(0) { value.to_bits() } else { 0 };
        Ok(Value::Int32(bits.cast_signed()))
    }),
    pure("static float Int32BitsToSingle(int value)", |call| {
        Ok(Value::Single(f32::from_bits(call.int(0).cast_unsigned())))
    }),
    pure("static double Int64BitsToDouble(long value)", |call| {
        Ok(Value::Double(f64::from_bits(call.long(0).cast_unsigned())))
    }),
]);

/// The types of this family.
pub(super) static TYPES: &[&TypeDeclaration] = &[&BIT_CONVERTER];

fn get_bytes(call: &mut Call<'_>) -> Result<Value, Exception> {
    Ok(Value::bytes(match call.argument(0) {
        Value::Boolean(value) => vec![u8::from(*value)],
        Value::Char(value) | Value::UInt16(value) => value.to_le_bytes().to_vec(),
        Value::Int16(value) => value.to_le_bytes().to_vec(),
        Value::Int32(value) => value.to_le_bytes().to_vec(),
        Value::UInt32(value) => value.to_le_bytes().to_vec(),
        Value::Int64(value) => value.to_le_bytes().to_vec(),
        Value::UInt64(value) => value.to_le_bytes().to_vec(),
        Value::Single(value) => value.to_le_bytes().to_vec(),
        Value::Double(value) => value.to_le_bytes().to_vec(),
        other => return Err(call.mismatch(other)),
    }))
}

fn start_error() -> Exception {
    let message = "Index was out of range. Must be non-negative and less than the size of the collection.";
    Exception::argument_out_of_range("startIndex", message)
}

/// The bytes of argument 0 from the position of argument 1.
fn take<const LENGTH: usize>(call: &Call<'_>) -> Result<[u8; LENGTH], Exception> {
    let bytes = call.bytes(0)?;
    let bytes = bytes.lock();
    let start =
        usize::try_from(call.int(1)).ok().filter(|start| *start < bytes.len()).ok_or_else(start_error)?;
    let message = "Destination array is not long enough to copy all the items in the collection. Check array index and length.";
    let part = bytes.get(start..start + LENGTH).and_then(|part| part.try_into().ok());
    part.ok_or_else(|| Exception::argument(message, "value"))
}

/// `AB-CD-EF` of the bytes in the range that `given` of the three arguments describe.
fn hex(call: &mut Call<'_>, given: usize) -> Result<Value, Exception> {
    let bytes = call.bytes(0)?;
    let bytes = bytes.lock().clone();
    let start = if given > 1 { usize::try_from(call.int(1)).map_err(|_| start_error())? } else { 0 };
    // Only an empty array may be read from its end.
    if start > 0 && start >= bytes.len() {
        return Err(start_error());
    }
    let left = bytes.len() - start;
    let length = if given > 2 {
        usize::try_from(call.int(2)).map_err(|_| Exception::argument_out_of_range("length", ""))?
    } else {
        left
    };
    let part = start.checked_add(length).and_then(|end| bytes.get(start..end));
    let message = "Offset and length were out of bounds for the array or count is greater than the number of elements from index to the end of the source collection.";
    let part = part.ok_or_else(|| Exception::argument(message, ""))?;
    call.budget().allocate(part.len() * 3)?;
    let mut out = String::with_capacity(part.len() * 3);
    for byte in part {
        if !out.is_empty() {
            out.push('-');
        }
        for digit in [byte >> 4, byte & 15] {
            out.extend(char::from_digit(u32::from(digit), 16).map(|digit| digit.to_ascii_uppercase()));
        }
    }
    Ok(Value::from(out))
}
