//! Every case of `conformance/expressions/` against the answers that mono gave when they were recorded. The comparison
//! with mono itself is `make expressions`.
#![allow(clippy::unwrap_used)] // A test fails by panicking.

use std::collections::BTreeSet;

use sekisho_oracle::case;
use sekisho_oracle::compare::Outcome;
use sekisho_oracle::difference::Differences;
use sekisho_oracle::record::Record;

/// A case that recurses to the limit needs the stack that the gateway's threads have.
const STACK: usize = 16 * 1024 * 1024;

#[test]
fn expressions_give_what_dotnet_gave() {
    let compared = std::thread::Builder::new().stack_size(STACK).spawn(compare).unwrap();
    compared.join().unwrap();
}

fn compare() {
    let folder = case::folder();
    let cases = case::read_folder(&folder).unwrap();
    let record = Record::read(&folder).unwrap();
    let differences = Differences::read(&folder).unwrap();
    let mut outcome = Outcome::default();
    let mut unrecorded = Vec::new();
    for case in &cases {
        match record.of(case) {
            Some(answer) => outcome.add(case, answer, &differences),
            None => unrecorded.push(case.place()),
        }
    }
    assert!(unrecorded.is_empty(), "run `make expressions-record` for {unrecorded:?}");
    assert!(outcome.unexplained.is_empty(), "{}{outcome}", outcome.report());
    assert!(outcome.cases >= 1_500, "{outcome}");
}

#[test]
fn every_explained_expression_is_a_case() {
    let folder = case::folder();
    let cases = case::read_folder(&folder).unwrap();
    let known: BTreeSet<&str> = cases.iter().map(|case| case.expression.as_str()).collect();
    let differences = Differences::read(&folder).unwrap();
    let stray: Vec<&str> =
        differences.expressions().filter(|expression| !known.contains(expression)).collect();
    assert!(stray.is_empty(), "{stray:#?}");
    assert!(differences.list().iter().all(|difference| difference.reason.len() > 20));
}
