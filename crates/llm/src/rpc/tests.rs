use super::*;

fn single(body: &str) -> (RpcDirection, Option<String>, Option<String>, Vec<String>) {
    let mut found = rpc_texts(body.as_bytes()).unwrap();
    assert_eq!(found.messages.len(), 1);
    let message = found.messages.remove(0);
    let texts = message.texts.into_iter().map(Cow::into_owned).collect();
    (message.direction, message.method.map(Cow::into_owned), message.tool.map(Cow::into_owned), texts)
}

fn texts(body: &str) -> Vec<String> {
    single(body).3
}

#[test]
fn arguments_of_a_tool_call_give_every_text() {
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"find","arguments":
        {"query":"a \u0062omb","deep":[{"x":["y",1,null,true]},"z"],"empty":""}}}"#;
    let expected = ["a bomb", "y", "z"].map(String::from).to_vec();
    let (direction, method, tool, texts) = single(body);
    assert_eq!(
        (direction, method.as_deref(), tool.as_deref()),
        (RpcDirection::Request, Some("tools/call"), Some("find"))
    );
    assert_eq!(texts, expected);
}

#[test]
fn results_of_tools_give_content_and_structured_content() {
    let body = r#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"one"},
        {"type":"image","data":"AAAA","mimeType":"image/png"},{"type":"resource","resource":{"uri":"u","text":"two"}}],
        "structuredContent":{"a":"three","b":[4,"five"]},"isError":false}}"#;
    assert_eq!(texts(body), ["one", "two", "three", "five"]);
    assert_eq!(texts(r#"{"id":1,"result":{"contents":[{"uri":"u","text":"one"}]}}"#), ["one"]);
    let prompt = r#"{"id":1,"result":{"messages":[{"role":"user","content":{"type":"text","text":"one"}}]}}"#;
    assert_eq!(texts(prompt), ["one"]);
}

#[test]
fn messages_to_agents_give_their_text_parts() {
    for method in ["message/send", "message/stream"] {
        for kind in ["kind", "type"] {
            let body = format!(
                r#"{{"jsonrpc":"2.0","id":"1","method":"{method}","params":{{"message":{{"role":"user","parts":
                [{{"{kind}":"text","text":"hello"}},{{"{kind}":"data","data":{{"x":"y"}}}},{{"{kind}":"text","text":"there"}}]}}}}}}"#
            );
            assert_eq!(texts(&body), ["hello", "there"]);
        }
    }
}

#[test]
fn results_of_agents_give_messages_artifacts_and_status() {
    let message =
        r#"{"id":1,"result":{"kind":"message","role":"agent","parts":[{"kind":"text","text":"a"}]}}"#;
    assert_eq!(texts(message), ["a"]);
    let task = r#"{"id":1,"result":{"kind":"task","status":{"state":"completed","message":{"parts":[{"kind":"text","text":"a"}]}},
        "artifacts":[{"parts":[{"kind":"text","text":"b"}]},{"parts":[{"type":"text","text":"c"}]}],
        "history":[{"role":"user","parts":[{"kind":"text","text":"d"}]}]}}"#;
    assert_eq!(texts(task), ["a", "b", "c", "d"]);
    let update =
        r#"{"id":1,"result":{"kind":"artifact-update","artifact":{"parts":[{"kind":"text","text":"a"}]}}}"#;
    assert_eq!(texts(update), ["a"]);
    let status = r#"{"id":1,"result":{"statusUpdate":{"status":{"message":{"parts":[{"text":"a"}]}}}}}"#;
    assert_eq!(texts(status), ["a"]);
}

#[test]
fn batch_gives_every_message() {
    let body = br#"[{"jsonrpc":"2.0","method":"notifications/initialized"},7,
        {"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"t","arguments":{"x":"y"}}},
        {"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}}]"#;
    let found = rpc_texts(body).unwrap();
    let seen: Vec<_> =
        found.messages.iter().map(|message| (message.direction, message.texts.len())).collect();
    assert_eq!(seen, [(RpcDirection::Request, 0), (RpcDirection::Request, 1), (RpcDirection::Response, 0)]);
}

#[test]
fn what_is_no_message_gives_none() {
    for body in ["", "{}", "[]", "7", "{\"method\":7}", "{\"jsonrpc\":\"2.0\",\"id\":1}", "{\"method\":\"x\""]
    {
        assert_eq!(rpc_texts(body.as_bytes()), None, "{body}");
    }
}

#[test]
fn number_of_texts_is_bounded() {
    let call = format!(
        r#"{{"method":"tools/call","params":{{"arguments":[{}"z"]}}}}"#,
        r#""a","#.repeat(MAX_TEXTS - 1)
    );
    let whole = rpc_texts(call.as_bytes()).unwrap();
    assert_eq!((whole.messages[0].texts.len(), whole.truncated), (MAX_TEXTS, false));
    let batch = format!("[{call},{call}]");
    let cut = rpc_texts(batch.as_bytes()).unwrap();
    assert_eq!((cut.messages[1].texts.len(), cut.truncated), (0, true));
}
