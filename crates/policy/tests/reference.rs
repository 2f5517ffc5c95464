//! `docs/policies/` says what the declarations say, and every policy has the cases that it needs.
#![allow(clippy::unwrap_used, clippy::panic)] // A test fails by panicking.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sekisho_policy::policies::CATALOGUE;
use sekisho_policy::reference::{index, name, page};

/// The fewest cases of a policy.
const FEWEST_CASES: usize = 6;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The pages by file name.
fn pages() -> BTreeMap<String, String> {
    let mut pages = BTreeMap::from([("README.md".to_owned(), index())]);
    for declaration in CATALOGUE {
        let name = name(declaration);
        let case = root().join("conformance").join(name).join(declaration.reference.example);
        let example = std::fs::read_to_string(case.join("policy.xml"))
            .or_else(|_| std::fs::read_to_string(case.join("product.xml")))
            .unwrap_or_else(|_| panic!("`{name}` names no case as its example: {}", case.display()));
        pages.insert(format!("{name}.md"), page(declaration, &example));
    }
    pages
}

#[test]
fn the_pages_are_up_to_date() {
    let folder = root().join("docs/policies");
    let pages = pages();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(&folder).unwrap();
        for (file, page) in &pages {
            std::fs::write(folder.join(file), page).unwrap();
        }
    }
    let found = |file: &str| std::fs::read_to_string(folder.join(file)).unwrap_or_default();
    let stale: Vec<&String> =
        pages.iter().filter(|(file, page)| found(file) != **page).map(|(file, _)| file).collect();
    let known = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name());
    let stray: Vec<_> = known.filter(|file| !pages.contains_key(&*file.to_string_lossy())).collect();
    assert!(
        stale.is_empty() && stray.is_empty(),
        "out of date: {stale:?}, without a policy: {stray:?}; renew them with\n\n    \
         UPDATE_DOCS=1 cargo test -p sekisho-policy --test reference\n"
    );
}

#[test]
fn every_policy_tells_what_it_does_and_is_shown_by_cases() {
    let mut missing = Vec::new();
    for declaration in CATALOGUE {
        let name = name(declaration);
        let cases = std::fs::read_dir(root().join("conformance").join(name));
        let count = cases.into_iter().flatten().flatten().filter(|case| case.path().is_dir()).count();
        if count < FEWEST_CASES {
            missing.push(format!("{name}: {count} of {FEWEST_CASES} cases"));
        }
        if declaration.reference.behaviour.is_empty() {
            missing.push(format!("{name}: no behaviour"));
        }
        println!("{name}: {count} cases");
    }
    assert!(missing.is_empty(), "{missing:#?}");
}
