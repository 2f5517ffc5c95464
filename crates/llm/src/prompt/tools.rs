//! Tools a request offers, and calls of them.

use std::borrow::Cow;

use crate::json::Json;

/// A tool the model may call.
#[derive(Debug, Default, PartialEq)]
pub struct Tool<'a> {
    /// The function's name; of a tool of the service's own, its type.
    pub name: Cow<'a, str>,
    /// What it does, for the model to read.
    pub description: Option<Cow<'a, str>>,
    /// The JSON schema of its arguments.
    pub(crate) parameters: Json<'a>,
}

/// A call of a tool.
#[derive(Debug, Default, PartialEq)]
pub struct ToolCall<'a> {
    /// The tool's name.
    pub name: Cow<'a, str>,
    /// Its arguments, JSON as text.
    pub arguments: Cow<'a, str>,
}

/// Which tool the model is told to call.
#[derive(Debug, Default, PartialEq)]
pub enum ToolChoice<'a> {
    /// What it finds right.
    #[default]
    Auto,
    /// None.
    None,
    /// This one.
    Named(Cow<'a, str>),
}

impl<'a> Tool<'a> {
    /// A tool whose name, description and schema are members of this object; the schema under `schema`.
    pub(super) fn of(object: &mut Json<'a>, schema: &str) -> Self {
        let name = object.take_text("name").or_else(|| object.take_text("type")).unwrap_or_default();
        Self { name, description: object.take_text("description"), parameters: object.take(schema) }
    }
}

impl<'a> ToolCall<'a> {
    /// A call whose name and arguments are members of this object; a tool that takes no JSON has an input.
    pub(super) fn of(object: &mut Json<'a>) -> Self {
        let arguments = object.take_text("arguments").or_else(|| object.take_text("input"));
        Self { name: object.take_text("name").unwrap_or_default(), arguments: arguments.unwrap_or_default() }
    }
}

impl<'a> ToolChoice<'a> {
    /// `tool_choice` or `function_call`, in every form: a word, `{"name"}` or `{"function": {"name"}}`.
    pub(super) fn of(mut value: Json<'a>) -> Self {
        if value.as_text() == Some("none") || value.is("type", "none") {
            return Self::None;
        }
        let named = value.take("function").take_text("name").or_else(|| value.take_text("name"));
        named.map_or(Self::Auto, Self::Named)
    }
}
