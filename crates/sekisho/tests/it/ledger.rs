//! The account of tokens adds up: what the gateway counts for each subscription is what the backend says it used, and the same
//! on `/metrics`, over OpenTelemetry, in the logs and to those who watch the ledger.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use http_body_util::BodyExt;
use sekisho_simulator::config::TokenCounting;
use sekisho_simulator::{Config, DeploymentConfig, ResourceConfig, Running, Simulator};
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::support::client::Client;
use crate::support::collector::Collector;
use crate::support::gateway::Gateway;
use crate::support::{eventually, service};

const CALLS: usize = 5_000;
const AT_ONCE: usize = 16;
const TEAMS: [&str; 3] = ["team-a", "team-b", "team-c"];

const SERVICE: &str = r#"
logs: {}
openTelemetry: { endpoint: "${OTLP}", traces: false, logs: false, interval: 1s }
apis:
  models:
    path: models
    serviceUrl: ${MODELS}
    subscriptionRequired: true
    subscriptionKeyParameterNames: { header: api-key, query: api-key }
    operations:
      chat: { displayName: Chat, method: POST, urlTemplate: "/openai/deployments/{deployment}/chat/completions" }
    policy: |
      <policies>
          <inbound>
              <base />
              <llm-content-safety backend-id="safety">
                  <categories output-type="EightSeverityLevels">
                      <category name="Hate" threshold="4" />
                  </categories>
              </llm-content-safety>
              <llm-semantic-cache-lookup score-threshold="0.0001" embeddings-backend-id="embeddings" embeddings-backend-auth="system-assigned">
                  <vary-by>@(context.Subscription.Id)</vary-by>
              </llm-semantic-cache-lookup>
              <llm-token-limit counter-key="@(context.Subscription.Id)" tokens-per-minute="100000000" estimate-prompt-tokens="true" />
              <llm-emit-token-metric namespace="ledger">
                  <dimension name="Subscription ID" />
              </llm-emit-token-metric>
              <authentication-managed-identity resource="https://cognitiveservices.azure.com" />
              <set-header name="x-sim-caller" exists-action="override">
                  <value>@(context.Subscription.Id)</value>
              </set-header>
          </inbound>
          <backend>
              <retry condition="@(context.Response.StatusCode == 429)" count="2" interval="0">
                  <forward-request buffer-request-body="true" />
              </retry>
          </backend>
          <outbound>
              <base />
              <llm-semantic-cache-store duration="600" />
          </outbound>
          <on-error><base /></on-error>
      </policies>
backends:
  safety: { url: "${SAFETY}", protocol: http }
  embeddings: { url: "${EMBEDDINGS}", protocol: http }
subscriptions:
  team-a: { displayName: A, scope: /apis/models, primaryKey: team-a-key }
  team-b: { displayName: B, scope: /apis/models, primaryKey: team-b-key }
  team-c: { displayName: C, scope: /apis/models, primaryKey: team-c-key }
"#;

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Reported,
    Silent,
    SilentStream,
    ReportingStream,
    CutStream,
    TriedAgain,
    Abandoned,
    Cached,
    Blocked,
}

const FATES: [Fate; 10] = [
    Fate::Reported,
    Fate::Silent,
    Fate::SilentStream,
    Fate::ReportingStream,
    Fate::CutStream,
    Fate::TriedAgain,
    Fate::Abandoned,
    Fate::Cached,
    Fate::Blocked,
    Fate::CutStream,
];

impl Fate {
    /// Marks that the simulator obeys.
    fn marks(self, number: usize) -> String {
        match self {
            Fate::Silent | Fate::SilentStream => "[sim:fault=no-usage]".to_owned(),
            Fate::CutStream => format!("[sim:fault=cut-at-random={number}]"),
            Fate::TriedAgain => format!("[sim:fault=status=429; retry-after=0; once=call-{number}]"),
            Fate::Abandoned => "[sim:fault=chunk-delay-ms=20]".to_owned(),
            Fate::Blocked => "[sim:hate=6]".to_owned(),
            Fate::Reported | Fate::ReportingStream | Fate::Cached => String::new(),
        }
    }

    fn request(self, number: usize) -> String {
        let topic = match self {
            // The same for all of a team: the first is stored, the others are answered from there.
            Fate::Cached => "the customs of mountain passes".to_owned(),
            _ => format!(
                "checkpoint {number}: who passed, what was carried, and why nobody was turned back {}",
                number * 7919
            ),
        };
        let is_stream =
            matches!(self, Fate::SilentStream | Fate::ReportingStream | Fate::CutStream | Fate::Abandoned);
        let mut body = json!({
            "model": "gpt-4o", "stream": is_stream,
            "messages": [
                {"role": "system", "content": "You tell of old roads, in few words."},
                {"role": "user", "content": format!("{topic} {}", self.marks(number))},
            ],
        });
        if self == Fate::ReportingStream {
            body["stream_options"] = json!({"include_usage": true});
        }
        body.to_string()
    }
}

async fn simulator() -> Running {
    let chat = DeploymentConfig { tokens: TokenCounting::Bpe, ..DeploymentConfig::new("gpt-4o") };
    let models = ResourceConfig::new("models", vec![chat]);
    let other = ResourceConfig::new("other", vec![DeploymentConfig::new("text-embedding-3-small")]);
    let resources = [models, other].map(|resource| ResourceConfig { accept_any_token: true, ..resource });
    Simulator::start(Config { resources: resources.to_vec(), ..Config::default() }).await.unwrap()
}

async fn gateway(simulator: &Running, collector: &Collector) -> (TempDir, Gateway) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sekisho.yaml");
    std::fs::write(&file, SERVICE).unwrap();
    let url = |name: &str| simulator.resource_url(name).unwrap().trim_end_matches('/').to_owned();
    let mut environment = service::environment(simulator, &[]);
    environment.extend([
        ("OTLP".to_owned(), collector.url.clone()),
        ("MODELS".to_owned(), url("models")),
        ("SAFETY".to_owned(), url("other")),
        (
            "EMBEDDINGS".to_owned(),
            format!("{}/openai/deployments/text-embedding-3-small/embeddings", url("other")),
        ),
    ]);
    let gateway = Gateway::start(&file, &environment).await;
    (folder, gateway)
}

/// One call, to its end or as far as its client stays; the status.
async fn call(client: &Client, gateway: &str, number: usize) -> (Fate, u16) {
    let fate = FATES[number % FATES.len()];
    let team = TEAMS[(number / FATES.len()) % TEAMS.len()];
    let url = format!("{gateway}/models/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21");
    let key = format!("{team}-key");
    let headers = [("api-key", key.as_str()), ("content-type", "application/json")];
    let answer = client.open(Method::POST, &url, &headers, fate.request(number)).await.unwrap();
    let status = answer.status().as_u16();
    let mut body = answer.into_body();
    let frames = if fate == Fate::Abandoned { 3 } else { usize::MAX };
    for _ in 0..frames {
        // A cut stream ends with an error; that is what it is for.
        let Some(Ok(_)) = body.frame().await else { break };
    }
    (fate, status)
}

/// Sums of `sekisho_tokens_total`, by subscription, whether the backend reported them, and kind.
async fn counted(gateway: &Gateway) -> BTreeMap<(String, bool, String), u64> {
    let metrics = Client::new().get(&format!("{}/metrics", gateway.management)).await;
    let mut sums = BTreeMap::new();
    for line in metrics.text().lines().filter(|line| line.starts_with("sekisho_tokens_total{")) {
        let label = |name: &str| {
            let (_, rest) = line.split_once(&format!("{name}=\"")).unwrap();
            rest.split_once('"').unwrap().0.to_owned()
        };
        let value: f64 = line.rsplit_once(' ').unwrap().1.parse().unwrap();
        let key = (label("subscription"), label("provenance") == "reported", label("kind"));
        *sums.entry(key).or_default() += value as u64;
    }
    sums
}

/// Tokens by subscription and kind.
type Sums = BTreeMap<(String, &'static str), u64>;

const KINDS: [&str; 2] = ["prompt", "completion"];

/// What the ledger told the policy that watches it.
async fn watched(gateway: &Gateway) -> Sums {
    let metrics = Client::new().get(&format!("{}/metrics", gateway.management)).await;
    let names =
        ["Prompt_Tokens", "Completion_Tokens"].map(|name| format!("sekisho_custom_ledger_{name}_sum{{"));
    let mut sums = Sums::new();
    for line in metrics.text().lines() {
        let Some(place) = names.iter().position(|name| line.starts_with(name)) else { continue };
        let (_, rest) = line.split_once("Subscription_ID=\"").unwrap();
        let value: f64 = line.rsplit_once(' ').unwrap().1.parse().unwrap();
        *sums.entry((rest.split_once('"').unwrap().0.to_owned(), KINDS[place])).or_default() += value as u64;
    }
    sums
}

/// What the logs hold, by a query over HTTP.
async fn logged(gateway: &Gateway) -> Sums {
    let token = std::fs::read_to_string(gateway.data.join("management-token")).unwrap();
    let query = "calls | where isnotempty(subscription_id) \
                 | summarize sum(prompt_tokens), sum(completion_tokens) by subscription_id";
    let url = format!("{}/v1/workspaces/any/query", gateway.management);
    let authorization = format!("Bearer {}", token.trim());
    let headers = [("content-type", "application/json"), ("authorization", authorization.as_str())];
    let body = json!({ "query": query }).to_string();
    let answer = Client::new().call(Method::POST, &url, &headers, body).await;
    let mut sums = Sums::new();
    for row in answer.json()["tables"][0]["rows"].as_array().unwrap() {
        for (place, kind) in KINDS.iter().enumerate() {
            sums.insert((row[0].as_str().unwrap().to_owned(), kind), row[place + 1].as_u64().unwrap());
        }
    }
    sums
}

/// What went out over OpenTelemetry.
fn exported(collector: &Collector) -> Sums {
    let mut sums = Sums::new();
    for point in collector.sum("sekisho_tokens") {
        if let Some(kind) = KINDS.iter().find(|kind| **kind == point.attribute("kind")) {
            *sums.entry((point.attribute("subscription").to_owned(), kind)).or_default() +=
                point.value as u64;
        }
    }
    sums
}

/// `/metrics`, OpenTelemetry, the logs and the watcher of the ledger agree to the token.
async fn everybody_has_the_same_sums(
    gateway: &Gateway,
    collector: &Collector,
    counted: &BTreeMap<(String, bool, String), u64>,
) {
    let mut sums = Sums::new();
    for ((team, _, kind), value) in counted {
        if let Some(kind) = KINDS.iter().find(|known| **known == kind.as_str()) {
            *sums.entry((team.clone(), kind)).or_default() += value;
        }
    }
    assert_eq!(sums.len(), TEAMS.len() * KINDS.len());
    assert_eq!(watched(gateway).await, sums, "the ledger");
    let patience = Duration::from_secs(20);
    eventually("the logs have the same sums", patience, || async { logged(gateway).await == sums }).await;
    eventually("OpenTelemetry has the same sums", patience, || async { exported(collector) == sums }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ledger_adds_up() {
    let simulator = simulator().await;
    let collector = Collector::start().await;
    let (_folder, gateway) = gateway(&simulator, &collector).await;
    let client = Client::new();
    // The answers that are found in the cache, once for each team.
    for team in 0..TEAMS.len() {
        let number = team * FATES.len() + 7;
        assert_eq!(call(&client, &gateway.url, number).await, (Fate::Cached, 200));
    }
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut calls = JoinSet::new();
    for number in 0..CALLS {
        let place = Arc::clone(&places).acquire_owned().await.unwrap();
        let (client, url) = (client.clone(), gateway.url.clone());
        calls.spawn(async move {
            let outcome = call(&client, &url, number).await;
            drop(place);
            outcome
        });
    }
    let mut outcomes = BTreeMap::<String, u64>::new();
    while let Some(outcome) = calls.join_next().await {
        let (fate, status) = outcome.unwrap();
        assert_eq!(status, if fate == Fate::Blocked { 403 } else { 200 }, "{fate:?}");
        *outcomes.entry(format!("{fate:?}")).or_default() += 1;
    }
    // Calls whose client went away end a moment later.
    eventually("all streams of the backend have ended", Duration::from_secs(20), || async {
        simulator.stats().resources["models"].counts.open_streams == 0
    })
    .await;
    eventually("all calls are on record", Duration::from_secs(20), || async {
        let metrics = Client::new().get(&format!("{}/metrics", gateway.management)).await;
        metrics.text().lines().any(|line| line == "sekisho_requests_in_flight 0")
    })
    .await;

    let ours = counted(&gateway).await;
    everybody_has_the_same_sums(&gateway, &collector, &ours).await;
    let theirs = simulator.stats().resources["models"].clone();
    println!("{outcomes:?}");
    for team in TEAMS {
        let caller = &theirs.callers[team];
        let of = |reported: bool, kind: &str| {
            ours.get(&(team.to_owned(), reported, kind.to_owned())).copied().unwrap_or(0)
        };
        let told = (caller.reported_prompt_tokens, caller.reported_completion_tokens);
        assert_eq!((of(true, "prompt"), of(true, "completion")), told, "{team}: what the backend reported");
        let silent =
            [("prompt", caller.prompt_tokens - told.0), ("completion", caller.completion_tokens - told.1)];
        for (kind, used) in silent {
            let estimate = of(false, kind);
            let error = (estimate as f64 - used as f64).abs() / used as f64;
            println!(
                "{team}: {kind}: reported {told:?}; not reported {used}, estimated {estimate}: {:.2} %",
                error * 100.0
            );
            assert!(used > 0 && error <= 0.03, "{team}: {kind}: {used} used, {estimate} estimated");
        }
    }
}
