//! The Responses API: plain and streamed text.

use sekisho_llm::Kind;
use serde::Deserialize;
use serde_json::{Value, json};

use super::filters;
use super::prompt::{self, Message};
use crate::call::{ApiError, Call, Event, Payload, Product, Spent, events};
use crate::text::{self, Answer, Shape};
use crate::tokens;

#[derive(Deserialize)]
struct Request {
    input: Input,
    #[serde(default)]
    instructions: Option<String>,
    #[serde(default)]
    max_output_tokens: Option<u64>,
    #[serde(default)]
    stream: Option<bool>,
    #[serde(default)]
    previous_response_id: Option<String>,
    #[serde(default)]
    metadata: Option<Value>,
    #[serde(default)]
    tools: Option<Vec<Value>>,
    #[serde(default)]
    text: Option<Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Input {
    Text(String),
    Items(Vec<Value>),
}

pub(crate) fn answer(call: &Call, body: &[u8]) -> Result<Product, ApiError> {
    let request: Request = serde_json::from_slice(body)
        .map_err(|error| ApiError::invalid_request(error.to_string(), Some("input")))?;
    let messages = messages(&request)?;
    let transcript = prompt::transcript(&messages);
    if transcript.contains(filters::FILTERED_MARK) {
        return Err(ApiError::filtered_prompt());
    }
    let format =
        request.text.as_ref().and_then(|text| text.get("format")).and_then(|format| format.get("type"));
    let shape = Shape {
        tokenizer: &call.tokenizer,
        max_tokens: request.max_output_tokens,
        exact_tokens: call.completion_tokens,
        json: matches!(format.and_then(Value::as_str), Some("json_object" | "json_schema")),
    };
    let answer = text::answer(&prompt::question(&messages), text::hash(&transcript), shape);
    let tools = request.tools.as_deref().unwrap_or_default();
    let prompt_tokens =
        call.prompt_tokens(Kind::Responses, body, || prompt::conversation_tokens(&messages, tools));
    let spent = Spent::new(call, &transcript, prompt_tokens, call.tokenizer.count(&answer.text));
    let usage = if call.usage { spent.responses() } else { Value::Null };
    let reply = Reply { call, request: &request, answer: &answer, usage };
    let payload = match request.stream {
        Some(true) => Payload::Events(reply.events()),
        _ => Payload::Json(reply.finished()),
    };
    Ok(Product::new(call, &spent, payload))
}

/// Instructions and input as messages. Items without a role (tool results, references) count by their JSON.
fn messages(request: &Request) -> Result<Vec<Message>, ApiError> {
    let instructions = request.instructions.as_ref().map(|text| json!({"role": "system", "content": text}));
    let items = match &request.input {
        Input::Text(text) => vec![json!({"role": "user", "content": text})],
        Input::Items(items) => items.iter().map(as_message).collect(),
    };
    let read = |item: Value| {
        serde_json::from_value(item)
            .map_err(|error| ApiError::invalid_request(error.to_string(), Some("input")))
    };
    instructions.into_iter().chain(items).map(read).collect()
}

fn as_message(item: &Value) -> Value {
    if item.get("role").is_some_and(Value::is_string) {
        return item.clone();
    }
    json!({"role": "tool", "content": item.to_string()})
}

struct Reply<'a> {
    call: &'a Call,
    request: &'a Request,
    answer: &'a Answer,
    usage: Value,
}

impl Reply<'_> {
    fn response(&self, status: &str, output: Value, usage: Value) -> Value {
        let incomplete = (status == "incomplete").then(|| json!({"reason": "max_output_tokens"}));
        json!({
            "id": self.call.id("resp_"), "object": "response", "created_at": self.call.created, "status": status,
            "background": false, "error": null, "incomplete_details": incomplete,
            "instructions": self.request.instructions, "max_output_tokens": self.request.max_output_tokens,
            "model": self.call.model, "output": output, "parallel_tool_calls": true,
            "previous_response_id": self.request.previous_response_id,
            "reasoning": {"effort": null, "summary": null}, "service_tier": "default", "store": true,
            "temperature": 1.0, "text": {"format": {"type": "text"}}, "tool_choice": "auto",
            "tools": self.request.tools.as_deref().unwrap_or_default(), "top_p": 1.0, "truncation": "disabled",
            "usage": usage, "user": null,
            "metadata": self.request.metadata.as_ref().unwrap_or(&json!({})),
        })
    }

    fn status(&self) -> &'static str {
        if self.answer.cut { "incomplete" } else { "completed" }
    }

    fn part(&self, text: &str) -> Value {
        json!({"type": "output_text", "text": text, "annotations": [], "logprobs": []})
    }

    fn item(&self, status: &str, content: Value) -> Value {
        json!({"id": self.call.id("msg_"), "type": "message", "status": status, "role": "assistant",
            "content": content})
    }

    fn finished_item(&self) -> Value {
        self.item(self.status(), json!([self.part(&self.answer.text)]))
    }

    fn finished(&self) -> Value {
        self.response(self.status(), json!([self.finished_item()]), self.usage.clone())
    }

    fn events(&self) -> Vec<Event> {
        let item_id = self.call.id("msg_");
        let begun = self.response("in_progress", json!([]), Value::Null);
        let text = &self.answer.text;
        let at = |mut event: Value| {
            if let Some(event) = event.as_object_mut() {
                event.insert("item_id".to_owned(), json!(item_id));
                event.insert("output_index".to_owned(), json!(0));
                event.insert("content_index".to_owned(), json!(0));
            }
            event
        };
        let mut plan = vec![
            ("response.created", json!({"response": begun})),
            ("response.in_progress", json!({"response": begun})),
            (
                "response.output_item.added",
                json!({"output_index": 0, "item": self.item("in_progress", json!([]))}),
            ),
            ("response.content_part.added", at(json!({"part": self.part("")}))),
        ];
        let delta = |token| ("response.output_text.delta", at(json!({"delta": token, "logprobs": []})));
        plan.extend(tokens::split(text).map(delta));
        let last = if self.answer.cut { "response.incomplete" } else { "response.completed" };
        plan.extend([
            ("response.output_text.done", at(json!({"text": text, "logprobs": []}))),
            ("response.content_part.done", at(json!({"part": self.part(text)}))),
            ("response.output_item.done", json!({"output_index": 0, "item": self.finished_item()})),
            (last, json!({"response": self.finished()})),
        ]);
        let numbered = plan.into_iter().enumerate().map(|(number, (name, mut event))| {
            if let Some(event) = event.as_object_mut() {
                event.insert("type".to_owned(), json!(name));
                event.insert("sequence_number".to_owned(), json!(number));
            }
            let tells = name == last && self.call.usage;
            let made = events::named(name, &event).telling_prompt(tells).telling_completion(tells);
            match event.get("delta").and_then(Value::as_str) {
                Some(delta) => made.saying(0, delta),
                None => made,
            }
        });
        numbered.collect()
    }
}
