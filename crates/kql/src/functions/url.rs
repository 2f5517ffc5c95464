//! Addresses and paths.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::cell::{Cell, Row};
use super::declare::Does::Rows;
use super::declare::Function;
use super::json::text as json;
use crate::Type::{Dynamic, String as Text};

/// The family.
pub(crate) static FUNCTIONS: &[Function] = &[
    Function {
        name: "url_encode",
        takes: "url: string",
        does: Rows(Text, |row| encode(row.text(0)).replace("%20", "+").into()),
    },
    Function {
        name: "url_encode_component",
        takes: "url: string",
        does: Rows(Text, |row| encode(row.text(0)).into()),
    },
    Function { name: "url_decode", takes: "url: string", does: Rows(Text, |row| decode(row.text(0)).into()) },
    Function { name: "parse_url", takes: "url: string", does: Rows(Dynamic, parse_url) },
    Function { name: "parseurl", takes: "url: string", does: Rows(Dynamic, parse_url) },
    Function {
        name: "parse_urlquery",
        takes: "query: string",
        does: Rows(Dynamic, |row| {
            let query = row.text(0).trim_start_matches('?');
            json::bag([("Query Parameters", parameters(query).as_str())]).into()
        }),
    },
    Function { name: "parse_path", takes: "path: string", does: Rows(Dynamic, parse_path) },
];

/// What stays as it is in a component.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

fn encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

fn decode(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

/// The pairs of a query as a bag.
fn parameters(query: &str) -> String {
    let pairs: Vec<(Cow<'_, str>, String)> = url::form_urlencoded::parse(query.as_bytes())
        .map(|(name, value)| (name, json::quote(&value)))
        .collect();
    json::bag(pairs.iter().map(|(name, value)| (name.as_ref(), value.as_str())))
}

fn parse_url<'a>(row: &Row<'_, 'a>) -> Cell<'a> {
    let Ok(parsed) = url::Url::parse(row.text(0)) else { return Cell::Null };
    // The port is told only where the address has one: `url` leaves the scheme's own out.
    let port = parsed.port().map(|port| port.to_string()).unwrap_or_default();
    let query = parameters(parsed.query().unwrap_or_default());
    let path = decode(parsed.path());
    let texts = [
        ("Scheme", parsed.scheme()),
        ("Host", parsed.host_str().unwrap_or_default()),
        ("Port", port.as_str()),
        ("Path", path.as_str()),
        ("Username", parsed.username()),
        ("Password", parsed.password().unwrap_or_default()),
    ];
    let mut properties: Vec<(&str, String)> = texts.map(|(name, text)| (name, json::quote(text))).into();
    properties.push(("Query Parameters", query));
    properties.push(("Fragment", json::quote(parsed.fragment().unwrap_or_default())));
    json::bag(properties.iter().map(|(name, value)| (*name, value.as_str()))).into()
}

fn parse_path<'a>(row: &Row<'_, 'a>) -> Cell<'a> {
    let text = row.text(0);
    let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
    let separator = |c: char| c == '/' || c == '\\';
    let (directory, file) = match rest.rfind(separator) {
        Some(at) => (rest.get(..at).unwrap_or_default(), rest.get(at + 1..).unwrap_or_default()),
        None => ("", rest),
    };
    let root = rest.get(..2).filter(|root| root.ends_with(':')).unwrap_or_default();
    let (file, stream) = file.split_once(':').unwrap_or((file, ""));
    let extension = file.rsplit_once('.').map_or("", |(_, extension)| extension);
    let name = directory.rsplit(separator).next().unwrap_or_default();
    let texts = [
        ("Scheme", scheme),
        ("RootPath", root),
        ("DirectoryPath", directory),
        ("DirectoryName", name),
        ("Filename", file),
        ("Extension", extension),
        ("AlternateDataStreamName", stream),
    ];
    let quoted = texts.map(|(name, text)| (name, json::quote(text)));
    json::bag(quoted.iter().map(|(name, value)| (*name, value.as_str()))).into()
}
