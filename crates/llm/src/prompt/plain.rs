//! Formats whose prompt is one text or a list of texts.

use super::{Message, Prompt, Role};
use crate::json::Json;

/// Completions: `prompt` is a text, a list of texts, token ids or a list of those; `suffix` follows the completion.
pub(super) fn completions<'a>(root: &mut Json<'a>, prompt: &mut Prompt<'a>) {
    add_inputs(prompt, root.take("prompt"));
    add_inputs(prompt, root.take("suffix"));
}

/// Embeddings: `input` is a text, a list of texts, token ids or a list of those; Azure AI also takes objects with a
/// text.
pub(super) fn embeddings<'a>(root: &mut Json<'a>, prompt: &mut Prompt<'a>) {
    add_inputs(prompt, root.take("input"));
}

/// Images: `prompt`.
pub(super) fn images<'a>(root: &mut Json<'a>, prompt: &mut Prompt<'a>) {
    add_inputs(prompt, root.take("prompt"));
}

/// Speech: the text to be spoken and how.
pub(super) fn speech<'a>(root: &mut Json<'a>, prompt: &mut Prompt<'a>) {
    add_inputs(prompt, root.take("input"));
    add_inputs(prompt, root.take("instructions"));
}

fn add_inputs<'a>(prompt: &mut Prompt<'a>, inputs: Json<'a>) {
    match inputs {
        Json::List(list) => {
            prompt.token_ids = prompt.token_ids.saturating_add(list.numbers);
            list.items.into_iter().for_each(|input| add_input(prompt, input));
        }
        input => add_input(prompt, input),
    }
}

fn add_input<'a>(prompt: &mut Prompt<'a>, mut input: Json<'a>) {
    match input {
        Json::Text(text) => prompt.messages.push(Message::text(Role::User, "user", text)),
        Json::List(ids) => prompt.token_ids = prompt.token_ids.saturating_add(ids.numbers),
        Json::Object(_) => {
            let texts = input.take_text("text");
            prompt.messages.extend(texts.map(|text| Message::text(Role::User, "user", text)));
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}
