//! `sekisho report`: who used what, and what it cost.
//!
//! - this file: the verb
//! - `rows`: what was used, from the logs
//! - `provisioned`: what is paid by the hour, shared out among those who used it
//! - `html`, `chart`: a page with charts

mod chart;
mod html;
mod provisioned;
mod rows;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use sekisho_management::query::timespan;
use sekisho_resources::process::Prices;
use serde_json::json;

use super::logs;
use crate::cli::{self, Dimension, ReportFormat};
use rows::Row;

/// What a report is about.
pub(crate) struct Report {
    dimensions: Vec<Dimension>,
    /// ISO 4217.
    currency: Option<String>,
    rows: Vec<Row>,
    /// In microseconds since 1970.
    timespan: (i64, i64),
}

/// Reads the logs, adds up, and prints.
pub(crate) async fn run(arguments: cli::Report) -> Result<ExitCode> {
    let prices = prices(arguments.config.as_deref())?;
    let queries = logs::queries(&arguments.logs)?;
    let Some(timespan) = timespan::parse(&arguments.timespan, queries.now()) else {
        bail!(
            "`{}` is not a timespan; write an ISO 8601 duration or interval, such as P30D",
            arguments.timespan
        );
    };
    let mut parts = rows::parts(&queries, &arguments.by, timespan).await?;
    if let Some(prices) = &prices {
        provisioned::share_out(&mut parts, prices, timespan, queries.now());
    }
    let report = Report {
        currency: prices.map(|prices| prices.currency).or_else(|| rows::currency(&parts)),
        rows: rows::added_up(parts),
        dimensions: arguments.by,
        timespan,
    };
    match &arguments.output {
        Some(path) => {
            let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
            let mut out = BufWriter::new(file);
            report.write(&mut out, arguments.format)?;
            out.flush()?;
        }
        None => report.write(&mut std::io::stdout().lock(), arguments.format)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The book of prices of a configuration; only what is paid by the hour is looked up in it, the cost of a call stands in its record.
fn prices(config: Option<&Path>) -> Result<Option<Prices>> {
    let Some(path) = config else { return Ok(None) };
    let environment: crate::server::Environment = Arc::new(super::environment);
    let loaded = sekisho_resources::load(path, &*environment);
    if loaded.has_errors() {
        bail!("{} has errors; `sekisho check {}` shows them", path.display(), path.display());
    }
    Ok(loaded.process.logs.and_then(|logs| logs.prices))
}

impl Report {
    fn names(&self) -> Vec<&'static str> {
        let measures =
            ["Calls", "Failed", "Prompt tokens", "Cached tokens", "Completion tokens", "Tokens", "Cost"];
        self.dimensions.iter().map(|dimension| dimension.title()).chain(measures).collect()
    }

    fn texts(&self) -> Vec<Vec<String>> {
        self.rows.iter().map(|row| row.texts(self.currency.as_deref())).collect()
    }

    fn write(&self, out: &mut impl Write, format: ReportFormat) -> Result<()> {
        match format {
            ReportFormat::Table => {
                let mut rows = self.texts();
                rows.push(rows::total(&self.rows, self.dimensions.len()).texts(self.currency.as_deref()));
                writeln!(out, "{}", logs::table(&self.names(), &rows))?;
            }
            ReportFormat::Csv => logs::write_csv(out, &self.names(), &self.texts())?,
            ReportFormat::Json => {
                let rows: Vec<_> = self.rows.iter().map(|row| row.json(&self.dimensions)).collect();
                let report = json!({ "currency": self.currency, "rows": rows });
                serde_json::to_writer_pretty(&mut *out, &report)?;
                writeln!(out)?;
            }
            ReportFormat::Html => out.write_all(html::page(self)?.as_bytes())?,
        }
        Ok(())
    }
}
