//! The way from a text value back to the characters it was written with.

use sekisho_diagnostics::{MappedText, SourceMap, Span};

/// The text of a JSON string or YAML scalar at `span`, mapped to its source as exactly as its notation allows: plain
/// and literal texts character by character, escapes one by one, folded texts as a whole.
pub(crate) fn mapped_text(text: &str, span: Span, sources: &SourceMap) -> MappedText {
    let source = sources.slice(span);
    let found = unquoted(text, source, span)
        .or_else(|| escaped(text, source, span))
        .or_else(|| literal(text, source, span));
    found.unwrap_or_else(|| {
        let mut whole = MappedText::new(span);
        whole.push_replaced(text, span);
        whole
    })
}

/// A text that stands in the source as it is, perhaps in quotes.
fn unquoted(text: &str, source: &str, span: Span) -> Option<MappedText> {
    let at = source.find(text)?;
    Some(MappedText::verbatim(text, span.file, span.start as usize + at))
}

/// A text in double quotes with escapes.
fn escaped(text: &str, source: &str, span: Span) -> Option<MappedText> {
    let inner = source.strip_prefix('"')?.strip_suffix('"')?;
    let mut out = MappedText::new(span);
    let mut at = 0;
    while let Some(rest) = inner.get(at..).filter(|rest| !rest.is_empty()) {
        let start = span.start as usize + 1 + at;
        let plain = rest.find('\\').unwrap_or(rest.len());
        out.push_verbatim(rest.get(..plain)?, span.file, start);
        at += plain;
        if let Some((decoded, length)) = decode_escape(rest.get(plain..)?) {
            let from = start + plain;
            out.push_replaced(decoded.encode_utf8(&mut [0; 4]), Span::new(span.file, from, from + length));
            at += length;
        } else if plain < rest.len() {
            return None;
        }
    }
    (out.text() == text).then_some(out)
}

/// A YAML block scalar after `|`: each line of the text is the end of a line of the source.
fn literal(text: &str, source: &str, span: Span) -> Option<MappedText> {
    let mut out = MappedText::new(span);
    let mut lines = source.split_inclusive('\n');
    let mut at = span.start as usize + if source.starts_with('|') { lines.next()?.len() } else { 0 };
    for line in text.split_inclusive('\n') {
        let content = line.strip_suffix('\n').unwrap_or(line);
        let written = lines.next()?;
        let bare = written.trim_end_matches(['\n', '\r']);
        if !bare.ends_with(content) {
            return None;
        }
        out.push_verbatim(content, span.file, at + bare.len() - content.len());
        if content.len() < line.len() {
            out.push_replaced("\n", Span::new(span.file, at + bare.len(), at + written.len()));
        }
        at += written.len();
    }
    Some(out)
}

/// Reads one escape of a JSON string (or the same in YAML): its character and its length in bytes.
pub(super) fn decode_escape(text: &str) -> Option<(char, usize)> {
    let kind = text.strip_prefix('\\')?.chars().next()?;
    let simple = match kind {
        '"' | '\\' | '/' => kind,
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'u' => return unicode_escape(text),
        _ => return None,
    };
    Some((simple, 2))
}

/// `\uXXXX`, or two of them for one character. Half a pair becomes the replacement character.
fn unicode_escape(text: &str) -> Option<(char, usize)> {
    let unit = |at: usize| {
        let digits = text.get(at..)?.strip_prefix("\\u")?.get(..4)?;
        digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
    };
    let first = unit(0)?;
    if let Some(Ok(single)) = char::decode_utf16([first]).next() {
        return Some((single, 6));
    }
    match unit(6).and_then(|second| char::decode_utf16([first, second]).next()) {
        Some(Ok(pair)) => Some((pair, 12)),
        _ => Some((char::REPLACEMENT_CHARACTER, 6)),
    }
}
