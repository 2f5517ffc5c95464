//! Messages: plain and streamed, with tools, and their token counts.

use http::HeaderMap;
use sekisho_llm::Kind;
use serde_json::{Value, json};

use super::request::{Request, tool_name};
use super::stream;
use crate::call::{ApiError, Call, Payload, Product, Spent};
use crate::text::{self, Shape};

/// What a message says.
pub(super) enum Block {
    Text(String),
    ToolUse { id: String, name: String, input: String },
}

impl Block {
    /// The block as it stands in a whole message.
    fn whole(&self) -> Value {
        match self {
            Self::Text(text) => json!({"type": "text", "text": text}),
            Self::ToolUse { id, name, input } => {
                let input: Value = serde_json::from_str(input).unwrap_or_else(|_| json!({}));
                json!({"type": "tool_use", "id": id, "name": name, "input": input})
            }
        }
    }
}

/// A message before it is put on the wire.
pub(super) struct Message<'a> {
    pub(super) call: &'a Call,
    pub(super) block: Block,
    pub(super) stop_reason: &'static str,
    pub(super) stop_sequence: Option<String>,
    pub(super) spent: Spent,
}

impl Message<'_> {
    /// The message with this content and the rest as it is now; without a usage where a fault takes it.
    pub(super) fn envelope(&self, content: Value, is_finished: bool, output_tokens: u64) -> Value {
        let stop_reason = is_finished.then_some(self.stop_reason);
        let stop_sequence = self.stop_sequence.as_ref().filter(|_| is_finished);
        let mut message = json!({"model": self.call.model, "id": self.call.id("msg_"), "type": "message",
            "role": "assistant", "content": content, "stop_reason": stop_reason, "stop_sequence": stop_sequence});
        if let (true, Some(message)) = (self.call.usage, message.as_object_mut()) {
            message.insert("usage".to_owned(), self.spent.messages(output_tokens));
        }
        message
    }
}

/// `POST …/v1/messages`.
pub(crate) fn answer(call: &Call, headers: &HeaderMap, body: &[u8]) -> Result<Product, ApiError> {
    let request = Request::read(headers, body, true)?;
    let (block, stop_reason, stop_sequence) = write(call, &request);
    let tokenizer = &call.tokenizer;
    let text_tokens = match &block {
        Block::Text(text) => tokenizer.count(text),
        Block::ToolUse { name, input, .. } => tokenizer.count(name) + tokenizer.count(input),
    };
    let prompt_tokens = prompt_tokens(call, &request, body);
    let spent = Spent::new(call, &request.transcript(), prompt_tokens, text_tokens);
    let message = Message { call, block, stop_reason, stop_sequence, spent };
    let payload = match request.stream {
        Some(true) => Payload::Events(stream::events(&message)),
        _ => Payload::Json(message.envelope(json!([message.block.whole()]), true, spent.completion())),
    };
    Ok(Product::new(call, &spent, payload))
}

/// `POST …/v1/messages/count_tokens`: uses no tokens itself.
pub(crate) fn count(call: &Call, headers: &HeaderMap, body: &[u8]) -> Result<Product, ApiError> {
    let request = Request::read(headers, body, false)?;
    let counted = json!({"input_tokens": prompt_tokens(call, &request, body)});
    Ok(Product::of_prompt(call, 0, Payload::Json(counted)))
}

fn prompt_tokens(call: &Call, request: &Request, body: &[u8]) -> u64 {
    call.prompt_tokens(Kind::AnthropicMessages, body, || request.tokens(|text| call.tokenizer.count(text)))
}

/// What is said, why it ends, and the stop sequence it ends at.
fn write(call: &Call, request: &Request) -> (Block, &'static str, Option<String>) {
    let question = request.question();
    if let Some(tool) = request.called_tool(&question) {
        let name = tool_name(tool).to_owned();
        let input = text::arguments(tool.get("input_schema"));
        return (Block::ToolUse { id: call.id("toolu_"), name, input }, "tool_use", None);
    }
    let shape = Shape {
        tokenizer: &call.tokenizer,
        max_tokens: request.max_tokens(),
        exact_tokens: call.completion_tokens,
        json: false,
    };
    let answer = text::answer(&question, text::hash(&request.transcript()), shape);
    let found = |sequence: &String| Some((answer.text.find(sequence.as_str())?, sequence.clone()));
    let is_text = |sequence: &&String| !sequence.is_empty();
    let first = request.stop_sequences.iter().filter(is_text).filter_map(found).min();
    if let Some((at, sequence)) = first {
        let said = answer.text.get(..at).unwrap_or_default().to_owned();
        return (Block::Text(said), "stop_sequence", Some(sequence));
    }
    let stop_reason = if answer.cut { "max_tokens" } else { "end_turn" };
    (Block::Text(answer.text), stop_reason, None)
}
