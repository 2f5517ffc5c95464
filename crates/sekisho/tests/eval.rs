//! `sekisho eval` as people use it: the prompt through a pseudo-terminal, and the forms without one.
#![allow(clippy::unwrap_used)] // A test fails by panicking, in its helpers too.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use rexpect::process::WaitStatus;
use rexpect::session::{PtySession, spawn_command};

/// Nothing takes so long; a prompt that never comes fails the test.
const PATIENCE_MS: u64 = 30_000;
const PROMPT: &str = "sekisho> ";
const UP: &str = "\u{1b}[A";

fn sekisho(home: Option<&Path>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sekisho"));
    command.arg("eval").env("TERM", "xterm").env("NO_COLOR", "1").env_remove("XDG_STATE_HOME");
    match home {
        Some(home) => command.env("HOME", home),
        None => command.env_remove("HOME"),
    };
    command
}

/// A prompt that waits.
fn prompt(home: Option<&Path>, arguments: &[&str]) -> PtySession {
    let mut command = sekisho(home);
    command.args(arguments);
    let mut session = spawn_command(command, Some(PATIENCE_MS)).unwrap();
    session.exp_string(PROMPT).unwrap();
    session
}

/// Types a line; gives what comes before and after `expected`, up to the next prompt.
fn ask(session: &mut PtySession, line: &str, expected: &str) -> String {
    session.send_line(line).unwrap();
    let before = session.exp_string(expected).unwrap();
    let after = session.exp_string(PROMPT).unwrap();
    format!("{before}{expected}{after}")
}

/// Types without ending the line, and waits for what comes then.
fn type_in(session: &mut PtySession, text: &str, expected: &str) {
    session.send(text).unwrap();
    session.flush().unwrap();
    session.exp_string(expected).unwrap();
}

fn ends_well(mut session: PtySession) {
    session.exp_eof().unwrap();
    assert!(matches!(session.process().wait().unwrap(), WaitStatus::Exited(_, 0)));
}

#[test]
fn evaluates_what_is_typed() {
    let home = tempfile::tempdir().unwrap();
    let mut session = prompt(Some(home.path()), &[]);
    ask(&mut session, "20 + 22", "System.Int32: 42");
    ask(&mut session, "@(\"a\" + \"b\")", "System.String: \"ab\"");
    ask(&mut session, "var x = 6; return x * 7;", "System.Int32: 42");
    ask(&mut session, "\"a\\nb\"", "System.String:\r\na\r\nb");
    ask(&mut session, "context.Product", "null");
    ask(&mut session, "context.Trace(\"seen\");", "trace: seen");
    ask(&mut session, "int.Parse(\"x\")", "System.FormatException: ");
    session.send_line(":quit").unwrap();
    ends_well(session);
}

#[test]
fn a_mistake_is_shown_under_the_input() {
    let home = tempfile::tempdir().unwrap();
    let mut session = prompt(Some(home.path()), &[]);
    let shown = ask(&mut session, "1 + nothing", "does not exist here");
    assert!(shown.contains("1 | 1 + nothing"), "{shown}");
    assert!(shown.contains("  |     ^^^^^^^"), "{shown}");
    ask(&mut session, "1 +", "a value is expected");
    session.send_control('d').unwrap();
    ends_well(session);
}

#[test]
fn a_text_goes_on_while_brackets_are_open_or_until_it_returns() {
    let home = tempfile::tempdir().unwrap();
    let mut session = prompt(Some(home.path()), &[]);
    session.send_line("new[] {").unwrap();
    session.send_line("  1,").unwrap();
    ask(&mut session, "  2 }.Sum()", "System.Int32: 3");
    session.send_line("var x = 20;").unwrap();
    ask(&mut session, "return x + 1;", "System.Int32: 21");
    session.send_line("var x = 20;").unwrap();
    ask(&mut session, "", "missing-return");
    session.send_control('d').unwrap();
    ends_well(session);
}

#[test]
fn control_c_drops_the_line() {
    let home = tempfile::tempdir().unwrap();
    let mut session = prompt(Some(home.path()), &[]);
    type_in(&mut session, "f(", "f(");
    session.send_control('c').unwrap();
    session.exp_string(PROMPT).unwrap();
    ask(&mut session, "20 + 1", "System.Int32: 21");
    session.send_control('d').unwrap();
    ends_well(session);
}

#[test]
fn tab_completes() {
    let home = tempfile::tempdir().unwrap();
    let mut session = prompt(Some(home.path()), &[]);
    ask(&mut session, "context.RequestI\t", "System.Guid: ");
    type_in(&mut session, "\"AB\".ToLower\t", "string ToLowerInvariant()");
    ask(&mut session, "I\t()", "System.String: \"ab\"");
    type_in(&mut session, ":ty\t", ":type ");
    ask(&mut session, "context.Api", "IApi");
    session.send_control('d').unwrap();
    ends_well(session);
}

#[test]
fn lines_are_remembered_from_start_to_start() {
    let home = tempfile::tempdir().unwrap();
    let mut session = prompt(Some(home.path()), &[]);
    ask(&mut session, "20 + 1", "System.Int32: 21");
    ask(&mut session, " 20 + 2", "System.Int32: 22");
    session.send_line(":quit").unwrap();
    ends_well(session);
    let file = home.path().join(".local/state/sekisho/eval_history");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    // The line after a space is not among them.
    let mut session = prompt(Some(home.path()), &[]);
    session.send(UP).unwrap();
    session.send(UP).unwrap();
    ask(&mut session, "", "System.Int32: 21");
    session.send_control('d').unwrap();
    ends_well(session);
}

#[test]
fn works_without_a_home() {
    let mut session = prompt(None, &[]);
    ask(&mut session, "20 + 1", "System.Int32: 21");
    session.send_control('d').unwrap();
    ends_well(session);
}

#[test]
fn commands() {
    let home = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = home.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let first = write(
        "first.json",
        r#"{"request": {"url": "https://a.example/p", "body": "{\"n\": 1}"}, "variables": {"team": {"type": "String", "value": "red"}}}"#,
    );
    let second = write("second.json", r#"{"request": {"url": "https://b.example/p"}}"#);
    let loaded = write("expression.txt", "@{\n    var n = 40;\n    return n + 2;\n}\n");
    let values = write("values.json", r#"{"limit": "17"}"#);
    let mut session = prompt(Some(home.path()), &["--context", &first, "--named-values", &values]);
    ask(&mut session, ":help", ":members TYPE | EXPRESSION");
    ask(&mut session, "context.Request.Url.Host", "System.String: \"a.example\"");
    ask(&mut session, "{{limit}} + 1", "System.Int32: 18");
    // Each text sees the body unread.
    ask(&mut session, "context.Request.Body.As<JObject>()", "{\"n\":1}");
    ask(&mut session, "context.Request.Body.As<JObject>()[\"n\"]", "JValue: 1");
    ask(&mut session, ":set answer 40 + 2", "answer: System.Int32");
    ask(&mut session, "(int)context.Variables[\"answer\"] + 1", "System.Int32: 43");
    let shown = ask(&mut session, ":variables", "answer = System.Int32: 42");
    assert!(shown.contains("team = System.String: \"red\""), "{shown}");
    ask(&mut session, ":type 1 + 1L", "System.Int64");
    ask(&mut session, ":type nothing", "does not exist here");
    ask(&mut session, ":members context.Request", "string IpAddress");
    ask(&mut session, ":members Guid", "Guid NewGuid()");
    ask(&mut session, ":members Nothing", "neither a type nor a value");
    ask(&mut session, &format!(":load {loaded}"), "System.Int32: 42");
    ask(&mut session, &format!(":context {second}"), "`context` is ");
    ask(&mut session, "context.Request.Url.Host", "System.String: \"b.example\"");
    ask(&mut session, ":variables", "There are no variables");
    ask(&mut session, ":context /nothing/here.json", "error: cannot read /nothing/here.json");
    ask(&mut session, ":set", "Write `:set NAME EXPRESSION`");
    ask(&mut session, ":nothing", "There is no command `:nothing`");
    session.send_line(":quit").unwrap();
    ends_well(session);
}

/// Runs without a terminal.
fn run(arguments: &[&str], input: &str) -> Output {
    let mut command = sekisho(None);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn without_a_terminal_there_is_no_prompt() {
    let output = run(&[], "");
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("the prompt needs a terminal"), "{told}");
    assert!(output.stdout.is_empty());
}

#[test]
fn a_dash_reads_one_expression_from_standard_input() {
    let output = run(&["-"], "@{\n  return 1 + 1;\n}\n");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "{\"type\":\"System.Int32\",\"value\":\"2\"}\n");
    assert_eq!(run(&["-"], "@(int.Parse(\"x\"))").status.code(), Some(1));
}

#[test]
fn one_expression_prints_one_line_of_json() {
    let output = run(&["@(1 + 1)"], "");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "{\"type\":\"System.Int32\",\"value\":\"2\"}\n");
    let output = run(&["@(1 + é)"], "");
    assert_eq!(output.status.code(), Some(1));
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["error"]["type"], "CompileError");
    assert_eq!(told["error"]["span"], serde_json::json!({"start": 6, "end": 7}));
}
