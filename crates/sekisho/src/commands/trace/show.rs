//! A trace as a tree: sections, policies with their places and times, and what each of them did.

use std::collections::HashMap;
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde_json::Value;

const SECTION: Style = AnsiColor::Cyan.on_default().bold();
const NAME: Style = Style::new().bold();
const QUIET: Style = Style::new().dimmed();
const BAD: Style = AnsiColor::Red.on_default().bold();
const GOOD: Style = AnsiColor::Green.on_default();

/// The longest value that is shown, in characters.
const LONGEST: usize = 160;

/// True when the trace tells how the call ended.
pub(super) fn is_complete(trace: &Value) -> bool {
    last(trace).is_some_and(|data| data.get("complete") == Some(&Value::Bool(true)))
}

/// The whole tree. The styles are dropped where the output is no terminal.
pub(super) fn text(trace: &Value) -> String {
    let mut out = String::new();
    head(&mut out, trace);
    let mut depths = HashMap::new();
    for section in ["inbound", "backend", "outbound", "on-error"] {
        let entries = entries(trace, section).filter(|entry| {
            !matches!(entry.pointer("/data/kind").and_then(Value::as_str), Some("request" | "response"))
        });
        let mut entries = entries.peekable();
        if entries.peek().is_none() {
            continue;
        }
        line(&mut out, 0, &format!("\n{SECTION}{section}{SECTION:#}"));
        for entry in entries {
            policy(&mut out, entry, &mut depths);
        }
    }
    foot(&mut out, trace);
    out
}

fn entries<'t>(trace: &'t Value, section: &str) -> impl Iterator<Item = &'t Value> {
    trace.get("traceEntries").and_then(|all| all.get(section)).and_then(Value::as_array).into_iter().flatten()
}

/// The data of the entry about the response.
fn last(trace: &Value) -> Option<&Value> {
    let found = ["on-error", "outbound"].iter().flat_map(|section| entries(trace, section));
    found.filter_map(|entry| entry.get("data")).find(|data| string(data, "kind") == "response")
}

fn head(out: &mut String, trace: &Value) {
    let Some(request) = entries(trace, "inbound").next().and_then(|entry| entry.get("data")) else { return };
    line(out, 0, &format!("{NAME}{} {}{NAME:#}", string(request, "method"), string(request, "url")));
    let mut facts = vec![format!("trace {}", string(trace, "traceId"))];
    for (name, key) in [
        ("api", "apiId"),
        ("operation", "operationId"),
        ("product", "productId"),
        ("subscription", "subscriptionId"),
    ] {
        if request.get(key).is_some() {
            facts.push(format!("{name} {}", string(request, key)));
        }
    }
    line(out, 0, &format!("{QUIET}{}{QUIET:#}", facts.join(" · ")));
}

fn policy(out: &mut String, entry: &Value, depths: &mut HashMap<u64, usize>) {
    let Some(data) = entry.get("data") else { return };
    let parent = data.get("parent").and_then(Value::as_u64);
    let depth = parent.and_then(|parent| depths.get(&parent)).map_or(1, |depth| depth + 1);
    depths.extend(data.get("run").and_then(Value::as_u64).map(|run| (run, depth)));
    let mut title = format!("{NAME}{}{NAME:#}", string(entry, "source"));
    let location = data
        .get("location")
        .map(|at| format!("{}:{}:{}", string(at, "file"), number(at, "line"), number(at, "column")));
    let place = location
        .unwrap_or_else(|| if data.get("builtIn").is_some() { "built in".to_owned() } else { String::new() });
    let time = data.get("durationMicroseconds").and_then(Value::as_u64).map(milliseconds).unwrap_or_default();
    let facts = [string(data, "scope"), place, time];
    let facts: Vec<&str> = facts.iter().map(String::as_str).filter(|fact| !fact.is_empty()).collect();
    let _ = write!(title, "  {QUIET}{}{QUIET:#}", facts.join("  "));
    match string(data, "outcome").as_str() {
        "" | "continue" => {}
        "respond" => title.push_str("  responds"),
        other => {
            let _ = write!(title, "  {BAD}{other}{BAD:#}");
        }
    }
    line(out, depth, &title);
    details(out, depth + 1, data);
}

/// What a policy did, one line each.
fn details(out: &mut String, depth: usize, data: &Value) {
    for evaluated in list(data, "expressions") {
        let value = match evaluated.get("exception") {
            Some(exception) => format!("{BAD}{}{BAD:#}", shown(exception)),
            None => shown(&evaluated["value"]),
        };
        line(out, depth, &format!("{QUIET}{}{QUIET:#} = {value}", one_line(&string(evaluated, "text"))));
    }
    for variable in list(data, "variables") {
        let name = string(variable, "name");
        let after = shown(&variable["after"]);
        match variable.get("before") {
            Some(before) => line(out, depth, &format!("variable {name}: {} → {after}", shown(before))),
            None => line(out, depth, &format!("variable {name}: {after}")),
        }
    }
    for side in ["request", "response"] {
        if let Some(changes) = data.get(side) {
            message(out, depth, side, changes);
        }
    }
    for limit in list(data, "limits") {
        let mut text = format!(
            "limit {}: {} counted, {} left",
            string(limit, "rule"),
            number(limit, "counted"),
            number(limit, "remaining")
        );
        if limit.get("granted") == Some(&Value::Bool(false)) {
            let wait = limit.get("retryAfterSeconds").map(|wait| format!(", passes in {wait} s"));
            text = format!("{BAD}{text}, refused{}{BAD:#}", wait.unwrap_or_default());
        }
        line(out, depth, &format!("{text} {QUIET}(counter {}){QUIET:#}", string(limit, "counter")));
    }
    for lookup in list(data, "cacheLookups") {
        line(out, depth, &format!("{} cache: {}", string(lookup, "cache"), string(lookup, "outcome")));
    }
    for attempt in list(data, "attempts") {
        line(out, depth, &attempt_text(attempt));
    }
    for message in list(data, "messages") {
        let text = format!(
            "{} {}: {}",
            string(message, "severity"),
            string(message, "from"),
            shown(&message["message"])
        );
        line(out, depth, &text);
    }
    if let Some(error) = data.get("error") {
        let text =
            format!("{} {}: {}", string(error, "source"), string(error, "reason"), string(error, "message"));
        line(out, depth, &format!("{BAD}{}{BAD:#}", one_line(&text)));
    }
}

fn attempt_text(attempt: &Value) -> String {
    let pool =
        attempt.get("poolId").map(|_| format!("pool {}, ", string(attempt, "poolId"))).unwrap_or_default();
    let backend =
        attempt.get("backendId").map(|_| format!("{} ", string(attempt, "backendId"))).unwrap_or_default();
    let outcome = match attempt.get("status") {
        Some(status) => status.to_string(),
        None => format!("{BAD}{}{BAD:#}", string(attempt, "failure")),
    };
    let time =
        attempt.get("durationMicroseconds").and_then(Value::as_u64).map(milliseconds).unwrap_or_default();
    let tokens = attempt.get("tokens").map(|tokens| format!(", {}", tokens_text(tokens))).unwrap_or_default();
    format!("call {pool}{backend}{} → {outcome} in {time}{tokens}", string(attempt, "authority"))
}

fn tokens_text(tokens: &Value) -> String {
    let count = |name: &str| tokens.get(name).map_or("unknown".to_owned(), Value::to_string);
    format!(
        "{} + {} tokens ({})",
        count("promptTokens"),
        count("completionTokens"),
        string(tokens, "provenance")
    )
}

fn message(out: &mut String, depth: usize, side: &str, changes: &Value) {
    for part in ["method", "url", "backendId", "status", "reason"] {
        if let Some(change) = changes.get(part) {
            let (before, after) = (shown(&change["before"]), shown(&change["after"]));
            line(out, depth, &format!("{side} {part}: {before} → {after}"));
        }
    }
    for header in list(changes, "headers") {
        let name = string(header, "name");
        let text = match string(header, "change").as_str() {
            "added" => format!("{side} header + {name}: {}", shown(&header["after"])),
            "removed" => format!("{side} header - {name}"),
            _ => format!("{side} header {name}: {} → {}", shown(&header["before"]), shown(&header["after"])),
        };
        line(out, depth, &text);
    }
    if let Some(body) = changes.get("body") {
        let bytes = body.get("bytes").map(|bytes| format!(", {bytes} bytes")).unwrap_or_default();
        line(out, depth, &format!("{side} body {}{bytes}", string(body, "change")));
    }
}

fn foot(out: &mut String, trace: &Value) {
    let Some(response) = last(trace) else { return };
    let status = response.get("status").and_then(Value::as_u64).unwrap_or(0);
    let style = if status < 400 { GOOD } else { BAD };
    let mut text = format!("\n{style}{status}{style:#}");
    match response.get("durationMicroseconds").and_then(Value::as_u64) {
        Some(time) => {
            let _ =
                write!(text, " after {}, {} bytes", milliseconds(time), number(response, "responseBytes"));
        }
        None => text.push_str(" (the response is still sent)"),
    }
    if let Some(tokens) = response.get("tokens") {
        let _ = write!(text, ", {}", tokens_text(tokens));
    }
    if response.get("brokenOff") == Some(&Value::Bool(true)) {
        let _ = write!(text, ", {BAD}broken off{BAD:#}");
    }
    if let Some(dropped) = response.get("dropped") {
        let _ = write!(text, "; {dropped} more had no room in the trace");
    }
    line(out, 0, &text);
}

fn line(out: &mut String, depth: usize, text: &str) {
    let _ = writeln!(out, "{}{text}", "  ".repeat(depth));
}

fn list<'v>(data: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    data.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn string(data: &Value, name: &str) -> String {
    data.get(name).and_then(Value::as_str).map(one_line).unwrap_or_default()
}

fn number(data: &Value, name: &str) -> u64 {
    data.get(name).and_then(Value::as_u64).unwrap_or(0)
}

/// A value on one line.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::String(text) => format!("\"{}\"", one_line(text)),
        other => other.to_string(),
    }
}

/// Without line ends and without characters that would move the cursor or change colours.
fn one_line(text: &str) -> String {
    let mut out = String::new();
    let mut blank = false;
    for (count, c) in text.trim().chars().enumerate() {
        if count >= LONGEST {
            out.push('…');
            break;
        }
        let is_blank = c.is_whitespace() || c.is_control();
        if !(is_blank && blank) {
            out.push(if is_blank { ' ' } else { c });
        }
        blank = is_blank;
    }
    out
}

fn milliseconds(microseconds: u64) -> String {
    format!("{}.{:02} ms", microseconds / 1_000, microseconds % 1_000 / 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_trace_is_a_tree() {
        let trace = json!({"traceId": "t1", "traceEntries": {
            "inbound": [
                {"source": "request", "data": {"kind": "request", "method": "GET", "url": "http://h/a", "apiId": "chat"}},
                {"source": "choose", "data": {"kind": "policy", "run": 1, "scope": "api", "outcome": "continue",
                    "location": {"file": "policy.xml", "line": 3, "column": 9}, "durationMicroseconds": 1234,
                    "expressions": [{"text": "@(1 ==\n   1)", "value": "True"}]}},
                {"source": "set-variable", "data": {"kind": "policy", "run": 2, "parent": 1, "scope": "api",
                    "outcome": "continue", "variables": [{"name": "a", "after": "x\u{1b}[2J"}]}},
            ],
            "backend": [], "outbound": [],
            "on-error": [{"source": "response", "data": {"kind": "response", "status": 500, "complete": false}}],
        }});
        let text = anstream::adapter::strip_str(&text(&trace)).to_string();
        let expected = "GET http://h/a\ntrace t1 · api chat\n\ninbound\n  choose  api  policy.xml:3:9  1.23 ms\n    \
                        @(1 == 1) = \"True\"\n    set-variable  api\n      variable a: \"x [2J\"\n\n500 (the response is still sent)\n";
        assert_eq!(text, expected);
        assert!(!is_complete(&trace));
    }
}
