//! What a line of the prompt is: a command, or a text with or without its `@(…)`.

use sekisho_diagnostics::reference::references;
use sekisho_expression::completion::{Scan, is_value};
use sekisho_policy::compile::Environment;

use crate::commands::eval::compile::{Form, compile};

/// Words that begin a statement and no value.
const STATEMENTS: [&str; 12] =
    ["break", "const", "continue", "do", "for", "foreach", "if", "return", "switch", "try", "var", "while"];

/// The form of a text, and what of it counts: a `;` after a lone value does not.
pub(super) fn form(text: &str) -> (Form, &str) {
    let text = text.trim();
    if text.starts_with("@(") || text.starts_with("@{") {
        return (Form::AsWritten, text);
    }
    let word = text.split(|next: char| !next.is_alphanumeric()).next().unwrap_or("");
    if STATEMENTS.contains(&word) {
        return (Form::Block, text);
    }
    let read = without_references(text);
    if is_value(&read) {
        return (Form::Value, text);
    }
    match (text.strip_suffix(';'), read.strip_suffix(';')) {
        (Some(value), Some(read)) if is_value(read) => (Form::Value, value),
        _ if Scan::of(&read).statements() > 0 => (Form::Block, text),
        _ => (Form::Value, text),
    }
}

/// The text with a number in the place of each named value: its braces are none of C#.
fn without_references(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (range, _) in references(text) {
        out.push_str(text.get(at..range.start).unwrap_or(""));
        out.push('0');
        at = range.end;
    }
    out.push_str(text.get(at..).unwrap_or(""));
    out
}

/// True when a text is to go on in the next line: something is open, or statements do not return yet. An empty line ends it.
pub(super) fn goes_on(text: &str, environment: &Environment) -> bool {
    if text.ends_with('\n') || text.trim().is_empty() {
        return false;
    }
    if Scan::of(text.trim()).is_open() {
        return true;
    }
    let (form, counted) = form(text);
    if form != Form::Block {
        return false;
    }
    let ended = counted.ends_with([';', '}']);
    !ended || compile(counted, form, environment).is_err_and(|refused| refused.has("missing-return"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        for (text, expected, counted) in [
            ("1 + 1", Form::Value, "1 + 1"),
            (" \"a\".Length; ", Form::Value, "\"a\".Length"),
            ("@(1)", Form::AsWritten, "@(1)"),
            ("@{ return 1; }", Form::AsWritten, "@{ return 1; }"),
            ("@\"c:\\\"", Form::Value, "@\"c:\\\""),
            ("return 1;", Form::Block, "return 1;"),
            ("var x = 1; return x;", Form::Block, "var x = 1; return x;"),
            ("int x = 1; return x;", Form::Block, "int x = 1; return x;"),
            ("if (true)", Form::Block, "if (true)"),
            ("context.Trace(\"a\");", Form::Value, "context.Trace(\"a\")"),
            ("format", Form::Value, "format"),
            ("1 +", Form::Value, "1 +"),
            ("{{limit}} + 1", Form::Value, "{{limit}} + 1"),
            ("return {{limit}};", Form::Block, "return {{limit}};"),
        ] {
            assert_eq!(form(text), (expected, counted), "{text}");
        }
    }

    #[test]
    fn what_goes_on() {
        let environment = Environment::default();
        for text in [
            "f(",
            "new JObject {",
            "@{ return 1;",
            "if (true)",
            "if (context.Tracing) { return 1; }",
            "var x = 1;",
            "int x = 1;",
            "return 1",
            "@\"text",
        ] {
            assert!(goes_on(text, &environment), "{text}");
        }
        for text in
            ["", "1 + 1", "1 +", "@(1)", "return 1;", "var x = 1; return x;", "var x = 1;\n", "\"open", "f()"]
        {
            assert!(!goes_on(text, &environment), "{text}");
        }
    }
}
