//! Embeddings: unit vectors made of the words of a text, so that texts with common words are near each other.
//!
//! Each word (lower case, letters and digits) has a pseudo-random direction; a text is the normalised sum of its
//! words. The same text always has the same vector, in every run.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{AzureError, Call, Payload, Product};
use crate::text;
use crate::tokens;

/// Inputs of one request at most, as with Azure.
const MOST_INPUTS: usize = 2048;
/// Words of a text that shape its vector.
const MOST_WORDS: usize = 512;
const MOST_DIMENSIONS: usize = 4096;

#[derive(Deserialize)]
struct Request {
    input: Input,
    #[serde(default)]
    encoding_format: Option<String>,
    #[serde(default)]
    dimensions: Option<usize>,
}

/// A text, texts, tokens, or lists of tokens.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Input {
    Text(String),
    Texts(Vec<String>),
    Tokens(Vec<u64>),
    TokenLists(Vec<Vec<u64>>),
}

/// One input: its text (token ids in words) and how many tokens it has.
pub(super) struct Item {
    pub(super) text: String,
    pub(super) tokens: u64,
}

impl Item {
    fn of_text(text: String) -> Self {
        Self { tokens: tokens::count(&text), text }
    }

    fn of_tokens(ids: &[u64]) -> Self {
        let words: Vec<String> = ids.iter().map(u64::to_string).collect();
        Self { text: words.join(" "), tokens: ids.len() as u64 }
    }
}

impl Input {
    pub(super) fn items(self) -> Vec<Item> {
        match self {
            Self::Text(text) => vec![Item::of_text(text)],
            Self::Texts(texts) => texts.into_iter().map(Item::of_text).collect(),
            Self::Tokens(ids) => vec![Item::of_tokens(&ids)],
            Self::TokenLists(lists) => lists.iter().map(|ids| Item::of_tokens(ids)).collect(),
        }
    }
}

pub(super) fn answer(call: &Call, body: &[u8]) -> Result<Product, AzureError> {
    let request: Request = serde_json::from_slice(body)
        .map_err(|error| AzureError::invalid_request(error.to_string(), Some("input")))?;
    let dimensions = request.dimensions.unwrap_or_else(|| model_dimensions(&call.model));
    if dimensions == 0 || dimensions > MOST_DIMENSIONS {
        return Err(AzureError::invalid_request("'dimensions' is out of range", Some("dimensions")));
    }
    let items = request.input.items();
    if items.is_empty() || items.len() > MOST_INPUTS || items.iter().any(|item| item.tokens == 0) {
        return Err(AzureError::invalid_request("'$.input' is invalid", Some("input")));
    }
    let base64 = match request.encoding_format.as_deref() {
        None | Some("float") => false,
        Some("base64") => true,
        Some(_) => {
            let message = "'encoding_format' must be 'float' or 'base64'";
            return Err(AzureError::invalid_request(message, Some("encoding_format")));
        }
    };
    let data: Vec<Value> = items
        .iter()
        .enumerate()
        .map(|(index, item)| {
            let vector = embed(&item.text, dimensions);
            let embedding = if base64 { encoded(&vector) } else { json!(vector) };
            json!({"object": "embedding", "index": index, "embedding": embedding})
        })
        .collect();
    let prompt_tokens = items.iter().map(|item| item.tokens).sum();
    let mut reply = json!({"object": "list", "data": data, "model": call.model});
    if let (true, Some(reply)) = (call.usage, reply.as_object_mut()) {
        reply.insert(
            "usage".to_owned(),
            json!({"prompt_tokens": prompt_tokens, "total_tokens": prompt_tokens}),
        );
    }
    Ok(Product { prompt_tokens, completion_tokens: 0, payload: Payload::Json(reply) })
}

fn model_dimensions(model: &str) -> usize {
    if model.contains("3-large") { 3072 } else { 1536 }
}

/// Base64 of the little-endian 32-bit floats.
fn encoded(vector: &[f32]) -> Value {
    let bytes: Vec<u8> = vector.iter().flat_map(|value| value.to_le_bytes()).collect();
    Value::String(STANDARD.encode(bytes))
}

fn embed(text: &str, dimensions: usize) -> Vec<f32> {
    let mut sum = vec![0.0_f64; dimensions];
    let lower = text.to_lowercase();
    let words = lower.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    let mut has_words = false;
    for word in words.take(MOST_WORDS) {
        has_words = true;
        add_direction(&mut sum, word);
    }
    if !has_words {
        add_direction(&mut sum, &lower);
    }
    let length = sum.iter().map(|value| value * value).sum::<f64>().sqrt();
    let length = if length > 0.0 { length } else { 1.0 };
    sum.iter().map(|value| (value / length) as f32).collect()
}

fn add_direction(sum: &mut [f64], word: &str) {
    let mut state = text::hash(word);
    for value in sum {
        state = text::mix(state);
        // The upper 32 bits as a number from -1 to 1.
        *value += (state >> 32) as f64 / f64::from(u32::MAX) * 2.0 - 1.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distance(left: &str, right: &str) -> f32 {
        let (left, right) = (embed(left, 256), embed(right, 256));
        1.0 - left.iter().zip(&right).map(|(left, right)| left * right).sum::<f32>()
    }

    #[test]
    fn common_words_are_near() {
        assert!(distance("What is the capital of France?", "what is the capital of france") < 1e-5);
        let near = distance("what is the capital of France", "what's the capital of France");
        let far = distance("what is the capital of France", "bake bread at home");
        assert!(near < 0.4 && far > 0.6, "{near} {far}");
    }

    #[test]
    fn vectors_have_length_one() {
        for text in ["a", "関所", "?!", "many words in one text"] {
            let length: f32 = embed(text, 1536).iter().map(|value| value * value).sum();
            assert!((length - 1.0).abs() < 1e-4);
        }
    }
}
