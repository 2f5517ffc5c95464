//! `System.Text.Encoding`.

use std::any::Any;
use std::sync::LazyLock;

use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure, pure};
use crate::types::Type;
use crate::value::{DotnetObject, Key, Text, Value};

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

/// An encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Charset {
    Utf8,
    Ascii,
    Latin1,
    Utf16 { big_endian: bool },
    Utf32 { big_endian: bool },
}

/// Code page, names accepted (the first is `WebName`), `EncodingName`.
static CHARSETS: &[(Charset, i32, &[&str], &str)] = &[
    (
        Charset::Utf8,
        65001,
        &["utf-8", "utf8", "unicode-1-1-utf-8", "unicode-2-0-utf-8", "x-unicode-2-0-utf-8"],
        "Unicode (UTF-8)",
    ),
    (
        Charset::Ascii,
        20127,
        &[
            "us-ascii",
            "ascii",
            "us",
            "ansi_x3.4-1968",
            "ansi_x3.4-1986",
            "iso646-us",
            "iso_646.irv:1991",
            "iso-ir-6",
            "cp367",
            "ibm367",
            "csascii",
        ],
        "US-ASCII",
    ),
    (
        Charset::Latin1,
        28591,
        &[
            "iso-8859-1",
            "latin1",
            "l1",
            "iso_8859-1",
            "iso8859-1",
            "iso_8859-1:1987",
            "iso-ir-100",
            "cp819",
            "ibm819",
            "csisolatin1",
        ],
        "Western European (ISO)",
    ),
    (
        Charset::Utf16 { big_endian: false },
        1200,
        &["utf-16", "unicode", "utf-16le", "ucs-2", "iso-10646-ucs-2"],
        "Unicode",
    ),
    (Charset::Utf16 { big_endian: true }, 1201, &["utf-16BE", "unicodefffe"], "Unicode (Big-Endian)"),
    (Charset::Utf32 { big_endian: false }, 12000, &["utf-32", "utf-32le"], "Unicode (UTF-32)"),
    (Charset::Utf32 { big_endian: true }, 12001, &["utf-32BE"], "Unicode (UTF-32 Big-Endian)"),
];

impl DotnetObject for Charset {
    fn type_of(&self) -> Type {
        Type::Named("System.Text.Encoding")
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn equals(&self, other: &dyn DotnetObject) -> bool {
        other.as_any().downcast_ref() == Some(self)
    }
    fn to_text(&self) -> String {
        let class = match self {
            Charset::Utf8 => "UTF8Encoding",
            Charset::Ascii => "ASCIIEncoding",
            Charset::Latin1 => "Latin1Encoding",
            Charset::Utf16 { .. } => "UnicodeEncoding",
            Charset::Utf32 { .. } => "UTF32Encoding",
        };
        format!("System.Text.{class}")
    }
    fn key(&self) -> Option<Key> {
        Some(Key::Canonical(40, self.web_name().to_owned()))
    }
}

/// Every encoding, made once: `==` compares references.
static OBJECTS: LazyLock<Vec<(Charset, Value)>> =
    LazyLock::new(|| CHARSETS.iter().map(|(charset, ..)| (*charset, Value::object(*charset))).collect());

impl Charset {
    /// The encoding as a value.
    pub(super) fn value(self) -> Value {
        let made = OBJECTS.iter().find(|(charset, _)| *charset == self);
        made.map_or(Value::Null, |(_, value)| value.clone())
    }

    fn is_for(self, charsets: &[Charset]) -> bool {
        charsets.contains(&self)
    }

    /// The bound for `units` that as many bytes may hold.
    fn most_units(self, bytes: i64) -> Result<i32, Exception> {
        if bytes < 0 {
            return Err(Exception::argument_out_of_range("byteCount", "Non-negative number required."));
        }
        let units = match self {
            Charset::Utf8 => bytes + 1,
            Charset::Ascii | Charset::Latin1 => bytes,
            Charset::Utf16 { .. } => bytes / 2 + bytes % 2 + 1,
            Charset::Utf32 { .. } => bytes / 2 + 2,
        };
        let message =
            "Too many bytes. The resulting number of chars is larger than what can be returned as an int.";
        i32::try_from(units).map_err(|_| Exception::argument_out_of_range("byteCount", message))
    }

    fn facts(self) -> (i32, &'static [&'static str], &'static str) {
        CHARSETS
            .iter()
            .find(|(charset, ..)| *charset == self)
            .map_or((0, &[], ""), |(_, code_page, names, display)| (*code_page, names, display))
    }

    fn web_name(self) -> &'static str {
        self.facts().1.first().copied().unwrap_or("")
    }

    fn display_name(self) -> &'static str {
        self.facts().2
    }

    fn code_page(self) -> i32 {
        self.facts().0
    }

    fn preamble(self) -> &'static [u8] {
        match self {
            Charset::Utf8 => &[0xEF, 0xBB, 0xBF],
            Charset::Ascii | Charset::Latin1 => &[],
            Charset::Utf16 { big_endian: false } => &[0xFF, 0xFE],
            Charset::Utf16 { big_endian: true } => &[0xFE, 0xFF],
            Charset::Utf32 { big_endian: false } => &[0xFF, 0xFE, 0, 0],
            Charset::Utf32 { big_endian: true } => &[0, 0, 0xFE, 0xFF],
        }
    }

    /// .NET's upper bound: room for one unit left over from an earlier call.
    fn most_bytes(self, units: i64) -> Result<i32, Exception> {
        let (factor, extra) = match self {
            Charset::Utf8 => (3, 1),
            Charset::Ascii | Charset::Latin1 => (1, 1),
            Charset::Utf16 { .. } => (2, 1),
            Charset::Utf32 { .. } => (4, 1),
        };
        if units < 0 {
            return Err(Exception::argument_out_of_range("charCount", "Non-negative number required."));
        }
        let message = "Too many characters. The resulting number of bytes is larger than what can be returned as an int.";
        i32::try_from((units + extra) * factor)
            .map_err(|_| Exception::argument_out_of_range("charCount", message))
    }

    /// Bytes of a text. What a narrow charset lacks becomes `?`, once for each UTF-16 unit.
    pub(crate) fn encode(self, text: &str) -> Vec<u8> {
        match self {
            Charset::Utf8 => text.as_bytes().to_vec(),
            Charset::Ascii => text.encode_utf16().map(|unit| narrow(unit, 0x7F)).collect(),
            Charset::Latin1 => text.encode_utf16().map(|unit| narrow(unit, 0xFF)).collect(),
            Charset::Utf16 { big_endian } => text
                .encode_utf16()
                .flat_map(|unit| if big_endian { unit.to_be_bytes() } else { unit.to_le_bytes() })
                .collect(),
            Charset::Utf32 { big_endian } => text
                .chars()
                .map(u32::from)
                .flat_map(|scalar| if big_endian { scalar.to_be_bytes() } else { scalar.to_le_bytes() })
                .collect(),
        }
    }

    /// Text of bytes. What cannot be read becomes U+FFFD (`?` in ASCII), as .NET replaces it.
    pub(crate) fn decode(self, bytes: &[u8]) -> String {
        match self {
            Charset::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
            Charset::Ascii => {
                bytes.iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { '?' }).collect()
            }
            Charset::Latin1 => bytes.iter().map(|byte| char::from(*byte)).collect(),
            Charset::Utf16 { big_endian } => {
                let (pairs, rest) = bytes.as_chunks::<2>();
                let units = pairs.iter().map(|pair| {
                    if big_endian { u16::from_be_bytes(*pair) } else { u16::from_le_bytes(*pair) }
                });
                let text: String = char::decode_utf16(units)
                    .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
                    .collect();
                with_rest(text, rest)
            }
            Charset::Utf32 { big_endian } => {
                let (quads, rest) = bytes.as_chunks::<4>();
                let scalars = quads.iter().map(|quad| {
                    if big_endian { u32::from_be_bytes(*quad) } else { u32::from_le_bytes(*quad) }
                });
                let text = scalars
                    .map(|scalar| char::from_u32(scalar).unwrap_or(char::REPLACEMENT_CHARACTER))
                    .collect();
                with_rest(text, rest)
            }
        }
    }
}

fn narrow(unit: u16, last: u8) -> u8 {
    u8::try_from(unit).ok().filter(|byte| *byte <= last).unwrap_or(b'?')
}

/// A unit cut off at the end counts as one unreadable character.
fn with_rest(mut text: String, rest: &[u8]) -> String {
    if !rest.is_empty() {
        text.push(char::REPLACEMENT_CHARACTER);
    }
    text
}

fn by_name(name: &str) -> Result<Charset, Exception> {
    let known = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name.trim()));
    CHARSETS.iter().find(|(_, _, names, _)| known(names)).map(|(charset, ..)| *charset).ok_or_else(|| {
        let message = format!(
            "'{name}' is not a supported encoding name. For information on defining a custom encoding, \
             see the documentation for the Encoding.RegisterProvider method."
        );
        Exception::argument(message, "name")
    })
}

fn by_code_page(code_page: i32) -> Result<Charset, Exception> {
    if !(0..=65535).contains(&code_page) {
        let message = "Valid values are between 0 and 65535, inclusive.";
        return Err(Exception::argument_out_of_range("codepage", message));
    }
    // 0 stands for the default.
    let wanted = if code_page == 0 { 65001 } else { code_page };
    CHARSETS.iter().find(|(_, number, ..)| *number == wanted).map(|(charset, ..)| *charset).ok_or_else(|| {
        Exception::not_supported(format!(
            "No data is available for encoding {code_page}. For information on defining a custom encoding, \
             see the documentation for the Encoding.RegisterProvider method."
        ))
    })
}

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
