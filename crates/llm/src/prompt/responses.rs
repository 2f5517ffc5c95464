//! Responses.

use super::chat::add_content;
use super::{Message, Prompt, Role, Tool, ToolCall, ToolChoice};
use crate::json::Json;

pub(super) fn read<'a>(root: &mut Json<'a>, prompt: &mut Prompt<'a>) {
    let instructions = root.take_text("instructions");
    prompt.messages.extend(instructions.map(|text| Message::text(Role::System, "system", text)));
    match root.take("input") {
        Json::Text(text) => prompt.messages.push(Message::text(Role::User, "user", text)),
        input => prompt.messages.extend(input.into_items().into_iter().filter_map(item)),
    }
    let tools = root.take("tools").into_items();
    prompt.tools = tools.into_iter().map(|mut tool| Tool::of(&mut tool, "parameters")).collect();
    prompt.tool_choice = ToolChoice::of(root.take("tool_choice"));
    let schema = root.take("text").take("format").is("type", "json_schema");
    let stored = ["previous_response_id", "conversation", "prompt"];
    prompt.more = schema || stored.iter().any(|name| !root.take(name).is_null());
}

/// An item of the input. Items of no text of their own, references to stored ones for example, give none.
fn item<'a>(mut item: Json<'a>) -> Option<Message<'a>> {
    let kind = item.take_text("type");
    match kind.as_deref() {
        None | Some("message") => {
            let mut message = Message::of(&mut item);
            add_content(&mut message, item.take("content"));
            Some(message)
        }
        Some("reasoning") => {
            let mut message = Message::new(Role::Assistant, "assistant");
            add_content(&mut message, item.take("summary"));
            add_content(&mut message, item.take("content"));
            Some(message)
        }
        Some(kind) if kind.ends_with("_call_output") => {
            let mut message = Message::new(Role::Tool, "tool");
            add_content(&mut message, item.take("output"));
            Some(message)
        }
        Some("function_call" | "custom_tool_call" | "mcp_call") => {
            let mut message = Message::new(Role::Assistant, "assistant");
            message.tool_calls.push(ToolCall::of(&mut item));
            message.texts.extend(item.take_text("output"));
            Some(message)
        }
        Some(_) => None,
    }
}
