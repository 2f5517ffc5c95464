//! Counting texts at a bounded cost.
//!
//! Splitting a text into tokens costs more than linear time in the length of an unbroken run, and a request may bring
//! megabytes. So a text is counted window by window, each cut where no token can reach across, which changes nothing.
//! Two things do change the count into an estimate:
//!
//! - a run without any such place that is longer than a window (16 KiB): its first window stands for all of it
//! - more than [`MAX_COUNTED_BYTES`] of text in one call: what was counted stands for the rest

use super::vocabulary::{Choice, Tokenizer};
use super::{Estimate, Provenance};

/// Bytes of text counted of one call; more is extrapolated: 4 MiB.
const MAX_COUNTED_BYTES: usize = 4 * 1024 * 1024;

/// Bytes given to the tokenizer at once: 16 KiB.
pub(crate) const WINDOW_BYTES: usize = 16 * 1024;

/// The running count of one call.
pub(crate) struct Counter {
    tokenizer: Option<&'static dyn Tokenizer>,
    estimated: bool,
    /// Tokens of the text counted.
    text_tokens: u64,
    /// Bytes of text that `text_tokens` stands for.
    covered_bytes: usize,
    /// Bytes of text given to the tokenizer.
    counted_bytes: usize,
    /// Bytes of text over the bound.
    skipped_bytes: usize,
    /// Tokens that are not text.
    other_tokens: u64,
}

impl Counter {
    /// A count with the vocabulary of this choice.
    pub(crate) fn new(choice: Choice) -> Self {
        Self {
            tokenizer: choice.vocabulary().tokenizer(),
            estimated: !choice.known(),
            text_tokens: 0,
            covered_bytes: 0,
            counted_bytes: 0,
            skipped_bytes: 0,
            other_tokens: 0,
        }
    }

    /// Adds a text.
    pub(crate) fn add(&mut self, text: &str) {
        let mut rest = text;
        while !rest.is_empty() {
            if self.counted_bytes.saturating_add(rest.len().min(WINDOW_BYTES)) > MAX_COUNTED_BYTES {
                self.skipped_bytes = self.skipped_bytes.saturating_add(rest.len());
                return;
            }
            rest = self.add_window(rest);
        }
    }

    /// Adds tokens that are not text of the request.
    pub(crate) fn add_tokens(&mut self, tokens: u64) {
        self.other_tokens = self.other_tokens.saturating_add(tokens);
    }

    /// Takes back tokens that the framing saves.
    pub(crate) fn discount(&mut self, tokens: u64) {
        self.other_tokens = self.other_tokens.saturating_sub(tokens);
    }

    /// The count is no longer exact.
    pub(crate) fn mark_estimated(&mut self) {
        self.estimated = true;
    }

    /// The count.
    pub(crate) fn finish(self) -> Estimate {
        let skipped = scaled(self.text_tokens, self.skipped_bytes, self.covered_bytes);
        let tokens = self.text_tokens.saturating_add(skipped).saturating_add(self.other_tokens);
        let estimated = self.estimated || self.skipped_bytes > 0 || self.tokenizer.is_none();
        let provenance = if estimated { Provenance::Estimated } else { Provenance::Counted };
        Estimate { tokens, provenance }
    }

    /// Counts the first window of the text and gives what is behind it.
    fn add_window<'t>(&mut self, text: &'t str) -> &'t str {
        let window = head(text, WINDOW_BYTES);
        let exact = if window.len() == text.len() { Some(text.len()) } else { exact_cut(window) };
        if let Some((part, rest)) = exact.and_then(|at| text.split_at_checked(at)) {
            let tokens = self.count(part);
            self.cover(part.len(), tokens);
            return rest;
        }
        self.estimated = true;
        let (run, rest) = text.split_at_checked(end_of_run(text)).unwrap_or((text, ""));
        let tokens = scaled(self.count(window), run.len(), window.len());
        self.cover(run.len(), tokens);
        rest
    }

    fn cover(&mut self, bytes: usize, tokens: u64) {
        self.covered_bytes = self.covered_bytes.saturating_add(bytes);
        self.text_tokens = self.text_tokens.saturating_add(tokens);
    }

    /// Four bytes a token is what is left to say without a vocabulary.
    fn count(&mut self, text: &str) -> u64 {
        self.counted_bytes = self.counted_bytes.saturating_add(text.len());
        match self.tokenizer {
            Some(tokenizer) => tokenizer.count(text),
            None => text.len().div_ceil(4) as u64,
        }
    }
}

/// `tokens` of `of` bytes, for `bytes` bytes.
fn scaled(tokens: u64, bytes: usize, of: usize) -> u64 {
    let scaled = u128::from(tokens).saturating_mul(bytes as u128).checked_div(of as u128);
    scaled.map_or(0, |tokens| u64::try_from(tokens).unwrap_or(u64::MAX))
}

/// The first bytes of a text, cut between characters.
fn head(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

/// The last place in a text where it can be cut without changing what both halves count together.
pub(crate) fn exact_cut(text: &str) -> Option<usize> {
    let mut after: Option<(usize, char)> = None;
    for (at, before) in text.char_indices().rev() {
        if let Some((cut, _)) = after.filter(|&(_, after)| no_token_spans(before, after)) {
            return Some(cut);
        }
        after = Some((at, before));
    }
    None
}

/// Where the unbroken run at the beginning of a text ends.
fn end_of_run(text: &str) -> usize {
    let mut before = None;
    for (at, character) in text.char_indices() {
        if before.is_some_and(|before| no_token_spans(before, character)) {
            return at;
        }
        before = Some(character);
    }
    text.len()
}

/// Whether the split patterns of both vocabularies end a piece between these characters, whatever surrounds them.
///
/// Their pieces are: letters with at most one other character before and an English contraction behind; digits; other
/// characters with at most one space before and line ends (and `/`) behind; whitespace.
fn no_token_spans(before: char, after: char) -> bool {
    match (before, after) {
        (before, ' ') => !before.is_whitespace(),
        ('\n', after) => !after.is_whitespace() && after != '/',
        (before, after) => is_letter_or_digit(before) && is_punctuation(after),
    }
}

/// Letters and digits that both vocabularies take for such: of the common scripts.
fn is_letter_or_digit(character: char) -> bool {
    character.is_ascii_alphanumeric()
        || matches!(character,
            'а'..='я' | 'А'..='Я' | 'ぁ'..='ゖ' | 'ァ'..='ヺ' | '一'..='鿿' | '가'..='힣')
}

/// Characters that begin a new piece behind a letter. Not the apostrophe, which joins a contraction.
fn is_punctuation(character: char) -> bool {
    (character.is_ascii_punctuation() && character != '\'')
        || matches!(character, '、'..='〃' | '〈'..='】' | '！'..='＆' | '（'..='／' | '：'..='＠')
}

#[cfg(test)]
mod tests;
