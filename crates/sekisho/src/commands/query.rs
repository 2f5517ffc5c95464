//! `sekisho query`.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use sekisho_kql::{Answer, Span};
use sekisho_logs::Queries;
use sekisho_management::query::timespan;
use serde_json::{Map, Value};

use super::logs;
use crate::cli;

/// How long a query may take.
const WAIT: Duration = Duration::from_secs(600);

/// Runs a query of the logs on disk and prints what it gives.
pub(crate) async fn run(arguments: cli::Query) -> Result<ExitCode> {
    let text = match arguments.query.as_str() {
        "-" => {
            std::io::read_to_string(std::io::stdin()).context("cannot read the query from standard input")?
        }
        text => text.to_owned(),
    };
    let queries = logs::queries(&arguments.logs)?;
    let timespan = match &arguments.timespan {
        Some(span) => match timespan::parse(span, queries.now()) {
            Some(timespan) => Some(timespan),
            None => bail!("`{span}` is not a timespan; write an ISO 8601 duration or interval, such as PT1H"),
        },
        None => None,
    };
    match answer(&queries, &text, timespan).await {
        Ok(answer) => {
            print(&answer, arguments.format)?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            anstream::eprint!("{}", shown(&error, &text));
            Ok(ExitCode::FAILURE)
        }
    }
}

async fn answer(
    queries: &Queries,
    text: &str,
    timespan: Option<(i64, i64)>,
) -> Result<Answer, sekisho_kql::Error> {
    queries.run(text, timespan, WAIT).await
}

fn print(answer: &Answer, format: cli::TableFormat) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let names: Vec<&str> = answer.columns.iter().map(|(name, _)| name.as_str()).collect();
    let rows = answer.rows();
    match format {
        cli::TableFormat::Json => {
            let row = |row: Vec<Value>| -> Value {
                let entries = names.iter().zip(row).map(|(name, value)| ((*name).to_owned(), value));
                entries.collect::<Map<_, _>>().into()
            };
            let rows: Vec<Value> = rows.into_iter().map(row).collect();
            serde_json::to_writer_pretty(&mut out, &rows)?;
            writeln!(out)?;
        }
        cli::TableFormat::Csv => logs::write_csv(&mut out, &names, &texts(rows))?,
        cli::TableFormat::Table => writeln!(out, "{}", logs::table(&names, &texts(rows)))?,
    }
    if answer.is_truncated {
        anstream::eprintln!("the answer was cut: there are more rows");
    }
    Ok(())
}

fn texts(rows: Vec<Vec<Value>>) -> Vec<Vec<String>> {
    let text = |value| match value {
        Value::Null => String::new(),
        Value::String(text) => text,
        other => other.to_string(),
    };
    rows.into_iter().map(|row| row.into_iter().map(text).collect()).collect()
}

/// A message, with the place in the query below it.
fn shown(error: &sekisho_kql::Error, text: &str) -> String {
    let mut shown = format!("error[{}]: {}\n", error.code, error.message);
    if error.span != Span::default() {
        let before = text.get(..error.span.start).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = text.get(line_start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        let column = before.get(line_start..).map_or(0, |part| part.chars().count());
        let marked = text.get(error.span.start..error.span.end).unwrap_or_default();
        let width = marked.lines().next().map_or(1, |line| line.chars().count().max(1));
        let number = before.matches('\n').count() + 1;
        shown.push_str(&format!("  {number} | {line}\n"));
        let margin = " ".repeat(number.to_string().len());
        shown.push_str(&format!("  {margin} | {}{}\n", " ".repeat(column), "^".repeat(width)));
    }
    if let Some(help) = &error.help {
        shown.push_str(&format!("  help: {help}\n"));
    }
    let is_terminal = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    match is_terminal {
        true => shown.replacen("error", "\u{1b}[1;31merror\u{1b}[0m", 1),
        false => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_underlined() {
        let error = sekisho_kql::Error::new(
            "unknown-column",
            Span { start: 16, end: 19 },
            "there is no column `Foo`",
        );
        let shown = shown(&error.with_help("did you mean `For`?"), "calls\n| project Foo, x");
        let expected = "\
error[unknown-column]: there is no column `Foo`
  2 | | project Foo, x
    |           ^^^
  help: did you mean `For`?
";
        assert_eq!(shown, expected);
    }
}
