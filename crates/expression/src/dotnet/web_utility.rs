//! `System.Net.WebUtility`.

mod entities;
#[cfg(test)]
mod tests;

use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure, pure};
use crate::value::Value;

use super::chars::range;

static WEB_UTILITY: TypeDeclaration = TypeDeclaration::statics("System.Net.WebUtility").members(&[
    pure("static string UrlEncode(string value)", |call| through(call, url_encode)),
    pure("static string UrlDecode(string encodedValue)", |call| through(call, url_decode)),
    pure("static string HtmlEncode(string value)", |call| through(call, html_encode)),
    pure("static string HtmlDecode(string value)", |call| through(call, html_decode)),
    impure("static byte[] UrlEncodeToBytes(byte[] value, int offset, int count)", |call| {
        through_bytes(call, |bytes| url_encode_bytes(bytes).into_bytes())
    }),
    impure("static byte[] UrlDecodeToBytes(byte[] encodedValue, int offset, int count)", |call| {
        through_bytes(call, url_decode_bytes)
    }),
]);

/// The types of this family.
pub(super) static TYPES: &[&TypeDeclaration] = &[&WEB_UTILITY];

/// null stays null.
fn through(call: &mut Call<'_>, convert: fn(&str) -> String) -> Result<Value, Exception> {
    let Some(text) = call.text_or_null(0) else { return Ok(Value::Null) };
    call.budget().allocate(text.len())?;
    let converted = convert(&text);
    call.budget().allocate(converted.len())?;
    Ok(Value::from(converted))
}

fn through_bytes(call: &mut Call<'_>, convert: fn(&[u8]) -> Vec<u8>) -> Result<Value, Exception> {
    if call.argument(0).is_null() && call.int(2) == 0 {
        return Ok(Value::Null);
    }
    let bytes = call.bytes(0)?;
    let bytes = bytes.lock();
    call.budget().allocate(bytes.len().saturating_mul(3))?;
    let part = range(call.int(1), call.int(2), bytes.len()).and_then(|range| bytes.get(range));
    part.map(|part| Value::bytes(convert(part))).ok_or_else(|| Exception::argument_out_of_range("offset", ""))
}

/// `UrlEncode`: a space becomes `+`, everything but letters, digits and `-_.!*()` a `%XX` of its UTF-8.
pub(crate) fn url_encode(text: &str) -> String {
    url_encode_bytes(text.as_bytes())
}

fn url_encode_bytes(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() + 16);
    for byte in bytes {
        match byte {
            b' ' => out.push('+'),
            b'-' | b'_' | b'.' | b'!' | b'*' | b'(' | b')' => out.push(char::from(*byte)),
            _ if byte.is_ascii_alphanumeric() => out.push(char::from(*byte)),
            _ => push_escaped(&mut out, *byte),
        }
    }
    out
}

/// Adds `%XX`.
pub(super) fn push_escaped(out: &mut String, byte: u8) {
    out.push('%');
    for half in [byte >> 4, byte & 15] {
        out.push(char::from_digit(u32::from(half), 16).unwrap_or('0').to_ascii_uppercase());
    }
}

/// The byte of two hexadecimal digits.
pub(super) fn escaped_byte(high: Option<&u8>, low: Option<&u8>) -> Option<u8> {
    let high = char::from(*high?).to_digit(16)?;
    let low = char::from(*low?).to_digit(16)?;
    u8::try_from(high * 16 + low).ok()
}

/// `UrlDecode`: what is no `%XX` stays as it is; bytes that are no UTF-8 become U+FFFD.
pub(crate) fn url_decode(text: &str) -> String {
    if !text.contains(['%', '+']) {
        return text.to_owned();
    }
    String::from_utf8_lossy(&url_decode_bytes(text.as_bytes())).into_owned()
}

fn url_decode_bytes(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'+' => out.push(b' '),
            b'%' => match escaped_byte(bytes.get(at), bytes.get(at + 1)) {
                Some(escaped) => {
                    out.push(escaped);
                    at += 2;
                }
                None => out.push(b'%'),
            },
            _ => out.push(*byte),
        }
    }
    out
}

/// `HtmlEncode` of current .NET: markup, U+00A0 to U+00FF and what lies beyond the basic plane.
pub(crate) fn html_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for scalar in text.chars() {
        match scalar {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '&' => out.push_str("&amp;"),
            '\u{A0}'..='\u{FF}' | '\u{10000}'.. => {
                out.push_str("&#");
                out.push_str(&u32::from(scalar).to_string());
                out.push(';');
            }
            _ => out.push(scalar),
        }
    }
    out
}

/// `HtmlDecode`: entities of HTML 4 and numbers, each closed by `;`; everything else stays.
pub(crate) fn html_decode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        let (before, from) = rest.split_at(start);
        out.push_str(before);
        let after = from.get(1..).unwrap_or("");
        let decoded = after.find([';', '&']).and_then(|end| {
            let (name, closed) = after.split_at(end);
            Some((entity(name)?, closed.strip_prefix(';')?))
        });
        match decoded {
            Some((scalar, tail)) => {
                out.push(scalar);
                rest = tail;
            }
            None => {
                out.push('&');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    let Some(number) = name.strip_prefix('#') else { return entities::named(name) };
    match number.strip_prefix(['x', 'X']) {
        Some(digits) if digits.bytes().all(|digit| digit.is_ascii_hexdigit()) => {
            u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)
        }
        Some(_) => None,
        // .NET reads it as any integer: white space and a sign may surround it.
        None => number
            .trim_matches([' ', '\t', '\n', '\r', '\u{B}', '\u{C}'])
            .parse()
            .ok()
            .and_then(char::from_u32),
    }
}
