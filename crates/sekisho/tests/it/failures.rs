//! What surrounds a call fails: the call is answered all the same.

use sekisho_simulator::{Config, IdentityConfig, Simulator};
use serde_json::json;

use crate::support::NOBODY;
use crate::support::client::{Answer as Received, CHAT, Client};
use crate::support::gateway::Gateway;
use crate::support::world::{Answer, World};

/// An API for models with these policies and backends, and with more settings.
fn models(world: &World, policies: &str, more: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let configuration = format!(
        "apis:
  models:
    path: models
    serviceUrl: {url}/model
    subscriptionRequired: false
    operations:
      chat: {{method: POST, urlTemplate: '/openai/deployments/{{deployment}}/chat/completions'}}
    policy: |
      <policies>
          {policies}
          <on-error><base /></on-error>
      </policies>
{more}",
        url = world.url()
    );
    std::fs::write(folder.path().join("sekisho.yaml"), configuration).unwrap();
    folder
}

async fn chat(gateway: &Gateway) -> Received {
    Client::new().chat(&format!("{}/models", gateway.url), "none").await
}

fn answer(path: &str, status: u16, text: &str) -> Answer {
    Answer {
        path: path.to_owned(),
        status: Some(status),
        json: Some(json!({"text": text})),
        ..Answer::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cache_down() {
    let world = World::start().await;
    let policies = "<inbound><base /><llm-semantic-cache-lookup score-threshold=\"0.05\" embeddings-backend-id=\"embeddings\" \
                    embeddings-backend-auth=\"system-assigned\" /></inbound><backend><base /></backend>\
                    <outbound><base /><llm-semantic-cache-store duration=\"60\" /></outbound>";
    let more = format!(
        "backends:
  embeddings: {{url: 'http://{NOBODY}', protocol: http}}
identity: {{kind: static, token: the-token}}
state: {{redis: {{url: 'redis://{NOBODY}'}}}}
"
    );
    let folder = models(&world, policies, &more);
    let gateway = Gateway::start(&folder.path().join("sekisho.yaml"), &[]).await;
    world.play(&[answer("/model", 200, "from the model")]);
    for number in 1..=3 {
        let answer = chat(&gateway).await;
        assert_eq!((answer.status, answer.json()), (200, json!({"text": "from the model"})));
        assert_eq!(world.arrived().len(), number, "answered by the model every time");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retry_over_pool() {
    let world = World::start().await;
    let policies = "<inbound><base /><set-backend-service backend-id=\"both\" /></inbound>\
                    <backend><retry condition=\"@(context.Response.StatusCode == 429)\" count=\"1\" interval=\"0\">\
                    <forward-request buffer-request-body=\"true\" /></retry></backend><outbound><base /></outbound>";
    let more = format!(
        "backends:
  a: {{url: '{url}/a', protocol: http}}
  b: {{url: '{url}/b', protocol: http}}
  both: {{type: Pool, pool: {{services: [{{id: /backends/a}}, {{id: /backends/b}}]}}}}
",
        url = world.url()
    );
    let folder = models(&world, policies, &more);
    let gateway = Gateway::start(&folder.path().join("sekisho.yaml"), &[]).await;
    world.play(&[answer("/a", 429, "busy"), answer("/b", 200, "from b")]);
    // Whichever member is first: the other one comes next, so `a` is met within two calls.
    for _ in 0..2 {
        let answer = chat(&gateway).await;
        assert_eq!((answer.status, answer.json()), (200, json!({"text": "from b"})));
    }
    let arrived = world.arrived();
    let met: Vec<&str> = arrived.iter().filter_map(|arrived| arrived.target.get(..2)).collect();
    assert!(met.windows(2).any(|pair| pair == ["/a", "/b"]), "{met:?}");
    assert!(arrived.iter().all(|arrived| arrived.method == "POST" && arrived.body == CHAT));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn managed_identity() {
    let identity = IdentityConfig { user_assigned: vec!["right".to_owned()], ..IdentityConfig::default() };
    let simulator = Simulator::start(Config { identity, ..Config::default() }).await.unwrap();
    let host = simulator.url().trim_end_matches('/').to_owned();
    let environment = [("AZURE_POD_IDENTITY_AUTHORITY_HOST".to_owned(), host)];
    let world = World::start().await;
    for (attributes, status, calls, with_token) in [
        (r#"client-id="right""#, 200, 100, 100),
        (r#"client-id="wrong""#, 500, 0, 0),
        (r#"client-id="wrong" ignore-error="true""#, 200, 100, 0),
    ] {
        let policies = format!(
            "<inbound><base /><authentication-managed-identity resource=\"https://cognitiveservices.azure.com\" \
             {attributes} /></inbound><backend><base /></backend><outbound><base /></outbound>"
        );
        let folder = models(&world, &policies, "");
        let gateway = Gateway::start(&folder.path().join("sekisho.yaml"), &environment).await;
        world.play(&[answer("/model", 200, "from the model")]);
        for _ in 0..100 {
            assert_eq!(chat(&gateway).await.status, status, "{attributes}");
        }
        let arrived = world.arrived();
        let tokens = arrived.iter().filter(|arrived| arrived.headers.contains_key("authorization")).count();
        assert_eq!((arrived.len(), tokens), (calls, with_token), "{attributes}");
    }
    let asked = simulator.stats().identity;
    let for_right: u64 = asked.iter().filter(|(who, _)| who.contains("right")).map(|(_, count)| count).sum();
    assert_eq!(for_right, 1, "one token for a hundred calls: {asked:?}");
}
