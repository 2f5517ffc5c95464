//! Configurations for tests: an example with its environment, or a small service of one API.

use std::path::{Path, PathBuf};

use sekisho_simulator::{Config, DeploymentConfig, ResourceConfig, Running, Simulator};

/// The folder of an example.
pub(crate) fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name)
}

/// A simulator with these accounts, each with a `gpt-4o` deployment.
pub(crate) async fn simulator(accounts: &[&str]) -> Running {
    let resource = |name: &&str| ResourceConfig::new(*name, vec![DeploymentConfig::new("gpt-4o")]);
    let config = Config { resources: accounts.iter().map(resource).collect(), ..Config::default() };
    Simulator::start(config).await.unwrap()
}

/// Environment variables of an example: each pair is a variable and an account of the simulator.
pub(crate) fn environment(simulator: &Running, variables: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = variables
        .iter()
        .map(|(variable, account)| {
            let address = simulator.addresses().resources.get(*account).unwrap();
            ((*variable).to_owned(), format!("http://{address}/openai"))
        })
        .collect();
    out.push((
        "AZURE_POD_IDENTITY_AUTHORITY_HOST".to_owned(),
        simulator.url().trim_end_matches('/').to_owned(),
    ));
    out
}

/// A service of one API `test` at `/test` in front of `backend`; the key is `test-key`.
pub(crate) fn small(backend: &str, policy: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let api = folder.path().join("apis/test");
    std::fs::create_dir_all(&api).unwrap();
    let write = |path: PathBuf, text: &str| {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write(
        api.join("apiInformation.json"),
        &format!(
            r#"{{"properties": {{"displayName": "Test", "path": "test", "protocols": ["http"], "serviceUrl": "{backend}",
                "subscriptionKeyParameterNames": {{"header": "api-key", "query": "api-key"}}}}}}"#
        ),
    );
    write(
        api.join("specification.yaml"),
        "openapi: 3.0.1\ninfo: {title: Test, version: '1'}\npaths:\n  /events: {get: {operationId: events, responses: {}}}\n  \
         /slow: {get: {operationId: slow, responses: {}}}\n  /echo: {get: {operationId: echo, responses: {}}, post: {operationId: echo-post, responses: {}}}\n",
    );
    write(api.join("policy.xml"), policy);
    let subscription = |scope: &str, state: &str, key: &str| {
        format!(
            r#"{{"properties": {{"scope": "{scope}", "displayName": "{key}", "state": "{state}", "primaryKey": "{key}"}}}}"#
        )
    };
    for (name, scope, state, key) in [
        ("good", "/apis/test", "active", "test-key"),
        ("suspended", "/apis/test", "suspended", "suspended-key"),
        ("elsewhere", "/apis/other", "active", "other-key"),
    ] {
        write(
            folder.path().join(format!("subscriptions/{name}/subscriptionInformation.json")),
            &subscription(scope, state, key),
        );
    }
    write(
        folder.path().join("apis/other/apiInformation.json"),
        r#"{"properties": {"displayName": "Other", "path": "other", "protocols": ["http"], "serviceUrl": "http://127.0.0.1:9"}}"#,
    );
    write(
        folder.path().join("apis/other/specification.yaml"),
        "openapi: 3.0.1\ninfo: {title: Other, version: '1'}\npaths:\n  /x: {get: {operationId: x, responses: {}}}\n",
    );
    folder
}

/// A document with these policies in inbound.
pub(crate) fn inbound(policies: &str) -> String {
    format!(
        "<policies>\n    <inbound>\n        <base />\n        {policies}\n    </inbound>\n    <backend><base /></backend>\n    \
         <outbound><base /></outbound>\n    <on-error><base /></on-error>\n</policies>\n"
    )
}
