use super::parts::{PART_BYTES, split};
use super::*;

fn text<'a>(role: &'a str, content: &'a str) -> Said<'a> {
    Said { role: role.into(), content: content.into(), tool_calls: Vec::new() }
}

fn joined(parts: &[String]) -> String {
    let read = |part: &String| serde_json::from_str::<Vec<serde_json::Value>>(part).unwrap();
    let messages = parts.iter().flat_map(read);
    messages.map(|message| message["content"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn requests_are_messages() {
    let body = br#"{"messages":[{"role":"system","content":"Be brief."},
        {"role":"user","content":[{"type":"text","text":"What "},{"type":"text","text":"is it?"}]}]}"#;
    let expected = [text("system", "Be brief."), text("user", "What is it?")];
    assert_eq!(asked(Kind::ChatCompletions, body).messages, expected);
    assert!(asked(Kind::ChatCompletions, b"no request").messages.is_empty());
}

#[test]
fn replies_are_messages() {
    let body = br#"{"model":"gpt-4o-mini","choices":[{"index":0,"message":{"role":"assistant","content":"A gate."}}]}"#;
    let answer = answered(Kind::ChatCompletions, body, false);
    assert_eq!(answer.model.as_deref(), Some("gpt-4o-mini"));
    assert_eq!(answer.messages, [text("assistant", "A gate.")]);
}

#[test]
fn streams_are_joined_to_one_message() {
    let events = "data: {\"model\":\"\",\"choices\":[]}\n\n\
        data: {\"model\":\"gpt-4o\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"A g\"}}]}\n\n\
        data: {\"model\":\"gpt-4o\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"ate.\"}}]}\n\n\
        data: [DONE]\n\n";
    let answer = answered(Kind::ChatCompletions, events.as_bytes(), true);
    assert_eq!(answer.model.as_deref(), Some("gpt-4o"));
    assert_eq!(answer.messages, [text("assistant", "A gate.")]);
    let cut = answered(Kind::ChatCompletions, &events.as_bytes()[..140], true);
    assert!(cut.messages.len() <= 1);
}

#[test]
fn long_texts_go_on_in_the_next_part() {
    let long = "é".repeat(PART_BYTES);
    let parts = split(vec![text("user", &long), text("user", "and more")], usize::MAX);
    assert_eq!(parts.len(), 3);
    assert_eq!(joined(&parts), format!("{long}and more"));
    assert!(parts.iter().all(|part| part.len() < PART_BYTES + 200));
}

#[test]
fn what_is_beyond_the_bound_is_left_out() {
    let parts = split(vec![text("user", "abcé"), text("user", "more")], 4);
    assert_eq!(joined(&parts), "abc", "nothing comes behind a gap");
    assert_eq!(joined(&split(vec![text("user", "abcd"), text("user", "more")], 4)), "abcd");
    assert!(split(vec![text("user", "a")], 0).is_empty());
}

#[test]
fn calls_of_tools_stay_whole() {
    let call = |bytes: usize| Called { name: "f".to_owned(), arguments: "x".repeat(bytes) };
    let said = Said { tool_calls: vec![call(20_000), call(20_000)], ..text("assistant", "") };
    let parts = split(vec![said], usize::MAX);
    assert_eq!(parts.len(), 2);
    let said = Said { tool_calls: vec![call(PART_BYTES)], ..text("assistant", "a") };
    let parts = split(vec![said], usize::MAX);
    assert_eq!(parts[0], r#"[{"role":"assistant","content":"a"}]"#);
    assert!(parts.len() == 2 && parts[1].len() > PART_BYTES);
}
