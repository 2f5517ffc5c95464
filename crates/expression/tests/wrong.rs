//! Wrong expressions: what is said about each of them, and at which column.
//!
//! `wrong/expressions.txt` holds the expressions; a line of carets under a line of source marks the place of the mistake.
//! `wrong/findings.txt` is what a terminal shows for them. After a change of words, renew it with
//! `UPDATE_FINDINGS=1 cargo test -p sekisho-expression --test wrong` and read the difference as a user would.
#![allow(clippy::unwrap_used, clippy::missing_docs_in_private_items)] // A test fails by panicking.

use std::fmt::Write;
use std::path::PathBuf;

use sekisho_diagnostics::{Diagnostic, MappedText, SourceMap, render};

/// A place in an expression; lines and columns count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Mark {
    line: usize,
    column: usize,
    end_column: usize,
}

struct Case {
    /// The heading it stands under.
    heading: String,
    expression: String,
    marks: Vec<Mark>,
}

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/wrong").join(name)
}

/// Cases are parted by empty lines; a line that begins with `#` is a heading.
fn cases() -> Vec<Case> {
    let text = std::fs::read_to_string(file("expressions.txt")).unwrap();
    let mut heading = String::new();
    let mut cases = Vec::new();
    for block in text.split("\n\n") {
        let mut lines = Vec::new();
        let mut marks = Vec::new();
        for line in block.lines() {
            if let Some(words) = line.strip_prefix('#') {
                heading = words.trim().to_owned();
            } else if line.contains('^') && line.chars().all(|character| matches!(character, ' ' | '^')) {
                let column = line.find('^').unwrap() + 1;
                marks.push(Mark { line: lines.len(), column, end_column: line.len() + 1 });
            } else {
                lines.push(line);
            }
        }
        let expression = lines.join("\n");
        if !expression.trim().is_empty() {
            cases.push(Case { heading: heading.clone(), expression, marks });
        }
    }
    cases
}

/// The findings for an expression, in the order of their places, with the texts they point into.
fn findings(expression: &str) -> (Vec<Diagnostic>, SourceMap) {
    let mut sources = SourceMap::new();
    let id = sources.add("policy.xml", expression);
    let mut found =
        sekisho_expression::compile(&MappedText::verbatim(expression, id, 0)).err().unwrap_or_default();
    render::sort(&mut found, &sources);
    (found, sources)
}

/// An empty place is marked by one caret.
fn place(finding: &Diagnostic, sources: &SourceMap) -> Mark {
    let place = sources.locate(finding.span);
    let end_column = if place.end_line == place.line { place.end_column } else { usize::MAX };
    Mark { line: place.line, column: place.column, end_column: end_column.max(place.column + 1) }
}

#[test]
fn each_mistake_is_found_at_its_place_and_nothing_else_is() {
    let mut wrong = String::new();
    for case in cases() {
        let (found, sources) = findings(&case.expression);
        let places: Vec<Mark> = found.iter().map(|finding| place(finding, &sources)).collect();
        if places != case.marks {
            let messages: Vec<&str> = found.iter().map(|finding| finding.message.as_str()).collect();
            writeln!(
                wrong,
                "{}\n  marked {:?}\n  found  {places:?} {messages:?}",
                case.expression, case.marks
            )
            .unwrap();
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn each_finding_reads_as_written_down() {
    let mut shown = String::new();
    let mut heading = String::new();
    for case in cases() {
        if case.heading != heading {
            heading.clone_from(&case.heading);
            writeln!(shown, "# {heading}\n").unwrap();
        }
        let (found, sources) = findings(&case.expression);
        shown.push_str(&render::text(&found, &sources, false));
    }
    let path = file("findings.txt");
    if std::env::var_os("UPDATE_FINDINGS").is_some() {
        std::fs::write(&path, &shown).unwrap();
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    let line = known.lines().zip(shown.lines()).position(|(known, shown)| known != shown);
    assert!(
        known == shown,
        "findings.txt differs from line {:?} on; renew it with UPDATE_FINDINGS=1 and read what changed",
        line.map(|line| line + 1)
    );
}

#[test]
fn there_are_many_and_each_finding_but_few_says_what_to_write_instead() {
    let all: Vec<Diagnostic> = cases().into_iter().flat_map(|case| findings(&case.expression).0).collect();
    assert!(all.len() >= 100, "{}", all.len());
    let with_help = all.iter().filter(|finding| finding.help.is_some()).count();
    assert!(with_help * 10 >= all.len() * 8, "{with_help} of {}", all.len());
}
