//! Looks into a query string without taking it apart.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// The values of a parameter, decoded. Names are compared without letter case.
pub(crate) fn values<'q>(query: &'q str, name: &str) -> impl Iterator<Item = Cow<'q, str>> {
    query.split('&').filter_map(move |pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (!pair.is_empty() && decode(key).eq_ignore_ascii_case(name)).then(|| decode(value))
    })
}

/// The query without a parameter. Names are compared without letter case; what stays is as it was.
pub(crate) fn without<'q>(query: &'q str, name: &str) -> Cow<'q, str> {
    let is_kept = |pair: &&str| !decode(pair.split('=').next().unwrap_or(pair)).eq_ignore_ascii_case(name);
    if query.split('&').all(|pair| is_kept(&pair)) {
        return Cow::Borrowed(query);
    }
    Cow::Owned(query.split('&').filter(is_kept).collect::<Vec<_>>().join("&"))
}

/// Replaces escapes and `+`; copies only when there are some.
fn decode(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        return Cow::Borrowed(text);
    }
    let spaced = text.replace('+', " ");
    Cow::Owned(percent_decode_str(&spaced).decode_utf8_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_decoded_and_names_ignore_case() {
        let query = "a=1&&B=x%20y+z&a=&c";
        assert_eq!(values(query, "A").collect::<Vec<_>>(), ["1", ""]);
        assert_eq!(values(query, "b").collect::<Vec<_>>(), ["x y z"]);
        assert_eq!(values(query, "c").collect::<Vec<_>>(), [""]);
        assert_eq!(values("", "").count(), 0);
    }

    #[test]
    fn a_parameter_is_left_out_wherever_it_stands() {
        assert_eq!(
            without("a=1&Sub%73cription-key=x&b=%20&subscription-key", "subscription-key"),
            "a=1&b=%20"
        );
        assert!(matches!(without("a=1&&b", "c"), Cow::Borrowed("a=1&&b")));
        assert_eq!(without("c=1", "c"), "");
    }
}
