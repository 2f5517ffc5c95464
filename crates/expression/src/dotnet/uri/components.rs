//! `UriComponents`, `UriFormat` and `Uri.GetComponents`.

use super::escape::{for_display, unescape_data};
use super::parse::{Parts, default_port};
use super::{Uri, absolute};
use crate::call::Call;
use crate::exception::Exception;
use crate::members::TypeDeclaration;
use crate::value::Value;

const SCHEME: i64 = 1;
const USER_INFO: i64 = 2;
const HOST: i64 = 4;
const PORT: i64 = 8;
const PATH: i64 = 16;
const QUERY: i64 = 32;
const FRAGMENT: i64 = 64;
const STRONG_PORT: i64 = 128;
const NORMALIZED_HOST: i64 = 256;
const KEEP_DELIMITER: i64 = 0x4000_0000;

pub(super) static URI_COMPONENTS: TypeDeclaration = TypeDeclaration::enumeration(
    "System.UriComponents",
    &[
        ("Scheme", SCHEME),
        ("UserInfo", USER_INFO),
        ("Host", HOST),
        ("Port", PORT),
        ("SchemeAndServer", SCHEME | HOST | PORT),
        ("Path", PATH),
        ("Query", QUERY),
        ("PathAndQuery", PATH | QUERY),
        ("HttpRequestUrl", SCHEME | HOST | PORT | PATH | QUERY),
        ("Fragment", FRAGMENT),
        ("AbsoluteUri", 127),
        ("StrongPort", STRONG_PORT),
        ("HostAndPort", HOST | STRONG_PORT),
        ("StrongAuthority", USER_INFO | HOST | STRONG_PORT),
        ("NormalizedHost", NORMALIZED_HOST),
        ("KeepDelimiter", KEEP_DELIMITER),
        ("SerializationInfoString", -0x8000_0000),
    ],
);

pub(super) static URI_FORMAT: TypeDeclaration = TypeDeclaration::enumeration(
    "System.UriFormat",
    &[("UriEscaped", 1), ("Unescaped", 2), ("SafeUnescaped", 3)],
);

/// `GetComponents(UriComponents components, UriFormat format)`.
pub(super) fn get_components(call: &mut Call<'_>) -> Result<Value, Exception> {
    let parts = absolute(call)?;
    Ok(Value::from(written(parts, call.enumeration(0), writer(call.enumeration(1))?)))
}

/// `Compare(Uri uri1, Uri uri2, UriComponents partsToCompare, UriFormat compareFormat, StringComparison comparisonType)`,
/// all but the comparison: the two texts, of which null comes first.
pub(super) fn texts_to_compare(call: &Call<'_>) -> Result<[Option<String>; 2], Exception> {
    let format = writer(call.enumeration(3))?;
    let text = |at: usize| {
        let uri = call.argument(at).downcast::<Uri>()?;
        Some(match &uri.parts {
            Some(parts) => written(parts, call.enumeration(2), format),
            None => uri.original.clone(),
        })
    };
    Ok([text(0), text(1)])
}

fn writer(format: i64) -> Result<fn(&str) -> String, Exception> {
    match format {
        1 => Ok(str::to_owned),
        2 => Ok(unescape_data),
        3 => Ok(for_display),
        _ => Err(Exception::argument_out_of_range("format", "")),
    }
}

/// Puts the wanted parts together, with the marks that belong between them.
fn written(parts: &Parts, wanted: i64, format: fn(&str) -> String) -> String {
    let has = |component: i64| wanted & component != 0;
    let alone = |component: i64| wanted == component;
    let mut out = String::new();
    if has(SCHEME) {
        out.push_str(&parts.scheme);
        if !alone(SCHEME) {
            out.push_str(if parts.has_authority { "://" } else { ":" });
        }
    }
    if has(USER_INFO) && !parts.user_info.is_empty() {
        out.push_str(&format(&parts.user_info));
        if !alone(USER_INFO) {
            out.push('@');
        }
    }
    if has(HOST | NORMALIZED_HOST) {
        out.push_str(&parts.host);
    }
    let shows_port = has(STRONG_PORT) || (has(PORT) && parts.port != default_port(&parts.scheme));
    if shows_port && parts.port >= 0 {
        if has(HOST | KEEP_DELIMITER) {
            out.push(':');
        }
        out.push_str(&parts.port.to_string());
    }
    if has(PATH) {
        let path =
            if alone(PATH) { parts.path.strip_prefix('/').unwrap_or(&parts.path) } else { &parts.path };
        out.push_str(&format(path));
    }
    for (component, text, mark) in [(QUERY, &parts.query, '?'), (FRAGMENT, &parts.fragment, '#')] {
        if has(component) {
            let text = if alone(component) { text.strip_prefix(mark).unwrap_or(text) } else { text };
            out.push_str(&format(text));
        }
    }
    out
}
