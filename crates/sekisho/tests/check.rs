//! `sekisho check` on a service directory with twenty seeded mistakes, on the examples, and on single documents.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // helpers of tests may fail as tests do

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// Each mistake of `tests/mistakes`: file, line and column, code, and a part of what is said about it.
const MISTAKES: [(&str, &str, &str, &str); 20] = [
    ("apis/audio/policy.xml", "9:15", "mismatched-end-tag", "close it with `</when>`"),
    (
        "apis/batch/policy.xml",
        "4:10",
        "policy-not-supported",
        "`xsl-transform` is not supported: no maintained library",
    ),
    ("apis/chat/operations/complete/policy.xml", "4:40", "unknown-fragment", "did you mean `sign-in`?"),
    ("apis/chat/policy.xml", "4:40", "unknown-named-value", "`chat-url`"),
    ("apis/chat/policy.xml", "6:91", "unknown-named-value", "did you mean `{{chat-key}}`?"),
    ("apis/chat/policy.xml", "10:50", "unknown-backend", "did you mean `east`?"),
    ("apis/embeddings/operations/create/policy.xml", "4:43", "unclosed-expression", "add the missing `)`"),
    ("apis/embeddings/policy.xml", "4:10", "unknown-policy", "did you mean `set-header`?"),
    ("apis/embeddings/policy.xml", "9:107", "wrong-value", "it must be `true` or `false`"),
    ("apis/images/operations/generate/policy.xml", "5:60", "no-operator", "`==`"),
    ("apis/images/policy.xml", "4:62", "unknown-member", "did you mean `Headers`?"),
    ("backends/east/backendInformation.json", "6:34", "wrong-type", "`validateCertificateName`"),
    ("backends/pool/backendInformation.json", "13:21", "number-out-of-range", "from 0 to 100"),
    ("backends/west/backendInformation.json", "11:27", "conflicting-properties", "keep one of the two"),
    ("policy fragments/routing/policy.xml", "3:36", "nested-fragment", "include both fragments"),
    ("policy.xml", "4:38", "unknown-attribute", "did you mean `exists-action`?"),
    ("policy.xml", "13:10", "missing-attribute", "needs the attribute `value`"),
    ("products/gold/apis/vision/productApiInformation.json", "1:1", "unknown-api", "`vision`"),
    ("products/gold/policy.xml", "7:10", "policy-not-allowed-in-section", "it may stand in `inbound`"),
    (
        "subscriptions/team-red/subscriptionInformation.json",
        "1:1",
        "duplicate-subscription-key",
        "`team-blue`",
    ),
];

fn mistakes() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mistakes")
}

fn check(arguments: &[&str], path: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sekisho"));
    command.arg("check").arg(path).args(arguments).output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn json(output: &Output) -> Vec<Value> {
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The document in a file of its own.
fn document(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::Builder::new().suffix(".xml").tempfile().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

/// `code line:column severity` of each finding.
fn brief(findings: &[Value]) -> Vec<String> {
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    let one = |finding: &Value| {
        format!(
            "{} {}:{} {}",
            word(&finding["code"]),
            finding["line"],
            finding["column"],
            word(&finding["severity"])
        )
    };
    findings.iter().map(one).collect()
}

#[test]
fn every_seeded_mistake_is_found_at_its_place_and_nothing_else() {
    let output = check(&["--format", "json"], &mistakes());
    assert_eq!(output.status.code(), Some(1));
    let found: Vec<String> = json(&output)
        .iter()
        .map(|finding| {
            let file = Path::new(finding["file"].as_str().unwrap());
            let file = file.strip_prefix(mistakes()).unwrap_or(file).display();
            format!("{file}:{}:{} {}", finding["line"], finding["column"], finding["code"].as_str().unwrap())
        })
        .collect();
    let expected = MISTAKES.map(|(file, place, code, _)| format!("{file}:{place} {code}"));
    assert_eq!(found, expected, "{}", text(&check(&[], &mistakes())));
}

#[test]
fn every_finding_is_a_sentence_with_a_remedy() {
    let findings = json(&check(&["--format", "json"], &mistakes()));
    for (finding, (file, _, code, part)) in findings.iter().zip(MISTAKES) {
        let message = finding["message"].as_str().unwrap();
        let help = finding["help"].as_str().unwrap_or("");
        assert!(message.contains(part) || help.contains(part), "{file} {code}: {message}; {help}");
        // What an operator takes is said in the message; there is no remedy that fits all.
        assert!(!help.is_empty() || code == "no-operator", "{file} {code}: {message}");
        assert!(!message.ends_with('.'), "{file} {code}: {message}");
        assert_eq!(finding["severity"], "error");
        let end = (finding["endLine"].as_u64(), finding["endColumn"].as_u64());
        assert!(end >= (finding["line"].as_u64(), finding["column"].as_u64()), "{finding}");
        assert!(!finding.to_string().contains("s3cret-value"), "{finding}");
    }
}

#[test]
fn a_reference_that_leads_nowhere_is_one_finding() {
    let folder = tempfile::tempdir().unwrap();
    let pool = folder.path().join("backends/pool");
    std::fs::create_dir_all(&pool).unwrap();
    let information =
        r#"{"properties": {"type": "Pool", "pool": {"services": [{"id": "/backends/north"}]}}}"#;
    std::fs::write(pool.join("backendInformation.json"), information).unwrap();
    let output = check(&["--format", "json"], folder.path());
    let findings = brief(&json(&output));
    assert_eq!(findings, ["unknown-backend 1:73 error"]);
    assert_eq!(output.status.code(), Some(1));

    let api = folder.path().join("api.yaml");
    std::fs::write(
        &api,
        "apis:\n  a:\n    path: a\n    backendId: nope\n    operations: {x: {method: GET, urlTemplate: /}}\n",
    )
    .unwrap();
    assert_eq!(brief(&json(&check(&["--format", "json"], &api))), ["unknown-backend 4:16 error"]);
}

#[test]
fn a_value_that_breaks_an_expression_is_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let value = folder.path().join("named values/key");
    std::fs::create_dir_all(&value).unwrap();
    let information = r#"{"properties": {"displayName": "key", "value": "a\" hush \"b", "secret": true}}"#;
    std::fs::write(value.join("namedValueInformation.json"), information).unwrap();
    let policy = r#"<policies><inbound><set-variable name="a" value="@("{{key}}")" /></inbound></policies>"#;
    std::fs::write(folder.path().join("policy.xml"), policy).unwrap();
    let output = check(&["--format", "json"], folder.path());
    assert_eq!(brief(&json(&output)), ["invalid-named-value 1:53 error"]);
    for format in ["text", "json", "sarif"] {
        let text = text(&check(&["--format", format], folder.path()));
        assert!(text.contains("`{{key}}`") && !text.contains("hush"), "{text}");
    }
}

#[test]
fn the_text_form_shows_the_lines_and_counts() {
    let output = check(&[], &mistakes());
    assert_eq!(output.status.code(), Some(1));
    let text = text(&output);
    for (file, place, code, part) in MISTAKES {
        assert!(text.contains(&format!("error[{code}]")), "{code} in\n{text}");
        assert!(text.contains(&format!("{file}:{place}")), "{file}:{place} in\n{text}");
        assert!(text.contains(part), "{part} in\n{text}");
    }
    assert!(text.contains("<set-backend-service backend-id=\"eastt\" />"), "{text}");
    assert!(text.ends_with("20 errors, 0 warnings\n"), "{text}");
    assert!(!text.contains('\u{1b}'), "colour in a pipe");
}

#[test]
fn the_sarif_form_has_a_result_for_each() {
    let output = check(&["--format", "sarif"], &mistakes());
    assert_eq!(output.status.code(), Some(1));
    let log: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(log["version"], "2.1.0");
    assert_eq!(log["runs"][0]["tool"]["driver"]["name"], "sekisho");
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), MISTAKES.len());
    for (result, (file, place, code, _)) in results.iter().zip(MISTAKES) {
        assert_eq!(result["ruleId"], code);
        assert_eq!(result["level"], "error");
        let location = &result["locations"][0]["physicalLocation"];
        assert!(location["artifactLocation"]["uri"].as_str().unwrap().ends_with(file), "{result}");
        let region = &location["region"];
        assert_eq!(format!("{}:{}", region["startLine"], region["startColumn"]), place);
    }
}

#[test]
fn the_examples_have_no_findings() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let mut count = 0;
    for entry in std::fs::read_dir(examples).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_dir() {
            continue;
        }
        count += 1;
        let output = check(&["--format", "json"], &path);
        assert_eq!(brief(&json(&output)), Vec::<String>::new(), "{}", path.display());
        assert_eq!(output.status.code(), Some(0), "{}", path.display());
    }
    assert!(count > 0);
}

/// References to a named value, as code and as a number, a backend, a fragment; and a condition that reads them.
const UNRESOLVED: &str = r#"<policies>
    <inbound>
        <base />
        <set-backend-service backend-id="gpt" />
        <include-fragment fragment-id="sign-in" />
        <set-backend-service base-url="{{chat-url}}" />
        <set-variable name="limit" value="@({{limit}} + 1)" />
    </inbound>
    <backend>
        <retry condition="@(context.Response.StatusCode == 429)" count="{{retries}}" interval="1">
            <forward-request />
        </retry>
    </backend>
</policies>
"#;

#[test]
fn a_document_alone_may_leave_references_open() {
    let file = document(UNRESOLVED);
    let places = [
        "unknown-backend 4:42",
        "unknown-fragment 5:40",
        "unknown-named-value 6:40",
        "unknown-named-value 7:45",
        "unknown-named-value 10:73",
    ];
    let with = |severity: &str| places.map(|place| format!("{place} {severity}"));
    let strict = check(&["--format", "json"], file.path());
    assert_eq!(brief(&json(&strict)), with("error"));
    assert_eq!(strict.status.code(), Some(1));
    let lenient = check(&["--format", "json", "--allow-unresolved"], file.path());
    assert_eq!(brief(&json(&lenient)), with("warning"));
    assert_eq!(lenient.status.code(), Some(0));
    assert!(text(&check(&["--allow-unresolved"], file.path())).ends_with("0 errors, 5 warnings\n"));
}

#[test]
fn other_mistakes_stay_errors_when_references_may_be_open() {
    let file = document(
        "<policies>\n    <inbound>\n        <set-status code=\"{{status}}\" text=\"OK\" />\n    </inbound>\n</policies>\n",
    );
    let output = check(&["--format", "json", "--allow-unresolved"], file.path());
    assert_eq!(brief(&json(&output)), ["unknown-named-value 3:27 warning", "unknown-attribute 3:39 error"]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_fragment_is_checked_alone_too() {
    let file = document(
        "<fragment>\n    <rewrite-uri template=\"/v2\" />\n    <set-status code=\"abc\" />\n</fragment>\n",
    );
    let output = check(&["--format", "json"], file.path());
    assert_eq!(brief(&json(&output)), ["wrong-value 3:23 error"]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_good_document_has_no_findings() {
    let file = document("<policies>\n    <inbound>\n        <base />\n    </inbound>\n</policies>\n");
    let output = check(&[], file.path());
    assert_eq!((output.status.code(), text(&output).as_str()), (Some(0), "0 errors, 0 warnings\n"));
    assert_eq!(text(&check(&["--format", "json"], file.path())), "[]\n");
}

#[test]
fn several_paths_are_one_report() {
    let bad = document("<policies>\n    <inbund />\n</policies>\n");
    let good = document("<policies />\n");
    let output = Command::new(env!("CARGO_BIN_EXE_sekisho"))
        .args(["check", "--format", "json"])
        .args([good.path(), bad.path()])
        .output()
        .unwrap();
    assert_eq!(brief(&json(&output)), ["unknown-section 2:6 error"]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn missing_paths_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let output = check(&["--format", "json"], &folder.path().join("nowhere"));
    assert_eq!(brief(&json(&output)), ["unreadable-file 1:1 error"]);
    assert_eq!(output.status.code(), Some(1));
    let output = check(&[], &folder.path().join("nowhere.xml"));
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("cannot read") && error.contains("nowhere.xml"), "{error}");
}
