//! Unified model APIs: aliases, both formats behind them, and what happens when a model fails.

use serde_json::{Value, json};

use crate::bench::{Backend, Bench, Message};

/// `claude-sonnet` and `hasty` lead to Anthropic and then to OpenAI, `claude` and `gpt` to one of them; one subscription with the key `the-key`.
fn config(anthropic: &Backend, openai: &Backend, policies: &str) -> String {
    format!(
        "apis:
  models:
    unifiedModelApi:
      models:
        - alias: claude-sonnet
          model: claude-sonnet-4-5
          apiFormat: anthropicMessages
          backendId: anthropic
          fallbacks:
            - {{model: gpt-4o, apiFormat: chatCompletions, backendId: openai}}
        - alias: hasty
          apiFormat: anthropicMessages
          backendId: anthropic
          timeout: PT0.05S
          fallbacks:
            - {{model: gpt-4o, apiFormat: chatCompletions, backendId: openai}}
        - {{alias: claude, apiFormat: anthropicMessages, backendId: anthropic}}
        - {{alias: gpt, model: gpt-4o, apiFormat: chatCompletions, backendId: openai, path: '/chat/completions?api-version=v1'}}
    policy: |
      <policies>{policies}</policies>
subscriptions:
  team: {{scope: /apis, primaryKey: the-key}}
backends:
  anthropic:
    url: 'http://{}/anthropic'
    protocol: http
    credentials: {{header: {{x-api-key: [secret]}}}}
    circuitBreaker:
      rules:
        - failureCondition: {{count: 2, interval: PT1H, statusCodeRanges: [{{min: 500, max: 599}}]}}
          tripDuration: PT1H
  openai: {{url: 'http://{}/v1', protocol: http, credentials: {{authorization: {{scheme: Bearer, parameter: other}}}}}}
",
        anthropic.address, openai.address
    )
}

async fn start(policies: &str) -> (Backend, Backend, Bench) {
    let (anthropic, openai) = (Backend::start().await, Backend::start().await);
    let bench = Bench::start(&config(&anthropic, &openai, policies)).await;
    (anthropic, openai, bench)
}

fn post(body: &str) -> String {
    format!(
        "POST /llm/v1/chat/completions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer the-key\r\nContent-Type: application/json\r\n\
         Accept-Encoding: gzip\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn get(path: &str) -> String {
    format!("GET /llm/v1{path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer the-key\r\n\r\n")
}

fn chat(model: &str) -> String {
    json!({ "model": model, "messages": [{ "role": "user", "content": "Hi" }] }).to_string()
}

fn answer(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

const MESSAGE: &str = r#"{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5-20250929",
    "content":[{"type":"text","text":"Hello"}],"stop_reason":"end_turn","usage":{"input_tokens":3,"output_tokens":4}}"#;

/// Answers one request of a backend and gives what it was asked.
async fn serve(backend: &Backend, answer: &str) -> Message {
    let mut wire = backend.accept().await;
    let request = wire.message().await;
    wire.send(answer).await;
    request
}

fn value(body: &str) -> Value {
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"))
}

#[tokio::test]
async fn unified_model_translates_for_anthropic() {
    let (anthropic, _openai, mut bench) = start("").await;
    let answer = answer("200 OK", MESSAGE);
    let request = post(&chat("claude-sonnet"));
    let (asked, reply) = tokio::join!(serve(&anthropic, &answer), bench.call(&request));
    assert_eq!(asked.start, "POST /anthropic/v1/messages HTTP/1.1");
    assert_eq!(
        (asked.header("x-api-key"), asked.header("anthropic-version")),
        (Some("secret"), Some("2023-06-01"))
    );
    assert_eq!((asked.header("authorization"), asked.header("accept-encoding")), (None, None));
    let content = json!([{ "type": "text", "text": "Hi" }]);
    let messages = json!([{ "role": "user", "content": content }]);
    let expected = json!({ "model": "claude-sonnet-4-5", "max_tokens": 4096, "messages": messages });
    assert_eq!(value(&asked.body), expected);

    assert_eq!((reply.status(), reply.header("content-type")), (200, Some("application/json")));
    let completion = value(&reply.body);
    assert_eq!(completion["object"], "chat.completion");
    assert_eq!(completion["choices"][0]["message"]["content"], "Hello");
    assert_eq!(completion["choices"][0]["finish_reason"], "stop");
    assert_eq!(completion["usage"]["total_tokens"], 7);

    let record = bench.record().await;
    assert_eq!(
        (record.operation_id.as_deref(), record.model.as_deref()),
        (Some("chat-completions"), Some("claude-sonnet"))
    );
    assert_eq!(record.usage.unwrap().total, Some(7));
    assert_eq!(record.attempts.len(), 1);
    assert_eq!(
        (record.attempts[0].backend_id.as_deref(), record.attempts[0].status),
        (Some("anthropic"), Some(200))
    );
}

#[tokio::test]
async fn unified_model_streams_event_by_event() {
    let (anthropic, _openai, bench) = start("").await;
    let mut client = bench.client().await;
    let body = json!({ "model": "claude", "stream": true, "stream_options": { "include_usage": true },
        "messages": [{ "role": "user", "content": "Hi" }] });
    client.send(&post(&body.to_string())).await;
    let mut wire = anthropic.accept().await;
    assert_eq!(value(&wire.message().await.body)["stream"], true);
    wire.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        .await;
    assert_eq!(client.head().await.header("content-type"), Some("text/event-stream"));
    let events = [
        (
            r#"{"type":"message_start","message":{"id":"m","model":"c","usage":{"input_tokens":3}}}"#,
            r#""role":"assistant""#,
        ),
        (
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hel"}}"#,
            r#""content":"Hel""#,
        ),
        (
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"lo"}}"#,
            r#""content":"lo""#,
        ),
        (
            r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":4}}"#,
            r#""finish_reason":"stop""#,
        ),
        (r#"{"type":"message_stop"}"#, r#""total_tokens":7"#),
    ];
    for (event, expected) in events {
        let event = format!("data: {event}\n\n");
        // In two pieces, of which the first has nothing to pass on.
        let (first, second) = event.split_at(11);
        for piece in [first, second] {
            wire.send(&format!("{:x}\r\n{piece}\r\n", piece.len())).await;
        }
        let chunk = client.chunk().await;
        assert!(chunk.starts_with("data: {") && chunk.contains(expected), "{chunk}");
        assert_eq!(chunk.matches("data: [DONE]\n\n").count(), usize::from(event.contains("message_stop")));
    }
    wire.send("0\r\n\r\n").await;
    assert_eq!(client.chunk().await, "");
}

#[tokio::test]
async fn a_stream_that_breaks_off_has_no_done() {
    let (anthropic, _openai, bench) = start("").await;
    let mut client = bench.client().await;
    client.send(&post(&chat("claude"))).await;
    let mut wire = anthropic.accept().await;
    wire.message().await;
    wire.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        .await;
    let event = "data: {\"type\":\"message_start\",\"message\":{}}\n\n";
    wire.send(&format!("{:x}\r\n{event}\r\n", event.len())).await;
    client.head().await;
    assert!(client.chunk().await.contains("assistant"));
    drop(wire);
    client.ended().await;
}

#[tokio::test]
async fn unified_model_passes_chat_completions_as_they_are() {
    let (_anthropic, openai, bench) = start("").await;
    let body = "{ \"model\": \"gpt\", \"top_k\": 1e0, \"messages\": [] }";
    let odd = "{ \"model\" : \"gpt-4o-2024\",  \"x\":1.0 }\n";
    let (answer, request) = (answer("200 OK", odd), post(body));
    let (asked, reply) = tokio::join!(serve(&openai, &answer), bench.call(&request));
    assert_eq!(asked.start, "POST /v1/chat/completions?api-version=v1 HTTP/1.1");
    assert_eq!(
        (asked.header("authorization"), asked.header("accept-encoding")),
        (Some("Bearer other"), Some("gzip"))
    );
    assert_eq!(asked.body, body.replace("\"gpt\"", "\"gpt-4o\""));
    assert_eq!(reply.body, odd);
}

#[tokio::test]
async fn unified_model_fails_over() {
    let (anthropic, openai, mut bench) = start("").await;
    let (failing, fine) =
        (answer("503 Service Unavailable", "{}"), answer("200 OK", "{\"object\":\"chat.completion\"}"));
    let request = post(&chat("claude-sonnet"));
    let (_, asked, reply) =
        tokio::join!(serve(&anthropic, &failing), serve(&openai, &fine), bench.call(&request));
    assert_eq!(value(&asked.body)["model"], "gpt-4o");
    assert_eq!((reply.status(), &*reply.body), (200, "{\"object\":\"chat.completion\"}"));
    let attempts = bench.record().await.attempts;
    let attempts: Vec<_> =
        attempts.iter().map(|one| (one.backend_id.as_deref().unwrap(), one.status)).collect();
    assert_eq!(attempts, [("anthropic", Some(503)), ("openai", Some(200))]);

    // A service that says nothing: its own time is over before that of the call.
    let hasty = post(&chat("hasty"));
    let silent = async { anthropic.accept().await };
    let (_wire, _, reply) = tokio::join!(silent, serve(&openai, &fine), bench.call(&hasty));
    assert_eq!(reply.status(), 200);
    let attempts = bench.record().await.attempts;
    assert_eq!((attempts[0].failure, attempts[1].status), (Some("Timeout"), Some(200)));

    // Two failures opened the breaker: the service is not called any more.
    let (_, reply) = tokio::join!(serve(&openai, &fine), bench.call(&request));
    assert_eq!((reply.status(), bench.record().await.attempts.len()), (200, 1));
}

#[tokio::test]
async fn the_last_failure_is_the_answer() {
    let (anthropic, openai, bench) = start("").await;
    let request = post(&chat("claude-sonnet"));
    let limited =
        answer("429 Too Many Requests\r\nRetry-After: 7", "{\"error\":{\"message\":\"slow down\"}}");
    let failing = answer("529 Overloaded", "{}");
    let (_, _, reply) =
        tokio::join!(serve(&anthropic, &failing), serve(&openai, &limited), bench.call(&request));
    assert_eq!((reply.status(), reply.header("retry-after")), (429, Some("7")));
    assert_eq!(reply.body, "{\"error\":{\"message\":\"slow down\"}}");

    let overloaded = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
    let request = post(&chat("claude"));
    let failing = answer("529 Overloaded", overloaded);
    let (_, reply) = tokio::join!(serve(&anthropic, &failing), bench.call(&request));
    assert_eq!(reply.start, "HTTP/1.1 503 Service Unavailable");
    assert_eq!(
        reply.body,
        r#"{"error":{"message":"Overloaded","type":"server_error","param":null,"code":"overloaded"}}"#
    );
}

#[tokio::test]
async fn unified_model_lists_aliases() {
    let (_anthropic, _openai, mut bench) = start("").await;
    let list = value(&bench.call(&get("/models")).await.body);
    let ids: Vec<_> =
        list["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap()).collect();
    assert_eq!((&list["object"], ids), (&json!("list"), vec!["claude-sonnet", "hasty", "claude", "gpt"]));
    let one = value(&bench.call(&get("/models/claude%2Dsonnet")).await.body);
    assert_eq!((&one["id"], &one["object"]), (&json!("claude-sonnet"), &json!("model")));
    let none = bench.call(&get("/models/claude-sonnet-4-5")).await;
    assert_eq!((none.status(), &value(&none.body)["error"]["code"]), (404, &json!("model_not_found")));
    assert_eq!(bench.record().await.attempts, []);
}

#[tokio::test]
async fn unified_model_unknown_alias_is_404() {
    let (_anthropic, _openai, mut bench) = start("").await;
    let reply = bench.call(&post(&chat("claude-opus"))).await;
    assert_eq!((reply.status(), reply.header("content-type")), (404, Some("application/json")));
    assert_eq!(
        reply.body,
        r#"{"error":{"message":"The model `claude-opus` does not exist.","type":"invalid_request_error","param":"model","code":"model_not_found"}}"#
    );
    assert_eq!(bench.record().await.attempts, []);
    for (body, param) in [("{", Value::Null), ("{}", json!("model"))] {
        let reply = bench.call(&post(body)).await;
        assert_eq!((reply.status(), &value(&reply.body)["error"]["param"]), (400, &param));
    }
    let several =
        json!({ "model": "claude-sonnet", "n": 2, "messages": [{ "role": "user", "content": "Hi" }] });
    let reply = bench.call(&post(&several.to_string())).await;
    assert_eq!((reply.status(), &value(&reply.body)["error"]["param"]), (400, &json!("n")));
}

#[tokio::test]
async fn unified_model_takes_keys_in_every_place() {
    let (_anthropic, openai, bench) = start("").await;
    let turned_away =
        bench.call("GET /llm/v1/models HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer other\r\n\r\n").await;
    assert_eq!(turned_away.status(), 401);
    for head in ["Ocp-Apim-Subscription-Key: the-key\r\n", "Authorization: bearer the-key\r\n"] {
        let list = bench.call(&format!("GET /llm/v1/models HTTP/1.1\r\nHost: a\r\n{head}\r\n")).await;
        assert_eq!(list.status(), 200);
    }
    // The key reaches nobody behind the gateway, wherever it stood; what else the client sent does.
    let body = chat("gpt");
    let request = format!(
        "POST /llm/v1/chat/completions?a=1&subscription-key=the-key HTTP/1.1\r\nHost: a\r\n\
         Ocp-Apim-Subscription-Key: the-key\r\nX-Other: 1\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let (asked, _) = tokio::join!(serve(&openai, "HTTP/1.1 204 No Content\r\n\r\n"), bench.call(&request));
    assert_eq!(asked.start, "POST /v1/chat/completions?api-version=v1&a=1 HTTP/1.1");
    assert_eq!((asked.header("ocp-apim-subscription-key"), asked.header("x-other")), (None, Some("1")));
}

#[tokio::test]
async fn policies_see_the_clients_format() {
    let policies = "<inbound>
        <set-header name=\"x-asked\" exists-action=\"override\"><value>@(context.Request.Body.As&lt;JObject&gt;(true)[\"model\"] + \" \" + context.Subscription.Id)</value></set-header>
        <set-header name=\"authorization\" exists-action=\"override\"><value>from a policy</value></set-header>
      </inbound>
      <backend><retry condition=\"@(context.Response.StatusCode == 503)\" count=\"1\" interval=\"0\"><forward-request buffer-request-body=\"true\" /></retry></backend>
      <outbound>
        <set-header name=\"x-said\" exists-action=\"override\"><value>@((string)context.Response.Body.As&lt;JObject&gt;(true)[\"choices\"][0][\"message\"][\"content\"])</value></set-header>
        <set-header name=\"x-backend\" exists-action=\"override\"><value>@(context.Backend.Id)</value></set-header>
      </outbound>";
    let (anthropic, _openai, mut bench) = start(policies).await;
    let request = post(&chat("claude"));
    let served = async {
        let mut wire = anthropic.accept().await;
        wire.message().await;
        wire.send(&answer("503 Service Unavailable", "{}")).await;
        let second = wire.message().await;
        wire.send(&answer("200 OK", MESSAGE)).await;
        second
    };
    let (asked, reply) = tokio::join!(served, bench.call(&request));
    assert_eq!(
        (asked.header("x-asked"), asked.header("authorization")),
        (Some("claude team"), Some("from a policy"))
    );
    assert_eq!((reply.header("x-said"), reply.header("x-backend")), (Some("Hello"), Some("anthropic")));
    let attempts: Vec<_> = bench.record().await.attempts.iter().map(|attempt| attempt.status).collect();
    assert_eq!(attempts, [Some(503), Some(200)]);
}

#[tokio::test]
async fn a_policy_may_send_a_call_elsewhere() {
    let (_anthropic, openai, bench) =
        start("<inbound><set-backend-service backend-id=\"openai\" /></inbound>").await;
    let (body, answer) = (chat("claude"), answer("200 OK", "{}"));
    let request = post(&body);
    let (asked, _) = tokio::join!(serve(&openai, &answer), bench.call(&request));
    assert_eq!((&*asked.start, asked.body), ("POST /v1/chat/completions HTTP/1.1", body));
}

#[tokio::test]
async fn replies_that_cannot_be_translated_are_bad_gateways() {
    let (anthropic, _openai, bench) = start("").await;
    let encoded = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx";
    for answer in [&*answer("200 OK", "<html>"), encoded, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"] {
        let request = post(&chat("claude"));
        let served = async {
            let mut wire = anthropic.accept().await;
            wire.message().await;
            wire.send(answer).await;
        };
        let ((), reply) = tokio::join!(served, bench.call(&request));
        assert_eq!((reply.status(), &value(&reply.body)["error"]["type"]), (502, &json!("server_error")));
    }
}
