//! Runs every case below `conformance/`.

use std::path::{Path, PathBuf};

use sekisho_testkit::case::Case;
use sekisho_testkit::runner;

#[tokio::test]
async fn every_case_does_what_it_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance");
    let mut failures = Vec::new();
    let mut count = 0;
    for folder in case_folders(&root) {
        let name = folder.strip_prefix(&root).unwrap().display().to_string();
        count += 1;
        let result = match Case::read(&folder, name.clone()) {
            Ok(case) => runner::run(&case).await,
            Err(error) => Err(error),
        };
        if let Err(error) = result {
            failures.push(format!("{name}:\n{error:#}"));
        }
    }
    assert!(count > 0, "there are no cases in {}", root.display());
    assert!(failures.is_empty(), "{} of {count} cases failed\n\n{}", failures.len(), failures.join("\n\n"));
}

/// Twins are one policy under two names: documents with either of them do the same to the byte.
#[tokio::test]
async fn azure_twin_name() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance");
    let mut count = 0;
    for folder in case_folders(&root) {
        let name = folder.strip_prefix(&root).unwrap().display().to_string();
        let policy = name.split(['/', '\\']).next().unwrap_or_default();
        let Some(twin) = sekisho_policy::policies::find(policy).and_then(|policy| policy.names.get(1)) else {
            continue;
        };
        if !twin.starts_with("azure-openai-") {
            continue;
        }
        let case = Case::read(&folder, name.clone()).unwrap();
        let mut renamed = Case::read(&folder, name.clone()).unwrap();
        let texts = renamed.documents.iter_mut().map(|(_, text)| text).chain(renamed.fragments.values_mut());
        texts.for_each(|text| *text = text.replace(policy, twin));
        let (own, other) = (runner::transcript(&case).await, runner::transcript(&renamed).await);
        let paths =
            |lines: Vec<String>| lines.iter().map(|line| line.replace(twin, policy)).collect::<Vec<_>>();
        assert_eq!(own.unwrap(), paths(other.unwrap()), "{name}");
        count += 1;
    }
    assert!(count >= 50, "only {count} cases have a twin");
}

/// Folders two levels down: `<policy>/<case>`. Expressions are cases of another kind, compared with .NET.
fn case_folders(root: &Path) -> Vec<PathBuf> {
    let folders = |path: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
    };
    let policies = folders(root).into_iter().filter(|policy| !policy.ends_with("expressions"));
    let mut out: Vec<PathBuf> = policies.flat_map(|policy| folders(&policy)).collect();
    out.sort();
    out
}
