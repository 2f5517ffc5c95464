//! Percent-escapes as `System.Uri` writes and reads them.

use super::super::web_utility::{escaped_byte, push_escaped};

const UNRESERVED: &str = "-_.~";
const RESERVED: &str = ";/?:@&=+$,#[]!'()*";

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || UNRESERVED.as_bytes().contains(&byte)
}

fn is_reserved(byte: u8) -> bool {
    RESERVED.as_bytes().contains(&byte)
}

/// `Uri.EscapeDataString`: all but letters, digits and `-_.~`.
pub(crate) fn escape_data(text: &str) -> String {
    escaped(text, is_unreserved)
}

/// `Uri.EscapeUriString`: reserved characters stay too.
pub(super) fn escape_uri(text: &str) -> String {
    escaped(text, |byte| is_unreserved(byte) || is_reserved(byte))
}

fn escaped(text: &str, keeps: impl Fn(u8) -> bool) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for byte in text.bytes() {
        if keeps(byte) { out.push(char::from(byte)) } else { push_escaped(&mut out, byte) }
    }
    out
}

/// `Uri.UnescapeDataString`: escapes that are no UTF-8 stay as they are.
pub(crate) fn unescape_data(text: &str) -> String {
    unescaped(text, |_| false)
}

/// What `Uri.ToString()` shows: reserved characters, `%`, `\` and controls stay escaped.
pub(super) fn for_display(text: &str) -> String {
    unescaped(text, |decoded| {
        u8::try_from(decoded).is_ok_and(is_reserved)
            || decoded == '%'
            || decoded == '\\'
            || decoded.is_control()
    })
}

/// Decodes runs of escapes as UTF-8; what `stays` accepts and what is no UTF-8 keeps its escape.
fn unescaped(text: &str, stays: impl Fn(char) -> bool) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('%') {
        let (before, from) = rest.split_at(start);
        out.push_str(before);
        let at = bytes.len() - from.len();
        let run = escaped_run(bytes.get(at..).unwrap_or_default());
        if run.is_empty() {
            out.push('%');
            rest = from.get(1..).unwrap_or("");
            continue;
        }
        push_run(&mut out, &run, from, &stays);
        rest = from.get(run.len() * 3..).unwrap_or("");
    }
    out.push_str(rest);
    out
}

fn escaped_run(bytes: &[u8]) -> Vec<u8> {
    let (triples, _) = bytes.as_chunks::<3>();
    triples
        .iter()
        .map_while(
            |[percent, high, low]| {
                if *percent == b'%' { escaped_byte(Some(high), Some(low)) } else { None }
            },
        )
        .collect()
}

/// `source` begins with the escapes of `run`.
fn push_run(out: &mut String, run: &[u8], source: &str, stays: &impl Fn(char) -> bool) {
    let mut at = 0;
    for chunk in run.utf8_chunks() {
        for decoded in chunk.valid().chars() {
            let end = at + decoded.len_utf8();
            if stays(decoded) {
                out.push_str(source.get(at * 3..end * 3).unwrap_or(""));
            } else {
                out.push(decoded);
            }
            at = end;
        }
        let end = at + chunk.invalid().len();
        out.push_str(source.get(at * 3..end * 3).unwrap_or(""));
        at = end;
    }
}

/// The canonical form inside a URI: escapes of unreserved characters are resolved, other escapes stay,
/// a lone `%` and everything not allowed are escaped.
pub(super) fn canonical(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len() + 16);
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'%' => match escaped_byte(bytes.get(at + 1), bytes.get(at + 2)) {
                Some(decoded) => {
                    if is_unreserved(decoded) {
                        out.push(char::from(decoded));
                    } else {
                        out.push_str(text.get(at..at + 3).unwrap_or(""));
                    }
                    at += 2;
                }
                None => out.push_str("%25"),
            },
            _ if is_unreserved(*byte) || is_reserved(*byte) => out.push(char::from(*byte)),
            _ => push_escaped(&mut out, *byte),
        }
        at += 1;
    }
    out
}

/// True when the text is canonical already, apart from the case of escapes.
pub(super) fn is_well_formed(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.iter().enumerate().all(|(at, byte)| match byte {
        b'%' => escaped_byte(bytes.get(at + 1), bytes.get(at + 2)).is_some(),
        _ => is_unreserved(*byte) || is_reserved(*byte) || !byte.is_ascii(),
    })
}
