//! Tools, the choice among them, and replies of a given schema.
//!
//! A reply of `response_format: json_schema` is made by a tool of that schema, which the model must call: its input is
//! the reply. That holds for every model of the Messages API, but leaves no room for other tools.

use serde_json::{Map, Value, json};

use super::given;
use crate::translate::ChatError;

/// What a request says of tools.
#[derive(Default)]
pub(super) struct Tools {
    /// `tools` of the Messages request.
    pub(super) declarations: Option<Value>,
    /// `tool_choice` of the Messages request.
    pub(super) choice: Option<Value>,
    /// The tool whose input is the reply.
    pub(super) content_tool: Option<String>,
    /// `response_format: json_object`.
    pub(super) wants_any_json: bool,
}

impl Tools {
    /// Reads `tools`, `tool_choice`, `parallel_tool_calls` and `response_format`.
    pub(super) fn read(request: &Map<String, Value>) -> Result<Self, ChatError> {
        let declarations = declarations(given(request, "tools"))?;
        let choice = choice(request, !declarations.is_empty())?;
        let format = given(request, "response_format");
        let mut tools = Self::default();
        match format.and_then(|format| format.get("type")?.as_str()) {
            Some("json_schema") if !declarations.is_empty() => {
                let message = "`response_format` with a schema cannot be combined with tools for this model.";
                return Err(ChatError::invalid("response_format", "unsupported_value", message));
            }
            Some("json_schema") => {
                return reply_of_schema(format.and_then(|format| format.get("json_schema")));
            }
            Some("json_object") => tools.wants_any_json = true,
            Some("text") => {}
            None if format.is_none() => {}
            _ => {
                let message = "`response_format` must be `text`, `json_object` or `json_schema`.";
                return Err(ChatError::invalid("response_format.type", "unsupported_value", message));
            }
        }
        tools.choice = choice;
        tools.declarations = (!declarations.is_empty()).then_some(Value::Array(declarations));
        Ok(tools)
    }
}

fn declarations(tools: Option<&Value>) -> Result<Vec<Value>, ChatError> {
    let list = match tools {
        None => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(ChatError::invalid("tools", "invalid_type", "`tools` must be an array.")),
    };
    let read = list.iter().enumerate();
    read.map(|(place, tool)| declaration(tool).map_err(|error| error.within(&format!("tools[{place}]"))))
        .collect()
}

fn declaration(tool: &Value) -> Result<Value, ChatError> {
    let Some(function) = tool.get("function").and_then(Value::as_object) else {
        let message = "Only tools of type `function` are supported for this model.";
        return Err(ChatError::invalid("type", "unsupported_value", message));
    };
    let name = given(function, "name").cloned().unwrap_or_default();
    Ok(tool_of(name, given(function, "description"), given(function, "parameters")))
}

/// A tool of the Messages API. Without parameters it takes an empty object.
fn tool_of(name: Value, description: Option<&Value>, schema: Option<&Value>) -> Value {
    let mut tool = Map::new();
    tool.insert("name".to_owned(), name);
    if let Some(description) = description {
        tool.insert("description".to_owned(), description.clone());
    }
    let schema = schema.cloned().unwrap_or_else(|| json!({ "type": "object", "properties": {} }));
    tool.insert("input_schema".to_owned(), schema);
    Value::Object(tool)
}

/// `tool_choice`, with `parallel_tool_calls`, which is a part of it there.
fn choice(request: &Map<String, Value>, has_tools: bool) -> Result<Option<Value>, ChatError> {
    let wanted = given(request, "tool_choice");
    let one_at_a_time = given(request, "parallel_tool_calls") == Some(&Value::Bool(false));
    let mut choice = match wanted {
        None if one_at_a_time => json!({ "type": "auto" }),
        None => return Ok(None),
        Some(Value::String(word)) if word == "auto" => json!({ "type": "auto" }),
        Some(Value::String(word)) if word == "none" => json!({ "type": "none" }),
        Some(Value::String(word)) if word == "required" => json!({ "type": "any" }),
        Some(named) => match named.get("function").and_then(|function| function.get("name")) {
            Some(name) => json!({ "type": "tool", "name": name }),
            None => {
                let message =
                    "`tool_choice` must be `auto`, `none`, `required` or a function for this model.";
                return Err(ChatError::invalid("tool_choice", "unsupported_value", message));
            }
        },
    };
    if !has_tools {
        let is_free = choice["type"] == "auto" || choice["type"] == "none";
        return if is_free {
            Ok(None)
        } else {
            let message = "`tool_choice` is only allowed when `tools` are specified.";
            Err(ChatError::invalid("tool_choice", "invalid_value", message))
        };
    }
    if one_at_a_time && choice["type"] != "none" {
        choice["disable_parallel_tool_use"] = true.into();
    }
    Ok(Some(choice))
}

/// The one tool that the model must call.
fn reply_of_schema(format: Option<&Value>) -> Result<Tools, ChatError> {
    let empty = Map::new();
    let format = format.and_then(Value::as_object).unwrap_or(&empty);
    let (Some(name), Some(schema)) = (given(format, "name").and_then(Value::as_str), given(format, "schema"))
    else {
        let message = "`response_format.json_schema` must have `name` and `schema`.";
        return Err(ChatError::invalid("response_format.json_schema", "missing_required_parameter", message));
    };
    let tool = tool_of(name.into(), given(format, "description"), Some(schema));
    Ok(Tools {
        declarations: Some(json!([tool])),
        choice: Some(json!({ "type": "tool", "name": name, "disable_parallel_tool_use": true })),
        content_tool: Some(name.to_owned()),
        wants_any_json: false,
    })
}
