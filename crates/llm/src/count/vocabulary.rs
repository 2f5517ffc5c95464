//! Which vocabulary a model reads with.

use tiktoken::CoreBpe;

/// Turns text into tokens, and says how many.
pub(crate) trait Tokenizer {
    /// Tokens of this text, read as ordinary text throughout.
    fn count(&self, text: &str) -> u64;
}

impl Tokenizer for CoreBpe {
    fn count(&self, text: &str) -> u64 {
        CoreBpe::count(self, text) as u64
    }
}

/// A vocabulary. It is loaded with its first use and then stays: some tens of megabytes, see [`warm`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Vocabulary {
    /// Of GPT-4o and later.
    O200k,
    /// Of GPT-4, GPT-3.5 and the embeddings.
    Cl100k,
}

impl Vocabulary {
    /// Its tokenizer; loads it the first time.
    pub(crate) fn tokenizer(self) -> Option<&'static dyn Tokenizer> {
        let name = match self {
            Self::O200k => "o200k_base",
            Self::Cl100k => "cl100k_base",
        };
        tiktoken::get_encoding(name).map(|encoding| encoding as &dyn Tokenizer)
    }
}

/// What is known of a model from its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Choice {
    vocabulary: Vocabulary,
    /// The vocabulary is the model's own.
    known: bool,
    /// The model thinks before it answers, and is paid for it.
    reasons: bool,
}

/// Beginnings of model names, longer ones before their own beginnings: vocabulary, and whether the model reasons.
const BY_PREFIX: [(&str, Vocabulary, bool); 14] = [
    ("gpt-5", Vocabulary::O200k, true),
    ("gpt-4o", Vocabulary::O200k, false),
    ("gpt-4.1", Vocabulary::O200k, false),
    ("gpt-4.5", Vocabulary::O200k, false),
    ("chatgpt-4o", Vocabulary::O200k, false),
    ("gpt-4", Vocabulary::Cl100k, false),
    ("gpt-3.5-turbo", Vocabulary::Cl100k, false),
    ("gpt-35-turbo", Vocabulary::Cl100k, false),
    ("text-embedding-", Vocabulary::Cl100k, false),
    ("davinci-002", Vocabulary::Cl100k, false),
    ("babbage-002", Vocabulary::Cl100k, false),
    ("o1", Vocabulary::O200k, true),
    ("o3", Vocabulary::O200k, true),
    ("o4", Vocabulary::O200k, true),
];

impl Choice {
    /// By the model's name: `gpt-4o-2024-08-06`, `openai/gpt-4o`, `ft:gpt-4o:…`; letter case does not matter. Of other
    /// names, and without one, the newest vocabulary gives an estimate.
    pub(crate) fn of(model: Option<&str>) -> Self {
        let name = base_name(model.unwrap_or_default());
        let found = BY_PREFIX.iter().find(|(prefix, ..)| is_of(name, prefix));
        let (_, vocabulary, reasons) = *found.unwrap_or(&("", Vocabulary::O200k, false));
        Self { vocabulary, known: found.is_some(), reasons }
    }

    pub(crate) fn vocabulary(self) -> Vocabulary {
        self.vocabulary
    }

    pub(crate) fn known(self) -> bool {
        self.known
    }

    pub(crate) fn reasons(self) -> bool {
        self.reasons
    }
}

/// The model's own name: without the provider before it, and of a fine-tuned model that of its base.
pub(super) fn base_name(model: &str) -> &str {
    let name = model.rsplit('/').next().unwrap_or_default();
    name.strip_prefix("ft:").unwrap_or(name)
}

/// Whether the name begins with this prefix. The letter `o` with a digit is a whole word: `o1-mini`, not `o100`.
pub(super) fn is_of(name: &str, prefix: &str) -> bool {
    let Some(beginning) = name.get(..prefix.len()) else { return false };
    let rest = name.get(prefix.len()..).unwrap_or_default();
    let whole_word = prefix.len() > 2 || rest.is_empty() || rest.starts_with(['-', ':']);
    beginning.eq_ignore_ascii_case(prefix) && whole_word
}

/// Loads the vocabulary of this model (without one: the newest), so that the first request does not wait for it. Without
/// this call a vocabulary is loaded with its first use, and a process that counts nothing never loads one.
pub fn warm(model: Option<&str>) {
    Choice::of(model).vocabulary().tokenizer();
}
