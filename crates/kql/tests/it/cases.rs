//! The queries of `queries/*.kql`, each with the table it gives or the error it is.
//!
//! A file has cases:
//!
//! ```text
//! === what the case shows
//! ApiManagementGatewayLogs | count
//! ---
//! Count:long
//! [20]
//! ```
//!
//! Behind `---` stand the columns with their types, and the rows as JSON in any order; behind `--- ordered` they stand in the order
//! that the query gives them; behind `--- these columns` only those that are listed are compared. Behind `--- error` stand the code
//! and the piece of the query that it points at, the message and the help. With `UPDATE_QUERIES=1` what comes out is written into the
//! files.

use std::fmt::Write as _;
use std::path::PathBuf;

use sekisho_kql::{Error, parse};

use super::support::{Tables, answer, folder, options, tables};

struct Case {
    name: String,
    query: String,
    mark: String,
    expected: String,
}

fn cases(text: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for part in text.split("=== ").skip(1) {
        let (name, rest) = part.split_once('\n').unwrap();
        let at = rest.find("\n---").unwrap_or_else(|| panic!("`{name}` has no `---`"));
        let (query, rest) = rest.split_at(at + 1);
        let (mark, expected) = rest.split_once('\n').unwrap_or((rest, ""));
        cases.push(Case {
            name: name.to_owned(),
            query: query.trim().to_owned(),
            mark: mark.to_owned(),
            expected: expected.trim().to_owned(),
        });
    }
    cases
}

/// The queries of all cases.
pub(super) fn queries() -> Vec<String> {
    let texts = files().into_iter().map(|file| std::fs::read_to_string(file).unwrap());
    texts.flat_map(|text| cases(&text)).map(|case| case.query).collect()
}

fn files() -> Vec<PathBuf> {
    let mut files: Vec<_> =
        std::fs::read_dir(folder("queries")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

async fn outcome(tables: &Tables, case: &Case) -> String {
    match answer(tables, &case.query, &options()).await {
        Ok(answer) => {
            let columns = answer.columns.iter().map(|(name, kind)| format!("{name}:{}", kind.name()));
            let listed = |column: &String| {
                case.expected.lines().next().unwrap_or_default().split(", ").any(|name| name == column)
            };
            let wanted: Vec<bool> =
                columns.clone().map(|column| case.mark != "--- these columns" || listed(&column)).collect();
            let columns: Vec<String> =
                columns.zip(&wanted).filter(|(_, wanted)| **wanted).map(|(column, _)| column).collect();
            let mut rows: Vec<String> = answer
                .rows()
                .iter()
                .map(|row| {
                    let row: Vec<_> = row
                        .iter()
                        .zip(&wanted)
                        .filter(|(_, wanted)| **wanted)
                        .map(|(value, _)| value)
                        .collect();
                    serde_json::to_string(&row).unwrap()
                })
                .collect();
            if case.mark != "--- ordered" {
                rows.sort();
            }
            let mut text = columns.join(", ");
            for row in rows {
                write!(text, "\n{row}").unwrap();
            }
            if let Some(render) = answer.render {
                write!(text, "\nrender {} title={:?} {:?}", render.kind, render.title, render.properties)
                    .unwrap();
            }
            text
        }
        Err(error) => describe(&case.query, &error),
    }
}

fn describe(query: &str, error: &Error) -> String {
    let piece = query.get(error.span.start..error.span.end).unwrap_or("?");
    let mut text = format!("{} at `{piece}` ({})\n{}", error.code, error.span.start, error.message);
    if let Some(help) = &error.help {
        write!(text, "\n{help}").unwrap();
    }
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_query_gives_its_table() {
    let tables = tables();
    let update = std::env::var_os("UPDATE_QUERIES").is_some();
    let mut failures = String::new();
    let mut count = 0;
    for file in files() {
        let text = std::fs::read_to_string(&file).unwrap();
        let (head, _) = text.split_once("=== ").unwrap();
        let mut updated = head.to_owned();
        for case in cases(&text) {
            count += 1;
            let outcome = outcome(&tables, &case).await;
            if outcome != case.expected {
                writeln!(
                    failures,
                    "{}: {}\n{}\nexpected:\n{}\nfound:\n{outcome}\n",
                    file.file_name().unwrap().to_string_lossy(),
                    case.name,
                    case.query,
                    case.expected
                )
                .unwrap();
            }
            writeln!(updated, "=== {}\n{}\n{}\n{outcome}\n", case.name, case.query, case.mark).unwrap();
        }
        if update {
            std::fs::write(&file, updated.trim_end().to_owned() + "\n").unwrap();
        }
    }
    assert!(failures.is_empty() || update, "{failures}");
    assert!(count >= 85, "only {count} queries");
}

#[test]
fn errors_of_several_statements_are_told_together() {
    let errors = parse("let a = ; T | wher x").unwrap_err();
    assert_eq!(errors.iter().map(|error| error.code).collect::<Vec<_>>(), ["syntax", "unknown-operator"]);
}
