use serde_json::json;

use super::*;
use crate::StartError;

#[tokio::test]
async fn resource_is_reached_by_port_and_by_prefix_and_seen() {
    let bench = Bench::with(DeploymentConfig::new("*")).await;
    let by_prefix = format!("{}/east{CHAT}", bench.running.url());
    assert_eq!(bench.send("POST", &by_prefix, &[("api-key", "east-key")], HELLO).await.status, 200);
    assert_eq!(bench.post(CHAT, HELLO).await.status, 200);
    let stats = bench.get(&bench.url("/__sim/stats"), &[]).await.json();
    let east = &stats["resources"]["east"];
    assert_eq!((&east["requests"], &east["byStatus"]["200"]), (&json!(2), &json!(2)));
    assert_eq!(east["deployments"]["gpt-4o"]["requests"], 2);
    assert_eq!(east["last"]["headers"]["api-key"], "east-key");
    assert_eq!((east["last"]["path"].as_str(), east["last"]["body"].as_str()), (Some(CHAT), Some(HELLO)));
    assert_eq!(east["recent"].as_array().unwrap().len(), 2);
    assert_eq!((&east["openConnections"], &east["connections"]), (&json!(1), &json!(1)));
    let all = bench.get(&format!("{}/__sim/stats", bench.running.url()), &[]).await;
    assert_eq!(serde_json::from_slice::<crate::Stats>(&all.body).unwrap(), bench.running.stats());
}

#[tokio::test]
async fn http2_with_prior_knowledge() {
    let bench = Bench::with(DeploymentConfig::new("gpt-4o")).await;
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).http2_only(true).build_http();
    let request =
        Request::post(bench.url(CHAT)).header("api-key", "east-key").body(Full::from(HELLO)).unwrap();
    let reply = client.request(request).await.unwrap();
    assert_eq!((reply.version(), reply.status().as_u16()), (http::Version::HTTP_2, 200));
}

#[tokio::test]
async fn bare_resource_answers_from_prebuilt_bytes() {
    let config = Config { resources: vec![ResourceConfig::bare("east")], ..Config::default() };
    let bench = Bench::new(config).await;
    let plain = bench.send("POST", &bench.url(CHAT), &[], HELLO).await;
    assert!((900..1200).contains(&plain.body.len()), "{}", plain.body.len());
    assert_eq!(plain.json()["usage"]["total_tokens"], 170);
    let stream = bench.send("POST", &bench.url(CHAT), &[], r#"{"stream": true}"#).await;
    let events = events(&stream.body);
    assert_eq!((events.len(), events.last().unwrap().1.as_str()), (52, "[DONE]"));
    let read = |(_, data): &(String, String)| serde_json::from_str::<serde_json::Value>(data).unwrap();
    let times: Vec<u64> = events[..50].iter().map(|event| read(event)["sim_t"].as_u64().unwrap()).collect();
    assert!(times.is_sorted() && times[49] <= crate::stamp::now_nanos(), "{times:?}");
    assert_eq!(read(&events[50])["usage"]["completion_tokens"], 50);
    let large = bench.send("GET", &bench.url("/bare/100k"), &[], "").await;
    assert_eq!(large.body.len(), 100_000);
    assert_eq!(bench.running.stats().resources["east"].counts.requests, 0);
}

#[tokio::test]
async fn shutdown_frees_the_ports() {
    let bench = Bench::with(DeploymentConfig::new("gpt-4o")).await;
    assert_eq!(bench.post(CHAT, HELLO).await.status, 200);
    let address = bench.running.addresses().main;
    let taken = Simulator::start(Config { port: address.port(), ..Config::default() }).await;
    assert!(matches!(taken, Err(StartError::Listen { .. })));
    bench.running.shutdown().await;
    let again = Simulator::start(Config { port: address.port(), ..Config::default() }).await.unwrap();
    assert_eq!(again.addresses().main, address);
    again.shutdown().await;
}
