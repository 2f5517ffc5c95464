//! A text of the user to a program, or to findings that point into the text as it was given.

use sekisho_diagnostics::{Diagnostic, MappedText, SourceMap, Span, render};
use sekisho_expression::Program;
use sekisho_policy::compile::{Compiler, Environment};
use serde_json::{Value, json};

/// How a text becomes an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// It is `@(…)` or `@{…}`.
    AsWritten,
    /// It is what stands inside `@(…)`.
    Value,
    /// It is what stands inside `@{…}`.
    Block,
}

/// Why a text does not compile.
pub(super) struct Refused {
    findings: Vec<Diagnostic>,
    sources: SourceMap,
}

/// Pastes named values in and compiles.
pub(super) fn compile(expression: &str, form: Form, environment: &Environment) -> Result<Program, Refused> {
    let mut sources = SourceMap::new();
    let file = sources.add("expression", expression);
    let text = MappedText::verbatim(expression, file, 0).trimmed();
    let text = match form {
        Form::AsWritten => text,
        Form::Value => wrapped(&text, "@(", "\n)"),
        Form::Block => wrapped(&text, "@{", "\n}"),
    };
    let mut compiler = Compiler::new(environment, &sources);
    let text = compiler.pasted(&text);
    let pasting: Vec<Diagnostic> =
        compiler.into_diagnostics().into_iter().filter(Diagnostic::is_error).collect();
    if !pasting.is_empty() {
        return Err(Refused { findings: pasting, sources });
    }
    let text = text.trimmed();
    if !text.text().starts_with("@(") && !text.text().starts_with("@{") {
        let finding = Diagnostic::error(
            "not-an-expression",
            sources.whole(file),
            "an expression begins with `@(` or `@{`",
        );
        return Err(Refused { findings: vec![finding], sources });
    }
    sekisho_expression::compile(&text).map_err(|findings| Refused { findings, sources })
}

/// The text between two brackets, which have no extent in the source.
fn wrapped(text: &MappedText, open: &str, close: &str) -> MappedText {
    let whole = text.whole_span();
    let mut out = MappedText::new(whole);
    out.push_replaced(open, whole.head());
    out.push_mapped(text, 0..text.text().len());
    out.push_replaced(close, Span { start: whole.end, ..whole });
    out
}

impl Refused {
    /// True when there is a finding with this code.
    pub(super) fn has(&self, code: &str) -> bool {
        self.findings.iter().any(|finding| finding.code == code)
    }

    /// All findings for people, with carets under the text.
    pub(super) fn text(&self, colour: bool) -> String {
        render::text(&self.findings, &self.sources, colour)
    }

    /// The first finding as `{error}`; its span counts characters of the expression as given.
    pub(super) fn answer(&self, expression: &str) -> Value {
        let fallback =
            Diagnostic::error("invalid-expression", Span::default(), "the expression cannot be compiled");
        let finding = self.findings.first().unwrap_or(&fallback);
        let characters =
            |bytes: u32| expression.get(..bytes as usize).map_or(0, |before| before.chars().count());
        let message = match &finding.help {
            Some(help) => format!("{}; {help}", finding.message),
            None => finding.message.clone(),
        };
        json!({"error": {
            "type": "CompileError",
            "message": message,
            "span": {"start": characters(finding.span.start), "end": characters(finding.span.end)},
        }})
    }
}
