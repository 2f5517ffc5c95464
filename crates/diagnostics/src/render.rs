//! Findings as terminal text, JSON and SARIF.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use serde::Serialize;
use serde_json::json;

use crate::diagnostic::{Diagnostic, Severity};
use crate::source::SourceMap;

/// One finding of the JSON form; lines and columns count from 1.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonFinding<'a> {
    file: String,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    severity: &'a str,
    code: &'a str,
    message: &'a str,
    help: Option<&'a str>,
}

/// Orders findings by file, place and code, and drops repetitions.
pub fn sort(diagnostics: &mut Vec<Diagnostic>, sources: &SourceMap) {
    diagnostics.sort_by(|left, right| {
        let key =
            |finding: &Diagnostic| (sources.path(finding.span.file).to_owned(), finding.span, finding.code);
        key(left).cmp(&key(right))
    });
    diagnostics.dedup();
}

/// Text for people: each finding with its lines of source, then the remedy.
pub fn text(diagnostics: &[Diagnostic], sources: &SourceMap, colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let mut out = String::new();
    for finding in diagnostics {
        out.push_str(&one(finding, sources, &renderer));
        out.push_str("\n\n");
    }
    out
}

fn one(finding: &Diagnostic, sources: &SourceMap, renderer: &Renderer) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Information => Level::INFO,
    };
    let source = sources.text(finding.span.file);
    let start = (finding.span.start as usize).min(source.len());
    let end = (finding.span.end as usize).clamp(start, source.len());
    let snippet = Snippet::source(source)
        .path(sources.path(finding.span.file))
        .annotation(AnnotationKind::Primary.span(start..end));
    let title = level.primary_title(&*finding.message).id(finding.code);
    let group = title.element(snippet);
    let group = match &finding.help {
        Some(help) => group.element(Level::HELP.message(&**help)),
        None => group,
    };
    renderer.render(&[group])
}

/// Findings and the texts that they point into. Several checks make several groups.
pub type Group<'a> = (&'a [Diagnostic], &'a SourceMap);

/// A JSON array of `{file, line, column, endLine, endColumn, severity, code, message, help}`.
pub fn json(groups: &[Group<'_>]) -> String {
    let findings: Vec<JsonFinding<'_>> = all(groups)
        .map(|(finding, sources)| {
            let place = sources.locate(finding.span);
            JsonFinding {
                file: place.file.to_string(),
                line: place.line,
                column: place.column,
                end_line: place.end_line,
                end_column: place.end_column,
                severity: finding.severity.name(),
                code: finding.code,
                message: &finding.message,
                help: finding.help.as_deref(),
            }
        })
        .collect();
    serde_json::to_string_pretty(&findings).unwrap_or_else(|_| "[]".to_owned())
}

fn all<'a>(groups: &'a [Group<'a>]) -> impl Iterator<Item = (&'a Diagnostic, &'a SourceMap)> {
    groups
        .iter()
        .flat_map(|(diagnostics, sources)| diagnostics.iter().map(move |finding| (finding, *sources)))
}

/// A SARIF 2.1.0 log, which code-scanning pages of forges read.
pub fn sarif(groups: &[Group<'_>], version: &str) -> String {
    let results: Vec<_> = all(groups)
        .map(|(finding, sources)| {
            let place = sources.locate(finding.span);
            let level = match finding.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Information => "note",
            };
            let text = match &finding.help {
                Some(help) => format!("{}\n{help}", finding.message),
                None => finding.message.clone(),
            };
            json!({
                "ruleId": finding.code,
                "level": level,
                "message": {"text": text},
                "locations": [{"physicalLocation": {
                    "artifactLocation": {"uri": place.file.as_ref()},
                    "region": {
                        "startLine": place.line, "startColumn": place.column,
                        "endLine": place.end_line, "endColumn": place.end_column,
                    },
                }}],
            })
        })
        .collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": {"name": "sekisho", "version": version}}, "results": results}],
    });
    serde_json::to_string_pretty(&log).unwrap_or_else(|_| "{}".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    fn example() -> (SourceMap, Vec<Diagnostic>) {
        let mut map = SourceMap::new();
        let file = map.add("apis/chat/policy.xml", "<policies>\n  <inbund/>\n</policies>\n");
        let finding =
            Diagnostic::error("unknown-section", Span::new(file, 13, 22), "`inbund` is not a section")
                .with_help("did you mean `inbound`?");
        (map, vec![finding])
    }

    #[test]
    fn text_shows_the_place_and_the_remedy() {
        let (map, findings) = example();
        let text = text(&findings, &map, false);
        assert!(text.contains("error[unknown-section]: `inbund` is not a section"), "{text}");
        assert!(text.contains("apis/chat/policy.xml:2:3"), "{text}");
        assert!(text.contains("did you mean `inbound`?"), "{text}");
    }

    #[test]
    fn json_counts_from_one() {
        let (map, findings) = example();
        let value: serde_json::Value = serde_json::from_str(&json(&[(&findings, &map)])).unwrap();
        assert_eq!(value[0]["line"], 2);
        assert_eq!(value[0]["column"], 3);
        assert_eq!(value[0]["endColumn"], 12);
        assert_eq!(value[0]["help"], "did you mean `inbound`?");
    }

    #[test]
    fn sarif_has_one_result_for_each_finding() {
        let (map, findings) = example();
        let value: serde_json::Value = serde_json::from_str(&sarif(&[(&findings, &map)], "1.0.0")).unwrap();
        assert_eq!(value["runs"][0]["results"][0]["ruleId"], "unknown-section");
    }
}
