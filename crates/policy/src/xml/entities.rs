//! Entities: decoding with places kept, and escaping.

use sekisho_diagnostics::{FileId, MappedText, Span};

use super::lexis::{part, rest};

/// Longest entity that is decoded, in bytes: `&#x0010FFFF;` fits.
const MAX_ENTITY: usize = 12;

/// The character an entity at `at` stands for and the entity's length in bytes. `None` when the `&`
/// there is only an ampersand: no entity, an unknown one, or a character XML does not allow.
pub(super) fn entity_at(text: &str, at: usize) -> Option<(char, usize)> {
    let bytes = text.as_bytes().get(at..)?;
    let window = bytes.get(..MAX_ENTITY.min(bytes.len()))?;
    if window.first() != Some(&b'&') {
        return None;
    }
    let end = window.iter().position(|byte| *byte == b';')?;
    let name = part(text, at + 1, at + end);
    let character = match name {
        "quot" => '"',
        "apos" => '\'',
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        _ => numbered(name.strip_prefix('#')?)?,
    };
    Some((character, end + 1))
}

fn numbered(digits: &str) -> Option<char> {
    let (digits, radix) = match digits.strip_prefix(['x', 'X']) {
        Some(hexadecimal) => (hexadecimal, 16),
        None => (digits, 10),
    };
    // `from_str_radix` would also take a sign.
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let character = char::from_u32(u32::from_str_radix(digits, radix).ok()?)?;
    let allowed = matches!(character, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..);
    allowed.then_some(character)
}

/// The decoded text of `start..end` of a document.
pub(super) fn decode(text: &str, start: usize, end: usize, file: FileId) -> MappedText {
    let mut out = MappedText::new(Span::new(file, start, end));
    push_decoded(&mut out, text, start, end, file);
    out
}

/// Appends the decoded text of `start..end` of a document.
pub(super) fn push_decoded(out: &mut MappedText, text: &str, start: usize, end: usize, file: FileId) {
    let text = text.get(..end).unwrap_or(text);
    let (mut verbatim_from, mut at) = (start, start);
    while let Some(ampersand) = rest(text, at).find('&').map(|found| at + found) {
        let Some((character, length)) = entity_at(text, ampersand) else {
            at = ampersand + 1;
            continue;
        };
        out.push_verbatim(part(text, verbatim_from, ampersand), file, verbatim_from);
        let source = Span::new(file, ampersand, ampersand + length);
        out.push_replaced(character.encode_utf8(&mut [0; 4]), source);
        at = ampersand + length;
        verbatim_from = at;
    }
    out.push_verbatim(rest(text, verbatim_from), file, verbatim_from);
}

/// Appends `text` escaped for element text; carriage returns too when `strict`, because a strict
/// reader would drop them.
pub(super) fn push_text(out: &mut String, text: &str, strict: bool) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' if strict => out.push_str("&#xD;"),
            other => out.push(other),
        }
    }
}

/// Appends `text` escaped for a double-quoted attribute; line ends and tabs too when `strict`,
/// because a strict reader would turn them into spaces (and a `//` comment would swallow the rest).
pub(super) fn push_attribute(out: &mut String, text: &str, strict: bool) {
    for character in text.chars() {
        match character {
            '"' => out.push_str("&quot;"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\n' if strict => out.push_str("&#xA;"),
            '\r' if strict => out.push_str("&#xD;"),
            '\t' if strict => out.push_str("&#x9;"),
            other => out.push(other),
        }
    }
}

/// Appends an expression as it is, except that an `&` that would read as an entity is escaped.
pub(super) fn push_expression(out: &mut String, text: &str) {
    let (mut from, mut at) = (0, 0);
    while let Some(ampersand) = rest(text, at).find('&').map(|found| at + found) {
        at = ampersand + 1;
        if entity_at(text, ampersand).is_some() {
            out.push_str(part(text, from, ampersand));
            out.push_str("&amp;");
            from = at;
        }
    }
    out.push_str(rest(text, from));
}
