//! Text completions, the older surface.

use sekisho_llm::Kind;
use serde::Deserialize;
use serde_json::{Value, json};

use super::chat::StreamOptions;
use super::embeddings::Input;
use super::filters;
use crate::call::{ApiError, Call, Event, Payload, Product, Spent, events};
use crate::text::{self, Answer, Shape};
use crate::tokens;

/// Tokens of a completion unless `max_tokens` says otherwise, as with OpenAI.
const DEFAULT_MAX_TOKENS: u64 = 16;

#[derive(Deserialize)]
struct Request {
    #[serde(default)]
    prompt: Option<Input>,
    #[serde(default)]
    stream: Option<bool>,
    #[serde(default)]
    stream_options: Option<StreamOptions>,
    #[serde(default)]
    max_tokens: Option<u64>,
}

/// One choice for each prompt.
pub(crate) fn answer(call: &Call, body: &[u8]) -> Result<Product, ApiError> {
    let request: Request =
        serde_json::from_slice(body).map_err(|error| ApiError::invalid_request(error.to_string(), None))?;
    let prompts = request.prompt.unwrap_or_else(|| Input::Text("<|endoftext|>".to_owned())).items();
    let prompt_tokens =
        call.prompt_tokens(Kind::Completions, body, || prompts.iter().map(|prompt| prompt.tokens).sum());
    let shape = Shape {
        tokenizer: &call.tokenizer,
        max_tokens: Some(request.max_tokens.or(call.completion_tokens).unwrap_or(DEFAULT_MAX_TOKENS)),
        exact_tokens: call.completion_tokens,
        json: false,
    };
    let answers: Vec<Answer> =
        prompts.iter().map(|prompt| text::answer(&prompt.text, text::hash(&prompt.text), shape)).collect();
    let text_tokens = answers.iter().map(|answer| call.tokenizer.count(&answer.text)).sum();
    let asked: Vec<&str> = prompts.iter().map(|prompt| prompt.text.as_str()).collect();
    let spent = Spent::new(call, &asked.concat(), prompt_tokens, text_tokens);
    let usage = call.usage.then(|| spent.chat());
    let payload = if request.stream == Some(true) {
        let asks_for_usage = call.always_usage || request.stream_options.unwrap_or_default().include_usage;
        Payload::Events(stream(call, &answers, usage.filter(|_| asks_for_usage)))
    } else {
        Payload::Json(whole(call, &answers, usage))
    };
    Ok(Product::new(call, &spent, payload))
}

fn choice(index: usize, text: &str, finish_reason: Option<&str>) -> Value {
    json!({"content_filter_results": filters::safe(), "finish_reason": finish_reason, "index": index,
        "logprobs": null, "text": text})
}

fn envelope(call: &Call, choices: Vec<Value>, usage: Option<Value>) -> Value {
    let mut reply = json!({"choices": choices, "created": call.created, "id": call.id("cmpl-"),
        "model": call.model, "object": "text_completion"});
    if let (Some(usage), Some(reply)) = (usage, reply.as_object_mut()) {
        reply.insert("usage".to_owned(), usage);
    }
    reply
}

fn whole(call: &Call, answers: &[Answer], usage: Option<Value>) -> Value {
    let choices = answers.iter().enumerate();
    let choices = choices.map(|(index, answer)| choice(index, &answer.text, Some(answer.finish_reason())));
    envelope(call, choices.collect(), usage)
}

fn stream(call: &Call, answers: &[Answer], usage: Option<Value>) -> Vec<Event> {
    let mut stream = Vec::new();
    for (index, answer) in answers.iter().enumerate() {
        let event = |text, reason| events::data(&envelope(call, vec![choice(index, text, reason)], None));
        stream.extend(tokens::split(&answer.text).map(|token| event(token, None).saying(index, token)));
        stream.push(event("", Some(answer.finish_reason())));
    }
    let tell = |usage| {
        let event = events::data(&envelope(call, Vec::new(), Some(usage)));
        event.telling_prompt(true).telling_completion(true)
    };
    stream.extend(usage.map(tell));
    stream.push(events::done());
    stream
}
