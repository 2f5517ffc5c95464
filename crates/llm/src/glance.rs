//! A quick look at JSON, before any of it is parsed.

use memchr::memmem::Finder;

/// Whether a member may be there with such a value, at any depth. `member` finds its name in quotes, which no text can hold:
/// they are escaped there. `is` is given the value and what follows it.
pub(crate) fn mentions(json: &[u8], member: &Finder<'_>, is: impl Fn(&[u8]) -> bool) -> bool {
    member.find_iter(json).any(|at| {
        let after = json.get(at + member.needle().len()..).unwrap_or_default().trim_ascii_start();
        after.strip_prefix(b":").map(<[u8]>::trim_ascii_start).is_some_and(&is)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_seen_and_texts_are_not() {
        let is_text =
            |json: &str| mentions(json.as_bytes(), &Finder::new("\"a\""), |value| value.starts_with(b"\""));
        assert!(is_text(r#"{"b": {"a" : "c"}}"#));
        assert!(is_text(r#"{"a":1,"b":[{"a":"c"}]}"#));
        for other in [r#"{"a":1}"#, r#"{"b":"\"a\":\"c\""}"#, r#"{"b":"a"}"#, r#"["a"]"#, r#"{"a":"#, ""] {
            assert!(!is_text(other), "{other}");
        }
    }
}
