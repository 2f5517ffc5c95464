//! What a trace never shows: secrets that are known by their text, by the name they stand under, or by their look.
//!
//! - [`Secrets`]: those of a configuration, compiled once
//! - [`Redactor`]: those and what a call learns on its way
//! - [`forms`]: how policies pass secrets on
//! - [`names`]: headers and query parameters

mod forms;
mod names;

use std::ops::Range;
use std::sync::Arc;

use aho_corasick::AhoCorasick;
use http::{HeaderMap, HeaderName, HeaderValue};
use zeroize::Zeroizing;

use crate::observation::secrets::MASK;
pub use crate::observation::secrets::SecretNames;
use forms::{Form, forms, plain};

use super::text::{LONGEST_TEXT, Shown, head, looked_at};

/// Secrets of fewer bytes are not looked for: they would be found in anything.
pub const SHORTEST_SECRET: usize = 4;

/// The most secrets that a call learns by itself.
const MOST_LEARNED: usize = 256;

/// Secrets that are looked for in one pass.
#[derive(Clone, Default)]
pub struct Secrets {
    search: Option<AhoCorasick>,
    is_base64: Vec<bool>,
    /// Bytes of the longest form.
    longest: usize,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secrets").field("forms", &self.is_base64.len()).finish_non_exhaustive()
    }
}

impl Secrets {
    /// Looks for `all` in every form, and for `keys`, of which there may be very many, as they are.
    pub fn new<'s>(all: impl IntoIterator<Item = &'s str>, keys: impl IntoIterator<Item = &'s str>) -> Self {
        let is_long_enough = |secret: &&str| secret.len() >= SHORTEST_SECRET;
        let mut wanted: Vec<Form> = all.into_iter().filter(is_long_enough).flat_map(forms).collect();
        wanted.extend(keys.into_iter().filter(is_long_enough).map(plain));
        if wanted.is_empty() {
            return Self::default();
        }
        let longest = wanted.iter().map(|form| form.text.len()).max().unwrap_or(0);
        let texts = wanted.iter().map(|form| form.text.as_bytes());
        // Without room for the search nothing may be shown at all; see `find`.
        let search = AhoCorasick::builder().ascii_case_insensitive(true).build(texts).ok();
        Self { search, is_base64: wanted.iter().map(|form| form.is_base64).collect(), longest }
    }

    /// Adds the places of secrets in a text.
    fn find(&self, text: &str, found: &mut Vec<Range<usize>>) {
        let Some(search) = &self.search else {
            if !self.is_base64.is_empty() {
                found.push(0..text.len());
            }
            return;
        };
        for place in search.find_overlapping_iter(text) {
            let range = place.range();
            let is_base64 = self.is_base64.get(place.pattern().as_usize()).copied().unwrap_or(false);
            found.push(if is_base64 { whole_base64(text, range) } else { range });
        }
    }
}

/// The whole Base64 text around a part of it.
fn whole_base64(text: &str, part: Range<usize>) -> Range<usize> {
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_=".contains(byte);
    let bytes = text.as_bytes();
    let before = bytes.get(..part.start).unwrap_or_default();
    let after = bytes.get(part.end..).unwrap_or_default();
    let start = part.start - before.iter().rev().take_while(|byte| is_digit(byte)).count();
    let end = part.end + after.iter().take_while(|byte| is_digit(byte)).count();
    start..end
}

/// Replaces secrets by `***`.
#[derive(Clone)]
pub(crate) struct Redactor {
    names: Arc<SecretNames>,
    configured: Arc<Secrets>,
    learned: Vec<Zeroizing<String>>,
    own: Secrets,
}

impl Redactor {
    pub(crate) fn new(names: Arc<SecretNames>, configured: Arc<Secrets>) -> Self {
        Self { names, configured, learned: Vec::new(), own: Secrets::default() }
    }

    /// Never shows these from now on. What is too short stays as it is.
    pub(crate) fn learn(&mut self, secrets: impl IntoIterator<Item = String>) {
        let known = self.learned.len();
        for secret in secrets {
            let is_new = !self.learned.iter().any(|learned| **learned == secret);
            if secret.len() >= SHORTEST_SECRET && is_new && self.learned.len() < MOST_LEARNED {
                self.learned.push(Zeroizing::new(secret));
            }
        }
        if self.learned.len() > known {
            self.own = Secrets::new(self.learned.iter().map(|secret| secret.as_str()), []);
        }
    }

    /// Learns what stands in headers that are secret by their names.
    pub(crate) fn learn_headers(&mut self, headers: &HeaderMap) {
        self.learn(self.names.values(headers));
    }

    /// Learns what stands in parameters that are secret by their names.
    pub(crate) fn learn_query(&mut self, query: &str) {
        self.learn(self.names.query_values(query));
    }

    /// Learns what another one learned.
    pub(crate) fn learn_from(&mut self, other: &Redactor) {
        self.learn(other.learned.iter().map(|secret| secret.to_string()));
    }

    /// The text without secrets.
    pub(crate) fn redact(&self, text: &str) -> String {
        let masked = self.names.mask_queries(text);
        let text = masked.as_deref().unwrap_or(text);
        let mut found = Vec::new();
        self.configured.find(text, &mut found);
        self.own.find(text, &mut found);
        find_tokens(text, &mut found);
        masked_ranges(text, found)
    }

    /// The text without secrets and no longer than texts of a trace are.
    pub(crate) fn show(&self, text: &str) -> Shown {
        let (looked_at, is_longer) = looked_at(text);
        let redacted = self.redact(looked_at);
        let mut safe = redacted.as_str();
        if is_longer {
            // A secret that was cut in two is at the end.
            let longest = self.configured.longest.max(self.own.longest).max(MASK.len());
            safe = head(safe, safe.len().saturating_sub(longest));
        }
        let part = head(safe, LONGEST_TEXT);
        let is_cut = is_longer || part.len() < safe.len();
        Shown { text: part.to_owned(), is_cut }
    }

    /// The value of a header.
    pub(crate) fn header(&self, name: &HeaderName, value: &HeaderValue) -> Shown {
        if value.is_sensitive() || self.names.is_header(name.as_str()) {
            return Shown { text: MASK.to_owned(), is_cut: false };
        }
        self.show(&String::from_utf8_lossy(value.as_bytes()))
    }
}

/// JSON web tokens are known by their look, wherever they come from.
fn find_tokens(text: &str, found: &mut Vec<Range<usize>>) {
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_".contains(byte);
    for (start, _) in text.match_indices("eyJ") {
        let digits = |from: usize| {
            text.as_bytes().get(from..).unwrap_or_default().iter().take_while(|byte| is_digit(byte)).count()
        };
        let header = start + digits(start);
        if text.as_bytes().get(header) != Some(&b'.') || header - start < 12 {
            continue;
        }
        let payload = header + 1 + digits(header + 1);
        if payload - header < 8 {
            continue;
        }
        let has_signature = text.as_bytes().get(payload) == Some(&b'.');
        let end = if has_signature { payload + 1 + digits(payload + 1) } else { payload };
        found.push(start..end);
    }
}

/// The text with `***` in place of these ranges, which may overlap.
fn masked_ranges(text: &str, mut ranges: Vec<Range<usize>>) -> String {
    if ranges.is_empty() {
        return text.to_owned();
    }
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut out = String::with_capacity(text.len());
    let (mut at, mut masked_to) = (0, None);
    for range in ranges {
        if masked_to.is_none_or(|end| range.start > end) {
            out.push_str(text.get(at..range.start).unwrap_or(""));
            out.push_str(MASK);
        }
        at = at.max(range.end);
        masked_to = Some(at);
    }
    out.push_str(text.get(at..).unwrap_or(""));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor(secrets: &[&str]) -> Redactor {
        let configured = Secrets::new(secrets.iter().copied(), ["plain-key-1"]);
        Redactor::new(Arc::default(), Arc::new(configured))
    }

    #[test]
    fn overlapping_secrets_leave_nothing_behind() {
        let redactor = redactor(&["abcdefgh", "efghijkl"]);
        assert_eq!(redactor.redact("x abcdefghijkl y ABCDEFGH"), "x *** y ***");
        assert_eq!(redactor.redact("plain-key-1/abcdefghefghijkl"), "***/***");
        assert_eq!(redactor.redact("nothing"), "nothing");
    }

    #[test]
    fn what_a_call_learns_is_not_shown_from_then_on() {
        let mut redactor = redactor(&[]);
        assert_eq!(redactor.redact("token-of-today"), "token-of-today");
        redactor.learn(["token-of-today".to_owned(), "abc".to_owned()]);
        assert_eq!(redactor.redact("Bearer token-of-today abc"), "Bearer *** abc");
    }

    #[test]
    fn json_web_tokens_are_known_by_their_look() {
        let token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl";
        assert_eq!(redactor(&[]).redact(&format!("a {token} b")), "a *** b");
        assert_eq!(redactor(&[]).redact("eyJust a word. And"), "eyJust a word. And");
    }

    #[test]
    fn a_secret_is_not_cut_in_two() {
        let secret = "0123456789abcdef".repeat(8);
        let redactor = redactor(&[&secret]);
        for before in [LONGEST_TEXT - 1, 16 * 1024 - 20] {
            let shown = redactor.show(&format!("{}{secret}", "x".repeat(before)));
            assert!(!shown.text.contains("0123"), "{before}");
            assert!(shown.is_cut);
        }
    }
}
