//! `examples/mcp-tools`: a REST API as tools, an MCP server behind the gateway, an agent.

use http::Method;
use serde_json::{Value, json};

use crate::support::client::{Answer as Received, Client};
use crate::support::gateway::Gateway;
use crate::support::service;
use crate::support::world::{Answer, World};

const KEY: (&str, &str) = ("Ocp-Apim-Subscription-Key", "mcp-tools-demo-key");

async fn start() -> (World, Gateway, Client) {
    let world = World::start().await;
    let environment = [
        ("MCP_TOOLS_URL_SHOP", format!("{}/shop", world.url())),
        ("MCP_TOOLS_URL_DOCS", format!("{}/docs/mcp", world.url())),
        ("MCP_TOOLS_URL_AGENT", format!("{}/agent", world.url())),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value));
    let gateway = Gateway::start(&service::example("mcp-tools"), &environment).await;
    (world, gateway, Client::new())
}

async fn post(
    gateway: &Gateway,
    client: &Client,
    path: &str,
    headers: &[(&str, &str)],
    message: &Value,
) -> Received {
    let url = format!("{}/mcp-tools/{path}", gateway.url);
    client.call(Method::POST, &url, headers, message.to_string()).await
}

fn message(method: &str, params: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rest_api_is_called_as_tools() {
    let (world, gateway, client) = start().await;
    let list = message("tools/list", json!({}));
    assert_eq!(post(&gateway, &client, "shop-tools/mcp", &[], &list).await.status, 401);
    let listed = post(&gateway, &client, "shop-tools/mcp", &[KEY], &list).await;
    let tools = listed.json()["result"]["tools"].clone();
    let names: Vec<&str> =
        tools.as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["find_products", "get_order", "place_order"]);
    assert_eq!(listed.header("x-calls-left"), Some("59"));

    world.play(&[Answer {
        path: "/shop/orders".to_owned(),
        status: Some(201),
        json: Some(json!({"id": "o-1"})),
        ..Answer::default()
    }]);
    let order = json!({"name": "place_order", "arguments": {"body": {"product": "tea", "quantity": 2}}});
    let placed = post(
        &gateway,
        &client,
        "shop-tools/mcp",
        &[KEY, ("Authorization", "Bearer mine")],
        &message("tools/call", order),
    )
    .await;
    assert_eq!(
        placed.json()["result"],
        json!({"content": [{"type": "text", "text": "{\"id\":\"o-1\"}"}], "isError": false})
    );
    let arrived = world.arrived();
    assert_eq!((&*arrived[0].method, &*arrived[0].target), ("POST", "/shop/orders"));
    assert_eq!(arrived[0].headers["authorization"], "Bearer shop-demo-token");
    assert_eq!(arrived[0].headers["x-team"], "Tools: demo");
    assert_eq!(
        serde_json::from_slice::<Value>(&arrived[0].body).unwrap(),
        json!({"product": "tea", "quantity": 2})
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_and_an_agent_are_relayed() {
    let (world, gateway, client) = start().await;
    let answer =
        |path: &str, json: Value| Answer { path: path.to_owned(), json: Some(json), ..Answer::default() };
    let card = json!({"name": "Travel", "url": "http://inner/", "protocolVersion": "0.3.0"});
    world.play(&[
        answer("/docs/mcp", json!({"jsonrpc": "2.0", "id": 1, "result": {}})),
        answer("/agent/.well-known", card),
        answer("/agent", json!({"jsonrpc": "2.0", "id": 1, "result": {"kind": "message"}})),
    ]);
    let refused = post(&gateway, &client, "docs-tools/mcp", &[], &message("ping", json!({}))).await;
    assert_eq!(refused.status, 401);
    let place = "/.well-known/oauth-protected-resource/mcp-tools/docs-tools/mcp";
    let challenges: Vec<&str> =
        refused.headers.get_all("www-authenticate").iter().map(|value| value.to_str().unwrap()).collect();
    assert!(challenges.iter().any(|challenge| challenge.contains(place)), "{challenges:?}");
    let metadata = client.call(Method::GET, &format!("{}{place}", gateway.url), &[], "").await.json();
    assert_eq!(
        metadata["authorization_servers"],
        json!(["https://login.microsoftonline.com/contoso.example/v2.0"])
    );
    let pong = post(&gateway, &client, "docs-tools/mcp", &[KEY], &message("ping", json!({}))).await;
    assert_eq!(pong.json()["result"], json!({}));

    let key = ("api-key", "mcp-tools-demo-key");
    let card_url = format!("{}/mcp-tools/travel-agent/.well-known/agent-card.json", gateway.url);
    let card = client.call(Method::GET, &card_url, &[key], "").await.json();
    assert_eq!(card["url"], format!("{}/mcp-tools/travel-agent", gateway.url));
    assert_eq!(card["security"], json!([{"subscriptionKey": []}]));
    let sent = post(&gateway, &client, "travel-agent", &[key], &message("message/send", json!({}))).await;
    assert_eq!(sent.json()["result"]["kind"], "message");
    let targets: Vec<String> = world.arrived().into_iter().map(|arrived| arrived.target).collect();
    assert_eq!(targets, ["/docs/mcp", "/agent/.well-known/agent-card.json", "/agent"]);
    assert_eq!(world.arrived()[0].headers["authorization"], "Bearer docs-demo-token");
}
