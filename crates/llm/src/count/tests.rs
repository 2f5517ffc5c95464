use proptest::prelude::*;

use super::*;

fn counted(tokens: u64) -> Estimate {
    Estimate { tokens, provenance: Provenance::Counted }
}

fn estimated(tokens: u64) -> Estimate {
    Estimate { tokens, provenance: Provenance::Estimated }
}

fn prompt(kind: Kind, body: &str) -> Estimate {
    prompt_tokens(kind, None, body.as_bytes(), ImageRule::Flat1200).unwrap()
}

#[test]
fn text_is_counted_with_the_vocabulary_of_the_model() {
    let text = "関所の役人は荷物を数えた";
    let (o200k, cl100k) = (text_tokens(Some("gpt-4o"), text), text_tokens(Some("gpt-4"), text));
    assert_ne!(o200k.tokens, cl100k.tokens);
    for model in [
        "GPT-4o-2024-08-06",
        "gpt-4.1",
        "gpt-5-mini",
        "o1",
        "o3-pro",
        "o4-mini",
        "openai/gpt-4o",
        "ft:gpt-4o:me::1",
    ] {
        assert_eq!(text_tokens(Some(model), text), o200k, "{model}");
    }
    for model in
        ["gpt-4", "gpt-4-32k", "gpt-35-turbo-16k", "gpt-3.5-turbo", "text-embedding-3-large", "gpt-4-turbo"]
    {
        assert_eq!(text_tokens(Some(model), text), cl100k, "{model}");
    }
    for model in ["claude-sonnet-4", "gemini-2.5-pro", "o100", "my-deployment", "", "gpt"] {
        assert_eq!(text_tokens(Some(model), text), estimated(o200k.tokens), "{model}");
    }
    assert_eq!(text_tokens(None, text), estimated(o200k.tokens));
    assert_eq!(text_tokens(Some("gpt-4o"), ""), counted(0));
}

#[test]
fn special_token_is_ordinary_text() {
    assert!(text_tokens(Some("gpt-4o"), "<|endoftext|>").tokens > 1);
}

#[test]
fn chat_is_framed() {
    let chat = |messages: &str| {
        prompt(Kind::ChatCompletions, &format!(r#"{{"model":"gpt-4o","messages":[{messages}]}}"#))
    };
    assert_eq!(chat(""), counted(3));
    let user = r#"{"role":"user","content":"hello world"}"#;
    assert_eq!(chat(user), counted(3 + 1 + 2 + 3));
    assert_eq!(chat(&format!("{user},{user}")), counted(2 * (3 + 1 + 2) + 3));
    assert_eq!(
        chat(r#"{"role":"user","name":"ann","content":"hello world"}"#),
        counted(3 + 1 + 2 + 1 + 1 + 3)
    );
    assert_eq!(
        chat(r#"{"role":"user","content":[{"type":"text","text":"hello"},{"type":"text","text":" world"}]}"#),
        counted(9)
    );
    let calls = r#"{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"{}"}},{"function":{"name":"f","arguments":"{}"}}]}"#;
    assert_eq!(chat(calls), estimated(3 + 1 + 2 * (1 + 1 + 3) + 3));
}

#[test]
fn model_of_the_caller_wins_over_the_body() {
    let body = br#"{"model":"deployment-7","messages":[{"role":"user","content":"hello world"}]}"#;
    let count = |model| prompt_tokens(Kind::ChatCompletions, model, body, ImageRule::Flat1200);
    assert_eq!(count(None), Some(estimated(9)));
    assert_eq!(count(Some("gpt-4o")), Some(counted(9)));
}

#[test]
fn inputs_are_not_framed() {
    assert_eq!(
        prompt(Kind::Embeddings, r#"{"model":"text-embedding-3-small","input":["hello world","hello"]}"#),
        counted(3)
    );
    assert_eq!(
        prompt(Kind::Embeddings, r#"{"model":"text-embedding-3-small","input":[[1,2,3],[4]]}"#),
        counted(4)
    );
    assert_eq!(
        prompt(Kind::Completions, r#"{"model":"gpt-35-turbo-instruct","prompt":"hello world"}"#),
        counted(2)
    );
    let many = format!(r#"{{"model":"text-embedding-3-small","input":[{}1]}}"#, "7,".repeat(8190));
    assert_eq!(prompt(Kind::Embeddings, &many), counted(8191));
}

#[test]
fn responses_and_anthropic_are_framed_as_chats() {
    assert_eq!(prompt(Kind::Responses, r#"{"model":"gpt-4o","input":"hello world"}"#), counted(9));
    let instructed =
        prompt(Kind::Responses, r#"{"model":"gpt-4o","instructions":"hello","input":"hello world"}"#);
    assert_eq!(instructed, counted(9 + 3 + 1 + 1));
    let stored = r#"{"model":"gpt-4o","input":"hello world","previous_response_id":"r"}"#;
    assert_eq!(prompt(Kind::Responses, stored), estimated(9));
    let anthropic = r#"{"model":"claude","messages":[{"role":"user","content":"hello world"}]}"#;
    assert_eq!(prompt(Kind::AnthropicMessages, anthropic), estimated(9));
}

#[test]
fn image_estimate() {
    let body = br#"{"model":"gpt-4o","messages":[{"role":"user","content":[
        {"type":"image_url","image_url":{"url":"https://example.com/a.png","detail":"low"}},
        {"type":"image_url","image_url":{"url":"https://example.com/b.png"}}]}]}"#;
    let count = |rule| prompt_tokens(Kind::ChatCompletions, None, body, rule);
    assert_eq!(count(ImageRule::Flat1200), Some(estimated(3 + 1 + 3 + 2400)));
    assert_eq!(count(ImageRule::Exact), Some(estimated(3 + 1 + 3 + 85 + 765)));
    let audio = r#"{"model":"gpt-4o","messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{}}]}]}"#;
    assert_eq!(prompt(Kind::ChatCompletions, audio), estimated(3 + 1 + 3 + 1200));
}

#[test]
fn unreadable_prompt_is_not_counted() {
    for body in ["", "[]", "{\"messages\":"] {
        assert_eq!(prompt_tokens(Kind::ChatCompletions, None, body.as_bytes(), ImageRule::Exact), None);
    }
    assert_eq!(prompt_tokens(Kind::AudioTranscriptions, None, b"--form", ImageRule::Exact), None);
}

#[test]
fn completions_are_counted_over_all_choices() {
    let body = br#"{"choices":[{"message":{"content":"hello world"}},{"message":{"content":"hello"}}]}"#;
    assert_eq!(completion_tokens(Kind::ChatCompletions, Some("gpt-4o"), body), Some(counted(3)));
    assert_eq!(completion_tokens(Kind::ChatCompletions, Some("o3"), body), Some(estimated(3)));
    assert_eq!(completion_tokens(Kind::ChatCompletions, None, body), Some(estimated(3)));
    let call = br#"{"choices":[{"message":{"tool_calls":[{"function":{"name":"f","arguments":"{}"}}]}}]}"#;
    assert_eq!(completion_tokens(Kind::ChatCompletions, Some("gpt-4o"), call), Some(estimated(2)));
    assert_eq!(completion_tokens(Kind::ChatCompletions, None, b"oops"), None);
    assert_eq!(completion_tokens(Kind::Embeddings, None, b"{}"), None);
}

#[test]
fn tools_are_rendered_as_a_namespace() {
    let body = br#"{"tools":[{"type":"function","function":{"name":"now"}},{"type":"function","function":{
        "name":"find","description":"Finds things.","parameters":{"type":"object","required":["what"],"properties":{
            "what":{"type":"string","description":"What to find","enum":["a","say \"b\""]},
            "most":{"type":"integer","enum":[1,2.5]},
            "in":{"type":"object","properties":{"place":{"type":"object","properties":{
                "name":{"type":"string","description":"not shown"}}},"flags":{"type":"array","items":{"type":"boolean"}}}},
            "any":{"type":"array"},"odd":{"type":["string","null"]}}}}}]}"#;
    let prompt = read_prompt(Kind::ChatCompletions, body).unwrap();
    let expected = "namespace functions {

type now = () => any;

// Finds things.
type find = (_: {
// What to find
what: \"a\" | \"say \\\"b\\\"\",
most?: 1 | 2.5,
in?: {
  place?: {
    name?: string,
  },
  flags?: boolean[],
},
any?: any[],
odd?: any,
}) => any;

} // namespace functions";
    assert_eq!(tools::render(&prompt.tools), expected);
}

/// Texts in which the split patterns have something to decide.
fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("a"),
        Just("Z"),
        Just("don't"),
        Just("'S"),
        Just("'"),
        Just("1"),
        Just("12345"),
        Just(" "),
        Just("  "),
        Just("\n"),
        Just("\r\n"),
        Just("\t"),
        Just("\u{a0}"),
        Just("\u{3000}"),
        Just("."),
        Just("/"),
        Just("("),
        Just("_"),
        Just("é"),
        Just("e\u{301}"),
        Just("関所"),
        Just("、"),
        Just("。"),
        Just("ー"),
        Just("！"),
        Just("한국"),
        Just("Привет"),
        Just("ا"),
        Just("👩‍👩"),
        Just("<|endoftext|>"),
        Just("\u{feff}"),
        Just("ǅ"),
        Just("½"),
        Just("word "),
    ];
    prop_oneof![
        3 => prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat()),
        1 => "\\PC{0,60}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn counts_agree_with_another_implementation(text in texts()) {
        let other = bpe_openai::o200k_base().count(&text) as u64;
        prop_assert_eq!(text_tokens(Some("gpt-4o"), &text), counted(other));
        let other = bpe_openai::cl100k_base().count(&text) as u64;
        prop_assert_eq!(text_tokens(Some("gpt-4"), &text), counted(other));
    }

    #[test]
    fn cuts_do_not_change_the_count(text in texts()) {
        for model in ["gpt-4o", "gpt-4"] {
            let whole = text_tokens(Some(model), &text).tokens;
            let mut head = &text[..];
            while let Some((before, after)) = exact_cut(head).and_then(|cut| text.split_at_checked(cut)) {
                let parts = text_tokens(Some(model), before).tokens + text_tokens(Some(model), after).tokens;
                prop_assert_eq!(parts, whole, "{:?} | {:?}", before, after);
                head = before;
            }
        }
    }
}
