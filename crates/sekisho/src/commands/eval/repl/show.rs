//! Results for people.

use anstyle::{AnsiColor, Style};
use sekisho_expression::render::Rendered;
use sekisho_expression::{Exception, Value};
use serde_json::Value as Json;

/// Longer JSON is spread over lines.
const WIDTH: usize = 80;

const TYPE: Style = AnsiColor::Cyan.on_default();
const ERROR: Style = AnsiColor::Red.on_default().bold();
pub(super) const QUIET: Style = Style::new().dimmed();

/// Type and value. The styles are dropped where the output is no terminal.
pub(super) fn result(rendered: &Rendered) -> String {
    let Some(type_name) = &rendered.type_name else { return "null".to_owned() };
    let value = value(type_name, &rendered.value);
    let between = if value.contains('\n') { '\n' } else { ' ' };
    format!("{TYPE}{type_name}{TYPE:#}:{between}{value}")
}

/// An exception with its .NET type.
pub(super) fn exception(thrown: &Exception) -> String {
    format!("{ERROR}{}{ERROR:#}: {}", thrown.type_name(), printable(thrown.message()))
}

fn value(type_name: &str, value: &Json) -> String {
    match value {
        Json::String(text) if type_name == "System.String" && text.contains('\n') => printable(text),
        Json::String(_) if type_name == "System.String" => value.to_string(),
        Json::String(text) if text.starts_with(['{', '[']) => spread(text),
        Json::String(text) => printable(text),
        Json::Null => format!("{QUIET}(no text form){QUIET:#}"),
        other => spread(&other.to_string()),
    }
}

/// Text without characters that would move the cursor or change colours.
fn printable(text: &str) -> String {
    let shown = |next: char| match next {
        '\n' | '\t' => next,
        '\r' => ' ',
        next if next.is_control() => '\u{fffd}',
        next => next,
    };
    text.chars().map(shown).collect()
}

/// JSON with its own spelling of numbers and texts, on one line or indented.
fn spread(json: &str) -> String {
    if json.chars().count() <= WIDTH {
        return printable(json);
    }
    let mut out = String::with_capacity(json.len() * 2);
    let mut depth = 0_usize;
    let mut in_text = false;
    let mut escaped = false;
    let mut before = ' ';
    for next in json.chars() {
        if in_text {
            out.push(next);
            in_text = escaped || next != '"';
            escaped = !escaped && next == '\\';
            continue;
        }
        match next {
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                if !matches!(before, '{' | '[') {
                    new_line(&mut out, depth);
                }
                out.push(next);
            }
            _ => {
                if matches!(before, '{' | '[') {
                    new_line(&mut out, depth);
                }
                out.push(next);
                match next {
                    '{' | '[' => depth += 1,
                    ',' => new_line(&mut out, depth),
                    ':' => out.push(' '),
                    '"' => in_text = true,
                    _ => {}
                }
            }
        }
        before = next;
    }
    printable(&out)
}

fn new_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

/// The type of a value that was stored.
pub(super) fn type_of(value: &Value) -> String {
    if value.is_null() { "null".to_owned() } else { value.type_of().to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown(type_name: &str, value: Json) -> String {
        let rendered = Rendered { type_name: Some(type_name.to_owned()), value };
        anstream::adapter::strip_str(&result(&rendered)).to_string()
    }

    #[test]
    fn short_values_stand_on_one_line() {
        assert_eq!(shown("System.Int32", json!("42")), "System.Int32: 42");
        assert_eq!(shown("System.String", json!("a \"b\"")), r#"System.String: "a \"b\"""#);
        assert_eq!(shown("System.Boolean", json!(true)), "System.Boolean: true");
        assert_eq!(shown("System.Int32[]", json!([1, 2])), "System.Int32[]: [1,2]");
        assert_eq!(result(&Rendered { type_name: None, value: Json::Null }), "null");
    }

    #[test]
    fn texts_over_several_lines_stand_below_the_type() {
        assert_eq!(shown("System.String", json!("a\r\nb")), "System.String:\na \nb");
        assert_eq!(shown("System.String", json!("\u{1b}[2J\n")), "System.String:\n\u{fffd}[2J\n");
    }

    #[test]
    fn long_json_is_indented_and_keeps_its_numbers() {
        let json = format!(r#"{{"a":[1.0,1E+20,{{}}],"b":"{{,\":[","c":"{}","d":[]}}"#, "x".repeat(80));
        let expected = format!(
            "{{\n  \"a\": [\n    1.0,\n    1E+20,\n    {{}}\n  ],\n  \"b\": \"{{,\\\":[\",\n  \"c\": \"{}\",\n  \"d\": []\n}}",
            "x".repeat(80)
        );
        assert_eq!(spread(&json), expected);
    }
}
