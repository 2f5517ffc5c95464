//! MCP and A2A.

use serde_json::{Value, json};

use super::*;
use crate::{McpAnswers, McpConfig};

const BOTH: (&str, &str) = ("accept", "application/json, text/event-stream");

async fn bench() -> Bench {
    Bench::with(DeploymentConfig::new("gpt-4o")).await
}

async fn rpc(bench: &Bench, headers: &[(&str, &str)], method: &str, params: Value) -> Reply {
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
    bench.send("POST", &bench.url("/mcp"), headers, &body).await
}

/// Begins a session; gives its id.
async fn begin(bench: &Bench, version: &str) -> String {
    let params =
        json!({"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}});
    let reply = rpc(bench, &[BOTH], "initialize", params).await;
    assert_eq!(reply.json()["result"]["protocolVersion"], version);
    reply.header("mcp-session-id").to_owned()
}

fn messages(stream: &[u8]) -> Vec<Value> {
    events(stream).iter().map(|(_, data)| serde_json::from_str(data).unwrap()).collect()
}

#[tokio::test]
async fn mcp_session_calls_tools_reads_and_ends() {
    let bench = bench().await;
    let session = begin(&bench, "2025-06-18").await;
    let headers = [BOTH, ("mcp-session-id", session.as_str()), ("authorization", "Bearer seen")];
    let note = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    assert_eq!(bench.send("POST", &bench.url("/mcp"), &headers, note).await.status, 202);

    let result = async |method: &str, params: Value| {
        rpc(&bench, &headers, method, params).await.json()["result"].clone()
    };
    let tools = result("tools/list", json!({})).await;
    let names: Vec<&str> =
        tools["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["echo", "add", "slow", "fail"]);
    let echo = result("tools/call", json!({"name": "echo", "arguments": {"text": "hi"}})).await;
    assert_eq!(echo["content"][0]["text"], "hi");
    let sum = result("tools/call", json!({"name": "add", "arguments": {"a": 1.5, "b": 2}})).await;
    assert_eq!(sum["structuredContent"]["sum"], 3.5);
    assert_eq!(result("tools/call", json!({"name": "fail"})).await["isError"], true);
    assert!(
        result("resources/read", json!({"uri": "sim://readme"})).await["contents"][0]["text"].is_string()
    );
    let prompt = result("prompts/get", json!({"name": "greet", "arguments": {"name": "Ada"}})).await;
    assert_eq!(prompt["messages"][0]["content"]["text"], "Greet Ada.");
    let unknown = rpc(&bench, &headers, "tools/call", json!({"name": "none"})).await.json();
    assert_eq!(unknown["error"]["code"], -32602);
    assert_eq!(rpc(&bench, &headers, "nonsense", json!({})).await.json()["error"]["code"], -32601);

    let seen = &bench.running.stats().resources["east"].deployments["mcp"];
    assert_eq!(seen.last.as_ref().unwrap().headers["authorization"], "Bearer seen");
    assert_eq!(bench.send("DELETE", &bench.url("/mcp"), &headers, "").await.status, 200);
    assert_eq!(rpc(&bench, &headers, "ping", json!({})).await.status, 404);
}

#[tokio::test]
async fn mcp_refuses_what_the_protocol_forbids() {
    let bench = bench().await;
    let session = begin(&bench, "2025-06-18").await;
    let status =
        async |headers: &[(&str, &str)]| rpc(&bench, headers, "ping", json!({})).await.status.as_u16();
    let id = ("mcp-session-id", session.as_str());
    assert_eq!(status(&[BOTH, id]).await, 200);
    assert_eq!(status(&[("accept", "application/json"), id]).await, 406);
    assert_eq!(status(&[BOTH]).await, 400);
    assert_eq!(status(&[BOTH, ("mcp-session-id", "unknown")]).await, 404);
    assert_eq!(status(&[BOTH, id, ("mcp-protocol-version", "1999-01-01")]).await, 400);
    let batch = r#"[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"ping"}]"#;
    assert_eq!(bench.send("POST", &bench.url("/mcp"), &[BOTH, id], batch).await.status, 400);
    let older = begin(&bench, "2025-03-26").await;
    let answered = bench.send("POST", &bench.url("/mcp"), &[BOTH, ("mcp-session-id", &older)], batch).await;
    assert_eq!(answered.json()[1], json!({"jsonrpc": "2.0", "id": 2, "result": {}}));
}

#[tokio::test]
async fn mcp_reports_progress_in_a_stream() {
    let bench = bench().await;
    let session = begin(&bench, "2025-06-18").await;
    let headers = [BOTH, ("mcp-session-id", session.as_str())];
    let params =
        json!({"name": "slow", "arguments": {"steps": 3, "delayMs": 5}, "_meta": {"progressToken": "p"}});
    let reply = rpc(&bench, &headers, "tools/call", params).await;
    assert_eq!(reply.header("content-type"), "text/event-stream");
    let told = messages(&reply.body);
    assert_eq!(told.len(), 4);
    assert_eq!(
        told[2]["params"],
        json!({"progressToken": "p", "progress": 3, "total": 3, "message": "step 3 of 3"})
    );
    assert_eq!(told[3]["result"]["content"][0]["text"], "took 3 steps");
    let cut = [headers[0], headers[1], ("x-sim-fault", "cut-after=1")];
    let params = json!({"name": "slow", "_meta": {"progressToken": 1}});
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).to_string();
    let reply = bench.open("POST", &bench.url("/mcp"), &cut, &body).await.unwrap();
    assert!(reply.into_body().collect().await.is_err());
}

#[tokio::test]
async fn mcp_answers_in_streams_when_configured_and_wants_a_key() {
    let mcp = McpConfig { require_key: true, answers: McpAnswers::Sse };
    let resource = ResourceConfig { mcp, ..ResourceConfig::new("east", Vec::new()) };
    let bench = Bench::new(Config { resources: vec![resource], ..Config::default() }).await;
    assert_eq!(rpc(&bench, &[BOTH], "initialize", json!({})).await.status, 401);
    let reply = rpc(&bench, &[BOTH, ("api-key", "east-key")], "initialize", json!({})).await;
    assert_eq!(messages(&reply.body)[0]["result"]["protocolVersion"], "2025-06-18");
}

#[tokio::test]
async fn mcp_stream_of_a_session_hears_of_changes() {
    let bench = bench().await;
    let session = begin(&bench, "2025-06-18").await;
    let headers = [BOTH, ("mcp-session-id", session.as_str())];
    let mut stream = bench.open("GET", &bench.url("/mcp"), &headers, "").await.unwrap().into_body();
    assert_eq!(bench.get(&bench.url("/mcp"), &headers).await.status, 409);
    let told = bench.send("POST", &bench.url("/__sim/mcp/changed"), &[], "").await.json();
    assert_eq!(told, json!({"told": 1, "lost": 0}));
    let event = stream.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(messages(&event)[0]["method"], "notifications/tools/list_changed");
}

#[tokio::test]
async fn mcp_older_transport_answers_on_its_stream() {
    let bench = bench().await;
    let url = format!("{}/east/sse", bench.running.url());
    let mut stream = bench.open("GET", &url, &[], "").await.unwrap().into_body();
    let mut next = async || stream.frame().await.unwrap().unwrap().into_data().unwrap();
    let (name, endpoint) = events(&next().await).remove(0);
    assert_eq!(name, "endpoint");
    assert!(endpoint.starts_with("/east/messages?sessionId="), "{endpoint}");
    let url = format!("{}{endpoint}", bench.running.url());
    let body = r#"{"jsonrpc":"2.0","id":7,"method":"initialize","params":{"protocolVersion":"2024-11-05"}}"#;
    assert_eq!(bench.send("POST", &url, &[], body).await.status, 202);
    let answer = &messages(&next().await)[0];
    assert_eq!((&answer["id"], &answer["result"]["protocolVersion"]), (&json!(7), &json!("2024-11-05")));
    let gone = bench.send("POST", &format!("{url}x"), &[], body).await;
    assert_eq!(gone.status, 404);
}

async fn a2a(bench: &Bench, method: &str, params: Value) -> Reply {
    let body = json!({"jsonrpc": "2.0", "id": "r1", "method": method, "params": params}).to_string();
    bench.send("POST", &bench.url("/a2a"), &[], &body).await
}

fn message(text: &str) -> Value {
    json!({"message": {"kind": "message", "role": "user", "messageId": "m1", "parts": [{"kind": "text", "text": text}]}})
}

#[tokio::test]
async fn a2a_card_prefers_another_transport() {
    let bench = bench().await;
    let card = bench.get(&bench.url("/.well-known/agent-card.json"), &[]).await.json();
    assert_eq!(card["preferredTransport"], "GRPC");
    let interfaces = card["additionalInterfaces"].as_array().unwrap();
    assert_eq!(interfaces.len(), 2);
    assert_eq!(interfaces[0], json!({"url": bench.url("/a2a"), "transport": "JSONRPC"}));
    let prefixed = format!("{}/east/.well-known/agent-card.json", bench.running.url());
    let card = bench.get(&prefixed, &[]).await.json();
    assert_eq!(card["additionalInterfaces"][0]["url"], format!("{}/east/a2a", bench.running.url()));
}

#[tokio::test]
async fn a2a_messages_become_tasks_plain_and_streamed() {
    let bench = bench().await;
    let sent = a2a(&bench, "message/send", message("hello there")).await.json();
    let task = &sent["result"];
    assert_eq!((&task["kind"], &task["status"]["state"]), (&json!("task"), &json!("completed")));
    let said = task["artifacts"][0]["parts"][0]["text"].as_str().unwrap();
    assert!(said.contains("hello there"));
    assert_eq!(a2a(&bench, "tasks/get", json!({"id": task["id"]})).await.json()["result"], *task);
    let code =
        async |method: &str, params: Value| a2a(&bench, method, params).await.json()["error"]["code"].clone();
    assert_eq!(code("tasks/cancel", json!({"id": task["id"]})).await, -32002);
    assert_eq!(code("tasks/get", json!({"id": "no"})).await, -32001);
    assert_eq!(code("message/send", json!({})).await, -32602);
    assert_eq!(code("nonsense", json!({})).await, -32601);

    let streamed = a2a(&bench, "message/stream", message("hello there")).await;
    let told = messages(&streamed.body);
    let kinds: Vec<&str> = told.iter().map(|event| event["result"]["kind"].as_str().unwrap()).collect();
    assert_eq!((kinds[0], kinds[1], kinds[2]), ("task", "status-update", "artifact-update"));
    let last = &told.last().unwrap()["result"];
    assert_eq!((&last["status"]["state"], &last["final"]), (&json!("completed"), &json!(true)));
    let pieces = told.iter().filter_map(|event| event["result"]["artifact"]["parts"][0]["text"].as_str());
    assert_eq!(pieces.collect::<String>(), said);
    let plain = a2a(&bench, "message/send", message("[sim:message]")).await.json();
    assert_eq!((&plain["result"]["kind"], &plain["id"]), (&json!("message"), &json!("r1")));
}
