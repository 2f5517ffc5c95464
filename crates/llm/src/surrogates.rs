//! Escapes of half a character.
//!
//! `"\ud83d"` without its other half is no Unicode text, and the JSON reader refuses the document for it. Many services
//! take it, so a body must not become unreadable here, and with it uncounted and unchecked, by one such escape.

/// The body with U+FFFD in place of each lone half; `None` when it has none.
pub(crate) fn replaced(body: &[u8]) -> Option<Vec<u8>> {
    let mut whole: Option<Vec<u8>> = None;
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'\\', body.get(at..)?) {
        let escape = at + found;
        at = match half(body, escape) {
            Some(Half::First) if matches!(half(body, escape + ESCAPE), Some(Half::Second)) => {
                escape + 2 * ESCAPE
            }
            Some(_) => {
                let copy = whole.get_or_insert_with(|| body.to_vec());
                copy.get_mut(escape..escape + ESCAPE)?.copy_from_slice(b"\\ufffd");
                escape + ESCAPE
            }
            None => escape + 2,
        };
    }
    whole
}

/// Bytes of `\uXXXX`.
const ESCAPE: usize = 6;

/// Half of a character beyond the first 65,536.
enum Half {
    First,
    Second,
}

/// The half that an escape at this place stands for.
fn half(body: &[u8], at: usize) -> Option<Half> {
    let [b'\\', b'u', digits @ ..] = body.get(at..at + ESCAPE)? else { return None };
    let [b'd' | b'D', second, third, fourth] = digits else { return None };
    if !third.is_ascii_hexdigit() || !fourth.is_ascii_hexdigit() {
        return None;
    }
    match second {
        b'8' | b'9' | b'a' | b'b' | b'A' | b'B' => Some(Half::First),
        b'c'..=b'f' | b'C'..=b'F' => Some(Half::Second),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(json: &str) -> Option<String> {
        let replaced = replaced(json.as_bytes())?;
        Some(serde_json::from_slice::<String>(&replaced).unwrap())
    }

    #[test]
    fn lone_halves_are_replaced_and_pairs_kept() {
        assert_eq!(text(r#""a\ud83db""#).as_deref(), Some("a\u{fffd}b"));
        assert_eq!(text(r#""\uDE00\uD83D""#).as_deref(), Some("\u{fffd}\u{fffd}"));
        assert_eq!(text(r#""\ud83d\ud83d\ude00""#).as_deref(), Some("\u{fffd}😀"));
        assert_eq!(text(r#""\ud83d\ude00\ud83d\n""#).as_deref(), Some("😀\u{fffd}\n"));
        for whole in
            [r#""\ud83d\ude00""#, r#""\\ud83d""#, r#""d83d""#, r#""\u0041\"""#, "", "\\", "\\u", "\\ud8"]
        {
            assert_eq!(replaced(whole.as_bytes()), None, "{whole}");
        }
    }

    proptest! {
        #[test]
        fn every_string_becomes_readable(pieces in prop::collection::vec("(\\\\ud83d|\\\\ude00|\\\\\\\\|\\\\n|\\\\u0061|u|d8|é)", 0..12)) {
            let json = format!("\"{}\"", pieces.concat());
            let readable = replaced(json.as_bytes()).unwrap_or_else(|| json.clone().into_bytes());
            prop_assert!(serde_json::from_slice::<String>(&readable).is_ok(), "{}", json);
        }
    }
}
