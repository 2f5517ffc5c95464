//! The suite holds what policies in the wild are made of: `conformance/expressions/inventory.yaml`.
#![allow(clippy::unwrap_used)] // A test fails by panicking.

use std::collections::BTreeMap;

use sekisho_oracle::case::{self, Case};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Inventory {
    /// Name of the form, and the texts of which its cases contain one.
    forms: BTreeMap<String, Vec<String>>,
    /// A type, and a text for each of its members.
    members: BTreeMap<String, Vec<String>>,
}

/// How many cases contain one of the texts.
fn count(cases: &[Case], texts: &[String]) -> usize {
    cases.iter().filter(|case| texts.iter().any(|text| case.expression.contains(text.as_str()))).count()
}

#[test]
fn forms_stand_in_three_cases_and_members_in_one() {
    let folder = case::folder();
    let cases = case::read_folder(&folder).unwrap();
    let text = std::fs::read_to_string(folder.join("inventory.yaml")).unwrap();
    let inventory: Inventory = serde_saphyr::from_str(&text).unwrap();
    let mut missing = Vec::new();
    for (form, texts) in &inventory.forms {
        let found = count(&cases, texts);
        if found < 3 {
            missing.push(format!("{form}: {found} of 3 cases"));
        }
    }
    for (ty, members) in &inventory.members {
        let absent = members.iter().filter(|member| count(&cases, std::slice::from_ref(*member)) == 0);
        missing.extend(absent.map(|member| format!("{ty}: {member}")));
    }
    assert!(missing.is_empty(), "{missing:#?}");
    assert!(inventory.forms.len() > 60 && inventory.members.len() > 40);
}
