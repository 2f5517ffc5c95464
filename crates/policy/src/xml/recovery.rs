//! Where to go on after a mistake. Used only after one, so its cost is bounded by the number of
//! mistakes that are reported.

use super::lexis::{byte, find, is_name_byte, is_name_start, is_space, rest, skip_space, skip_while};

/// Where a broken attribute value probably ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ValueEnd {
    /// At this quotation mark.
    Quote(usize),
    /// Without one, before this position: a line that begins with markup, or the end.
    Before(usize),
}

impl ValueEnd {
    /// The end of the value's text.
    pub(super) fn position(self) -> usize {
        match self {
            ValueEnd::Quote(at) | ValueEnd::Before(at) => at,
        }
    }
}

/// The first quotation mark from `at` on behind which the tag plausibly goes on.
pub(super) fn value_end(text: &str, at: usize, delimiter: u8) -> ValueEnd {
    let bytes = rest(text, at).bytes().enumerate();
    for (offset, found) in bytes {
        let here = at + offset;
        if found == delimiter && tag_goes_on(text, here + 1) {
            return ValueEnd::Quote(here);
        }
        if found == b'\n' && line_begins_with_markup(text, here + 1) {
            return ValueEnd::Before(here);
        }
    }
    ValueEnd::Before(text.len())
}

/// True when what stands at `at` is what may follow an attribute's value.
fn tag_goes_on(text: &str, at: usize) -> bool {
    let next = skip_space(text, at);
    let here = rest(text, next);
    if here.starts_with('>') || here.starts_with("/>") {
        return true;
    }
    next > at && begins_attribute(text, next)
}

/// True when `name="` or `name='` stands at `at`.
pub(super) fn begins_attribute(text: &str, at: usize) -> bool {
    if !byte(text, at).is_some_and(is_name_start) {
        return false;
    }
    let equals = skip_space(text, skip_while(text, at, is_name_byte));
    byte(text, equals) == Some(b'=') && matches!(byte(text, skip_space(text, equals + 1)), Some(b'"' | b'\''))
}

fn line_begins_with_markup(text: &str, at: usize) -> bool {
    let first = skip_while(text, at, |byte| byte == b' ' || byte == b'\t');
    byte(text, first) == Some(b'<')
        && byte(text, first + 1).is_some_and(|next| next.is_ascii_alphabetic() || matches!(next, b'/' | b'!'))
}

/// The end of a literal value whose quotation mark is missing: the end of its line or its tag.
pub(super) fn unquoted_end(text: &str, at: usize) -> usize {
    let line = rest(text, at);
    let end = at + line.find(['\n', '>']).unwrap_or(line.len());
    let slash = byte(text, end) == Some(b'>') && end > at && byte(text, end - 1) == Some(b'/');
    let end = if slash { end - 1 } else { end };
    at + text.get(at..end).unwrap_or("").trim_end().len()
}

/// The end of a text whose expression is broken: the end tag of its element, any end tag, or the end.
pub(super) fn text_end(text: &str, at: usize, element: &str) -> usize {
    find(text, at, &format!("</{element}")).or_else(|| find(text, at, "</")).unwrap_or(text.len())
}

/// The first position behind what is no part of a tag: white space, `>`, `/>` or `<`.
pub(super) fn junk_end(text: &str, at: usize) -> usize {
    let mut end = skip_while(text, at, |byte| !is_space(byte) && !matches!(byte, b'>' | b'<'));
    if end > at + 1 && byte(text, end) == Some(b'>') && byte(text, end - 1) == Some(b'/') {
        end -= 1;
    }
    end
}
