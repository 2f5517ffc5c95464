//! MCP servers that are made of operations.

use std::net::SocketAddr;

use sekisho_llm::{Provenance, Usage};
use serde_json::{Value, json};

use crate::bench::{Backend, Bench, Message, nobody};

const SPECIFICATION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/specifications/orders.yaml");
const KEY: &str = "Ocp-Apim-Subscription-Key: key\r\n";

/// An API `shop` and the MCP server `tools` made of its operations, with these policies of both; the key `key` opens
/// the MCP server only.
fn shop(backend: SocketAddr, of_tools: &str, of_shop: &str, more: &str) -> String {
    format!(
        "apis:
  shop:
    path: shop
    serviceUrl: http://{backend}/base
    specificationFile: {SPECIFICATION}
    policy: |
      <policies>{of_shop}</policies>
  tools:
    path: ai/tools
    type: mcp
    displayName: Shop tools
    description: Orders of the shop.
    tools:
      create_order: {{operationId: /apis/shop/operations/createOrder}}
      get_order: {{operationId: /apis/shop/operations/getOrder, displayName: Get an order, description: One order.}}
      list_orders: {{operationId: /apis/shop/operations/listOrders}}
    policy: |
      <policies>{of_tools}</policies>
subscriptions:
  team: {{scope: /apis/tools, primaryKey: key}}
{more}"
    )
}

/// A POST to the MCP server.
async fn post(bench: &Bench, headers: &str, body: &str) -> Message {
    let head = "POST /ai/tools/mcp HTTP/1.1\r\nHost: gw.example\r\nContent-Type: application/json\r\n\
                Accept: application/json, text/event-stream\r\n";
    bench.call(&format!("{head}{headers}Content-Length: {}\r\n\r\n{body}", body.len())).await
}

fn message(method: &str, params: Value) -> String {
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string()
}

fn call(name: &str, arguments: Value) -> String {
    message("tools/call", json!({"name": name, "arguments": arguments}))
}

/// The result of a message that is taken.
async fn result(bench: &Bench, body: &str) -> Value {
    let answer = post(bench, KEY, body).await;
    assert_eq!(answer.status(), 200, "{}", answer.body);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let answer: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(answer["id"], 1, "{answer}");
    answer["result"].clone()
}

/// Status and code of an error.
async fn error(bench: &Bench, body: &str) -> (u16, i64) {
    let answer = post(bench, KEY, body).await;
    let status = answer.status();
    let answer: Value = serde_json::from_str(&answer.body).unwrap();
    (status, answer["error"]["code"].as_i64().unwrap())
}

/// Takes a call, and answers with this status and JSON.
async fn served(backend: &Backend, status: &str, body: &str) -> Message {
    let mut wire = backend.accept().await;
    let request = wire.message().await;
    let length = body.len();
    wire.send(&format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    ))
    .await;
    request
}

#[tokio::test]
async fn mcp_from_rest_begins_with_a_handshake() {
    let mut bench = Bench::start(&shop(nobody(), "", "", "")).await;
    for (wanted, offered) in [
        ("2025-06-18", "2025-06-18"),
        ("2025-03-26", "2025-03-26"),
        ("2024-11-05", "2024-11-05"),
        ("2099-01-01", "2025-06-18"),
    ] {
        let told = json!({"protocolVersion": wanted, "capabilities": {}, "clientInfo": {"name": "c", "version": "1"}});
        assert_eq!(
            result(&bench, &message("initialize", told)).await,
            json!({"protocolVersion": offered, "capabilities": {"tools": {"listChanged": false}},
                   "serverInfo": {"name": "Azure API Management", "version": "1.0.0"},
                   "instructions": "Orders of the shop."})
        );
        bench.record().await;
    }
    let initialized = post(&bench, KEY, r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#).await;
    assert_eq!((initialized.status(), &*initialized.body), (202, ""));
    assert_eq!(result(&bench, &message("ping", json!({}))).await, json!({}));
}

#[tokio::test]
async fn mcp_from_rest_lists_tools_as_the_specification_has_them() {
    let bench = Bench::start(&shop(nobody(), "", "", "")).await;
    let listed = result(&bench, &message("tools/list", json!({}))).await;
    let order = json!({
        "type": "object",
        "required": ["item"],
        "properties": {
            "id": {"type": "integer", "minimum": 1},
            "item": {"type": "string", "minLength": 2},
            "price": {"type": "number", "exclusiveMinimum": 0},
            "note": {"type": ["string", "null"]},
            "replaces": {},
        },
        "additionalProperties": false,
    });
    let trace = json!({"type": "string", "format": "uuid"});
    assert_eq!(
        listed,
        json!({"tools": [
            {
                "name": "create_order",
                "description": "createOrder",
                "inputSchema": {
                    "type": "object",
                    "properties": {"X-Trace": trace, "body": order},
                    "required": ["body"],
                },
            },
            {
                "name": "get_order",
                "title": "Get an order",
                "description": "One order.",
                "inputSchema": {
                    "type": "object",
                    "properties": {"order-id": {"type": "integer", "format": "int32"}},
                    "required": ["order-id"],
                },
            },
            {
                "name": "list_orders",
                "description": "listOrders",
                "inputSchema": {
                    "type": "object",
                    "properties": {
                        "limit": {"type": "integer", "minimum": 1, "maximum": 50},
                        "state": {"type": "array", "items": {"enum": ["open", "done"]}},
                        "X-Trace": trace,
                    },
                },
            },
        ]})
    );
}

#[tokio::test]
async fn mcp_from_rest_calls_the_operation_and_returns_its_body() {
    let backend = Backend::start().await;
    let of_tools = "<inbound><set-variable name='team' value='blue' />\
        <set-header name='X-Policy'><value>set</value></set-header></inbound>";
    let of_shop = "<inbound><base /><set-header name='X-Team'><value>@((string)context.Variables[\"team\"])</value></set-header>\
        <set-header name='X-Order'><value>@(context.Request.MatchedParameters.GetValueOrDefault(\"order-id\", \"-\"))</value></set-header>\
        <set-header name='X-Call'><value>@(context.Api.Id + \" \" + context.Operation.Id + \" \" + context.Subscription.Id + \" \" + \
        context.Request.OriginalUrl.Path)</value></set-header></inbound>\
        <outbound><base /><set-body>@(context.Response.Body.As<string>().Replace(\"tea\", \"TEA\"))</set-body></outbound>";
    let mut bench = Bench::start(&shop(backend.address, of_tools, of_shop, "")).await;
    let headers = format!(
        "{KEY}Authorization: Bearer of-the-client\r\nX-Client: own\r\nMCP-Protocol-Version: 2025-06-18\r\n\
         Mcp-Session-Id: some.id\r\n"
    );
    let body = call("get_order", json!({"order-id": 7}));
    let (request, answer) =
        tokio::join!(served(&backend, "200 OK", r#"{"item":"tea"}"#), post(&bench, &headers, &body));
    assert_eq!(request.start, "GET /base/orders/7 HTTP/1.1");
    assert_eq!(request.header("x-team"), Some("blue"));
    assert_eq!(request.header("x-order"), Some("7"));
    assert_eq!(request.header("x-policy"), Some("set"));
    assert_eq!(request.header("x-call"), Some("shop getorder team /shop/orders/7"));
    for of_the_client in
        ["authorization", "x-client", "mcp-session-id", "ocp-apim-subscription-key", "accept"]
    {
        assert_eq!(request.header(of_the_client), None, "{of_the_client}");
    }
    let answer: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(
        answer["result"],
        json!({"content": [{"type": "text", "text": "{\"item\":\"TEA\"}"}], "isError": false})
    );
    let record = bench.record().await;
    assert_eq!((record.api_id.as_deref(), record.operation_id.as_deref()), (Some("tools"), Some("any")));
    assert_eq!(record.attempts.len(), 1, "the operation's own");
    assert_eq!(record.attempts[0].status, Some(200));
    let told = record.mcp.unwrap();
    assert_eq!((&*told.server_name, told.tool_name.as_deref()), ("Shop tools", Some("get_order")));
    assert_eq!(told.protocol_version.as_deref(), Some("2025-06-18"));
    assert_eq!((told.method.as_deref(), told.session_id.as_deref()), (Some("tools/call"), Some("some.id")));
}

#[tokio::test]
async fn mcp_from_rest_sends_arguments_where_the_operation_wants_them() {
    let backend = Backend::start().await;
    let bench = Bench::start(&shop(backend.address, "", "", "")).await;
    let arguments = json!({"limit": 5, "state": ["open", "done"], "X-Trace": "t"});
    let (request, _) =
        tokio::join!(served(&backend, "200 OK", "[]"), result_of(&bench, "list_orders", arguments));
    assert_eq!(request.start, "GET /base/orders?limit=5&state=open%2Cdone HTTP/1.1");
    assert_eq!(request.header("x-trace"), Some("t"));

    let arguments = json!({"body": {"item": "tea"}});
    let (request, created) =
        tokio::join!(served(&backend, "201 Created", "{}"), result_of(&bench, "create_order", arguments));
    assert_eq!(request.start, "POST /base/orders HTTP/1.1");
    assert_eq!(
        (request.header("content-type"), &*request.body),
        (Some("application/json"), r#"{"item":"tea"}"#)
    );
    assert_eq!(created["isError"], false);
}

async fn result_of(bench: &Bench, tool: &str, arguments: Value) -> Value {
    result(bench, &call(tool, arguments)).await
}

#[tokio::test]
async fn a_tool_that_fails_says_so() {
    let backend = Backend::start().await;
    let mut bench = Bench::start(&shop(backend.address, "", "", "")).await;
    let (_, failed) = tokio::join!(
        served(&backend, "404 Not Found", r#"{"title":"gone"}"#),
        result_of(&bench, "get_order", json!({"order-id": 1}))
    );
    let text = json!([{"type": "text", "text": "{\"title\":\"gone\"}"}]);
    assert_eq!(failed, json!({"content": text, "isError": true}));
    bench.record().await;

    let mut bench = Bench::start(&shop(nobody(), "", "", "")).await;
    let failed = result_of(&bench, "get_order", json!({"order-id": 1})).await;
    assert_eq!(failed["isError"], true);
    assert!(failed["content"][0]["text"].as_str().unwrap().contains("Internal server error"), "{failed}");
    let record = bench.record().await;
    assert_eq!(record.status, 200);
    assert_eq!(record.last_error.unwrap().reason.as_deref(), Some("BackendConnectionFailure"));
    assert_eq!(record.attempts[0].failure, Some("BackendConnectionFailure"));
}

#[tokio::test]
async fn the_policies_of_the_operation_refuse_a_tool() {
    let of_shop = "<inbound><base /><check-header name='X-Must' failed-check-httpcode='403' \
        failed-check-error-message='no' ignore-case='true' /></inbound>";
    let bench = Bench::start(&shop(nobody(), "", of_shop, "")).await;
    let refused = result_of(&bench, "get_order", json!({"order-id": 1})).await;
    assert_eq!(refused["isError"], true);
    assert!(refused["content"][0]["text"].as_str().unwrap().contains("\"statusCode\": 403"), "{refused}");
}

#[tokio::test]
async fn broader_policies_run_once() {
    let backend = Backend::start().await;
    let global = "policy: |
  <policies>
    <inbound><set-header name='X-Global' exists-action='append'><value>once</value></set-header></inbound>
    <backend><forward-request /></backend>
    <outbound><set-header name='X-Seen'><value>@(context.Api.Id)</value></set-header></outbound>
  </policies>
";
    let bench = Bench::start(&shop(
        backend.address,
        "<inbound><base /></inbound>",
        "<inbound><base /></inbound>",
        global,
    ))
    .await;
    let body = call("get_order", json!({"order-id": 1}));
    let (request, answer) = tokio::join!(served(&backend, "200 OK", "{}"), post(&bench, KEY, &body));
    let seen: Vec<_> = request.headers.iter().filter(|(name, _)| name == "x-global").collect();
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!(answer.header("x-seen"), Some("tools"));
}

#[tokio::test]
async fn keys_of_the_server_and_of_the_api() {
    let backend = Backend::start().await;
    let bench = Bench::start(&shop(backend.address, "", "", "")).await;
    let refused = post(&bench, "", &message("ping", json!({}))).await;
    assert_eq!(refused.status(), 401);

    // A server for everyone does not open an API that wants keys.
    let open = shop(backend.address, "", "", "  shop: {scope: /apis/shop, primaryKey: shop-key}\n")
        .replace("    type: mcp\n", "    type: mcp\n    subscriptionRequired: false\n");
    let bench = Bench::start(&open).await;
    let body = call("get_order", json!({"order-id": 1}));
    let answer = post(&bench, "", &body).await;
    assert!(
        answer.body.contains("missing subscription key") && answer.body.contains("\"isError\":true"),
        "{}",
        answer.body
    );
    let headers = "Ocp-Apim-Subscription-Key: shop-key\r\n";
    assert_eq!(post(&bench, headers, &body).await.status(), 401, "it is none of the server's own");

    let with_key = open.replace(
        "      <policies></policies>\nsubscriptions",
        "      <policies><inbound><set-header name='Ocp-Apim-Subscription-Key'><value>shop-key</value></set-header></inbound>\
         </policies>\nsubscriptions",
    );
    let bench = Bench::start(&with_key).await;
    let (_, answer) = tokio::join!(served(&backend, "200 OK", "{}"), post(&bench, "", &body));
    assert!(answer.body.contains("\"isError\":false"), "{}", answer.body);
}

#[tokio::test]
async fn what_is_no_request_is_refused() {
    let bench = Bench::start(&shop(nobody(), "", "", "")).await;
    assert_eq!(error(&bench, "{").await, (400, -32700));
    assert_eq!(error(&bench, &"[".repeat(1_000)).await, (400, -32700));
    assert_eq!(error(&bench, "{}").await, (400, -32600));
    assert_eq!(error(&bench, "[]").await, (400, -32600));
    assert_eq!(error(&bench, &message("resources/list", json!({}))).await, (200, -32601));
    for (name, arguments) in [
        (json!("nothing"), json!({})),
        (json!(7), json!({})),
        (json!("get_order"), json!({})),
        (json!("get_order"), json!([7])),
        (json!("get_order"), json!({"order-id": 1, "more": 2})),
        (json!("get_order"), json!({"order-id": ".."})),
    ] {
        let body = message("tools/call", json!({"name": name, "arguments": arguments}));
        assert_eq!(error(&bench, &body).await, (200, -32602), "{body}");
    }
    let headers = format!("{KEY}MCP-Protocol-Version: 1999-01-01\r\n");
    assert_eq!(post(&bench, &headers, &message("ping", json!({}))).await.status(), 400);
    for method in ["GET", "DELETE"] {
        let answer = bench.call(&format!("{method} /ai/tools/mcp HTTP/1.1\r\nHost: a\r\n{KEY}\r\n")).await;
        assert_eq!((answer.status(), answer.header("allow")), (405, Some("POST")), "{method}");
    }
    let elsewhere = bench.call(&format!("GET /ai/tools/other HTTP/1.1\r\nHost: a\r\n{KEY}\r\n")).await;
    assert_eq!(elsewhere.status(), 404);
}

#[tokio::test]
async fn several_messages_at_once() {
    let bench = Bench::start(&shop(nobody(), "", "", "")).await;
    let ping = |id: u8| json!({"jsonrpc": "2.0", "id": id, "method": "ping"});
    let silent = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    let headers = format!("{KEY}MCP-Protocol-Version: 2025-03-26\r\n");
    let answer = post(&bench, &headers, &json!([ping(1), silent, ping(2)]).to_string()).await;
    let pong = |id: u8| json!({"jsonrpc": "2.0", "id": id, "result": {}});
    assert_eq!(serde_json::from_str::<Value>(&answer.body).unwrap(), json!([pong(1), pong(2)]));
    assert_eq!(post(&bench, &headers, &json!([silent]).to_string()).await.status(), 202);
    let headers = format!("{KEY}MCP-Protocol-Version: 2025-06-18\r\n");
    assert_eq!(post(&bench, &headers, &json!([ping(1)]).to_string()).await.status(), 400);
}

#[tokio::test]
async fn policies_around_tools_work_as_around_any_backend() {
    let backend = Backend::start().await;
    let slow = "<backend><forward-request timeout-ms='50' /></backend>";
    let mut bench = Bench::start(&shop(backend.address, slow, "", "")).await;
    let body = call("get_order", json!({"order-id": 1}));
    let (_wire, answer) = tokio::join!(backend.accept(), post(&bench, KEY, &body));
    assert_eq!(answer.status(), 500);
    assert_eq!(bench.record().await.last_error.unwrap().reason.as_deref(), Some("Timeout"));

    let elsewhere =
        format!("<inbound><set-backend-service base-url='http://{}/other' /></inbound>", backend.address);
    let bench = Bench::start(&shop(nobody(), &elsewhere, "", "")).await;
    let ping = message("ping", json!({}));
    let (request, _) = tokio::join!(served(&backend, "200 OK", "{}"), post(&bench, KEY, &ping));
    assert_eq!((&*request.start, &*request.body), ("POST /other/mcp HTTP/1.1", &*ping));
}

#[tokio::test]
async fn tokens_of_a_tool_that_asks_a_model_are_those_of_the_call() {
    let specification = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/specifications/chat.yaml");
    let backend = Backend::start().await;
    let configuration = format!(
        "apis:
  models:
    path: models
    serviceUrl: http://{}/openai
    specificationFile: {specification}
  tools:
    path: ai/tools
    type: mcp
    tools:
      ask: {{operationId: /apis/models/operations/chat}}
subscriptions:
  team: {{scope: /apis/tools, primaryKey: key}}
",
        backend.address
    );
    let mut bench = Bench::start(&configuration).await;
    let question = json!({"messages": [{"role": "user", "content": "Who passes?"}]});
    let body = call("ask", json!({"deployment": "gpt", "body": question}));
    let reply = r#"{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}"#;
    let (request, answer) = tokio::join!(served(&backend, "200 OK", reply), post(&bench, KEY, &body));
    assert_eq!(request.start, "POST /openai/deployments/gpt/chat/completions HTTP/1.1");
    assert_eq!(answer.status(), 200);
    let record = bench.record().await;
    assert_eq!(record.api_id.as_deref(), Some("tools"));
    assert_eq!(record.usage, Some(Usage::new(Provenance::Reported, Some(3), Some(4))));
}
