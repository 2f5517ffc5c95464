//! `docs/kql.md` names what there is. With `UPDATE_DOCS=1` its lists are written.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use sekisho_kql::{aggregates, functions, parser};

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/kql.md")
}

/// The page with the list of a section replaced by what there is.
fn listed(page: &str, section: &str, signatures: Vec<(&str, &str)>) -> String {
    let start = page.find(&format!("\n## {section}\n")).unwrap_or_else(|| panic!("no section `{section}`"));
    let (before, text) = page.split_at(start + 1);
    let end = text.find("\n## ").unwrap();
    let (text, behind) = text.split_at(end);
    let mut signatures = signatures;
    signatures.sort_unstable();
    let mut section = text.split("\n- `").next().unwrap().trim_end().to_owned() + "\n";
    for (name, takes) in signatures {
        write!(section, "\n- `{name}({takes})`").unwrap();
    }
    format!("{before}{section}\n{behind}")
}

#[test]
fn the_page_lists_all_functions_and_aggregates() {
    let page = std::fs::read_to_string(path()).unwrap();
    let expected = listed(&page, "Scalar functions", functions::signatures().collect());
    let expected = listed(&expected, "Aggregates", aggregates::signatures().collect());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path(), expected).unwrap();
        return;
    }
    assert!(page == expected, "docs/kql.md is not up to date: run this test with UPDATE_DOCS=1");
}

#[test]
fn the_page_names_all_operators() {
    let page = std::fs::read_to_string(path()).unwrap();
    for operator in parser::OPERATORS {
        assert!(page.contains(&format!("`{operator}`")), "`{operator}` is missing");
    }
}
