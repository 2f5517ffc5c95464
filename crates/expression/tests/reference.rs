//! `docs/expressions.md` says what the tables say.
#![allow(clippy::unwrap_used)] // A test fails by panicking.

use std::path::Path;

use sekisho_expression::reference::{Difference, page};
use serde::Deserialize;

/// Examples on the page are no longer than this.
const LONGEST_EXAMPLE: usize = 120;

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
    let one = |entry: Entry| {
        let short = entry.cases.into_iter().filter(|case| case.expression.len() <= LONGEST_EXAMPLE);
        Difference {
            reason: entry.reason,
            examples: short.map(|case| (case.expression, shown(&case.ours))).collect(),
        }
    };
    entries.into_iter().map(one).collect()
}

/// The value, or the exception, of `{"type", "value"}` or `{"error": {"type"}}`.
fn shown(ours: &str) -> String {
    let answer: serde_json::Value = serde_json::from_str(ours).unwrap();
    let found = answer.pointer("/error/type").or_else(|| answer.get("value")).unwrap();
    found.as_str().map_or_else(|| found.to_string(), str::to_owned)
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
