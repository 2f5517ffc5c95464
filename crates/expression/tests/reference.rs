//! `docs/expressions.md` says what the tables say.

use std::path::Path;

use sekisho_expression::reference::{Difference, page};
use serde::Deserialize;

/// One entry of `differences.yaml`.
#[derive(Deserialize)]
struct Entry {
    reason: String,
    #[serde(default)]
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    expression: String,
    ours: String,
}

fn differences(root: &Path) -> Vec<Difference> {
    let Ok(text) = std::fs::read_to_string(root.join("conformance/expressions/differences.yaml")) else {
        return Vec::new();
    };
    let entries: Vec<Entry> = serde_saphyr::from_str(&text).unwrap();
    let one = |entry: Entry| Difference {
        reason: entry.reason,
        examples: entry.cases.into_iter().map(|case| (case.expression, case.ours)).collect(),
    };
    entries.into_iter().map(one).collect()
}

#[test]
fn the_page_is_up_to_date() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let path = root.join("docs/expressions.md");
    let written = page(&differences(&root));
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &written).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    let first = written.lines().zip(found.lines()).position(|(new, old)| new != old);
    assert!(
        written == found,
        "docs/expressions.md is out of date from line {} on; renew it with\n\n    \
         UPDATE_DOCS=1 cargo test -p sekisho-expression --test reference\n",
        first.unwrap_or(0) + 1
    );
}
