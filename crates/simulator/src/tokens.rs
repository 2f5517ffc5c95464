//! The simulator's tokenizer: a token is the shortest run of characters with at least four UTF-8 bytes; the last
//! token of a text may be shorter. Cutting a text between tokens never changes the count of its parts.

use sekisho_llm::Kind;

use crate::config::TokenCounting;

/// How a deployment counts.
#[derive(Debug, Clone)]
pub(crate) enum Tokenizer {
    Simple,
}

impl Tokenizer {
    pub(crate) fn new(counting: TokenCounting, _model: &str) -> Self {
        match counting {
            TokenCounting::Simple => Self::Simple,
        }
    }

    /// The number of tokens of a text.
    pub(crate) fn count(&self, text: &str) -> u64 {
        match self {
            Self::Simple => count(text),
        }
    }

    /// The tokens of a request's body of this kind, when whole bodies are counted.
    pub(crate) fn count_prompt(&self, _kind: Kind, _body: &[u8]) -> Option<u64> {
        match self {
            Self::Simple => None,
        }
    }

    /// The longest beginning of a text with at most so many tokens.
    pub(crate) fn truncate<'a>(&self, text: &'a str, limit: u64) -> &'a str {
        match self {
            Self::Simple => truncate(text, limit),
        }
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
    fn truncated_text_has_the_limit() {
        let text = "a text of some length, 関所";
        for limit in 0..=count(text) {
            assert_eq!(count(truncate(text, limit)), limit);
        }
        assert_eq!(truncate(text, 1000), text);
    }
}
