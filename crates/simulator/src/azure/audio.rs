//! Audio: transcriptions with their usage, and speech as bytes.

use bytes::Bytes;
use sekisho_llm::Kind;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::call::{ApiError, Call, Event, Form, Payload, Product, events};
use crate::text::{self, Shape};
use crate::tokens;

/// Bytes of a second of audio: 16 kHz PCM16, whatever the file really is.
const BYTES_OF_SECOND: u64 = 32_000;
const TOKENS_OF_SECOND: u64 = 10;
/// Bytes of speech for a character of its text.
const BYTES_OF_CHARACTER: usize = 256;
/// Characters of a text to speak at most, as with OpenAI.
const MOST_CHARACTERS: usize = 4096;

/// `POST …/audio/transcriptions` and `…/audio/translations`. Whisper tells seconds, the other models tokens.
pub(crate) fn transcribe(call: &Call, form: Option<&Form>) -> Result<Product, ApiError> {
    let missing = || ApiError::invalid_request("the form has no 'file'", Some("file"));
    let form = form.ok_or_else(missing)?;
    let file = form.file.as_ref().ok_or_else(missing)?;
    let seconds = file.bytes.div_ceil(BYTES_OF_SECOND);
    let seed = text::hash(&format!("{}{}", file.name, file.bytes));
    let shape = Shape {
        tokenizer: &call.tokenizer,
        max_tokens: None,
        exact_tokens: call.completion_tokens,
        json: false,
    };
    let said = text::answer(form.field("prompt").unwrap_or(&file.name), seed, shape).text;
    let told_in_seconds = call.model.contains("whisper");
    let (prompt, completion) =
        if told_in_seconds { (0, 0) } else { (seconds * TOKENS_OF_SECOND, call.tokenizer.count(&said)) };
    let usage = if told_in_seconds {
        json!({"type": "duration", "seconds": seconds})
    } else {
        json!({"type": "tokens", "input_tokens": prompt,
            "input_token_details": {"text_tokens": 0, "audio_tokens": prompt},
            "output_tokens": completion, "total_tokens": prompt + completion})
    };
    let format = form.field("response_format").unwrap_or("json");
    let is_text = matches!(format, "text" | "srt" | "vtt");
    let payload = match format {
        _ if form.field("stream") == Some("true") && !told_in_seconds => {
            Payload::Events(stream(call, &said, &usage))
        }
        _ if is_text => Payload::Bytes("text/plain; charset=utf-8", Bytes::from(format!("{said}\n"))),
        "verbose_json" => Payload::Json(with_usage(
            call,
            json!({"task": "transcribe", "language": "english", "duration": seconds, "text": said,
                "segments": []}),
            usage,
        )),
        _ => Payload::Json(with_usage(call, json!({"text": said}), usage)),
    };
    let tells_usage = call.usage && !is_text;
    Ok(Product { tells_usage, ..Product::without_details(call, prompt, completion, payload) })
}

fn with_usage(call: &Call, mut reply: Value, usage: Value) -> Value {
    if let (true, Some(reply)) = (call.usage, reply.as_object_mut()) {
        reply.insert("usage".to_owned(), usage);
    }
    reply
}

fn stream(call: &Call, said: &str, usage: &Value) -> Vec<Event> {
    let delta = |token: &str| {
        events::data(&json!({"type": "transcript.text.delta", "delta": token})).saying(0, token)
    };
    let done = with_usage(call, json!({"type": "transcript.text.done", "text": said}), usage.clone());
    let done = events::data(&done).telling_prompt(call.usage).telling_completion(call.usage);
    tokens::split(said).map(delta).chain([done]).collect()
}

#[derive(Deserialize)]
struct Speech {
    input: String,
    #[serde(default)]
    voice: Option<Value>,
    #[serde(default)]
    response_format: Option<String>,
}

/// `POST …/audio/speech`: bytes that are no music, as many as the text is long. There is no usage.
pub(crate) fn speak(call: &Call, body: &[u8]) -> Result<Product, ApiError> {
    let request: Speech = serde_json::from_slice(body)
        .map_err(|error| ApiError::invalid_request(error.to_string(), Some("input")))?;
    let characters = request.input.chars().count();
    if characters == 0 || characters > MOST_CHARACTERS {
        return Err(ApiError::invalid_request("'input' must have 1 to 4096 characters", Some("input")));
    }
    if request.voice.is_none() {
        return Err(ApiError::invalid_request("'voice' is missing", Some("voice")));
    }
    let content_type = match request.response_format.as_deref().unwrap_or("mp3") {
        "mp3" => "audio/mpeg",
        "opus" => "audio/ogg",
        "aac" => "audio/aac",
        "flac" => "audio/flac",
        "wav" => "audio/wav",
        "pcm" => "audio/pcm",
        _ => {
            return Err(ApiError::invalid_request("'response_format' is not known", Some("response_format")));
        }
    };
    let mut state = text::hash(&request.input);
    let mut noise = || {
        state = text::mix(state);
        state.to_le_bytes()[0]
    };
    let audio: Vec<u8> = (0..characters * BYTES_OF_CHARACTER).map(|_| noise()).collect();
    let prompt_tokens = call.prompt_tokens(Kind::AudioSpeech, body, || call.tokenizer.count(&request.input));
    let payload = Payload::Bytes(content_type, Bytes::from(audio));
    Ok(Product { tells_usage: false, ..Product::of_prompt(call, prompt_tokens, payload) })
}
