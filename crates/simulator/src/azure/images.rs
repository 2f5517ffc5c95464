//! Generated images: a tiny PNG each, and the usage of image models.

use sekisho_llm::Kind;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::call::{ApiError, Call, Payload, Product};

/// Images of one request at most, as with OpenAI.
const MOST_IMAGES: u64 = 10;
/// Tokens of a square image of low quality, as OpenAI publishes them.
const TOKENS_OF_IMAGE: u64 = 272;
/// A PNG of one grey pixel in base64.
const PIXEL: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==";

#[derive(Deserialize)]
struct Request {
    prompt: String,
    #[serde(default)]
    n: Option<u64>,
}

/// `POST …/images/generations`. The older DALL·E models tell no usage.
pub(crate) fn answer(call: &Call, body: &[u8]) -> Result<Product, ApiError> {
    let request: Request = serde_json::from_slice(body)
        .map_err(|error| ApiError::invalid_request(error.to_string(), Some("prompt")))?;
    if request.prompt.is_empty() {
        return Err(ApiError::invalid_request("'prompt' is empty", Some("prompt")));
    }
    let count = request.n.unwrap_or(1);
    if !(1..=MOST_IMAGES).contains(&count) {
        return Err(ApiError::invalid_request("'n' must be between 1 and 10", Some("n")));
    }
    let prompt = call.prompt_tokens(Kind::ImageGenerations, body, || call.tokenizer.count(&request.prompt));
    let completion = count * TOKENS_OF_IMAGE;
    let images: Vec<Value> = (0..count).map(|_| json!({"b64_json": PIXEL})).collect();
    let tells_usage = call.usage && !call.model.contains("dall-e");
    let mut reply = json!({"created": call.created, "data": images, "output_format": "png",
        "quality": "low", "size": "1024x1024"});
    if let (true, Some(reply)) = (tells_usage, reply.as_object_mut()) {
        let usage = json!({"input_tokens": prompt,
            "input_tokens_details": {"text_tokens": prompt, "image_tokens": 0},
            "output_tokens": completion, "total_tokens": prompt + completion});
        reply.insert("usage".to_owned(), usage);
    }
    Ok(Product { tells_usage, ..Product::without_details(call, prompt, completion, Payload::Json(reply)) })
}
