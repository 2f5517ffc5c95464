//! The crates depend on each other in one direction, and the hot ones on nothing heavy.

use std::collections::BTreeMap;

use cargo_metadata::{DependencyKind, MetadataCommand, Package};

/// What each crate may depend on, of our own.
fn allowed() -> BTreeMap<&'static str, &'static [&'static str]> {
    BTreeMap::from([
        ("diagnostics", &[][..]),
        ("expression", &["diagnostics"][..]),
        ("llm", &[][..]),
        ("policy", &["diagnostics", "expression", "llm"][..]),
        ("resources", &["diagnostics"][..]),
        ("identity", &["policy", "expression"][..]),
        ("state", &["policy"][..]),
        ("embeddings", &["policy"][..]),
        ("eventhubs", &["policy"][..]),
        ("gateway", &["diagnostics", "expression", "llm", "policy", "resources"][..]),
        ("telemetry", &["diagnostics", "expression", "llm", "policy"][..]),
        ("kql", &[][..]),
        ("logs", &["kql", "llm", "policy", "telemetry"][..]),
        ("simulator", &["llm"][..]),
        ("management", &["gateway", "kql", "logs", "telemetry"][..]),
        ("testkit", &["diagnostics", "expression", "llm", "policy", "identity", "state"][..]),
        ("oracle", &["diagnostics", "expression", "policy"][..]),
        (
            "sekisho",
            &[
                "diagnostics",
                "expression",
                "llm",
                "policy",
                "resources",
                "identity",
                "gateway",
                "management",
                "telemetry",
                "kql",
                "logs",
                "simulator",
                "state",
                "embeddings",
                "eventhubs",
            ][..],
        ),
    ])
}

const HOT: [&str; 4] = ["expression", "policy", "llm", "gateway"];
const HEAVY: [&str; 8] =
    ["axum", "reqwest", "datafusion", "azure_core", "azure_identity", "tokenizers", "fe2o3-amqp", "rskafka"];

#[test]
fn dependencies_point_one_way() {
    let metadata = MetadataCommand::new().no_deps().exec().unwrap();
    let allowed = allowed();
    let mut mistakes = Vec::new();
    for package in metadata.workspace_packages() {
        let name = folder(package);
        let Some(allowed) = allowed.get(name.as_str()) else {
            mistakes.push(format!("`{name}` has no line in this test"));
            continue;
        };
        for dependency in
            package.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Normal)
        {
            let target = dependency.name.strip_prefix("sekisho-");
            if let Some(target) = target.filter(|target| !allowed.contains(target)) {
                mistakes.push(format!("`{name}` may not depend on `{target}`"));
            }
            if HOT.contains(&name.as_str()) && HEAVY.contains(&dependency.name.as_str()) {
                mistakes.push(format!(
                    "`{name}` is on the request path and may not depend on `{}`",
                    dependency.name
                ));
            }
        }
    }
    assert!(mistakes.is_empty(), "{mistakes:#?}");
}

fn folder(package: &Package) -> String {
    package.name.strip_prefix("sekisho-").unwrap_or(&package.name).to_owned()
}
