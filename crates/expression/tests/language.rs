//! The language: expressions with the types and values that C# gives. All were run by mono but for one table.
#![allow(clippy::unwrap_used, clippy::missing_docs_in_private_items)] // A test fails by panicking.

#[path = "language/beyond_mono.rs"]
mod beyond_mono;
#[path = "language/json.rs"]
mod json;
#[path = "language/members.rs"]
mod members;
#[path = "language/operators.rs"]
mod operators;
#[path = "language/refused.rs"]
mod refused;
#[path = "language/statements.rs"]
mod statements;

use sekisho_diagnostics::{Diagnostic, MappedText, SourceMap};
use sekisho_expression::image::JsonContext;
use sekisho_expression::{Limits, Program, compile};

fn compiled(text: &str) -> Result<Program, Vec<Diagnostic>> {
    let file = SourceMap::new().add("policy.xml", text);
    compile(&MappedText::verbatim(text, file, 0))
}

/// The run-time type and the value; or `!` and what is thrown.
fn evaluated(text: &str) -> (String, String) {
    let program = match compiled(text) {
        Ok(program) => program,
        Err(found) => return ("!".to_owned(), format!("{:?}", found.first().map(|found| &found.message))),
    };
    match program.evaluate_rendered(&mut JsonContext::default(), &Limits::default()) {
        Ok(result) => {
            let value = result.value.as_str().map_or_else(|| result.value.to_string(), str::to_owned);
            (result.type_name.unwrap_or_else(|| "null".to_owned()), value)
        }
        Err(thrown) => ("!".to_owned(), thrown.type_name().to_owned()),
    }
}

#[track_caller]
fn assert_all(cases: &[(&str, &str, &str)]) {
    let differing: Vec<String> = cases
        .iter()
        .filter_map(|(text, ty, value)| {
            let (found_type, found) = evaluated(text);
            (found_type != *ty || found != *value)
                .then(|| format!("{text}\n    wanted {ty} {value}\n    found  {found_type} {found}"))
        })
        .collect();
    assert!(differing.is_empty(), "{} of {}\n{}", differing.len(), cases.len(), differing.join("\n"));
}

#[test]
fn operators_give_what_csharp_gives() {
    assert_all(operators::CASES);
}

#[test]
fn statements_do_what_csharp_does() {
    assert_all(statements::CASES);
}

#[test]
fn literals_overloads_and_json_idioms_give_what_csharp_gives() {
    assert_all(json::CASES);
}

#[test]
fn sequences_and_collections_give_what_csharp_gives() {
    assert_all(members::CASES);
}

#[test]
fn newer_features_follow_the_language() {
    assert_all(beyond_mono::CASES);
}

#[test]
fn what_csharp_refuses_is_refused_with_a_place() {
    for text in refused::CASES {
        let found = compiled(text).err().unwrap_or_default();
        assert!(!found.is_empty(), "{text} compiles");
        assert!(found.iter().all(|found| found.span.end <= text.len() as u32), "{text}: {found:?}");
    }
}
