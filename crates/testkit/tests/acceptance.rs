//! What `docs/acceptance.md` names exists.

use std::path::Path;

/// Whether a place of the page is there: the folder of a case, or a function in a file.
fn exists(root: &Path, place: &str) -> bool {
    let Some((file, function)) = place.split_once("::") else {
        return root.join(place).join("policy.xml").is_file();
    };
    let Ok(text) = std::fs::read_to_string(root.join(file)) else { return false };
    let definition = if file.ends_with(".py") { "def" } else { "fn" };
    let head = format!("{definition} {function}(");
    text.lines().any(|line| line.trim_start().trim_start_matches("async ").starts_with(&head))
}

/// The texts in backticks of the last cell of a row.
fn places(row: &str) -> Vec<&str> {
    let cell = row.trim().trim_end_matches('|').rsplit(" | ").next().unwrap_or_default();
    cell.split('`').skip(1).step_by(2).collect()
}

#[test]
fn every_promise_has_its_tests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = std::fs::read_to_string(root.join("docs/acceptance.md")).unwrap();
    let is_row = |line: &&str| line.starts_with("| ") && !line.starts_with("| |");
    let mut mistakes = Vec::new();
    let mut count = 0;
    for row in page.lines().filter(is_row) {
        let places = places(row);
        if places.is_empty() {
            mistakes.push(format!("nothing tests: {row}"));
        }
        count += places.len();
        let missing = places.iter().filter(|place| !exists(&root, place));
        mistakes.extend(missing.map(|place| format!("there is no {place}")));
    }
    assert!(count > 0, "the page names no test");
    assert!(mistakes.is_empty(), "{mistakes:#?}");
}
