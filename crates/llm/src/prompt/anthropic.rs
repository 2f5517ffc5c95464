//! Anthropic Messages.

use std::borrow::Cow;

use super::{Image, ImageSource, Message, Prompt, Role, Tool, ToolCall, ToolChoice};
use crate::json::Json;

pub(super) fn read<'a>(root: &mut Json<'a>, prompt: &mut Prompt<'a>) {
    match root.take("system") {
        Json::Null => {}
        system => {
            let mut message = Message::new(Role::System, "system");
            add_blocks(&mut message, system, &mut Vec::new());
            prompt.messages.push(message);
        }
    }
    for mut object in root.take("messages").into_items() {
        let mut message = Message::of(&mut object);
        let mut results = Vec::new();
        add_blocks(&mut message, object.take("content"), &mut results);
        let only_results = !results.is_empty() && message.is_empty();
        prompt.messages.append(&mut results);
        if !only_results {
            prompt.messages.push(message);
        }
    }
    let tools = root.take("tools").into_items();
    prompt.tools = tools.into_iter().map(|mut tool| Tool::of(&mut tool, "input_schema")).collect();
    prompt.tool_choice = ToolChoice::of(root.take("tool_choice"));
}

/// Adds a content to a message: a text, or a list of blocks. Results of tools become messages of their own.
fn add_blocks<'a>(message: &mut Message<'a>, content: Json<'a>, results: &mut Vec<Message<'a>>) {
    match content {
        Json::Text(text) => message.texts.push(text),
        Json::List(blocks) => blocks.items.into_iter().for_each(|block| add_block(message, block, results)),
        _ => {}
    }
}

fn add_block<'a>(message: &mut Message<'a>, mut block: Json<'a>, results: &mut Vec<Message<'a>>) {
    let kind = block.take_text("type").unwrap_or(Cow::Borrowed("text"));
    match &*kind {
        "text" => message.texts.extend(block.take_text("text")),
        "thinking" => message.texts.extend(block.take_text("thinking")),
        "image" => message.images.push(image(block.take("source"))),
        "tool_use" | "server_tool_use" | "mcp_tool_use" => message.tool_calls.push(ToolCall {
            name: block.take_text("name").unwrap_or_default(),
            arguments: Cow::Owned(block.take("input").to_text()),
        }),
        "document" => add_document(message, block, results),
        "redacted_thinking" => {}
        kind if kind.ends_with("tool_result") => {
            let mut result = Message::new(Role::Tool, "tool");
            add_blocks(&mut result, block.take("content"), results);
            results.push(result);
        }
        _ => message.attachments = message.attachments.saturating_add(1),
    }
}

/// A document: its title and context, and its content when that is text.
fn add_document<'a>(message: &mut Message<'a>, mut block: Json<'a>, results: &mut Vec<Message<'a>>) {
    message.texts.extend(block.take_text("title"));
    message.texts.extend(block.take_text("context"));
    let mut source = block.take("source");
    let kind = source.take_text("type");
    match kind.as_deref() {
        Some("text") => message.texts.extend(source.take_text("data")),
        Some("content") => add_blocks(message, source.take("content"), results),
        _ => message.attachments = message.attachments.saturating_add(1),
    }
}

fn image<'a>(mut source: Json<'a>) -> Image<'a> {
    let found = match source.take_text("data") {
        Some(data) => ImageSource::Base64(data),
        None => source.take_text("url").map_or(ImageSource::Stored, ImageSource::Url),
    };
    Image { source: found, detail: None }
}

impl Message<'_> {
    fn is_empty(&self) -> bool {
        self.texts.is_empty() && self.images.is_empty() && self.attachments == 0 && self.tool_calls.is_empty()
    }
}
