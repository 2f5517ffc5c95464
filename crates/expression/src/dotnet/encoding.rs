//! `System.Text.Encoding`.

mod charset;

pub(crate) use charset::Charset;
use charset::{by_code_page, by_name};

use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure, pure};
use crate::value::{Text, Value};

use super::chars::{char_array, part_of_array, range, to_char_array, write};

static ENCODING: TypeDeclaration = TypeDeclaration::class("System.Text.Encoding").members(&[
    pure("static Encoding UTF8", |_| Ok(Charset::Utf8.value())),
    pure("static Encoding ASCII", |_| Ok(Charset::Ascii.value())),
    pure("static Encoding Latin1", |_| Ok(Charset::Latin1.value())),
    pure("static Encoding Unicode", |_| Ok(Charset::Utf16 { big_endian: false }.value())),
    pure("static Encoding BigEndianUnicode", |_| Ok(Charset::Utf16 { big_endian: true }.value())),
    pure("static Encoding UTF32", |_| Ok(Charset::Utf32 { big_endian: false }.value())),
    pure("static Encoding Default", |_| Ok(Charset::Utf8.value())),
    pure("static Encoding GetEncoding(string name)", |call| by_name(&call.text(0)?).map(Charset::value)),
    pure("static Encoding GetEncoding(int codepage)", |call| by_code_page(call.int(0)).map(Charset::value)),
    impure("static byte[] Convert(Encoding srcEncoding, Encoding dstEncoding, byte[] bytes)", |call| {
        let bytes = call.bytes(2)?.lock().clone();
        convert(call, &bytes)
    }),
    impure(
        "static byte[] Convert(Encoding srcEncoding, Encoding dstEncoding, byte[] bytes, int index, int count)",
        |call| {
            let bytes = part_of_bytes(call, 2)?;
            convert(call, &bytes)
        },
    ),
    impure("byte[] GetBytes(string s)", |call| {
        let text = call.text(0)?;
        encoded(call, &text).map(Value::bytes)
    }),
    impure("byte[] GetBytes(string s, int index, int count)", |call| {
        let text = call.text(0)?;
        let part = range(call.int(1), call.int(2), text.length())
            .and_then(|range| text.substring(range.start, range.len()))
            .ok_or_else(|| Exception::argument_out_of_range("s", OUTSIDE))?;
        encoded(call, &part).map(Value::bytes)
    }),
    impure("byte[] GetBytes(char[] chars)", |call| {
        let text = Text::from_units(&char_array(call, 0)?);
        encoded(call, &text).map(Value::bytes)
    }),
    impure("byte[] GetBytes(char[] chars, int index, int count)", |call| {
        let text = Text::from_units(&part_of_array(call, 0)?);
        encoded(call, &text).map(Value::bytes)
    }),
    impure("int GetBytes(string s, int charIndex, int charCount, byte[] bytes, int byteIndex)", |call| {
        let text = call.text(0)?;
        let part = range(call.int(1), call.int(2), text.length())
            .and_then(|range| text.substring(range.start, range.len()))
            .ok_or_else(|| Exception::argument_out_of_range("s", OUTSIDE))?;
        let encoded = encoded(call, &part)?;
        copy_bytes(call, &encoded)
    }),
    impure("int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex)", |call| {
        let text = Text::from_units(&part_of_array(call, 0)?);
        let encoded = encoded(call, &text)?;
        copy_bytes(call, &encoded)
    }),
    pure("int GetByteCount(char[] chars, int index, int count)", |call| {
        let text = Text::from_units(&part_of_array(call, 0)?);
        encoded(call, &text).map(count)
    }),
    pure("int GetByteCount(string s)", |call| {
        let text = call.text(0)?;
        encoded(call, &text).map(count)
    }),
    pure("int GetByteCount(char[] chars)", |call| {
        let text = Text::from_units(&char_array(call, 0)?);
        encoded(call, &text).map(count)
    }),
    pure("string GetString(byte[] bytes)", |call| decoded(call).map(Value::from)),
    pure("string GetString(byte[] bytes, int index, int count)", |call| {
        let bytes = part_of_bytes(call, 0)?;
        call.budget().allocate(bytes.len())?;
        Ok(Value::from(this(call)?.decode(&bytes)))
    }),
    impure("char[] GetChars(byte[] bytes)", |call| Ok(to_char_array(decoded(call)?.encode_utf16()))),
    pure("int GetCharCount(byte[] bytes)", |call| Ok(count(decoded(call)?.encode_utf16().collect()))),
    impure("char[] GetChars(byte[] bytes, int index, int count)", |call| {
        Ok(to_char_array(decoded_part(call)?.encode_utf16()))
    }),
    impure("int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex)", |call| {
        let units: Vec<u16> = decoded_part(call)?.encode_utf16().collect();
        let Value::Array(target) = call.argument(3) else { return Err(call.null_argument(3)) };
        let message = "The output char buffer is too small to contain the decoded characters.";
        write(target, call.int(4), &units).ok_or_else(|| Exception::argument(message, "chars"))?;
        Ok(count(units))
    }),
    pure("int GetCharCount(byte[] bytes, int index, int count)", |call| {
        Ok(count(decoded_part(call)?.encode_utf16().collect()))
    }),
    pure("int GetMaxCharCount(int byteCount)", |call| {
        Ok(Value::Int32(this(call)?.most_units(i64::from(call.int(0)))?))
    }),
    pure("int GetMaxByteCount(int charCount)", |call| {
        Ok(Value::Int32(this(call)?.most_bytes(i64::from(call.int(0)))?))
    }),
    impure("byte[] GetPreamble()", |call| Ok(Value::bytes(this(call)?.preamble().to_vec()))),
    pure("string WebName", |call| Ok(Value::from(this(call)?.web_name()))),
    pure("string BodyName", |call| Ok(Value::from(this(call)?.web_name()))),
    pure("string HeaderName", |call| Ok(Value::from(this(call)?.web_name()))),
    pure("string EncodingName", |call| Ok(Value::from(this(call)?.display_name()))),
    pure("int CodePage", |call| Ok(Value::Int32(this(call)?.code_page()))),
    pure("int WindowsCodePage", |call| {
        Ok(Value::Int32(if matches!(this(call)?, Charset::Ascii | Charset::Latin1) { 1252 } else { 1200 }))
    }),
    pure("bool IsReadOnly", |_| Ok(Value::Boolean(true))),
    pure("bool IsBrowserDisplay", |call| Ok(Value::Boolean(this(call)?.is_for(&[Charset::Utf8, Charset::Latin1])))),
    pure("bool IsBrowserSave", |call| {
        let savable = [Charset::Utf8, Charset::Latin1, Charset::Utf16 { big_endian: false }];
        Ok(Value::Boolean(this(call)?.is_for(&savable)))
    }),
    pure("bool IsMailNewsDisplay", is_mail),
    pure("bool IsMailNewsSave", is_mail),
    pure("bool IsAlwaysNormalized()", |call| Ok(Value::Boolean(this(call)? == Charset::Latin1))),
    pure("bool IsAlwaysNormalized(NormalizationForm form)", |call| {
        Ok(Value::Boolean(this(call)? == Charset::Latin1 && call.enumeration(0) == 1))
    }),
    pure("bool IsSingleByte", |call| {
        Ok(Value::Boolean(matches!(this(call)?, Charset::Ascii | Charset::Latin1)))
    }),
]);

/// The types of this family.
pub(super) static TYPES: &[&TypeDeclaration] = &[&ENCODING];

const OUTSIDE: &str = "Index and count must refer to a location within the buffer.";

fn this(call: &Call<'_>) -> Result<Charset, Exception> {
    call.object::<Charset>().copied()
}

fn count<T>(items: Vec<T>) -> Value {
    Value::Int32(i32::try_from(items.len()).unwrap_or(i32::MAX))
}

fn encoded(call: &mut Call<'_>, text: &Text) -> Result<Vec<u8>, Exception> {
    call.budget().allocate(text.len())?;
    Ok(this(call)?.encode(text))
}

fn decoded(call: &mut Call<'_>) -> Result<String, Exception> {
    let bytes = call.bytes(0)?;
    let bytes = bytes.lock();
    call.budget().allocate(bytes.len())?;
    call.budget().work(bytes.len().saturating_mul(4))?;
    Ok(this(call)?.decode(&bytes))
}

/// The bytes of argument `at` in the range of the two arguments behind it.
fn part_of_bytes(call: &Call<'_>, at: usize) -> Result<Vec<u8>, Exception> {
    let bytes = call.bytes(at)?;
    let bytes = bytes.lock();
    for part in [at + 1, at + 2] {
        if call.int(part) < 0 {
            return Err(Exception::argument_out_of_range(
                call.parameter_name(part),
                "Non-negative number required.",
            ));
        }
    }
    range(call.int(at + 1), call.int(at + 2), bytes.len())
        .and_then(|range| bytes.get(range))
        .map(<[u8]>::to_vec)
        .ok_or_else(|| Exception::argument_out_of_range("bytes", OUTSIDE))
}

fn decoded_part(call: &mut Call<'_>) -> Result<String, Exception> {
    let bytes = part_of_bytes(call, 0)?;
    call.budget().allocate(bytes.len())?;
    Ok(this(call)?.decode(&bytes))
}

/// Writes into the `byte[]` of argument 3 from the position of argument 4.
fn copy_bytes(call: &Call<'_>, encoded: &[u8]) -> Result<Value, Exception> {
    let target = call.bytes(3)?;
    let mut target = target.lock();
    let start = usize::try_from(call.int(4)).ok().filter(|start| *start <= target.len());
    let start = start.ok_or_else(|| {
        let message =
            "Index was out of range. Must be non-negative and less than the size of the collection.";
        Exception::argument_out_of_range("byteIndex", message)
    })?;
    let message = "The output byte buffer is too small to contain the encoded data.";
    let slots = target.get_mut(start..start + encoded.len());
    slots.ok_or_else(|| Exception::argument(message, "bytes"))?.copy_from_slice(encoded);
    Ok(Value::Int32(i32::try_from(encoded.len()).unwrap_or(i32::MAX)))
}

fn is_mail(call: &mut Call<'_>) -> Result<Value, Exception> {
    Ok(Value::Boolean(this(call)?.is_for(&[Charset::Utf8, Charset::Ascii, Charset::Latin1])))
}

fn convert(call: &mut Call<'_>, bytes: &[u8]) -> Result<Value, Exception> {
    let (from, to) = (*call.object_argument::<Charset>(0)?, *call.object_argument::<Charset>(1)?);
    call.budget().allocate(bytes.len())?;
    Ok(Value::bytes(to.encode(&from.decode(bytes))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_a_text_in_every_charset() {
        let hex = |charset: Charset, text: &str| {
            charset.encode(text).iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join("-")
        };
        assert_eq!(hex(Charset::Utf8, "é€😀"), "C3-A9-E2-82-AC-F0-9F-98-80");
        assert_eq!(hex(Charset::Ascii, "aé😀"), "61-3F-3F-3F");
        assert_eq!(hex(Charset::Latin1, "é€"), "E9-3F");
        assert_eq!(hex(Charset::Utf16 { big_endian: false }, "a😀"), "61-00-3D-D8-00-DE");
        assert_eq!(hex(Charset::Utf16 { big_endian: true }, "a😀"), "00-61-D8-3D-DE-00");
        assert_eq!(hex(Charset::Utf32 { big_endian: false }, "a😀"), "61-00-00-00-00-F6-01-00");
    }

    #[test]
    fn unreadable_bytes_are_replaced() {
        assert_eq!(Charset::Utf8.decode(&[0x61, 0xE2, 0x82, 0x62, 0xFF]), "a\u{FFFD}b\u{FFFD}");
        assert_eq!(Charset::Ascii.decode(&[0x61, 0x80]), "a?");
        assert_eq!(
            Charset::Utf16 { big_endian: false }.decode(&[0x61, 0x00, 0x3D, 0xD8, 0x7A]),
            "a\u{FFFD}\u{FFFD}"
        );
    }

    #[test]
    fn charsets_by_name_and_code_page() {
        assert_eq!(by_name("ISO-8859-1").unwrap(), Charset::Latin1);
        assert_eq!(by_name("utf-16BE").unwrap().code_page(), 1201);
        assert_eq!(by_code_page(20127).unwrap(), Charset::Ascii);
        assert_eq!(by_name("klingon").unwrap_err().type_name(), "System.ArgumentException");
        assert_eq!(by_code_page(37).unwrap_err().type_name(), "System.NotSupportedException");
    }

    #[test]
    fn members_in_expressions() {
        use crate::testing::{assert_evaluates, assert_throws};
        let cases = [
            (r#"@(Encoding.UTF8.GetString(Encoding.UTF8.GetBytes("é")))"#, "System.String", "é"),
            (r#"@(System.Text.Encoding.ASCII.GetBytes("ab"))"#, "System.Byte[]", "YWI="),
            (r#"@(Encoding.GetEncoding("iso-8859-1").GetBytes("é")[0])"#, "System.Byte", "233"),
            (r#"@(Encoding.UTF8.GetByteCount("é"))"#, "System.Int32", "2"),
            (r#"@(Encoding.UTF8.GetString(new byte[] { 97, 98, 99 }, 1, 2))"#, "System.String", "bc"),
            (r#"@(Encoding.Unicode.WebName)"#, "System.String", "utf-16"),
            (r#"@(Encoding.UTF8.Equals(Encoding.GetEncoding(65001)))"#, "System.Boolean", "true"),
        ];
        for (expression, type_name, value) in cases {
            assert_evaluates(expression, type_name, value);
        }
        assert_throws("@(Encoding.UTF8.GetBytes((string)null))", "System.ArgumentNullException");
        assert_throws("@(Encoding.UTF8.GetString(new byte[1], 0, 2))", "System.ArgumentOutOfRangeException");
    }
}
