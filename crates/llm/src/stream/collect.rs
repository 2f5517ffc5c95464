//! The text of a stream, held in bounded memory.

use std::mem;

use crate::completion::{Part, Piece};
use crate::count::{Choice, Counter, Estimate, Vocabulary, exact_cut};
use crate::usage::Provenance;

/// Bytes of one text that are held before they are counted: 16 KiB.
const HELD_OF_ONE: usize = 16 * 1024;

/// Bytes that are held of all texts of a stream: 64 KiB.
const HELD_OF_ALL: usize = 64 * 1024;

/// Texts told apart at most; more are taken for one. A request asks for 128 choices at most.
const MAX_TEXTS: usize = 256;

/// The texts of one stream.
///
/// A text that outgrows what is held is counted up to a place no token spans, so that counting piece by piece gives the
/// same sum.
#[derive(Debug, Default)]
pub(super) struct Collected {
    texts: Vec<Held>,
    held_bytes: usize,
    /// Tokens counted while the stream ran.
    counted: u64,
    /// The vocabulary they were counted with.
    counted_with: Option<Vocabulary>,
    /// Something makes the count inexact: a tool call, an unbroken text, an event that was not read.
    estimated: bool,
}

/// One text, or what is left of it.
#[derive(Debug)]
struct Held {
    choice: u64,
    part: Part,
    text: String,
}

impl Collected {
    /// Takes a piece; `model` is the one the backend names, for a text that has to be counted at once.
    pub(super) fn add(&mut self, model: Option<&str>, piece: &Piece<'_>) {
        self.estimated |= !matches!(piece.part, Part::Content | Part::Refusal);
        let Some(held) = self.held(piece) else { return };
        held.text.push_str(&piece.text);
        let outgrown = held.text.len() > HELD_OF_ONE;
        self.held_bytes = self.held_bytes.saturating_add(piece.text.len());
        if outgrown || self.held_bytes > HELD_OF_ALL {
            self.count_held(model);
        }
    }

    /// Counts all texts as far as each can be counted.
    fn count_held(&mut self, model: Option<&str>) {
        let mut texts = mem::take(&mut self.texts);
        for held in &mut texts {
            let part = take_countable(&mut held.text);
            self.count(model, &part);
        }
        self.held_bytes = texts.iter().map(|held| held.text.len()).sum();
        self.texts = texts;
    }

    /// An event could not be read.
    pub(super) fn mark_estimated(&mut self) {
        self.estimated = true;
    }

    /// Tokens of all texts so far.
    pub(super) fn estimate(&self, model: Option<&str>) -> Estimate {
        let choice = Choice::of(model);
        let mut counter = Counter::new(choice);
        self.texts.iter().for_each(|held| counter.add(&held.text));
        counter.add_tokens(self.counted);
        let other_vocabulary = self.counted_with.is_some_and(|vocabulary| vocabulary != choice.vocabulary());
        if self.estimated || other_vocabulary || choice.reasons() {
            counter.mark_estimated();
        }
        counter.finish()
    }

    /// Bytes held.
    #[cfg(test)]
    pub(super) fn held_bytes(&self) -> usize {
        let held = self.texts.iter().map(|held| held.text.len()).sum();
        assert_eq!(self.held_bytes, held);
        held
    }

    /// The text this piece continues; mostly the last one that got a piece.
    fn held(&mut self, piece: &Piece<'_>) -> Option<&mut Held> {
        let same = |held: &Held| held.choice == piece.choice && held.part == piece.part;
        let at = match self.texts.iter().rposition(same) {
            Some(at) => at,
            None if self.texts.len() < MAX_TEXTS => {
                self.texts.push(Held { choice: piece.choice, part: piece.part, text: String::new() });
                self.texts.len().saturating_sub(1)
            }
            None => {
                self.estimated = true;
                self.texts.len().saturating_sub(1)
            }
        };
        self.texts.get_mut(at)
    }

    fn count(&mut self, model: Option<&str>, text: &Countable) {
        let choice = Choice::of(model);
        let mut counter = Counter::new(choice);
        counter.add(&text.text);
        let estimate = counter.finish();
        self.counted = self.counted.saturating_add(estimate.tokens);
        self.estimated |= !text.exact || (choice.known() && estimate.provenance == Provenance::Estimated);
        self.estimated |= self.counted_with.is_some_and(|vocabulary| vocabulary != choice.vocabulary());
        self.counted_with = Some(choice.vocabulary());
    }
}

/// A part of a text that is taken away to be counted.
struct Countable {
    text: String,
    /// It was cut where no token spans.
    exact: bool,
}

/// Takes the text up to its last exact cut; all of it when there is none in its second half.
fn take_countable(text: &mut String) -> Countable {
    let cut = exact_cut(text).filter(|&cut| cut >= text.len() / 2 && text.is_char_boundary(cut));
    let exact = cut.is_some() || text.is_empty();
    let rest = cut.map(|cut| text.split_off(cut)).unwrap_or_default();
    Countable { text: mem::replace(text, rest), exact }
}
