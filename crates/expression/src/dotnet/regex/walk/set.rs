//! Sets of characters, given as text in the engine's syntax.

/// The characters that one atom matches.
pub(super) struct Set {
    ascii: u128,
    others: fancy_regex::Regex,
}

impl std::fmt::Debug for Set {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.others.as_str())
    }
}

impl Set {
    /// Reads an atom; none when the engine cannot.
    pub(super) fn new(atom: &str, ignore_case: bool) -> Option<Self> {
        let others = fancy_regex::RegexBuilder::new(&format!("\\A(?:{atom})\\z"))
            .case_insensitive(ignore_case)
            .build()
            .ok()?;
        let matches = |scalar: char| others.is_match(scalar.encode_utf8(&mut [0; 4])).unwrap_or(false);
        let ascii =
            (0..128_u8).filter(|byte| matches(char::from(*byte))).fold(0, |set, byte| set | 1 << byte);
        Some(Self { ascii, others })
    }

    pub(super) fn contains(&self, scalar: char) -> bool {
        match u8::try_from(scalar) {
            Ok(byte @ ..128) => self.ascii >> byte & 1 == 1,
            _ => self.others.is_match(scalar.encode_utf8(&mut [0; 4])).unwrap_or(false),
        }
    }
}
