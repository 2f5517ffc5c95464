use time::Duration;

use super::*;
use crate::DeploymentKind;

#[tokio::test]
async fn tokens_per_minute_refuse_until_the_minute_ends() {
    let deployment = DeploymentConfig {
        tokens_per_minute: Some(50),
        completion_tokens: Some(20),
        ..DeploymentConfig::new("gpt-4o")
    };
    let bench = Bench::with(deployment).await;
    let first = bench.post(CHAT, HELLO).await;
    assert_eq!(first.status, 200);
    assert_eq!(first.header("x-ratelimit-limit-tokens"), "50");
    assert_eq!(first.header("x-ratelimit-remaining-tokens"), "21");

    let refused = bench.post(CHAT, HELLO).await;
    assert_eq!(refused.status, 429);
    assert_eq!((refused.header("retry-after"), refused.header("retry-after-ms")), ("12", "12000"));
    let error = &refused.json()["error"];
    assert_eq!(error["code"], "429");
    assert!(error["message"].as_str().unwrap().contains("retry after 12 seconds"), "{error}");

    bench.clock.advance(Duration::seconds(12));
    assert_eq!(bench.post(CHAT, HELLO).await.status, 200);
    let stats = &bench.running.stats().resources["east"];
    assert_eq!(stats.counts.by_status, [(200, 2), (429, 1)].into());
    assert_eq!(stats.deployments["gpt-4o"].completion_tokens, 40);
}

#[tokio::test]
async fn requests_per_minute_refuse() {
    let deployment = DeploymentConfig { requests_per_minute: Some(1), ..DeploymentConfig::new("gpt-4o") };
    let bench = Bench::with(deployment).await;
    assert_eq!(bench.post(CHAT, HELLO).await.header("x-ratelimit-remaining-requests"), "0");
    assert_eq!(bench.post(CHAT, HELLO).await.status, 429);
    bench.running.reset();
    assert_eq!(bench.post(CHAT, HELLO).await.status, 200);
}

#[tokio::test]
async fn provisioned_deployment_refuses_above_full_utilization() {
    let deployment = DeploymentConfig {
        kind: DeploymentKind::Ptu,
        tokens_per_minute: Some(60),
        completion_tokens: Some(81),
        ..DeploymentConfig::new("gpt-4o")
    };
    let bench = Bench::with(deployment).await;
    let first = bench.post(CHAT, HELLO).await;
    assert_eq!(first.header("azure-openai-deployment-utilization"), "150.0%");
    let refused = bench.post(CHAT, HELLO).await;
    assert_eq!((refused.status.as_u16(), refused.header("retry-after-ms")), (429, "30000"));
    bench.clock.advance(Duration::seconds(30));
    assert_eq!(bench.post(CHAT, HELLO).await.status, 200);
}
