//! Embeddings: unit vectors made of the words of a text, so that texts with common words are near each other.
//!
//! Each word (lower case, letters and digits) has a pseudo-random direction; a text is the normalised sum of its
//! words. The same text always has the same vector, in every run. A text with the mark `[sim:vector=0.96,0.28]` has
//! exactly this vector, with zeros behind, so that a test sets distances as it wants them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sekisho_llm::Kind;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::call::{ApiError, Call, Payload, Product};
use crate::marks;
use crate::text;
use crate::tokens;

/// Inputs of one request at most, as with Azure.
const MOST_INPUTS: usize = 2048;
/// Words of a text that shape its vector.
const MOST_WORDS: usize = 512;
/// Numbers of a vector given by a mark.
const MOST_MARKED: usize = 8;
/// Dimensions of a vector at most.
pub(crate) const MOST_DIMENSIONS: usize = 4096;

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
pub(crate) enum Input {
    Text(String),
    Texts(Vec<String>),
    Tokens(Vec<u64>),
    TokenLists(Vec<Vec<u64>>),
}

/// One input: its text (token ids in words) and how many tokens it has.
pub(crate) struct Item {
    pub(crate) text: String,
    pub(crate) tokens: u64,
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
    pub(crate) fn items(self) -> Vec<Item> {
        match self {
            Self::Text(text) => vec![Item::of_text(text)],
            Self::Texts(texts) => texts.into_iter().map(Item::of_text).collect(),
            Self::Tokens(ids) => vec![Item::of_tokens(&ids)],
            Self::TokenLists(lists) => lists.iter().map(|ids| Item::of_tokens(ids)).collect(),
        }
    }
}

pub(crate) fn answer(call: &Call, body: &[u8]) -> Result<Product, ApiError> {
    let request: Request = serde_json::from_slice(body)
        .map_err(|error| ApiError::invalid_request(error.to_string(), Some("input")))?;
    let dimensions = request.dimensions.or(call.dimensions).unwrap_or_else(|| model_dimensions(&call.model));
    if dimensions == 0 || dimensions > MOST_DIMENSIONS {
        return Err(ApiError::invalid_request("'dimensions' is out of range", Some("dimensions")));
    }
    let items = request.input.items();
    if items.is_empty() || items.len() > MOST_INPUTS || items.iter().any(|item| item.tokens == 0) {
        return Err(ApiError::invalid_request("'$.input' is invalid", Some("input")));
    }
    let base64 = match request.encoding_format.as_deref() {
        None | Some("float") => false,
        Some("base64") => true,
        Some(_) => {
            let message = "'encoding_format' must be 'float' or 'base64'";
            return Err(ApiError::invalid_request(message, Some("encoding_format")));
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
    let prompt_tokens =
        call.prompt_tokens(Kind::Embeddings, body, || items.iter().map(|item| item.tokens).sum());
    let mut reply = json!({"object": "list", "data": data, "model": call.model});
    if let (true, Some(reply)) = (call.usage, reply.as_object_mut()) {
        reply.insert(
            "usage".to_owned(),
            json!({"prompt_tokens": prompt_tokens, "total_tokens": prompt_tokens}),
        );
    }
    Ok(Product::of_prompt(call, prompt_tokens, Payload::Json(reply)))
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
    if let Some(vector) = marked(text, dimensions) {
        return vector;
    }
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

/// The vector of the mark `[sim:vector=0.96,0.28]`: one to eight numbers as they are, then zeros. A mark that is
/// not that is a text like any other.
fn marked(text: &str, dimensions: usize) -> Option<Vec<f32>> {
    let numbers = marks::value(text, "vector")?.split(',').map(|number| number.trim().parse().ok());
    let mut vector = numbers.collect::<Option<Vec<f32>>>()?;
    let is_good = vector.len() <= MOST_MARKED.min(dimensions) && vector.iter().all(|value| value.is_finite());
    vector.resize(dimensions, 0.0);
    is_good.then_some(vector)
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
    fn marks_set_vectors_exactly() {
        assert_eq!(embed("x [sim:vector=0.96, -0.28] y", 4), [0.96, -0.28, 0.0, 0.0]);
        for no_vector in ["[sim:vector=]", "[sim:vector=1,x]", "[sim:vector=inf]", "[sim:vector=1,2,3]"] {
            let length: f32 = embed(no_vector, 2).iter().map(|value| value * value).sum();
            assert!((length - 1.0).abs() < 1e-4, "{no_vector}");
        }
    }

    #[test]
    fn vectors_have_length_one() {
        for text in ["a", "関所", "?!", "many words in one text"] {
            let length: f32 = embed(text, 1536).iter().map(|value| value * value).sum();
            assert!((length - 1.0).abs() < 1e-4);
        }
    }
}
