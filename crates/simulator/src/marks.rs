//! Marks: commands inside a text, `[sim:name]` or `[sim:name=value]`, where a header cannot be sent.
//!
//! The last mark of a name counts, so that the newest message of a conversation decides. A value ends at the first
//! `]` and stands in the text as it is.

/// The value of the last mark of this name.
pub(crate) fn value<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.rsplit_once(&format!("[sim:{name}="))?;
    rest.split_once(']').map(|(value, _)| value)
}

/// The same as a whole number.
pub(crate) fn number(text: &str, name: &str) -> Option<u64> {
    value(text, name)?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_mark_of_a_name_counts() {
        let text = "[sim:cached=4] and [sim:cached=5][sim:tool=get_weather] [sim:reasoning=x] [sim:open=1";
        assert_eq!(number(text, "cached"), Some(5));
        assert_eq!(value(text, "tool"), Some("get_weather"));
        assert_eq!(
            (number(text, "reasoning"), number(text, "open"), number(text, "none")),
            (None, None, None)
        );
    }
}
