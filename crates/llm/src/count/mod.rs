//! Tokens counted here, before or without a word of the backend.
//!
//! A count is exact ([`Provenance::Counted`]) when the model's vocabulary is known and everything it reads is text; else
//! it is [`Provenance::Estimated`]: another vocabulary, images, tools, audio, a stored conversation. Texts are ordinary
//! text: `<|endoftext|>` in a message is no special token.
//!
//! The framing of chats is the one OpenAI published for its models. How tools are rendered is not documented; here they
//! are counted as npm's gpt-tokenizer does it (`countChatCompletionTokens`), every call of a message and every tool of
//! another type included.
//!
//! Cost is bounded: 4 MiB of text are counted in one call, and 16 KiB of a run without any place to cut it; what is more
//! is extrapolated and so an estimate.

mod chat;
mod image;
mod text;
mod tools;
mod vocabulary;

use std::borrow::Cow;

use crate::completion::{Part, read_completion};
use crate::kind::Kind;
use crate::prompt::{Prompt, read_prompt};
use crate::usage::Provenance;

pub(crate) use text::{Counter, exact_cut};
pub use vocabulary::warm;
pub(crate) use vocabulary::{Choice, Vocabulary};

/// A number of tokens, and how it came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// Tokens.
    pub tokens: u64,
    /// [`Provenance::Counted`] or [`Provenance::Estimated`].
    pub provenance: Provenance,
}

/// What an image counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageRule {
    /// 1200 tokens each, as the token limit charges them.
    Flat1200,
    /// What OpenAI documents for the model, by size and detail, where the size can be read from a `data:` URL; else what
    /// a square of 1024 pixels counts.
    Exact,
}

/// Tokens that anything but text and images counts (audio, files), and an image under [`ImageRule::Flat1200`].
const FLAT: u64 = 1200;

/// Tokens of the prompt of a request of this kind. `None` when the body cannot be read as that kind.
///
/// `model` is the model behind the deployment where it is known, else the name the caller used; `None`: the body's.
pub fn prompt_tokens(kind: Kind, model: Option<&str>, body: &[u8], images: ImageRule) -> Option<Estimate> {
    let prompt = read_prompt(kind, body)?;
    let model = model.map(Cow::Borrowed).or_else(|| prompt.model.clone());
    let choice = Choice::of(model.as_deref());
    let mut counter = Counter::new(choice);
    match kind {
        Kind::ChatCompletions | Kind::Responses | Kind::AnthropicMessages => {
            chat::count(&prompt, &mut counter)
        }
        _ => count_plain(&prompt, &mut counter),
    }
    count_others(&prompt, model.as_deref().unwrap_or_default(), images, &mut counter);
    if kind == Kind::AnthropicMessages || prompt.more {
        counter.mark_estimated();
    }
    Some(counter.finish())
}

/// Tokens of a whole JSON reply. `None` when the body cannot be read as a reply of that kind.
///
/// Reasoning that the reply does not show is not counted: with a model that reasons the count is an estimate.
pub fn completion_tokens(kind: Kind, model: Option<&str>, body: &[u8]) -> Option<Estimate> {
    let pieces = read_completion(kind, body)?;
    let choice = Choice::of(model);
    let mut counter = Counter::new(choice);
    for piece in &pieces {
        counter.add(&piece.text);
        if !matches!(piece.part, Part::Content | Part::Refusal) {
            counter.mark_estimated();
        }
    }
    if choice.reasons() {
        counter.mark_estimated();
    }
    Some(counter.finish())
}

/// Tokens of a text by itself.
pub fn text_tokens(model: Option<&str>, text: &str) -> Estimate {
    let mut counter = Counter::new(Choice::of(model));
    counter.add(text);
    counter.finish()
}

/// Inputs without any framing.
fn count_plain(prompt: &Prompt<'_>, counter: &mut Counter) {
    counter.add_tokens(prompt.token_ids);
    let texts = prompt.messages.iter().flat_map(|message| &message.texts);
    texts.for_each(|text| counter.add(text));
}

/// Images and attachments.
fn count_others(prompt: &Prompt<'_>, model: &str, rule: ImageRule, counter: &mut Counter) {
    for message in &prompt.messages {
        for image in &message.images {
            counter.add_tokens(match rule {
                ImageRule::Flat1200 => FLAT,
                ImageRule::Exact => image::tokens(model, image),
            });
        }
        counter.add_tokens(message.attachments.saturating_mul(FLAT));
        if message.attachments > 0 || !message.images.is_empty() {
            counter.mark_estimated();
        }
    }
}

#[cfg(test)]
mod tests;
