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
