//! `sekisho eval`.

mod batch;
mod compile;
mod repl;

use std::io::{IsTerminal, Read};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use sekisho_expression::Limits;
use sekisho_expression::image::JsonContext;
use sekisho_policy::compile::{Environment, NamedValue};
use sekisho_policy::ports::{Clock, Entropy};
use serde_json::{Value, json};

use self::compile::Form;
use crate::cli;
use crate::system::{SystemClock, SystemEntropy};

/// The longest expression or line of a batch, in bytes.
const MAX_LINE: usize = 16 * 1024 * 1024;

/// The gateway's limits; but a busy machine changes no answer, so that what runs away is ended by the count of its steps.
const LIMITS: Limits = Limits { time: Duration::from_secs(10), ..Limits::DEFAULT };

/// Exit code of a wrong use of the command line, as clap has it.
const USAGE: u8 = 2;

/// Evaluates one expression, or each of a batch, or what is typed. Exit code 1 when a single one fails.
pub(crate) fn run(arguments: &cli::Eval) -> Result<ExitCode> {
    let environment = environment(arguments.named_values.as_deref())?;
    if let Some(batch) = &arguments.batch {
        return batch::run(batch, &environment);
    }
    let image = match &arguments.context {
        Some(path) => read_json(path)?,
        None => json!({}),
    };
    let expression = match arguments.expression.as_deref() {
        Some("-") => read_expression()?,
        Some(expression) => expression.to_owned(),
        None if std::io::stdin().is_terminal() && std::io::stdout().is_terminal() => {
            return repl::run(environment, &image);
        }
        None => {
            anstream::eprintln!(
                "error: there is no expression: give one, `-` to read one from standard input, or --batch; \
                 the prompt needs a terminal"
            );
            return Ok(ExitCode::from(USAGE));
        }
    };
    let answer = evaluate(&expression, &image, &environment)?;
    anstream::println!("{answer}");
    Ok(if answer.get("error").is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// One expression from standard input.
fn read_expression() -> Result<String> {
    let mut text = String::new();
    let read = std::io::stdin().lock().take(MAX_LINE as u64 + 1).read_to_string(&mut text);
    read.context("cannot read standard input")?;
    anyhow::ensure!(text.len() <= MAX_LINE, "the expression is longer than {MAX_LINE} bytes");
    Ok(text)
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

/// The context of an image.
fn image_context(image: &Value) -> Result<JsonContext> {
    JsonContext::from_json(image).context("the context file does not have its form")
}

/// Sets clock and randomness to those of the machine.
fn refresh(context: &mut JsonContext) {
    context.now_ticks = SystemClock::new().utc_ticks();
    context.seed = SystemEntropy.next();
}

/// The answer for one expression: `{type, value}` or `{error}`.
fn evaluate(expression: &str, image: &Value, environment: &Environment) -> Result<Value> {
    let program = match compile::compile(expression, Form::AsWritten, environment) {
        Ok(program) => program,
        Err(refused) => return Ok(refused.answer(expression)),
    };
    let mut context = image_context(image)?;
    refresh(&mut context);
    Ok(match program.evaluate_rendered(&mut context, &LIMITS) {
        Ok(rendered) => json!({"type": rendered.type_name, "value": rendered.value}),
        Err(thrown) => json!({"error": {"type": thrown.type_name(), "message": thrown.message()}}),
    })
}
