//! Texts of a JSON reply.

use std::borrow::Cow;

use super::{Part, Piece};
use crate::json::{self, Json};
use crate::kind::Kind;

type Reader = for<'a> fn(&mut Json<'a>, &mut Vec<Piece<'a>>);

/// The texts of a whole JSON reply, in their order. `None` when the body is no JSON object, or when replies of this
/// kind hold no text of a model. A reply with an error has no texts.
pub fn read_completion(kind: Kind, body: &[u8]) -> Option<Vec<Piece<'_>>> {
    read_named_completion(kind, body).map(|(_, pieces)| pieces)
}

/// The same, with the model that the reply names.
pub(crate) fn read_named_completion(
    kind: Kind,
    body: &[u8],
) -> Option<(Option<Cow<'_, str>>, Vec<Piece<'_>>)> {
    let read: Reader = match kind {
        Kind::ChatCompletions | Kind::Completions => choices,
        Kind::Responses => output,
        Kind::AnthropicMessages => content,
        Kind::AudioTranscriptions | Kind::AudioTranslations => transcript,
        _ => return None,
    };
    let mut root = json::read_object(body)?;
    let mut pieces = Vec::new();
    let model = root.take_text("model").filter(|model| !model.is_empty());
    read(&mut root, &mut pieces);
    Some((model, pieces))
}

/// `choices[]` of Chat Completions and Completions.
fn choices<'a>(root: &mut Json<'a>, pieces: &mut Vec<Piece<'a>>) {
    for (position, mut item) in (0..).zip(root.take("choices").into_items()) {
        let choice = item.get("index").and_then(Json::as_index).unwrap_or(position);
        let mut add = |part, text: Option<Cow<'a, str>>| add(pieces, choice, part, text);
        add(Part::Content, item.take_text("text"));
        let mut message = item.take("message");
        let reasoning = message.take_text("reasoning_content").or_else(|| message.take_text("reasoning"));
        add(Part::Reasoning, reasoning);
        match message.take("content") {
            Json::Text(text) => add(Part::Content, Some(text)),
            parts => {
                let parts = parts.into_items().into_iter();
                parts.for_each(|mut part| add(Part::Content, part.take_text("text")));
            }
        }
        add(Part::Refusal, message.take_text("refusal"));
        let single = Some(message.take("function_call")).filter(|call| !call.is_null());
        let calls =
            message.take("tool_calls").into_items().into_iter().map(|mut call| match call.take("function") {
                Json::Null => call.take("custom"),
                function => function,
            });
        for (number, mut call) in (0..).zip(calls.chain(single)) {
            add(Part::ToolName(number), call.take_text("name"));
            let arguments = call.take_text("arguments").or_else(|| call.take_text("input"));
            add(Part::ToolArguments(number), arguments);
        }
    }
}

/// `output[]` of Responses.
fn output<'a>(root: &mut Json<'a>, pieces: &mut Vec<Piece<'a>>) {
    for (choice, mut item) in (0..).zip(root.take("output").into_items()) {
        let reasoning = item.is("type", "reasoning");
        let mut add = |part, text: Option<Cow<'a, str>>| add(pieces, choice, part, text);
        for mut part in item.take("summary").into_items() {
            add(Part::Reasoning, part.take_text("text"));
        }
        for mut part in item.take("content").into_items() {
            let role = if reasoning { Part::Reasoning } else { Part::Content };
            add(role, part.take_text("text"));
            add(Part::Refusal, part.take_text("refusal"));
        }
        if !item.get("type").and_then(Json::as_text).is_some_and(|kind| kind.ends_with("_call")) {
            continue;
        }
        add(Part::ToolName(0), item.take_text("name"));
        let arguments = item.take_text("arguments").or_else(|| item.take_text("input"));
        add(Part::ToolArguments(0), arguments);
    }
}

/// `content[]` of Anthropic Messages.
fn content<'a>(root: &mut Json<'a>, pieces: &mut Vec<Piece<'a>>) {
    for (choice, mut block) in (0..).zip(root.take("content").into_items()) {
        let called = block.get("type").and_then(Json::as_text).is_some_and(|kind| kind.ends_with("tool_use"));
        let mut add = |part, text: Option<Cow<'a, str>>| add(pieces, choice, part, text);
        add(Part::Reasoning, block.take_text("thinking"));
        add(Part::Content, block.take_text("text"));
        if called {
            add(Part::ToolName(0), block.take_text("name"));
            add(Part::ToolArguments(0), Some(Cow::Owned(block.take("input").to_text())));
        }
    }
}

/// `text` of a transcription.
fn transcript<'a>(root: &mut Json<'a>, pieces: &mut Vec<Piece<'a>>) {
    add(pieces, 0, Part::Content, root.take_text("text"));
}

fn add<'a>(pieces: &mut Vec<Piece<'a>>, choice: u64, part: Part, text: Option<Cow<'a, str>>) {
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        pieces.push(Piece { choice, part, text });
    }
}
