//! `examples/chargeback`: what the logs, the queries beside them and the report tell of two teams.

use std::fs::File;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use http::Method;

use crate::support::client::{Answer, Client};
use crate::support::gateway::Gateway;
use crate::support::service;

async fn ask(client: &Client, gateway: &Gateway, team: &str, question: &str) -> Answer {
    let url = format!(
        "{}/chargeback/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21",
        gateway.url
    );
    let key = format!("chargeback-{team}-key");
    let body = serde_json::json!({
        "model": "gpt-4o", "user": "alice@example.com", "messages": [{ "role": "user", "content": question }],
    });
    let headers = [("api-key", &*key), ("content-type", "application/json")];
    client.call(Method::POST, &url, &headers, body.to_string()).await
}

/// What the program prints.
fn sekisho(arguments: &[&str], data: &Path, input: Option<&Path>) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sekisho"));
    command.args(arguments).arg("--data").arg(data);
    if let Some(input) = input {
        command.stdin(File::open(input).unwrap());
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The rows of a query of the example, without their header, each in its cells.
fn rows(name: &str, data: &Path) -> Vec<Vec<String>> {
    let file = service::example("chargeback").join("queries").join(name).with_extension("kql");
    let told = sekisho(&["query", "--format", "csv", "-"], data, Some(&file));
    told.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn teams_pay_for_what_they_used() {
    let simulator = service::simulator(&["shared"]).await;
    let environment = service::environment(&simulator, &[("CHARGEBACK_URL", "shared")]);
    let data = tempfile::tempdir().unwrap();
    let example = service::example("chargeback");
    let mut gateway = Gateway::start_in(data.path(), &example, &environment).await;
    gateway.read_output();
    let client = Client::new();
    let mut prompt_tokens = [0, 0];
    for (place, team) in [(0, "red"), (0, "red"), (1, "blue")] {
        let answer = ask(&client, &gateway, team, "Say something about checkpoints.").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        prompt_tokens[place] += answer.json()["usage"]["prompt_tokens"].as_u64().unwrap();
    }
    assert_eq!(ask(&client, &gateway, "blue", &"more than a minute ".repeat(1500)).await.status, 429);
    gateway.terminate();
    assert_eq!(gateway.ended(Duration::from_secs(30)).await, Some(0));

    let costs = rows("cost-by-team", data.path());
    let told: Vec<_> = costs.iter().map(|row| [&*row[0], &*row[1], &*row[2], &*row[3]]).collect();
    let [red, blue] = prompt_tokens.map(|count| count.to_string());
    assert_eq!(told, [["team-blue", "gpt-4o", "2", &*blue], ["team-red", "gpt-4o", "2", &*red]]);
    for row in &costs {
        let [prompt, completion, cost] = [3, 4, 5].map(|place: usize| row[place].parse::<f64>().unwrap());
        let owed = (prompt * 2.30 + completion * 9.20) / 1_000_000.0;
        assert!((cost - owed).abs() < 1e-6 && cost > 0.0, "{row:?}");
    }
    let conversations = rows("conversations", data.path());
    let asked =
        conversations.iter().filter(|row| row[3] == "user" && row[4] == "Say something about checkpoints.");
    assert_eq!((asked.count(), conversations.iter().filter(|row| row[3] == "assistant").count()), (3, 3));
    assert_eq!(rows("refused", data.path())[0][..3], ["team-blue", "llm-token-limit", "bucket"]);
    assert_eq!(rows("latency", data.path())[0][3], "3");
    let bodies = sekisho(&["query", "--format", "csv", "calls | project request_body"], data.path(), None);
    assert!(bodies.contains("***") && !bodies.contains("alice"), "{bodies}");

    let config = example.join("sekisho.yaml");
    let config = config.to_str().unwrap();
    let report = ["report", "--by", "subscription,model", "--format", "csv", "--config", config];
    let report = sekisho(&report, data.path(), None);
    assert!(report.contains("team-red,gpt-4o,2,0,") && report.contains("team-blue,gpt-4o,2,1,"), "{report}");
}
