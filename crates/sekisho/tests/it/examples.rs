//! The examples: how calls spread, fail over and come back.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use sekisho_simulator::{Fault, Running};

use crate::support::client::Client;
use crate::support::gateway::Gateway;
use crate::support::{eventually, service};

fn requests(simulator: &Running) -> BTreeMap<String, u64> {
    simulator.stats().resources.iter().map(|(name, stats)| (name.clone(), stats.counts.requests)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn multi_region_spreads_evenly_over_four_regions() {
    let accounts = ["eastus2", "swedencentral", "japaneast", "australiaeast"];
    let simulator = service::simulator(&accounts).await;
    let variables: Vec<(String, &str)> = accounts
        .iter()
        .enumerate()
        .map(|(number, account)| (format!("MULTI_REGION_URL_{number}"), *account))
        .collect();
    let variables: Vec<(&str, &str)> =
        variables.iter().map(|(name, account)| (name.as_str(), *account)).collect();
    let gateway =
        Gateway::start(&service::example("multi-region"), &service::environment(&simulator, &variables))
            .await;
    let client = Client::new();
    let endpoint = format!("{}/multi-region", gateway.url);
    // The clock's ticks spread like dice: of 1,000 calls one run in forty would miss ± 15 % by chance, of 4,000 none.
    for _ in 0..4000 {
        let answer = client.chat(&endpoint, "multi-region-demo-key").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    let spread = requests(&simulator);
    for account in accounts {
        let count = spread[account];
        assert!((850..=1150).contains(&count), "1000 ± 15 % each, not {spread:?}");
    }
    println!("{spread:?}");
    let last = simulator.stats().resources["eastus2"].counts.last.clone().unwrap();
    assert!(
        last.headers.iter().all(|(name, _)| name != "api-key"),
        "the subscription key reached the backend"
    );
    assert!(last.headers.iter().any(|(name, value)| name == "authorization" && value.starts_with("Bearer ")));
}

async fn ptu_first() -> (Running, Gateway, Client, String) {
    let simulator = service::simulator(&["ptu", "sweden", "france"]).await;
    let variables = [
        ("PTU_FIRST_URL_PROVISIONED", "ptu"),
        ("PTU_FIRST_URL_SWEDEN", "sweden"),
        ("PTU_FIRST_URL_FRANCE", "france"),
    ];
    let gateway =
        Gateway::start(&service::example("ptu-first"), &service::environment(&simulator, &variables)).await;
    let endpoint = format!("{}/ptu-first", gateway.url);
    (simulator, gateway, Client::new(), endpoint)
}

fn throttled(seconds: u64) -> Fault {
    format!("status=429; retry-after={seconds}").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ptu_first_leaves_the_throttled_ptu_and_returns_to_it() {
    let (simulator, _gateway, client, endpoint) = ptu_first().await;
    for _ in 0..20 {
        assert_eq!(
            client.chat(&endpoint, "ptu-first-demo-key").await.header("x-backend-id"),
            Some("ptu-first-provisioned")
        );
    }
    assert_eq!(requests(&simulator)["ptu"], 20);

    assert!(simulator.set_faults("ptu", vec![throttled(4)]));
    let tripped = Instant::now();
    simulator.reset();
    assert!(simulator.set_faults("ptu", vec![throttled(4)]));
    for _ in 0..40 {
        let answer = client.chat(&endpoint, "ptu-first-demo-key").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    assert!(tripped.elapsed() < Duration::from_secs(4), "too slow to judge what happened before Retry-After");
    let spread = requests(&simulator);
    assert_eq!(spread["ptu"], 1, "one call met the throttled PTU, the rest did not: {spread:?}");
    assert_eq!((spread["sweden"], spread["france"]), (30, 10), "weights 3 to 1");

    assert!(simulator.set_faults("ptu", vec![]));
    eventually("back to the PTU", Duration::from_secs(10), || async {
        client.chat(&endpoint, "ptu-first-demo-key").await.header("x-backend-id")
            == Some("ptu-first-provisioned")
    })
    .await;
    assert!(tripped.elapsed() >= Duration::from_secs(4), "not before its Retry-After");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_while_every_member_is_open_is_503_with_retry_after() {
    let (simulator, _gateway, client, endpoint) = ptu_first().await;
    for account in ["ptu", "sweden", "france"] {
        assert!(simulator.set_faults(account, vec![throttled(30)]));
    }
    let first = client.chat(&endpoint, "ptu-first-demo-key").await;
    assert_eq!(first.status, 429, "the last member's own answer comes through");
    let second = client.chat(&endpoint, "ptu-first-demo-key").await;
    assert_eq!(
        (second.status, second.text()),
        (503, r#"{"statusCode":503,"message":"Service Unavailable"}"#)
    );
    let seconds: u64 = second.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=30).contains(&seconds), "{seconds}");
    assert_eq!(requests(&simulator).values().sum::<u64>(), 3, "the second call reached no backend");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_backends_uses_every_account_with_the_configured_identity() {
    let simulator = service::simulator(&["a", "b", "c"]).await;
    let variables =
        [("RANDOM_BACKENDS_URL_A", "a"), ("RANDOM_BACKENDS_URL_B", "b"), ("RANDOM_BACKENDS_URL_C", "c")];
    let gateway =
        Gateway::start(&service::example("random-backends"), &service::environment(&simulator, &variables))
            .await;
    let client = Client::new();
    for _ in 0..300 {
        let answer =
            client.chat(&format!("{}/random-backends", gateway.url), "random-backends-demo-key").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    let spread = requests(&simulator);
    assert!(spread.values().all(|count| (60..=140).contains(count)), "{spread:?}");
}
