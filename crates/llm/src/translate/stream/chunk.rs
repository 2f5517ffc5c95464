//! Chunks of a chat completion, as OpenAI's API streams them.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;

/// What every chunk of a stream has in common.
#[derive(Debug)]
pub(super) struct Chunks {
    id: String,
    model: String,
    created: i64,
    /// Every chunk has a `usage`: null but for the last.
    with_usage: bool,
}

#[derive(Serialize)]
struct Chunk<'a> {
    id: &'a str,
    object: &'static str,
    created: i64,
    model: &'a str,
    choices: &'a [Choice<'a>],
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Value>,
}

#[derive(Serialize)]
struct Choice<'a> {
    index: u32,
    delta: Delta<'a>,
    logprobs: Option<()>,
    finish_reason: Option<&'static str>,
}

/// What a chunk adds to the message.
#[derive(Default, Serialize)]
pub(super) struct Delta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tool_calls: Option<[ToolCallDelta<'a>; 1]>,
}

impl<'a> Delta<'a> {
    /// More of the arguments of a call.
    pub(super) fn arguments(index: u32, arguments: &'a str) -> Self {
        let function = FunctionDelta { name: None, arguments };
        let call = ToolCallDelta { index, id: None, kind: None, function };
        Self { tool_calls: Some([call]), ..Self::default() }
    }
}

#[derive(Serialize)]
pub(super) struct ToolCallDelta<'a> {
    pub(super) index: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<&'a str>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(super) kind: Option<&'static str>,
    pub(super) function: FunctionDelta<'a>,
}

#[derive(Serialize)]
pub(super) struct FunctionDelta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'a str>,
    pub(super) arguments: &'a str,
}

impl Chunks {
    pub(super) fn new(created: i64, with_usage: bool) -> Self {
        Self { id: String::new(), model: String::new(), created, with_usage }
    }

    /// Sets the id and the model of the chunks to come.
    pub(super) fn name(&mut self, id: Option<Cow<'_, str>>, model: Option<Cow<'_, str>>) {
        self.id = id.unwrap_or_default().into_owned();
        self.model = model.unwrap_or_default().into_owned();
    }

    /// Adds a chunk to `out`.
    pub(super) fn write(&self, delta: Delta<'_>, finish_reason: Option<&'static str>, out: &mut Vec<u8>) {
        let choice = Choice { index: 0, delta, logprobs: None, finish_reason };
        self.write_event(&[choice], self.with_usage.then_some(Value::Null), out);
    }

    /// Adds the chunk with the usage, where the client asked for it.
    pub(super) fn write_usage(&self, usage: Value, out: &mut Vec<u8>) {
        if self.with_usage {
            self.write_event(&[], Some(usage), out);
        }
    }

    fn write_event(&self, choices: &[Choice<'_>], usage: Option<Value>, out: &mut Vec<u8>) {
        let chunk = Chunk {
            id: &self.id,
            object: "chat.completion.chunk",
            created: self.created,
            model: &self.model,
            choices,
            usage,
        };
        out.extend_from_slice(b"data: ");
        // Texts and numbers into memory: this cannot fail.
        let _written = serde_json::to_writer(&mut *out, &chunk);
        out.extend_from_slice(b"\n\n");
    }
}
