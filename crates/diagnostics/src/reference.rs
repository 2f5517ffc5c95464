//! References to named values: `{{display-name}}` anywhere in a configured text.

use std::ops::Range;

/// The longest display name that API Management takes, in bytes.
const MAX_NAME: usize = 256;

/// The references of a text: range with braces, and display name.
///
/// Only letters, digits, `-`, `.` and `_` make a name (white space round it is allowed); other double braces,
/// such as those of Liquid or of C# initialisers, are text.
pub fn references(text: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let start = at + text.get(at..)?.find("{{")?;
            let inner = text.get(start + 2..)?;
            let length = inner.find(['{', '}'])?;
            let name = inner.get(..length)?.trim();
            let closed = inner.get(length..).is_some_and(|rest| rest.starts_with("}}"));
            if closed && is_display_name(name) {
                at = start + 2 + length + 2;
                return Some((start..at, name));
            }
            at = start + 1;
        }
    })
}

/// True for a name that API Management takes as the display name of a named value.
pub fn is_display_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    !name.is_empty() && name.len() <= MAX_NAME && name.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_are_references() {
        let names: Vec<&str> = references("a {{one}} {{ two.2 }} {{ no name }} {{{three}}} {{% x %}} {{")
            .map(|(_, name)| name)
            .collect();
        assert_eq!(names, ["one", "two.2", "three"]);
    }

    #[test]
    fn the_range_has_the_braces() {
        let text = "x{{n}}y";
        let (range, _) = references(text).next().unwrap();
        assert_eq!(&text[range], "{{n}}");
    }
}
