//! Texts of a trace: cut where they are long.

/// The longest text of a trace in bytes.
pub const LONGEST_TEXT: usize = 4 * 1024;

/// As much of a longer text is looked at: enough for what is shown and for every secret that begins in it.
const LOOKED_AT: usize = 64 * 1024;

/// A text as a trace shows it: free of secrets that were known when it was taken down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// The text.
    pub text: String,
    /// True when there was more of it.
    pub is_cut: bool,
}

/// The part of a text that is looked at.
pub(super) fn looked_at(text: &str) -> (&str, bool) {
    let part = head(text, LOOKED_AT);
    (part, part.len() < text.len())
}

/// The first characters of a text that fit in so many bytes.
pub(super) fn head(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_not_cut_in_two() {
        assert_eq!(head("aü", 2), "a");
        assert_eq!(head("aü", 3), "aü");
        assert_eq!(head("aü", 99), "aü");
    }
}
