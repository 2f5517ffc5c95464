//! The encodings that .NET always has: their names, bytes and texts.

use std::any::Any;
use std::sync::LazyLock;

use crate::exception::Exception;
use crate::types::Type;
use crate::value::{DotnetObject, Key, Value};

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
    pub(in crate::dotnet) fn value(self) -> Value {
        let made = OBJECTS.iter().find(|(charset, _)| *charset == self);
        made.map_or(Value::Null, |(_, value)| value.clone())
    }

    pub(super) fn is_for(self, charsets: &[Charset]) -> bool {
        charsets.contains(&self)
    }

    /// The bound for `units` that as many bytes may hold.
    pub(super) fn most_units(self, bytes: i64) -> Result<i32, Exception> {
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

    pub(super) fn web_name(self) -> &'static str {
        self.facts().1.first().copied().unwrap_or("")
    }

    pub(super) fn display_name(self) -> &'static str {
        self.facts().2
    }

    pub(super) fn code_page(self) -> i32 {
        self.facts().0
    }

    pub(super) fn preamble(self) -> &'static [u8] {
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
    pub(super) fn most_bytes(self, units: i64) -> Result<i32, Exception> {
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

/// An encoding by one of its names.
pub(super) fn by_name(name: &str) -> Result<Charset, Exception> {
    let known = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name.trim()));
    CHARSETS.iter().find(|(_, _, names, _)| known(names)).map(|(charset, ..)| *charset).ok_or_else(|| {
        let message = format!(
            "'{name}' is not a supported encoding name. For information on defining a custom encoding, \
             see the documentation for the Encoding.RegisterProvider method."
        );
        Exception::argument(message, "name")
    })
}

/// An encoding by its number.
pub(super) fn by_code_page(code_page: i32) -> Result<Charset, Exception> {
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
