//! Chat Completions.

use super::{Image, ImageSource, Message, Prompt, Tool, ToolCall, ToolChoice};
use crate::json::Json;

pub(super) fn read<'a>(root: &mut Json<'a>, prompt: &mut Prompt<'a>) {
    prompt.messages = root.take("messages").into_items().into_iter().map(message).collect();
    let tools = root.take("tools").into_items().into_iter().map(|mut tool| match tool.take("function") {
        Json::Null => Tool::of(&mut tool, "parameters"),
        mut function => Tool::of(&mut function, "parameters"),
    });
    let functions = root.take("functions").into_items();
    let functions = functions.into_iter().map(|mut function| Tool::of(&mut function, "parameters"));
    prompt.tools = tools.chain(functions).collect();
    prompt.tool_choice = match root.take("tool_choice") {
        Json::Null => ToolChoice::of(root.take("function_call")),
        choice => ToolChoice::of(choice),
    };
    prompt.more = root.get("response_format").is_some_and(|format| format.is("type", "json_schema"));
}

fn message<'a>(mut object: Json<'a>) -> Message<'a> {
    let mut message = Message::of(&mut object);
    message.name = object.take_text("name");
    add_content(&mut message, object.take("content"));
    message.texts.extend(object.take_text("refusal"));
    if !object.take("audio").is_null() {
        message.attachments += 1;
    }
    for mut call in object.take("tool_calls").into_items() {
        let mut called = match call.take("function") {
            Json::Null => call.take("custom"),
            function => function,
        };
        message.tool_calls.push(ToolCall::of(&mut called));
    }
    match object.take("function_call") {
        Json::Null => {}
        mut call => message.tool_calls.push(ToolCall::of(&mut call)),
    }
    message
}

/// Adds a content to a message: a text, or a list of parts. The part types of Responses are read too.
pub(super) fn add_content<'a>(message: &mut Message<'a>, content: Json<'a>) {
    match content {
        Json::Text(text) => message.texts.push(text),
        Json::List(parts) => parts.items.into_iter().for_each(|part| add_part(message, part)),
        _ => {}
    }
}

fn add_part<'a>(message: &mut Message<'a>, mut part: Json<'a>) {
    let text = match part {
        Json::Text(text) => return message.texts.push(text),
        ref mut object => object.take_text("text").or_else(|| object.take_text("refusal")),
    };
    if let Some(text) = text {
        return message.texts.push(text);
    }
    match part.get("type").and_then(Json::as_text) {
        Some("image_url" | "input_image") => message.images.push(image(&mut part)),
        Some(_) => message.attachments += 1,
        None => {}
    }
}

/// `image_url` is an object with `url` and `detail` in Chat Completions, a text beside `detail` in Responses.
fn image<'a>(part: &mut Json<'a>) -> Image<'a> {
    let detail = part.take_text("detail");
    match part.take("image_url") {
        Json::Text(url) => Image { source: ImageSource::Url(url), detail },
        mut object => Image {
            source: object.take_text("url").map_or(ImageSource::Stored, ImageSource::Url),
            detail: object.take_text("detail").or(detail),
        },
    }
}
