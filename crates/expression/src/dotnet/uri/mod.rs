//! `System.Uri`.

mod components;
mod escape;
mod parse;
#[cfg(test)]
mod tests;

use std::any::Any;

pub(crate) use escape::{escape_data, unescape_data};
pub(super) use parse::loose_ipv4;

use crate::call::Call;
use crate::dotnet::string::compare::Comparison;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure, pure};
use crate::types::Type;
use crate::value::{DotnetObject, Key, Text, Value};

use parse::{HostKind, Parts};

static URI_KIND: TypeDeclaration = TypeDeclaration::enumeration(
    "System.UriKind",
    &[("RelativeOrAbsolute", 0), ("Absolute", 1), ("Relative", 2)],
);
static URI_PARTIAL: TypeDeclaration = TypeDeclaration::enumeration(
    "System.UriPartial",
    &[("Scheme", 0), ("Authority", 1), ("Path", 2), ("Query", 3)],
);
static HOST_NAME_TYPE: TypeDeclaration = TypeDeclaration::enumeration(
    "System.UriHostNameType",
    &[("Unknown", 0), ("Basic", 1), ("Dns", 2), ("IPv4", 3), ("IPv6", 4)],
);

static URI: TypeDeclaration = TypeDeclaration::class("System.Uri").members(&[
    pure("new(string uriString)", |call| Uri::create(&call.text(0)?, Kind::Absolute).map(Value::object)),
    pure("new(string uriString, UriKind uriKind)", |call| {
        Uri::create(&call.text(0)?, kind(call, 1)).map(Value::object)
    }),
    pure("new(Uri baseUri, string relativeUri)", |call| {
        let relative = call.text_or_null(1).unwrap_or_else(Text::empty);
        joined(call.object_argument::<Uri>(0)?, &relative).map(Value::object)
    }),
    pure("new(Uri baseUri, Uri relativeUri)", |call| {
        let relative = call.object_argument::<Uri>(1)?;
        joined(call.object_argument::<Uri>(0)?, &relative.original).map(Value::object)
    }),
    pure("string AbsoluteUri", |call| absolute(call).map(|parts| Value::from(parts.text(Upto::Fragment)))),
    pure("string AbsolutePath", |call| absolute(call).map(|parts| Value::from(parts.path.as_str()))),
    pure("string LocalPath", |call| absolute(call).map(|parts| Value::from(unescape_data(&parts.path)))),
    pure("string PathAndQuery", |call| {
        absolute(call).map(|parts| Value::from(format!("{}{}", parts.path, parts.query)))
    }),
    pure("string Query", |call| absolute(call).map(|parts| Value::from(parts.query.as_str()))),
    pure("string Fragment", |call| absolute(call).map(|parts| Value::from(parts.fragment.as_str()))),
    pure("string Scheme", |call| absolute(call).map(|parts| Value::from(parts.scheme.as_str()))),
    pure("string Host", |call| absolute(call).map(|parts| Value::from(parts.host.as_str()))),
    pure("string DnsSafeHost", |call| {
        absolute(call).map(|parts| Value::from(parts.host.trim_matches(['[', ']'])))
    }),
    pure("UriHostNameType HostNameType", |call| {
        absolute(call).map(|parts| Value::enumeration(&HOST_NAME_TYPE, parts.host_kind as i64))
    }),
    pure("int Port", |call| absolute(call).map(|parts| Value::Int32(parts.port))),
    pure("string Authority", |call| absolute(call).map(|parts| Value::from(parts.authority()))),
    pure("string UserInfo", |call| absolute(call).map(|parts| Value::from(parts.user_info.as_str()))),
    impure("string[] Segments", |call| {
        let path = absolute(call)?.path.clone();
        call.budget().steps(path.len() as u64)?;
        Ok(Value::string_array(path.split_inclusive('/')))
    }),
    pure("string OriginalString", |call| Ok(Value::from(this(call)?.original.as_str()))),
    pure("bool IsAbsoluteUri", |call| Ok(Value::Boolean(this(call)?.parts.is_some()))),
    pure("bool IsDefaultPort", |call| {
        absolute(call).map(|parts| Value::Boolean(parts.port == parse::default_port(&parts.scheme)))
    }),
    pure("bool IsFile", |call| absolute(call).map(|parts| Value::Boolean(parts.scheme == "file"))),
    pure("bool IsUnc", |call| {
        absolute(call).map(|parts| Value::Boolean(parts.scheme == "file" && !parts.host.is_empty()))
    }),
    pure("bool IsLoopback", |call| absolute(call).map(|parts| Value::Boolean(parts.is_loopback()))),
    pure("bool UserEscaped", |_| Ok(Value::Boolean(false))),
    pure("string GetLeftPart(UriPartial part)", |call| {
        let part = call.enumeration(0);
        absolute(call).map(|parts| Value::from(parts.left_part(part)))
    }),
    pure("string GetComponents(UriComponents components, UriFormat format)", components::get_components),
    pure(
        "static int Compare(Uri uri1, Uri uri2, UriComponents partsToCompare, UriFormat compareFormat, StringComparison comparisonType)",
        |call| {
            let comparison = Comparison::argument(call, 4)?;
            Ok(Value::Int32(match components::texts_to_compare(call)? {
                [Some(one), Some(other)] => comparison.number(&one, &other),
                [one, other] => i32::from(one.is_some()) - i32::from(other.is_some()),
            }))
        },
    ),
    pure("bool IsBaseOf(Uri uri)", |call| {
        let other = call.object_argument::<Uri>(0)?;
        Ok(Value::Boolean(match (&this(call)?.parts, &other.parts) {
            (Some(base), Some(other)) => base.is_base_of(other),
            _ => false,
        }))
    }),
    pure("Uri MakeRelativeUri(Uri uri)", |call| {
        let (from, to) = (absolute(call)?, call.object_argument::<Uri>(0)?);
        match &to.parts {
            Some(to) => from.relative_to(to).map(Value::object),
            None => Err(not_relative()),
        }
    }),
    pure("bool IsWellFormedOriginalString()", |call| {
        Ok(Value::Boolean(escape::is_well_formed(&this(call)?.original)))
    }),
    pure("string ToString()", |call| Ok(Value::from(this(call)?.to_text()))),
    pure("static bool operator ==(Uri uri1, Uri uri2)", |call| {
        Ok(Value::Boolean(call.argument(0).equals(call.argument(1))))
    }),
    pure("static bool operator !=(Uri uri1, Uri uri2)", |call| {
        Ok(Value::Boolean(!call.argument(0).equals(call.argument(1))))
    }),
    pure("static string EscapeDataString(string stringToEscape)", |call| {
        let text = call.text(0)?;
        call.budget().allocate(text.len().saturating_mul(3))?;
        Ok(Value::from(escape_data(&text)))
    }),
    pure("static string EscapeUriString(string stringToEscape)", |call| {
        let text = call.text(0)?;
        call.budget().allocate(text.len().saturating_mul(3))?;
        Ok(Value::from(escape::escape_uri(&text)))
    }),
    pure("static string UnescapeDataString(string stringToUnescape)", |call| {
        let text = call.text(0)?;
        call.budget().allocate(text.len())?;
        Ok(Value::from(unescape_data(&text)))
    }),
    pure("static bool TryCreate(string uriString, UriKind uriKind, out Uri result)", |call| {
        let made = call.text_or_null(0).and_then(|text| Uri::create(&text, kind(call, 1)).ok());
        Ok(answer(call, 2, made))
    }),
    pure("static bool TryCreate(Uri baseUri, string relativeUri, out Uri result)", |call| {
        let base = call.argument(0).downcast::<Uri>();
        let made = base.and_then(|base| joined(base, &call.text_or_null(1)?).ok());
        Ok(answer(call, 2, made))
    }),
    pure("static bool TryCreate(Uri baseUri, Uri relativeUri, out Uri result)", |call| {
        let pair = call.argument(0).downcast::<Uri>().zip(call.argument(1).downcast::<Uri>());
        let made = pair.and_then(|(base, relative)| joined(base, &relative.original).ok());
        Ok(answer(call, 2, made))
    }),
    pure("static bool IsWellFormedUriString(string uriString, UriKind uriKind)", |call| {
        let text = call.text_or_null(0);
        let fits = |text: &Text| escape::is_well_formed(text) && Uri::create(text, kind(call, 1)).is_ok();
        Ok(Value::Boolean(text.is_some_and(|text| fits(&text))))
    }),
    pure("static UriHostNameType CheckHostName(string name)", |call| {
        let kind = call.text_or_null(0).map_or(HostKind::Unknown, |name| {
            let bracketed = if name.contains(':') {
                format!("[{}]", name.trim_matches(['[', ']']))
            } else {
                name.to_string()
            };
            parse::read_host(&bracketed).map_or(HostKind::Unknown, |(_, kind)| kind)
        });
        Ok(Value::enumeration(&HOST_NAME_TYPE, kind as i64))
    }),
    pure("static bool CheckSchemeName(string schemeName)", |call| {
        Ok(Value::Boolean(call.text_or_null(0).is_some_and(|name| parse::is_scheme(&name))))
    }),
    pure("static bool IsHexDigit(char character)", |call| {
        Ok(Value::Boolean(u8::try_from(call.char(0)).is_ok_and(|byte| byte.is_ascii_hexdigit())))
    }),
    pure("static bool IsHexEncoding(string pattern, int index)", |call| {
        let text = call.text(0)?;
        let units = text.units();
        let triple = usize::try_from(call.int(1)).ok().and_then(|at| units.get(at..at.checked_add(3)?));
        let is_digit = |unit: &u16| u8::try_from(*unit).is_ok_and(|byte| byte.is_ascii_hexdigit());
        Ok(Value::Boolean(matches!(triple, Some([37, high, low]) if is_digit(high) && is_digit(low))))
    }),
    pure("static int FromHex(char digit)", |call| {
        let digit = char::from_u32(u32::from(call.char(0))).and_then(|digit| digit.to_digit(16));
        let digit = digit.and_then(|digit| i32::try_from(digit).ok());
        digit.map(Value::Int32).ok_or_else(|| Exception::argument("digit", ""))
    }),
    pure("static string HexEscape(char character)", |call| {
        let byte = u8::try_from(call.char(0));
        let byte = byte.map_err(|_| Exception::argument_out_of_range("character", ""))?;
        Ok(Value::from(format!("%{byte:02X}")))
    }),
    pure("static string SchemeDelimiter", |_| Ok(Value::from("://"))),
    pure("static string UriSchemeHttp", |_| Ok(Value::from("http"))),
    pure("static string UriSchemeHttps", |_| Ok(Value::from("https"))),
    pure("static string UriSchemeFtp", |_| Ok(Value::from("ftp"))),
    pure("static string UriSchemeFile", |_| Ok(Value::from("file"))),
    pure("static string UriSchemeMailto", |_| Ok(Value::from("mailto"))),
    pure("static string UriSchemeGopher", |_| Ok(Value::from("gopher"))),
    pure("static string UriSchemeNews", |_| Ok(Value::from("news"))),
    pure("static string UriSchemeNntp", |_| Ok(Value::from("nntp"))),
    pure("static string UriSchemeNetTcp", |_| Ok(Value::from("net.tcp"))),
    pure("static string UriSchemeNetPipe", |_| Ok(Value::from("net.pipe"))),
]);

/// The types of this family.
pub(super) static TYPES: &[&TypeDeclaration] =
    &[&URI, &URI_KIND, &URI_PARTIAL, &HOST_NAME_TYPE, &components::URI_COMPONENTS, &components::URI_FORMAT];

/// A URI, absolute or relative.
#[derive(Clone, Debug)]
pub(crate) struct Uri {
    original: String,
    parts: Option<Parts>,
}

impl DotnetObject for Uri {
    fn type_of(&self) -> Type {
        Type::Named("System.Uri")
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn to_text(&self) -> String {
        match &self.parts {
            Some(parts) => parts.display(),
            None => self.original.clone(),
        }
    }
    fn equals(&self, other: &dyn DotnetObject) -> bool {
        other.as_any().downcast_ref::<Uri>().is_some_and(|other| self.identity() == other.identity())
    }
    fn key(&self) -> Option<Key> {
        Some(Key::Canonical(41, self.identity()))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Either,
    Absolute,
    Relative,
}

fn kind(call: &Call<'_>, at: usize) -> Kind {
    match call.enumeration(at) {
        0 => Kind::Either,
        1 => Kind::Absolute,
        _ => Kind::Relative,
    }
}

impl Uri {
    fn create(text: &str, kind: Kind) -> Result<Self, Exception> {
        let original = text.to_owned();
        match parse::parse(text) {
            Ok(_) if kind == Kind::Relative => Err(format_error(
                "A relative URI cannot be created because the 'uriString' parameter represents an absolute URI.",
            )),
            Ok(parts) => Ok(Self { original, parts: Some(parts) }),
            Err(refusal) if kind != Kind::Absolute && refusal.may_be_relative() => {
                Ok(Self { original, parts: None })
            }
            Err(refusal) => Err(format_error(refusal.message())),
        }
    }

    /// What equality compares: user information and fragment do not count.
    fn identity(&self) -> String {
        match &self.parts {
            Some(parts) => {
                format!("{}://{}:{}{}{}", parts.scheme, parts.host, parts.port, parts.path, parts.query)
            }
            None => self.original.clone(),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Upto {
    Authority,
    Path,
    Query,
    Fragment,
}

impl Parts {
    fn authority(&self) -> String {
        if self.port == parse::default_port(&self.scheme) {
            return self.host.clone();
        }
        format!("{}:{}", self.host, self.port)
    }

    fn head(&self) -> String {
        let at = if self.user_info.is_empty() { "" } else { "@" };
        if !self.has_authority {
            return format!("{}:{}{at}{}", self.scheme, self.user_info, self.host);
        }
        format!("{}://{}{at}{}", self.scheme, self.user_info, self.authority())
    }

    fn text(&self, upto: Upto) -> String {
        let mut out = self.head();
        for (part, from) in
            [(&self.path, Upto::Path), (&self.query, Upto::Query), (&self.fragment, Upto::Fragment)]
        {
            if upto >= from {
                out.push_str(part);
            }
        }
        out
    }

    fn display(&self) -> String {
        let shown = |part: &str| escape::for_display(part);
        format!("{}{}{}{}", self.head(), shown(&self.path), shown(&self.query), shown(&self.fragment))
    }

    /// `UriPartial` by its numbers.
    fn left_part(&self, part: i64) -> String {
        match part {
            0 if self.has_authority => format!("{}://", self.scheme),
            0 => format!("{}:", self.scheme),
            1 if self.has_authority => self.text(Upto::Authority),
            1 => String::new(),
            2 => self.text(Upto::Path),
            _ => self.text(Upto::Query),
        }
    }

    fn is_loopback(&self) -> bool {
        match self.host_kind {
            HostKind::IPv4 => self.host.starts_with("127."),
            HostKind::IPv6 => self.host == "[::1]",
            HostKind::Dns => matches!(self.host.as_str(), "localhost" | "loopback"),
            HostKind::Basic => self.scheme == "file",
            HostKind::Unknown => false,
        }
    }

    fn same_server(&self, other: &Parts) -> bool {
        self.scheme == other.scheme && self.host == other.host && self.port == other.port
    }

    fn folder(&self) -> &str {
        self.path.rfind('/').map_or("", |at| self.path.get(..=at).unwrap_or(""))
    }

    fn is_base_of(&self, other: &Parts) -> bool {
        self.same_server(other) && other.path.starts_with(self.folder())
    }

    fn relative_to(&self, to: &Parts) -> Result<Uri, Exception> {
        if !self.same_server(to) {
            return Uri::create(&to.text(Upto::Fragment), Kind::Absolute);
        }
        let common = self
            .path
            .bytes()
            .zip(to.path.bytes())
            .take_while(|(left, right)| left == right)
            .collect::<Vec<_>>()
            .iter()
            .rposition(|(byte, _)| *byte == b'/')
            .map_or(0, |at| at + 1);
        let up = self.path.get(common..).unwrap_or("").matches('/').count();
        let down = to.path.get(common..).unwrap_or("");
        let mut original = "../".repeat(up) + down;
        // A colon in the first segment would read as a scheme.
        if up == 0 && down.split('/').next().is_some_and(|segment| segment.contains(':')) {
            original.insert_str(0, "./");
        }
        original.push_str(&to.query);
        original.push_str(&to.fragment);
        Ok(Uri { original, parts: None })
    }
}

fn joined(base: &Uri, relative: &str) -> Result<Uri, Exception> {
    let Some(parts) = &base.parts else {
        return Err(Exception::argument_out_of_range(
            "baseUri",
            "This operation is not supported for a relative URI.",
        ));
    };
    if let Ok(whole) = Uri::create(relative, Kind::Absolute) {
        return Ok(whole);
    }
    // `http:x` behind an http URI is `x`.
    let relative = relative
        .split_once(':')
        .filter(|(scheme, _)| parts.has_authority && scheme.eq_ignore_ascii_case(&parts.scheme))
        .map_or(relative, |(_, rest)| rest);
    let resolved = match parse::parse(relative) {
        Err(refusal) if !refusal.may_be_relative() => Err(refusal),
        _ => parse::resolve(parts, relative),
    };
    let parts = resolved.map_err(|refusal| format_error(refusal.message()))?;
    Ok(Uri { original: parts.text(Upto::Fragment), parts: Some(parts) })
}

fn this<'c>(call: &'c Call<'_>) -> Result<&'c Uri, Exception> {
    call.object()
}

fn absolute<'c>(call: &'c Call<'_>) -> Result<&'c Parts, Exception> {
    this(call)?.parts.as_ref().ok_or_else(not_relative)
}

fn not_relative() -> Exception {
    Exception::invalid_operation("This operation is not supported for a relative URI.")
}

fn format_error(message: &str) -> Exception {
    Exception::new("System.UriFormatException", message)
}

fn answer(call: &mut Call<'_>, at: usize, made: Option<Uri>) -> Value {
    let found = made.is_some();
    call.set_out(at, made.map_or(Value::Null, Value::object));
    Value::Boolean(found)
}
