use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// A tokenizer of one token for each four bytes that remembers what it was given.
#[derive(Default)]
struct Spy {
    bytes: AtomicUsize,
    longest: AtomicUsize,
}

impl Tokenizer for Spy {
    fn count(&self, text: &str) -> u64 {
        self.bytes.fetch_add(text.len(), Ordering::Relaxed);
        self.longest.fetch_max(text.len(), Ordering::Relaxed);
        text.len().div_ceil(4) as u64
    }
}

fn count(texts: &[&str]) -> (Estimate, usize, usize) {
    let spy: &'static Spy = Box::leak(Box::default());
    let mut counter = Counter { tokenizer: Some(spy), ..Counter::new(Choice::of(Some("gpt-4o"))) };
    texts.iter().for_each(|text| counter.add(text));
    (counter.finish(), spy.bytes.load(Ordering::Relaxed), spy.longest.load(Ordering::Relaxed))
}

const MIB: usize = 1024 * 1024;

#[test]
fn unbroken_run_is_counted_by_its_first_window() {
    for character in ["a", " ", "\n", "é", "関", "!", "\u{301}", "🙂"] {
        let run = character.repeat(MIB / character.len());
        let (estimate, bytes, longest) = count(&[&run]);
        assert_eq!(estimate.provenance, Provenance::Estimated, "{character:?}");
        assert!(longest <= WINDOW_BYTES && bytes <= WINDOW_BYTES, "{character:?}: {bytes}");
        let expected = (MIB / 4) as u64;
        assert!(estimate.tokens.abs_diff(expected) < 64, "{character:?}: {}", estimate.tokens);
    }
}

#[test]
fn text_with_breaks_is_counted_exactly_and_window_by_window() {
    for pattern in ["hello world ", "関所の役人は、荷物を数えた。", "abc/def+", "{\"a\":1},", "line\n"]
    {
        let text = pattern.repeat(MIB / pattern.len());
        let (estimate, bytes, longest) = count(&[&text]);
        assert_eq!(estimate.provenance, Provenance::Counted, "{pattern:?}");
        assert!(longest <= WINDOW_BYTES && bytes == text.len(), "{pattern:?}");
    }
}

#[test]
fn text_over_the_bound_is_extrapolated() {
    let text = "hello world ".repeat(6 * MIB / 12);
    for texts in [
        vec![&text[..]],
        text.as_bytes().chunks(MIB).map(|part| std::str::from_utf8(part).unwrap()).collect(),
    ] {
        let (estimate, bytes, _) = count(&texts);
        assert_eq!(estimate.provenance, Provenance::Estimated);
        assert!(bytes <= MAX_COUNTED_BYTES && bytes > MAX_COUNTED_BYTES - 2 * WINDOW_BYTES);
        assert!(estimate.tokens.abs_diff((text.len() / 4) as u64) < 1000);
    }
}

#[test]
fn many_unbroken_runs_cost_no_more_than_the_bound() {
    let run = "a".repeat(2 * WINDOW_BYTES);
    let text = format!("{run} ").repeat(400);
    let (estimate, bytes, longest) = count(&[&text]);
    assert!(bytes <= MAX_COUNTED_BYTES && longest <= WINDOW_BYTES);
    assert!(estimate.tokens.abs_diff((text.len() / 4) as u64) < 2000);
}

#[test]
fn framing_neither_overflows_nor_goes_below_nothing() {
    let mut counter = Counter::new(Choice::of(Some("gpt-4o")));
    counter.discount(5);
    counter.add_tokens(u64::MAX);
    counter.add_tokens(5);
    counter.add("hello");
    assert_eq!(counter.finish().tokens, u64::MAX);
}
