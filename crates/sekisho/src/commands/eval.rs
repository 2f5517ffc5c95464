//! `sekisho eval`.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use sekisho_diagnostics::{Diagnostic, MappedText, SourceMap, Span};
use sekisho_expression::Limits;
use sekisho_expression::image::JsonContext;
use sekisho_policy::compile::{Compiler, Environment, NamedValue};
use sekisho_policy::ports::{Clock, Entropy};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::cli;
use crate::system::{SystemClock, SystemEntropy};

/// The longest line of a batch, in bytes.
const MAX_LINE: usize = 16 * 1024 * 1024;

/// One line of a batch.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    id: Value,
    expression: String,
    #[serde(default)]
    context: Value,
}

/// Evaluates one expression, or each of a batch. Exit code 1 when a single one fails.
pub(crate) fn run(arguments: &cli::Eval) -> Result<ExitCode> {
    let environment = environment(arguments.named_values.as_deref())?;
    match (&arguments.batch, &arguments.expression) {
        (Some(batch), _) => run_batch(batch, &environment),
        (None, Some(expression)) => {
            let image = match &arguments.context {
                Some(path) => read_json(path)?,
                None => json!({}),
            };
            let answer = evaluate(expression, &image, &environment)?;
            anstream::println!("{answer}");
            Ok(if answer.get("error").is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
        }
        (None, None) => anyhow::bail!("give an expression or --batch"),
    }
}

fn run_batch(path: &Path, environment: &Environment) -> Result<ExitCode> {
    let file = std::fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let mut images: BTreeMap<String, Arc<Value>> = BTreeMap::new();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for (number, line) in BufReader::new(file).lines().enumerate() {
        let place = || format!("{}:{}", path.display(), number + 1);
        let line = line.with_context(place)?;
        anyhow::ensure!(line.len() <= MAX_LINE, "{}: longer than {MAX_LINE} bytes", place());
        if line.trim().is_empty() {
            continue;
        }
        let line: Line = serde_json::from_str(&line).with_context(place)?;
        let image = match line.context {
            Value::String(file) => match images.get(&file) {
                Some(known) => Arc::clone(known),
                None => {
                    let read = Arc::new(read_json(&folder.join(&file)).with_context(place)?);
                    images.insert(file, Arc::clone(&read));
                    read
                }
            },
            Value::Null => Arc::new(json!({})),
            object => Arc::new(object),
        };
        let mut answer = evaluate(&line.expression, &image, environment).with_context(place)?;
        if let Some(members) = answer.as_object_mut() {
            members.shift_insert(0, "id".to_owned(), line.id);
        }
        writeln!(out, "{answer}")?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn read_json(path: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))
}

fn environment(named_values: Option<&Path>) -> Result<Environment> {
    let mut environment = Environment::default();
    let Some(path) = named_values else { return Ok(environment) };
    let Value::Object(values) = read_json(path)? else {
        anyhow::bail!("{} must hold an object of names and texts", path.display());
    };
    for (name, value) in values {
        let Value::String(text) = value else { anyhow::bail!("named value `{name}` must be a text") };
        environment.named_values.insert(name, NamedValue { value: Some(Arc::from(text)) });
    }
    Ok(environment)
}

/// The answer for one expression: `{type, value}` or `{error}`.
fn evaluate(expression: &str, image: &Value, environment: &Environment) -> Result<Value> {
    let mut sources = SourceMap::new();
    let file = sources.add("expression", expression);
    let text = MappedText::verbatim(expression, file, 0).trimmed();
    let mut compiler = Compiler::new(environment, &sources);
    let text = compiler.pasted(&text);
    if let Some(first) = compiler.into_diagnostics().into_iter().find(Diagnostic::is_error) {
        return Ok(compile_error(&first, expression));
    }
    let text = text.trimmed();
    if !text.text().starts_with("@(") && !text.text().starts_with("@{") {
        let finding = Diagnostic::error(
            "not-an-expression",
            sources.whole(file),
            "an expression begins with `@(` or `@{`",
        );
        return Ok(compile_error(&finding, expression));
    }
    let program = match sekisho_expression::compile(&text) {
        Ok(program) => program,
        Err(findings) => {
            let fallback =
                Diagnostic::error("invalid-expression", Span::default(), "the expression cannot be compiled");
            return Ok(compile_error(findings.first().unwrap_or(&fallback), expression));
        }
    };
    let mut context = JsonContext::from_json(image).context("the context file does not have its form")?;
    context.now_ticks = SystemClock::new().utc_ticks();
    context.seed = SystemEntropy.next();
    Ok(match program.evaluate_rendered(&mut context, &Limits::default()) {
        Ok(rendered) => json!({"type": rendered.type_name, "value": rendered.value}),
        Err(thrown) => json!({"error": {"type": thrown.type_name(), "message": thrown.message()}}),
    })
}

/// The span counts characters of the expression as given.
fn compile_error(finding: &Diagnostic, expression: &str) -> Value {
    let characters = |bytes: u32| expression.get(..bytes as usize).map_or(0, |before| before.chars().count());
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
