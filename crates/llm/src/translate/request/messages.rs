//! The conversation: a system text and turns of user and assistant, one after the other.

use serde_json::{Map, Value, json};

use super::content::{text_blocks, user_blocks};
use super::given;
use crate::translate::ChatError;

/// A conversation as the Messages API has it.
#[derive(Default)]
pub(super) struct Conversation {
    /// Blocks of `system`. Instructions from the midst of the conversation stand here as well.
    pub(super) system: Vec<Value>,
    /// Turns, never two of one role in a row.
    pub(super) turns: Vec<Turn>,
}

/// What one side says before the other does.
pub(super) struct Turn {
    role: &'static str,
    content: Vec<Value>,
}

impl Turn {
    pub(super) fn into_json(self) -> Value {
        json!({ "role": self.role, "content": self.content })
    }
}

impl Conversation {
    /// Reads `messages`.
    pub(super) fn read(messages: Option<&Value>) -> Result<Self, ChatError> {
        let Some(Value::Array(messages)) = messages else {
            return Err(ChatError::invalid("messages", "invalid_type", "`messages` must be an array."));
        };
        let mut conversation = Self::default();
        for (place, message) in messages.iter().enumerate() {
            conversation.add(message).map_err(|error| error.within(&format!("messages[{place}]")))?;
        }
        if conversation.turns.is_empty() {
            let message = "`messages` must have a message of the user with content.";
            return Err(ChatError::invalid("messages", "invalid_value", message));
        }
        Ok(conversation)
    }

    /// Adds a text of the system.
    pub(super) fn add_system(&mut self, text: &str) {
        self.system.push(json!({ "type": "text", "text": text }));
    }

    fn add(&mut self, message: &Value) -> Result<(), ChatError> {
        let Value::Object(message) = message else {
            return Err(ChatError::invalid("", "invalid_type", "A message must be an object."));
        };
        let content = message.get("content");
        match message.get("role").and_then(Value::as_str) {
            Some("system" | "developer") => self.system.extend(text_blocks(content)?),
            Some("user") => self.say("user", user_blocks(content)?),
            Some("assistant") => self.say("assistant", assistant_blocks(message)?),
            Some("tool") => self.say("user", vec![tool_result(message)?]),
            _ => {
                let known = "`system`, `developer`, `user`, `assistant` or `tool`";
                let message = format!("The role of a message must be {known} for this model.");
                return Err(ChatError::invalid("role", "unsupported_value", message));
            }
        }
        Ok(())
    }

    /// Adds to the turn of this role, or begins it.
    fn say(&mut self, role: &'static str, content: Vec<Value>) {
        match self.turns.last_mut() {
            _ if content.is_empty() => {}
            Some(turn) if turn.role == role => turn.content.extend(content),
            _ => self.turns.push(Turn { role, content }),
        }
    }
}

/// Text, then calls of tools.
fn assistant_blocks(message: &Map<String, Value>) -> Result<Vec<Value>, ChatError> {
    for name in ["audio", "function_call"] {
        if given(message, name).is_some() {
            let text = format!("`{name}` of a message is not supported for this model.");
            return Err(ChatError::invalid(name, "unsupported_parameter", text));
        }
    }
    let mut blocks = text_blocks(message.get("content"))?;
    blocks.extend(text_blocks(given(message, "refusal"))?);
    match given(message, "tool_calls") {
        None => {}
        Some(Value::Array(calls)) => {
            for (place, call) in calls.iter().enumerate() {
                blocks.push(tool_use(call).map_err(|error| error.within(&format!("tool_calls[{place}]")))?);
            }
        }
        Some(_) => {
            return Err(ChatError::invalid("tool_calls", "invalid_type", "`tool_calls` must be an array."));
        }
    }
    Ok(blocks)
}

fn tool_use(call: &Value) -> Result<Value, ChatError> {
    let function = call.get("function").and_then(Value::as_object);
    let (Some(id), Some(function)) = (call.get("id").and_then(Value::as_str), function) else {
        let message =
            "A tool call must have `id` and `function`; other kinds are not supported for this model.";
        return Err(ChatError::invalid("", "unsupported_value", message));
    };
    let arguments = given(function, "arguments").and_then(Value::as_str).unwrap_or_default();
    let input = match arguments.trim() {
        "" => Some(Map::new()),
        text => serde_json::from_str(text).ok(),
    };
    let Some(input) = input else {
        let message = "The arguments of a tool call must be a JSON object.";
        return Err(ChatError::invalid("function.arguments", "invalid_value", message));
    };
    Ok(json!({ "type": "tool_use", "id": id, "name": function.get("name"), "input": input }))
}

fn tool_result(message: &Map<String, Value>) -> Result<Value, ChatError> {
    let Some(id) = given(message, "tool_call_id") else {
        let text = "A message of a tool must have `tool_call_id`.";
        return Err(ChatError::invalid("tool_call_id", "missing_required_parameter", text));
    };
    let content = text_blocks(message.get("content"))?;
    Ok(json!({ "type": "tool_result", "tool_use_id": id, "content": content }))
}
