//! `sekisho demo`: the examples against a simulated Azure.

use std::collections::HashMap;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use include_dir::{Dir, include_dir};
use sekisho_simulator::{Config, DeploymentConfig, DeploymentKind, ResourceConfig, Running, Simulator};
use serde::Serialize;

use crate::cli;
use crate::server::{Environment, Options, Server};

mod traffic;

/// A deployment that every account has.
const DEPLOYMENT: &str = "gpt-4o";

/// An example, and how it is told where its accounts are.
struct Example {
    name: &'static str,
    files: Dir<'static>,
    key: &'static str,
    api_versions: &'static [&'static str],
    /// Environment variable and simulated account.
    accounts: &'static [(&'static str, &'static str)],
}

static DEMONSTRATED: [Example; 3] = [
    Example {
        name: "multi-region",
        files: include_dir!("$CARGO_MANIFEST_DIR/../../examples/multi-region"),
        key: "multi-region-demo-key",
        api_versions: &["2024-02-01", "2024-06-01", "2024-10-21", "2025-01-01-preview", "2025-03-01-preview"],
        accounts: &[
            ("MULTI_REGION_URL_0", "eastus2"),
            ("MULTI_REGION_URL_1", "swedencentral"),
            ("MULTI_REGION_URL_2", "japaneast"),
            ("MULTI_REGION_URL_3", "australiaeast"),
        ],
    },
    Example {
        name: "random-backends",
        files: include_dir!("$CARGO_MANIFEST_DIR/../../examples/random-backends"),
        key: "random-backends-demo-key",
        api_versions: &["2024-10-21", "2025-03-01-preview"],
        accounts: &[
            ("RANDOM_BACKENDS_URL_A", "westus3"),
            ("RANDOM_BACKENDS_URL_B", "francecentral"),
            ("RANDOM_BACKENDS_URL_C", "koreacentral"),
        ],
    },
    Example {
        name: "ptu-first",
        files: include_dir!("$CARGO_MANIFEST_DIR/../../examples/ptu-first"),
        key: "ptu-first-demo-key",
        api_versions: &["2024-10-21", "2025-03-01-preview"],
        accounts: &[
            ("PTU_FIRST_URL_PROVISIONED", "ptu-eastus2"),
            ("PTU_FIRST_URL_SWEDEN", "paygo-sweden"),
            ("PTU_FIRST_URL_FRANCE", "paygo-france"),
        ],
    },
];

/// What `--json` prints, and what people are shown.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    gateway: String,
    management: String,
    simulator: String,
    examples: Vec<ShownExample>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownExample {
    name: &'static str,
    azure_endpoint: String,
    api_key: &'static str,
    api_versions: &'static [&'static str],
    deployment: &'static str,
}

/// Runs until SIGTERM or SIGINT.
pub(crate) async fn run(arguments: cli::Demo) -> Result<ExitCode> {
    let simulator = Simulator::start(simulated()).await?;
    let folder = tempfile::tempdir().context("cannot make a folder for the examples")?;
    for example in &DEMONSTRATED {
        unpack(&example.files, folder.path())?;
    }
    let any_port = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let server = Server::start(Options {
        path: folder.path().to_owned(),
        environment: environment(&simulator),
        listen: Some(any_port),
        management_listen: Some(any_port),
        data: None,
        watch: true,
    })
    .await?;
    let shown = shown(&server, &simulator);
    if arguments.json {
        anstream::println!("{}", serde_json::to_string(&shown)?);
    } else {
        print(&shown, folder.path());
    }
    if !arguments.no_traffic {
        let calls = traffic::send(&shown).await;
        if !arguments.json {
            anstream::println!("\n{calls}\nCtrl-C ends the demonstration.");
        }
    }
    let finished = server.run().await?;
    simulator.shutdown().await;
    Ok(if finished { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Puts the files of an example below `target`, all examples together: one service directory.
fn unpack(source: &Dir<'_>, target: &std::path::Path) -> Result<()> {
    // What a gateway writes beside its configuration belongs to that gateway.
    let is_hidden = |path: &std::path::Path| {
        path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
    };
    for file in source.files() {
        let path = target.join(file.path());
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(&path, file.contents()).with_context(|| format!("cannot write {}", path.display()))?;
    }
    source.dirs().filter(|folder| !is_hidden(folder.path())).try_for_each(|folder| unpack(folder, target))
}

/// The simulated accounts; the provisioned one throttles soon, so that its pool can be seen at work.
fn simulated() -> Config {
    let account = |name: &str| {
        let deployment = match name.starts_with("ptu-") {
            true => DeploymentConfig {
                kind: DeploymentKind::Ptu,
                tokens_per_minute: Some(60_000),
                ..DeploymentConfig::new("*")
            },
            false => DeploymentConfig::new("*"),
        };
        ResourceConfig::new(name, vec![deployment])
    };
    let accounts = DEMONSTRATED.iter().flat_map(|example| example.accounts);
    Config { resources: accounts.map(|(_, name)| account(name)).collect(), ..Config::default() }
}

/// The environment that the examples see: where their accounts and the metadata service are.
fn environment(simulator: &Running) -> Environment {
    let mut variables = HashMap::new();
    for (variable, account) in DEMONSTRATED.iter().flat_map(|example| example.accounts) {
        if let Some(address) = simulator.addresses().resources.get(*account) {
            variables.insert((*variable).to_owned(), format!("http://{address}/openai"));
        }
    }
    let metadata = simulator.url().trim_end_matches('/').to_owned();
    variables.insert("AZURE_POD_IDENTITY_AUTHORITY_HOST".to_owned(), metadata);
    Arc::new(move |name| variables.get(name).cloned())
}

fn shown(server: &Server, simulator: &Running) -> Shown {
    let gateway = server.urls().into_iter().next().unwrap_or_default();
    let examples = DEMONSTRATED
        .iter()
        .map(|example| ShownExample {
            name: example.name,
            azure_endpoint: format!("{gateway}/{}", example.name),
            api_key: example.key,
            api_versions: example.api_versions,
            deployment: DEPLOYMENT,
        })
        .collect();
    Shown {
        management: server.management_url().unwrap_or_default(),
        simulator: simulator.url().trim_end_matches('/').to_owned(),
        gateway,
        examples,
    }
}

fn print(shown: &Shown, folder: &std::path::Path) {
    anstream::println!("gateway    {}", shown.gateway);
    anstream::println!("metrics    {}/metrics", shown.management);
    anstream::println!("simulator  {}/__sim/stats", shown.simulator);
    anstream::println!("files      {} (edit a policy: it is reloaded)", folder.display());
    for example in &shown.examples {
        let version = example.api_versions.iter().rev().find(|version| !version.contains("preview")).copied();
        anstream::println!(
            "\n{}\n  endpoint  {}\n  key       {}",
            example.name,
            example.azure_endpoint,
            example.api_key
        );
        anstream::println!(
            "  curl -s '{}/openai/deployments/{}/chat/completions?api-version={}' -H 'api-key: {}' -H 'content-type: application/json' -d '{}'",
            example.azure_endpoint,
            example.deployment,
            version.unwrap_or("2024-10-21"),
            example.api_key,
            traffic::CHAT,
        );
    }
}
