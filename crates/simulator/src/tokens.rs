//! The simulator's tokenizer: a token is the shortest run of characters with at least four UTF-8 bytes; the last
//! token of a text may be shorter. Cutting a text between tokens never changes the count of its parts.

use std::sync::Arc;

use sekisho_llm::{ImageRule, Kind};

use crate::config::TokenCounting;

/// How the calls of a deployment are counted.
#[derive(Debug, Clone)]
pub(crate) enum Tokenizer {
    /// As this module does it.
    Simple,
    /// With the vocabulary of this model.
    Bpe(Arc<str>),
}

impl Tokenizer {
    pub(crate) fn new(counting: TokenCounting, model: &str) -> Self {
        match counting {
            TokenCounting::Simple => Self::Simple,
            TokenCounting::Bpe => Self::Bpe(model.into()),
        }
    }

    /// The number of tokens of a text.
    pub(crate) fn count(&self, text: &str) -> u64 {
        match self {
            Self::Simple => count(text),
            Self::Bpe(model) => sekisho_llm::text_tokens(Some(model), text).tokens,
        }
    }

    /// The tokens of a request's body of this kind, when whole bodies are counted.
    pub(crate) fn count_prompt(&self, kind: Kind, body: &[u8]) -> Option<u64> {
        match self {
            Self::Simple => None,
            Self::Bpe(model) => {
                let counted = sekisho_llm::prompt_tokens(kind, Some(model), body, ImageRule::Exact);
                counted.map(|counted| counted.tokens)
            }
        }
    }

    /// The longest beginning of a text with at most so many tokens.
    pub(crate) fn truncate<'a>(&self, text: &'a str, limit: u64) -> &'a str {
        match self {
            // No token is shorter than a byte.
            _ if text.len() as u64 <= limit => text,
            Self::Simple => truncate(text, limit),
            Self::Bpe(_) => self.search(text, limit),
        }
    }

    /// A longer beginning hardly ever has fewer tokens, so halving finds the place; where it does, the steps back do.
    fn search<'a>(&self, text: &'a str, limit: u64) -> &'a str {
        let ends: Vec<usize> = text.char_indices().map(|(at, letter)| at + letter.len_utf8()).collect();
        let beginning = |letters: usize| {
            let end = letters.checked_sub(1).and_then(|last| ends.get(last)).copied().unwrap_or_default();
            text.get(..end).unwrap_or_default()
        };
        let fits = |letters: usize| self.count(beginning(letters)) <= limit;
        let (mut fitting, mut too_many) = (0, ends.len() + 1);
        while too_many - fitting > 1 {
            let middle = fitting.midpoint(too_many);
            if fits(middle) { fitting = middle } else { too_many = middle }
        }
        while fitting > 0 && !fits(fitting) {
            fitting -= 1;
        }
        beginning(fitting)
    }
}

const TOKEN_BYTES: usize = 4;

/// The tokens of a text, in order.
pub(crate) fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (token, tail) = rest.split_at_checked(first_token_bytes(rest))?;
        rest = tail;
        (!token.is_empty()).then_some(token)
    })
}

/// The number of tokens of a text.
pub(crate) fn count(text: &str) -> u64 {
    split(text).count() as u64
}

/// The first `limit` tokens of a text.
pub(crate) fn truncate(text: &str, limit: u64) -> &str {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let bytes = split(text).take(limit).map(str::len).sum();
    text.get(..bytes).unwrap_or(text)
}

fn first_token_bytes(text: &str) -> usize {
    let ends = text.char_indices().map(|(at, letter)| at + letter.len_utf8());
    ends.take_while(|end| *end < TOKEN_BYTES + char::MAX.len_utf8())
        .find(|end| *end >= TOKEN_BYTES)
        .unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_at_least_four_bytes() {
        assert_eq!(split("hello wörld!").collect::<Vec<_>>(), ["hell", "o wö", "rld!"]);
        assert_eq!(split("関所を").collect::<Vec<_>>(), ["関所", "を"]);
        assert_eq!(count(""), 0);
        assert_eq!(count("abc"), 1);
        assert_eq!(count("🚦🚦"), 2);
    }

    #[test]
    fn bpe_counts_and_cuts_with_the_models_vocabulary() {
        let tokenizer = Tokenizer::Bpe("gpt-4o".into());
        assert_eq!(tokenizer.count("hello world"), 2);
        let text = "Keep a record of who asked, when, and what came back: 関所の記録。";
        let all = tokenizer.count(text);
        for limit in 0..all {
            let cut = tokenizer.truncate(text, limit);
            assert!(text.starts_with(cut) && tokenizer.count(cut) <= limit, "{limit} {cut}");
        }
        assert_eq!(tokenizer.count(tokenizer.truncate(text, 9)), 9);
        assert_eq!(tokenizer.truncate(text, all), text);
        let body = br#"{"messages":[{"role":"user","content":"hello world"}]}"#;
        assert_eq!(tokenizer.count_prompt(Kind::ChatCompletions, body), Some(3 + 1 + 2 + 3));
    }

    #[test]
    fn truncated_text_has_the_limit() {
        let text = "a text of some length, 関所";
        for limit in 0..=count(text) {
            assert_eq!(count(truncate(text, limit)), limit);
        }
        assert_eq!(truncate(text, 1000), text);
    }
}
