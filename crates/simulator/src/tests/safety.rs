use serde_json::json;

use super::*;
use crate::Fault;

const ANALYZE: &str = "/contentsafety/text:analyze?api-version=2024-09-01";

async fn bench() -> Bench {
    Bench::with(DeploymentConfig::new("gpt-4o")).await
}

#[tokio::test]
async fn content_safety_judges_by_marks() {
    let bench = bench().await;
    let key = [("ocp-apim-subscription-key", "east-key")];
    let analyze = bench.url("/contentsafety/text:analyze?api-version=2024-09-01");
    let body = r#"{"text":"a [sim:hate=5] [sim:blocklist=b1]","categories":["Hate","Violence"],"blocklistNames":["b1","b2"]}"#;
    let verdict = bench.send("POST", &analyze, &key, body).await.json();
    let expected = json!([{"category":"Hate","severity":4},{"category":"Violence","severity":0}]);
    assert_eq!(verdict["categoriesAnalysis"], expected);
    assert_eq!(verdict["blocklistsMatch"].as_array().unwrap().len(), 1);
    let eight = r#"{"text":"[sim:hate=5]","outputType":"EightSeverityLevels"}"#;
    let verdict = bench.send("POST", &analyze, &key, eight).await.json();
    assert_eq!(verdict["categoriesAnalysis"][0]["severity"], 5);
    let long = json!({"text": "x".repeat(10_001)}).to_string();
    assert_eq!(bench.send("POST", &analyze, &key, &long).await.status, 400);
    assert_eq!(bench.send("POST", &analyze, &[], body).await.status, 401);

    let shield = bench.url("/contentsafety/text:shieldPrompt?api-version=2024-09-01");
    let body = r#"{"userPrompt":"hi","documents":["[sim:attack]"]}"#;
    let verdict = bench.send("POST", &shield, &key, body).await.json();
    let expected =
        json!({"userPromptAnalysis":{"attackDetected":false},"documentsAnalysis":[{"attackDetected":true}]});
    assert_eq!(verdict, expected);
}

#[tokio::test]
async fn windows_of_a_long_reply_are_seen_with_their_places() {
    let bench = bench().await;
    let body = r#"{"messages":[{"role":"user","content":"[sim:characters=25000]"}]}"#;
    let reply = bench.post(CHAT, body).await.json();
    let text = reply["choices"][0]["message"]["content"].as_str().unwrap();
    assert_eq!(text.len(), 25_000);
    for (begin, end) in [(0, 10_000), (9_800, 19_800), (19_600, 25_000)] {
        assert_eq!(bench.post(ANALYZE, &json!({"text": text[begin..end]}).to_string()).await.status, 200);
    }
    let stats = bench.running.stats().resources["east"].clone();
    let places = stats.checks.iter().map(|check| (text.find(&check.begins).unwrap(), check.characters));
    assert_eq!(places.collect::<Vec<_>>(), [(0, 10_000), (9_800, 10_000), (19_600, 5_400)]);
    assert!(stats.checks.iter().all(|check| check.kind == "analyze"));
    assert_eq!(stats.deployments["contentsafety"].requests, 3);
}

#[tokio::test]
async fn services_are_no_deployments() {
    let faults = vec![Fault { status: Some(500), ..Fault::default() }];
    let bench = Bench::with(DeploymentConfig { faults, ..DeploymentConfig::new("*") }).await;
    assert_eq!(bench.post(CHAT, HELLO).await.status, 500);
    assert_eq!(bench.post(ANALYZE, r#"{"text":"x"}"#).await.status, 200);
}

#[tokio::test]
async fn service_fails_and_hangs_apart_from_models() {
    let bench = bench().await;
    let fault = |fault| Fault { deployment: Some("contentsafety".into()), ..fault };
    for status in [401, 500] {
        bench.running.set_faults("east", vec![fault(Fault { status: Some(status), ..Fault::default() })]);
        let refused = bench.post(ANALYZE, r#"{"text":"x"}"#).await;
        assert_eq!(refused.status.as_u16(), status);
        assert!(refused.json()["error"]["code"].is_string());
        assert_eq!(bench.post(CHAT, HELLO).await.status, 200);
    }
    bench.running.set_faults("east", vec![fault(Fault { hang: true, ..Fault::default() })]);
    let url = bench.url(ANALYZE);
    let hangs = bench.post(ANALYZE, r#"{"text":"x"}"#);
    let wait = tokio::time::timeout(std::time::Duration::from_millis(50), hangs).await;
    assert!(wait.is_err(), "{url} answered");
    assert!(bench.running.stats().resources["east"].checks.is_empty());
}
