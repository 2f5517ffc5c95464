//! Answers: deterministic, plausible, dependent on the prompt. Marks in the question shape them:
//!
//! | mark | answer |
//! |---|---|
//! | `[sim:completion=N]` | has exactly N tokens (with `bpe` counting, at most N) |
//! | `[sim:say64=BASE64]` | is exactly this text, which does not stand in the prompt |
//! | `[sim:characters=N]` | is filled in front up to N characters; without `say64`, to exactly N |

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::marks;
use crate::tokens::Tokenizer;

/// Characters of the prompt repeated in an answer.
const ECHOED_CHARACTERS: usize = 80;

/// Tokens of prose at most, whatever is asked for.
const LONGEST_COMPLETION: u64 = 16_384;

/// Characters of an answer asked for by a mark.
const MOST_CHARACTERS: usize = 1_000_000;
/// Bytes of prose that hold one token surely, whatever counts.
const BYTES_OF_TOKEN: usize = 8;

const SENTENCES: [&str; 8] = [
    "The short answer is yes, with two conditions worth checking first. ",
    "Start with the smallest change that can be measured. ",
    "Three teams reported the same figures within a week of each other. ",
    "Costs follow the number of tokens, not the number of calls. ",
    "The second option is slower but easier to undo. ",
    "Keep a record of who asked, when, and what came back. ",
    "None of this depends on the region the request was served from. ",
    "If the numbers disagree, trust the ones taken closest to the source. ",
];

/// A well-mixed number out of a text (FNV-1a, then the finaliser of SplitMix64).
pub(crate) fn hash(text: &str) -> u64 {
    let folded = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    mix(folded)
}

/// The next well-mixed number (SplitMix64).
pub(crate) fn mix(seed: u64) -> u64 {
    let mut mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// How an answer is shaped.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape<'a> {
    pub(crate) tokenizer: &'a Tokenizer,
    /// The request's maximum of tokens.
    pub(crate) max_tokens: Option<u64>,
    /// The deployment's exact number of tokens.
    pub(crate) exact_tokens: Option<u64>,
    /// Whether the answer is a JSON object.
    pub(crate) json: bool,
}

/// An answer and whether it was cut by the request's maximum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) text: String,
    pub(crate) cut: bool,
}

impl Answer {
    pub(crate) fn finish_reason(&self) -> &'static str {
        if self.cut { "length" } else { "stop" }
    }
}

/// The answer to a question. The seed decides its wording; see [`hash`].
pub(crate) fn answer(question: &str, seed: u64, shape: Shape<'_>) -> Answer {
    let whole = commanded(question).unwrap_or_else(|| {
        let exact_tokens = marks::number(question, "completion").or(shape.exact_tokens);
        let seed = mix(seed);
        if shape.json { json_answer(question, seed) } else { prose(question, seed, exact_tokens, shape) }
    });
    let max = shape.max_tokens.unwrap_or(u64::MAX);
    let text = shape.tokenizer.truncate(&whole, max);
    Answer { cut: text.len() < whole.len(), text: text.to_owned() }
}

/// The text that marks in the question ask for, if they do.
fn commanded(question: &str) -> Option<String> {
    let said = marks::value(question, "say64").and_then(|encoded| STANDARD.decode(encoded).ok());
    let said = said.and_then(|bytes| String::from_utf8(bytes).ok());
    let characters = marks::number(question, "characters").and_then(|number| usize::try_from(number).ok());
    let Some(characters) = characters else { return said };
    let said = said.unwrap_or_default();
    let missing = characters.min(MOST_CHARACTERS).saturating_sub(said.chars().count());
    Some(filler().take(missing).chain(said.chars()).collect())
}

/// Endless text of which no two stretches of 8 characters are alike: numbered words.
fn filler() -> impl Iterator<Item = char> {
    (0_u64..).flat_map(|number| format!("w{number:06} ").into_bytes()).map(char::from)
}

fn prose(question: &str, seed: u64, exact_tokens: Option<u64>, shape: Shape<'_>) -> String {
    let echo: String = question.trim().chars().take(ECHOED_CHARACTERS).collect();
    let mut text = format!("Simulated answer to \"{echo}\": ");
    let mut state = seed;
    let mut sentences = 2 + seed % 4;
    let wanted = exact_tokens.map(|exact| exact.min(LONGEST_COMPLETION));
    let wanted_bytes = wanted
        .and_then(|tokens| usize::try_from(tokens).ok())
        .map(|tokens| tokens.saturating_mul(BYTES_OF_TOKEN));
    while sentences > 0 || wanted_bytes.is_some_and(|bytes| text.len() < bytes + echo.len()) {
        state = mix(state);
        text.push_str(sentence(state));
        sentences = sentences.saturating_sub(1);
    }
    match wanted {
        Some(tokens) => shape.tokenizer.truncate(&text, tokens).to_owned(),
        None => text.trim_end().to_owned(),
    }
}

/// Endless prose word by word, each with the space behind it.
pub(crate) fn words() -> impl Iterator<Item = &'static str> {
    SENTENCES.into_iter().cycle().flat_map(|sentence| sentence.split_inclusive(' '))
}

fn sentence(number: u64) -> &'static str {
    let index = usize::try_from(number % SENTENCES.len() as u64).unwrap_or_default();
    SENTENCES.get(index).copied().unwrap_or_default()
}

fn json_answer(question: &str, seed: u64) -> String {
    let echo: String = question.trim().chars().take(ECHOED_CHARACTERS).collect();
    json!({"question": echo, "answer": sentence(seed).trim_end(), "confidence": seed % 100}).to_string()
}

/// Arguments that fit a JSON schema: each property of an object has a value of its type.
pub(crate) fn arguments(schema: Option<&Value>) -> String {
    schema.map_or_else(|| json!({}), |schema| example(schema, "value", 0)).to_string()
}

/// Schemas nested deeper get `null`.
const DEEPEST_SCHEMA: usize = 8;

fn example(schema: &Value, name: &str, depth: usize) -> Value {
    if depth > DEEPEST_SCHEMA {
        return Value::Null;
    }
    if let Some(first) = schema.get("enum").and_then(Value::as_array).and_then(|values| values.first()) {
        return first.clone();
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("object") => {
            let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
            properties.map(|(name, schema)| (name.clone(), example(schema, name, depth + 1))).collect()
        }
        Some("array") => match schema.get("items") {
            Some(items) => Value::Array(vec![example(items, name, depth + 1)]),
            None => json!([]),
        },
        Some("integer" | "number") => json!(1),
        Some("boolean") => json!(true),
        Some("string") => json!(format!("simulated {name}")),
        _ if depth == 0 => json!({}),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens;

    const PLAIN: Shape<'static> =
        Shape { tokenizer: &Tokenizer::Simple, max_tokens: None, exact_tokens: None, json: false };

    #[test]
    fn answers_depend_on_question_and_seed_alone() {
        let shape = PLAIN;
        assert_eq!(answer("hello", hash("hello"), shape), answer("hello", hash("hello"), shape));
        assert_ne!(answer("hello", hash("hello"), shape), answer("hello", hash("other"), shape));
        assert_ne!(answer("hello", 1, shape), answer("hallo", 1, shape));
    }

    #[test]
    fn exact_and_maximal_lengths_hold() {
        for tokens in [1, 7, 200, 1000] {
            let exact = Shape { exact_tokens: Some(tokens), ..PLAIN };
            let said = answer("関所とは?", 0, exact);
            assert_eq!((tokens::count(&said.text), said.cut), (tokens, false));
        }
        let short = answer("hi", 0, Shape { max_tokens: Some(3), ..PLAIN });
        assert_eq!((tokens::count(&short.text), short.finish_reason()), (3, "length"));
    }

    #[test]
    fn marks_shape_the_answer() {
        let said = |question: &str| answer(question, 0, PLAIN).text;
        assert_eq!(tokens::count(&said("[sim:completion=9]")), 9);
        assert_eq!(said("[sim:say64=W3NpbTpoYXRlPTRd]"), "[sim:hate=4]");
        let long = said("[sim:characters=25000][sim:say64=W3NpbTpoYXRlPTRd]");
        assert_eq!((long.chars().count(), long.ends_with("[sim:hate=4]")), (25_000, true));
    }

    #[test]
    fn json_answers_and_arguments_are_json() {
        let said = answer("hi", 0, Shape { json: true, ..PLAIN });
        assert!(serde_json::from_str::<Value>(&said.text).unwrap().is_object());
        let schema = json!({"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer"},
            "unit":{"enum":["c","f"]},"tags":{"type":"array","items":{"type":"boolean"}}}});
        let expected = json!({"city":"simulated city","days":1,"unit":"c","tags":[true]});
        assert_eq!(serde_json::from_str::<Value>(&arguments(Some(&schema))).unwrap(), expected);
        assert_eq!(arguments(None), "{}");
    }
}
