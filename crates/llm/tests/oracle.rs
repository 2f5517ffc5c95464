//! Counts compared with those of other counters: `tests/oracle/` holds the texts and what npm's gpt-tokenizer counts.

#![allow(clippy::unwrap_used)] // A test fails by panicking, in its helpers too.

use std::fs;
use std::path::Path;

use sekisho_llm::{Estimate, ImageRule, Kind, Provenance, prompt_tokens, text_tokens};
use serde_json::Value;

fn entries(name: &str) -> Vec<Value> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle").join(name);
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

#[test]
fn five_hundred_texts_count_as_with_other_counters() {
    let texts = entries("texts.json");
    assert_eq!(texts.len(), 500);
    let mut wrong = Vec::new();
    for entry in &texts {
        let text = entry["text"].as_str().unwrap();
        for (model, expected) in [("gpt-4o", &entry["o200k"]), ("gpt-4", &entry["cl100k"])] {
            let expected = Estimate { tokens: expected.as_u64().unwrap(), provenance: Provenance::Counted };
            let counted = text_tokens(Some(model), text);
            if counted != expected {
                wrong.push((model, text, counted.tokens, expected.tokens));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differ: {wrong:#?}", wrong.len());
}

#[test]
fn sixty_chats_count_as_with_another_counter() {
    let chats = entries("chats.json");
    assert_eq!(chats.len(), 60);
    let mut wrong = Vec::new();
    for entry in &chats {
        let body = serde_json::to_vec(&entry["request"]).unwrap();
        let counted = prompt_tokens(Kind::ChatCompletions, None, &body, ImageRule::Flat1200).unwrap();
        let expected = entry["tokens"].as_u64().unwrap();
        if counted.tokens != expected {
            wrong.push((entry["request"].to_string(), counted.tokens, expected));
        }
    }
    assert!(wrong.is_empty(), "{} differ: {wrong:#?}", wrong.len());
}
