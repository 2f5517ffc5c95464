//! `docs/kql.md` names what there is.

use std::path::Path;

use sekisho_kql::{aggregates, functions, parser};

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/kql.md");
    std::fs::read_to_string(path).unwrap()
}

/// The names that stand in a section of the page, each between backquotes.
fn named(page: &str, section: &str) -> Vec<String> {
    let (_, text) =
        page.split_once(&format!("\n## {section}\n")).unwrap_or_else(|| panic!("no section `{section}`"));
    let text = text.split("\n## ").next().unwrap();
    let mut names: Vec<String> = text.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    names.sort();
    names
}

fn sorted<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut names: Vec<String> = names.map(str::to_owned).collect();
    names.sort();
    names
}

#[test]
fn the_page_names_all_functions() {
    assert_eq!(named(&page(), "Scalar functions"), sorted(functions::names()));
}

#[test]
fn the_page_names_all_aggregates() {
    assert_eq!(named(&page(), "Aggregates"), sorted(aggregates::names()));
}

#[test]
fn the_page_names_all_operators() {
    let page = page();
    for operator in parser::OPERATORS {
        assert!(page.contains(&format!("`{operator}`")), "`{operator}` is missing");
    }
}
