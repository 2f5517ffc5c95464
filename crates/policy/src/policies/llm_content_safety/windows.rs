//! Windows that slide over a text that is too long to be judged at once, or that still arrives.
//!
//! Characters are counted in UTF-16 code units, as .NET counts them. Azure does not say how its service counts; a window
//! that is within the limit in code units is also within it in Unicode characters. No character is cut in two.

/// The characters that the service takes in one text.
pub(super) const MOST_CHARACTERS: usize = 10_000;

/// How windows lie on a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WindowSize {
    /// Characters in a window at most.
    size: usize,
    /// Characters of a window that the next one has again.
    overlap: usize,
}

impl WindowSize {
    /// Windows of `size` characters, each with the last `overlap` of the one before. Sizes outside of what the service
    /// takes are brought into it; none when windows would not get on.
    pub(super) fn new(size: usize, overlap: usize) -> Option<Self> {
        // A character may have two code units.
        let size = size.clamp(2, MOST_CHARACTERS);
        (overlap < size).then_some(Self { size, overlap })
    }

    /// The windows of a whole text.
    pub(super) fn split(self, text: &str) -> Vec<String> {
        let mut sliding = Sliding::new(self);
        sliding.push(text);
        std::iter::from_fn(|| sliding.next()).collect()
    }
}

/// A text that arrives, and the window on it.
#[derive(Debug)]
pub(super) struct Sliding {
    window: WindowSize,
    text: String,
    /// Bytes of `text` in front of the next window; they are let go when they are most of it.
    left_behind: usize,
    /// Characters from the start of the next window to the end.
    length: usize,
    /// Characters in front of the next window.
    passed: u64,
    /// Characters of the next window that were in the one before.
    seen: usize,
}

impl Sliding {
    pub(super) fn new(window: WindowSize) -> Self {
        Self { window, text: String::new(), left_behind: 0, length: 0, passed: 0, seen: 0 }
    }

    /// More of the text.
    pub(super) fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.length += units(text);
    }

    /// Where the text ends so far, in characters from its beginning.
    pub(super) fn end(&self) -> u64 {
        self.passed + self.length as u64
    }

    /// Where the part ends that was in a window.
    pub(super) fn seen_until(&self) -> u64 {
        self.passed + self.seen as u64
    }

    /// True when a window is full.
    pub(super) fn is_full(&self) -> bool {
        self.has_more() && self.length >= self.window.size
    }

    /// True when some of the text was in no window.
    pub(super) fn has_more(&self) -> bool {
        self.seen < self.length
    }

    /// The next window, full or not; none when everything was in one.
    pub(super) fn next(&mut self) -> Option<String> {
        if !self.has_more() {
            return None;
        }
        let (mut bytes, mut length) = prefix(self.rest(), self.window.size);
        // It ends in front of a character of two units, where the one before ended: it has to overlap a little less.
        while length <= self.seen {
            let first = self.rest().chars().next()?;
            self.leave_behind(first.len_utf8(), first.len_utf16());
            (bytes, length) = prefix(self.rest(), self.window.size);
        }
        let window = self.rest().get(..bytes)?.to_owned();
        self.seen = length;
        let (bytes, left) = prefix(&window, length.saturating_sub(self.window.overlap));
        self.leave_behind(bytes, left);
        Some(window)
    }

    /// The text from the start of the next window.
    fn rest(&self) -> &str {
        self.text.get(self.left_behind..).unwrap_or("")
    }

    /// Moves the start of the next window on.
    fn leave_behind(&mut self, bytes: usize, length: usize) {
        self.left_behind += bytes;
        if self.left_behind > self.text.len() / 2 {
            self.text.drain(..self.left_behind);
            self.left_behind = 0;
        }
        self.length -= length;
        self.seen = self.seen.saturating_sub(length);
        self.passed += length as u64;
    }
}

/// Length of a text in UTF-16 code units.
fn units(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().map(char::len_utf16).sum() }
}

/// The longest prefix of at most `most` code units: its bytes and its code units.
fn prefix(text: &str, most: usize) -> (usize, usize) {
    let mut taken = 0;
    for (place, character) in text.char_indices() {
        let longer = taken + character.len_utf16();
        if longer > most {
            return (place, taken);
        }
        taken = longer;
    }
    (text.len(), taken)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lengths(text: &str, size: usize, overlap: usize) -> Vec<usize> {
        WindowSize::new(size, overlap).unwrap().split(text).iter().map(|window| units(window)).collect()
    }

    #[test]
    fn windows_of_a_long_text() {
        assert_eq!(lengths("", 10, 2), [0; 0]);
        assert_eq!(lengths("abcdefghij", 10, 2), [10]);
        assert_eq!(lengths(&"x".repeat(25_000), 10_000, 200), [10_000, 10_000, 5_400]);
        let windows = WindowSize::new(4, 1).unwrap().split("abcdefgh");
        assert_eq!(windows, ["abcd", "defg", "gh"]);
        let windows = WindowSize::new(4, 0).unwrap().split("abcdefgh");
        assert_eq!(windows, ["abcd", "efgh"]);
    }

    #[test]
    fn characters_of_two_units_are_not_cut() {
        assert_eq!(
            WindowSize::new(3, 0).unwrap().split("a\u{1F600}\u{1F600}b"),
            ["a\u{1F600}", "\u{1F600}b"]
        );
        assert_eq!(WindowSize::new(1, 0).unwrap().split("\u{1F600}b"), ["\u{1F600}", "b"]);
    }

    #[test]
    fn sizes_are_those_of_the_service() {
        assert_eq!(WindowSize::new(50_000, 0), WindowSize::new(MOST_CHARACTERS, 0));
        assert_eq!(WindowSize::new(10, 10), None);
    }

    proptest! {
        #[test]
        fn every_character_is_in_a_window(text in "[ab\u{e9}\u{1F600}]{0,60}", size in 2_usize..12, overlap in 0_usize..11) {
            prop_assume!(overlap < size);
            let mut sliding = Sliding::new(WindowSize::new(size, overlap).unwrap());
            sliding.push(&text);
            let all: Vec<u16> = text.encode_utf16().collect();
            let mut seen = 0;
            while sliding.has_more() {
                let before = sliding.seen_until();
                let window: Vec<u16> = sliding.next().unwrap().encode_utf16().collect();
                prop_assert!(window.len() <= size);
                let end = usize::try_from(sliding.seen_until()).unwrap();
                let start = end - window.len();
                prop_assert_eq!(&all[start..end], &window[..]);
                prop_assert!(start <= seen, "a gap");
                prop_assert!(sliding.seen_until() > before, "no progress");
                seen = end;
            }
            prop_assert_eq!(seen, all.len());
        }
    }
}
