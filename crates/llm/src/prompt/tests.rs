use proptest::prelude::*;

use super::*;

fn read(kind: Kind, body: &str) -> Prompt<'_> {
    read_prompt(kind, body.as_bytes()).unwrap()
}

/// Each message as `role: text|text`, with its tool calls.
fn summary(prompt: &Prompt<'_>) -> Vec<String> {
    let line = |message: &Message<'_>| {
        let calls: Vec<_> =
            message.tool_calls.iter().map(|call| format!(" {}({})", call.name, call.arguments)).collect();
        format!("{:?}: {}{}", message.role, message.texts.join("|"), calls.concat())
    };
    prompt.messages.iter().map(line).collect()
}

#[test]
fn chat_with_parts_calls_and_tools() {
    let body = r#"{"model":"gpt-4o","stream":true,"stream_options":{"include_usage":true},"messages":[
        {"role":"system","content":"be brief"},
        {"role":"developer","content":[{"type":"text","text":"in French"}]},
        {"role":"user","name":"ann","content":[{"type":"text","text":"what is \u0074his?"},
            {"type":"image_url","image_url":{"url":"https://example.com/a.png","detail":"low"}},
            {"type":"input_audio","input_audio":{"data":"AA","format":"wav"}}]},
        {"role":"assistant","content":null,"refusal":"no","tool_calls":[
            {"id":"1","type":"function","function":{"name":"find","arguments":"{\"q\":1}"}},
            {"id":"2","type":"custom","custom":{"name":"run","input":"x"}}]},
        {"role":"tool","tool_call_id":"1","content":"found"},
        {"role":"function","name":"old","content":"older"},
        {"role":"critic","content":7}],
        "tools":[{"type":"function","function":{"name":"find","description":"finds","parameters":{"type":"object"}}}],
        "tool_choice":{"type":"function","function":{"name":"find"}}}"#;
    let prompt = read(Kind::ChatCompletions, body);
    assert_eq!(prompt.model.as_deref(), Some("gpt-4o"));
    assert!(prompt.stream && prompt.include_usage && !prompt.more);
    assert_eq!(
        summary(&prompt),
        [
            "System: be brief",
            "Developer: in French",
            "User: what is this?",
            "Assistant: no find({\"q\":1}) run(x)",
            "Tool: found",
            "Tool: older",
            "Other: "
        ]
    );
    let user = &prompt.messages[2];
    assert_eq!((user.name.as_deref(), user.attachments), (Some("ann"), 1));
    let image = Image {
        source: ImageSource::Url(Cow::Borrowed("https://example.com/a.png")),
        detail: Some(Cow::Borrowed("low")),
    };
    assert_eq!(user.images, [image]);
    assert!(matches!(prompt.messages[0].texts[0], Cow::Borrowed(_)));
    assert_eq!(prompt.tools[0].name, "find");
    assert_eq!(prompt.tool_choice, ToolChoice::Named(Cow::Borrowed("find")));
}

#[test]
fn inputs_without_messages() {
    let texts = |kind, body: &str| {
        let prompt = read_prompt(kind, body.as_bytes()).unwrap();
        let texts: Vec<_> =
            prompt.messages.iter().flat_map(|message| &message.texts).map(|text| text.to_string()).collect();
        (texts.join("|"), prompt.token_ids)
    };
    assert_eq!(texts(Kind::Completions, r#"{"prompt":"a","suffix":"b"}"#), ("a|b".into(), 0));
    assert_eq!(texts(Kind::Completions, r#"{"prompt":["a","b"]}"#), ("a|b".into(), 0));
    assert_eq!(texts(Kind::Completions, r#"{"prompt":[[1,2],[3]]}"#), (String::new(), 3));
    assert_eq!(texts(Kind::Embeddings, r#"{"input":"a"}"#), ("a".into(), 0));
    assert_eq!(texts(Kind::Embeddings, r#"{"input":["a","b",{"text":"c"},null]}"#), ("a|b|c".into(), 0));
    assert_eq!(texts(Kind::Embeddings, r#"{"input":[87,24748]}"#), (String::new(), 2));
    assert_eq!(texts(Kind::Embeddings, r#"{"input":[[87,24748],[1]]}"#), (String::new(), 3));
    assert_eq!(texts(Kind::ImageGenerations, r#"{"prompt":"a"}"#), ("a".into(), 0));
    assert_eq!(texts(Kind::AudioSpeech, r#"{"input":"a","instructions":"b"}"#), ("a|b".into(), 0));
}

#[test]
fn responses_with_every_item() {
    assert_eq!(
        summary(&read(Kind::Responses, r#"{"instructions":"i","input":"hi"}"#)),
        ["System: i", "User: hi"]
    );
    let body = r#"{"model":null,"input":[
        {"role":"user","content":[{"type":"input_text","text":"see"},
            {"type":"input_image","image_url":"data:,","detail":"high"},{"type":"input_file","file_id":"f"}]},
        {"type":"message","role":"assistant","content":[{"type":"output_text","text":"ok"},{"type":"refusal","refusal":"no"}]},
        {"type":"reasoning","summary":[{"type":"summary_text","text":"hm"}]},
        {"type":"function_call","call_id":"1","name":"find","arguments":"{}"},
        {"type":"function_call_output","call_id":"1","output":"found"},
        {"type":"function_call_output","call_id":"2","output":[{"type":"input_text","text":"part"}]},
        {"type":"item_reference","id":"x"}],
        "tools":[{"type":"function","name":"find","parameters":{}},{"type":"web_search"}],"tool_choice":"none",
        "previous_response_id":"resp_1"}"#;
    let prompt = read(Kind::Responses, body);
    assert_eq!(
        summary(&prompt),
        [
            "User: see",
            "Assistant: ok|no",
            "Assistant: hm",
            "Assistant:  find({})",
            "Tool: found",
            "Tool: part"
        ]
    );
    assert_eq!((prompt.messages[0].images.len(), prompt.messages[0].attachments), (1, 1));
    assert_eq!(prompt.tools.iter().map(|tool| &*tool.name).collect::<Vec<_>>(), ["find", "web_search"]);
    assert_eq!((prompt.tool_choice, prompt.more), (ToolChoice::None, true));
}

#[test]
fn anthropic_with_every_block() {
    let body = r#"{"model":"claude","system":[{"type":"text","text":"a"},{"type":"text","text":"b"}],"messages":[
        {"role":"user","content":"hi"},
        {"role":"assistant","content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":"call"},
            {"type":"tool_use","id":"1","name":"find","input":{"q":[1,"x"]}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":[{"type":"text","text":"found"}]}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"2","content":"more"},{"type":"text","text":"and?"},
            {"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}},
            {"type":"document","title":"t","source":{"type":"text","media_type":"text/plain","data":"doc"}},
            {"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"AA"}}]}],
        "tools":[{"name":"find","description":"finds","input_schema":{"type":"object"}}]}"#;
    let prompt = read(Kind::AnthropicMessages, body);
    assert_eq!(
        summary(&prompt),
        [
            "System: a|b",
            "User: hi",
            "Assistant: hm|call find({\"q\":[1,\"x\"]})",
            "Tool: found",
            "Tool: more",
            "User: and?|t|doc"
        ]
    );
    let last = prompt.messages.last().unwrap();
    assert_eq!(last.images, [Image { source: ImageSource::Base64(Cow::Borrowed("AAAA")), detail: None }]);
    assert_eq!(last.attachments, 1);
    let plain = read(Kind::AnthropicMessages, r#"{"system":"s","messages":[]}"#);
    assert_eq!(summary(&plain), ["System: s"]);
}

#[test]
fn odd_shapes_are_passed_over() {
    let repeated = r#"{"messages":[{"role":"user","content":"a","content":"b"}],"model":"x","model":"y"}"#;
    let prompt = read(Kind::ChatCompletions, repeated);
    assert_eq!((summary(&prompt), prompt.model.as_deref()), (vec!["User: b".to_owned()], Some("y")));
    for body in
        [r#"{}"#, r#"{"messages":7}"#, r#"{"messages":{"role":"user"}}"#, r#"{"tools":[7],"tool_choice":[]}"#]
    {
        assert!(read(Kind::ChatCompletions, body).messages.is_empty());
    }
    for body in ["", "[]", "7", "{", "--boundary\r\n"] {
        assert_eq!(read_prompt(Kind::ChatCompletions, body.as_bytes()), None);
    }
    for kind in [Kind::AudioTranscriptions, Kind::Realtime, Kind::Models, Kind::Other] {
        assert_eq!(read_prompt(kind, b"{}"), None);
    }
}

/// Requests and rubbish that share their words.
fn bodies() -> impl Strategy<Value = String> {
    let words = "(\\{|\\}|\\[|\\]|,|:|\"messages\"|\"input\"|\"content\"|\"type\"|\"text\"|\"tool_calls\"|\"function\"|\"a\"|1|null){0,40}";
    let valid =
        prop::collection::vec(("role|content|type|text|input|name", "user|text|image_url|\\PC{0,9}"), 0..6);
    let valid = valid.prop_map(|members| {
        let object: serde_json::Map<_, _> = members.into_iter().map(|(name, text)| (name, text.into())).collect();
        serde_json::json!({"messages": [object.clone(), {"content": [object.clone()]}], "input": [object], "system": "s"}).to_string()
    });
    prop_oneof![words.prop_map(String::from), valid]
}

proptest! {
    #[test]
    fn no_body_is_too_odd(body in bodies()) {
        for kind in [Kind::ChatCompletions, Kind::Completions, Kind::Embeddings, Kind::Responses, Kind::AnthropicMessages] {
            let is_object = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&body).is_ok();
            prop_assert_eq!(read_prompt(kind, body.as_bytes()).is_some(), is_object);
        }
    }
}
