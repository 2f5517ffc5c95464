use super::*;

fn counted(tokens: u64) -> Estimate {
    Estimate { tokens, provenance: Provenance::Counted }
}

#[test]
fn text_is_counted_with_the_vocabulary_of_the_model() {
    assert_eq!(text_tokens(Some("gpt-4o"), "hello world"), counted(2));
    assert_eq!(text_tokens(Some("gpt-4"), "hello world"), counted(2));
    assert_eq!(text_tokens(Some("gpt-4o"), ""), counted(0));
    assert_eq!(text_tokens(Some("claude-sonnet"), "hello world").provenance, Provenance::Estimated);
    assert_eq!(text_tokens(None, "hello world").provenance, Provenance::Estimated);
}

#[test]
fn special_token_is_ordinary_text() {
    assert!(text_tokens(Some("gpt-4o"), "<|endoftext|>").tokens > 1);
}

#[test]
fn chat_is_framed() {
    let body = br#"{"model":"gpt-4o","messages":[{"role":"user","content":"hello world"}]}"#;
    let estimate = prompt_tokens(Kind::ChatCompletions, None, body, ImageRule::Flat1200);
    assert_eq!(estimate, Some(counted(3 + 1 + 2 + 3)));
}
