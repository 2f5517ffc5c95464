use serde_json::json;
use time::Duration;

use super::*;
use crate::config::Application;
use crate::{Fault, IdentityConfig};

const COGNITIVE: &str = "https://cognitiveservices.azure.com";

fn imds(resource: &str) -> String {
    format!("/metadata/identity/oauth2/token?api-version=2018-02-01&resource={resource}")
}

async fn bench(identity: IdentityConfig) -> Bench {
    let resources = vec![ResourceConfig::new("east", vec![DeploymentConfig::new("*")])];
    Bench::new(Config { resources, identity, ..Config::default() }).await
}

impl Bench {
    async fn main(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        self.get(&format!("{}{path}", self.running.url()), headers).await
    }

    async fn chat_with(&self, token: &str) -> u16 {
        let authorization = format!("Bearer {token}");
        let headers = [("authorization", authorization.as_str())];
        self.send("POST", &self.url(CHAT), &headers, HELLO).await.status.as_u16()
    }
}

#[tokio::test]
async fn imds_token_opens_the_resource_until_it_expires() {
    let bench = bench(IdentityConfig { token_lifetime_seconds: 60, ..IdentityConfig::default() }).await;
    let reply = bench.main(&imds(COGNITIVE), &[("metadata", "true")]).await.json();
    assert_eq!((&reply["token_type"], &reply["expires_in"]), (&json!("Bearer"), &json!("60")));
    assert_eq!(reply["resource"], COGNITIVE);
    let token = reply["access_token"].as_str().unwrap();
    assert_eq!(token.split('.').count(), 3);
    assert_eq!(bench.chat_with(token).await, 200);
    bench.clock.advance(Duration::seconds(60));
    assert_eq!(bench.chat_with(token).await, 401);

    let other = bench.main(&imds("https://vault.azure.net"), &[("metadata", "true")]).await.json();
    assert_eq!(bench.chat_with(other["access_token"].as_str().unwrap()).await, 401);
    let calls = bench.running.stats().identity;
    assert_eq!(calls[&format!("imds/system/{COGNITIVE}")], 1);
}

#[tokio::test]
async fn imds_refuses_what_azure_refuses() {
    let identity = IdentityConfig {
        system_assigned: false,
        user_assigned: vec!["c1".into()],
        ..IdentityConfig::default()
    };
    let bench = bench(identity).await;
    let metadata = [("metadata", "true")];
    assert_eq!(bench.main(&imds(COGNITIVE), &[]).await.status, 400);
    assert_eq!(
        bench.main("/metadata/identity/oauth2/token?api-version=2018-02-01", &metadata).await.status,
        400
    );
    assert_eq!(
        bench.main(&imds(COGNITIVE), &metadata).await.json()["error_description"],
        "Identity not found"
    );
    assert_eq!(bench.main(&format!("{}&client_id=c1", imds(COGNITIVE)), &metadata).await.status, 200);
    assert_eq!(bench.main(&format!("{}&client_id=c2", imds(COGNITIVE)), &metadata).await.status, 400);
    bench.running.set_identity_faults(vec![Fault { status: Some(429), count: Some(1), ..Fault::default() }]);
    assert_eq!(bench.main(&format!("{}&client_id=c1", imds(COGNITIVE)), &metadata).await.status, 429);
}

#[tokio::test]
async fn app_service_wants_its_header() {
    let bench = bench(IdentityConfig::default()).await;
    let path = format!("/msi/token?api-version=2019-08-01&resource={COGNITIVE}");
    assert_eq!(bench.main(&path, &[]).await.status, 401);
    let headers = [("x-identity-header", "simulated-identity-header")];
    let reply = bench.main(&path, &headers).await.json();
    assert_eq!(bench.chat_with(reply["access_token"].as_str().unwrap()).await, 200);
    assert!(reply["expires_on"].is_string());
}

#[tokio::test]
async fn entra_client_credentials() {
    let applications = vec![Application { client_id: "app".into(), client_secret: Some("s3".into()) }];
    let bench = bench(IdentityConfig { applications, ..IdentityConfig::default() }).await;
    let metadata = bench.main("/t1/v2.0/.well-known/openid-configuration", &[]).await.json();
    let endpoint = metadata["token_endpoint"].as_str().unwrap().to_owned();
    assert_eq!(endpoint, format!("{}/t1/oauth2/v2.0/token", bench.running.url()));

    let form = "grant_type=client_credentials&client_id=app&scope=https%3A%2F%2Fcognitiveservices.azure.com%2F.default";
    let reply = bench.send("POST", &endpoint, &[], &format!("{form}&client_secret=s3")).await.json();
    assert_eq!(reply["expires_in"], 3600);
    assert_eq!(bench.chat_with(reply["access_token"].as_str().unwrap()).await, 200);
    let wrong = bench.send("POST", &endpoint, &[], &format!("{form}&client_secret=no")).await;
    assert_eq!((wrong.status.as_u16(), &wrong.json()["error"]), (401, &json!("invalid_client")));
    let assertion = "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer\
                     &client_assertion=x.y.z";
    assert_eq!(bench.send("POST", &endpoint, &[], &format!("{form}&{assertion}")).await.status, 200);
}
