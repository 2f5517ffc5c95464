//! What was used, from the logs.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Result, anyhow};
use sekisho_logs::Queries;
use serde_json::{Map, Value, json};

use crate::cli::Dimension;

/// How long the query may take.
const WAIT: Duration = Duration::from_secs(600);

/// What was used by whoever has these values of the dimensions.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Row {
    pub(super) keys: Vec<String>,
    pub(super) calls: u64,
    pub(super) failed: u64,
    pub(super) prompt: u64,
    pub(super) cached: u64,
    pub(super) completion: u64,
    /// None when nothing of it has a price.
    pub(super) cost: Option<f64>,
}

/// What was used of one model at one backend.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) model: String,
    pub(super) backend: String,
    pub(super) currency: String,
    pub(super) row: Row,
}

/// Asks the logs; one part for each model and backend, finer than the report.
pub(super) async fn parts(
    queries: &Queries,
    dimensions: &[Dimension],
    timespan: (i64, i64),
) -> Result<Vec<Part>> {
    let keys: Vec<String> = dimensions
        .iter()
        .enumerate()
        .map(|(place, dimension)| format!("Key{place} = {}", dimension.column()))
        .collect();
    let text = format!(
        "calls \
         | summarize Calls = count(), Failed = countif(not(success)), Prompt = sum(prompt_tokens), \
           Cached = sum(cached_tokens), Completion = sum(completion_tokens), Priced = countif(isnotnull(cost)), \
           Cost = sum(cost) by {}{}Model = model, Backend = backend_id, Currency = currency",
        keys.join(", "),
        if keys.is_empty() { "" } else { ", " },
    );
    let answer = queries.run(&text, Some(timespan), WAIT).await;
    let answer = answer.map_err(|error| anyhow!("the logs cannot be added up: {error}"))?;
    let names: Vec<&str> = answer.columns.iter().map(|(name, _)| name.as_str()).collect();
    let part = |values: Vec<Value>| {
        let value = |name: &str| {
            names.iter().position(|known| *known == name).and_then(|place| values.get(place)).cloned()
        };
        let text = |name: &str| match value(name) {
            Some(Value::String(text)) => text,
            Some(Value::Null) | None => String::new(),
            Some(other) => other.to_string(),
        };
        let number = |name: &str| value(name).and_then(|value| value.as_u64()).unwrap_or(0);
        let cost = value("Cost").and_then(|value| value.as_f64()).filter(|_| number("Priced") > 0);
        Part {
            model: text("Model"),
            backend: text("Backend"),
            currency: text("Currency"),
            row: Row {
                keys: (0..dimensions.len()).map(|place| text(&format!("Key{place}"))).collect(),
                calls: number("Calls"),
                failed: number("Failed"),
                prompt: number("Prompt"),
                cached: number("Cached"),
                completion: number("Completion"),
                cost,
            },
        }
    };
    Ok(answer.rows().into_iter().map(part).collect())
}

/// The currency of what has a cost.
pub(super) fn currency(parts: &[Part]) -> Option<String> {
    parts.iter().find(|part| !part.currency.is_empty()).map(|part| part.currency.clone())
}

/// One row for each combination of keys, in their order.
pub(super) fn added_up(parts: Vec<Part>) -> Vec<Row> {
    let mut rows: BTreeMap<Vec<String>, Row> = BTreeMap::new();
    for part in parts {
        let row = rows.entry(part.row.keys.clone());
        row.or_insert_with(|| Row { keys: part.row.keys.clone(), ..Row::default() }).add(&part.row);
    }
    rows.into_values().collect()
}

/// All rows as one.
pub(super) fn total(rows: &[Row], dimensions: usize) -> Row {
    let mut keys = vec![String::new(); dimensions];
    if let Some(first) = keys.first_mut() {
        "Total".clone_into(first);
    }
    let mut total = Row { keys, ..Row::default() };
    rows.iter().for_each(|row| total.add(row));
    total
}

impl Row {
    fn add(&mut self, other: &Row) {
        self.calls += other.calls;
        self.failed += other.failed;
        self.prompt += other.prompt;
        self.cached += other.cached;
        self.completion += other.completion;
        if let Some(cost) = other.cost {
            self.cost = Some(self.cost.unwrap_or(0.0) + cost);
        }
    }

    /// Tokens of prompts and completions.
    pub(super) fn tokens(&self) -> u64 {
        self.prompt + self.completion
    }

    /// The row for people and spreadsheets.
    pub(super) fn texts(&self, currency: Option<&str>) -> Vec<String> {
        let measures = [self.calls, self.failed, self.prompt, self.cached, self.completion, self.tokens()];
        let cost = match (self.cost, currency) {
            (Some(cost), Some(currency)) => format!("{cost:.4} {currency}"),
            (Some(cost), None) => format!("{cost:.4}"),
            (None, _) => String::new(),
        };
        let measures = measures.iter().map(u64::to_string).chain([cost]);
        self.keys.iter().cloned().chain(measures).collect()
    }

    /// The row for programs.
    pub(super) fn json(&self, dimensions: &[Dimension]) -> Value {
        let mut row: Map<String, Value> = dimensions
            .iter()
            .zip(&self.keys)
            .map(|(dimension, key)| (dimension.name().to_owned(), json!(key)))
            .collect();
        let measures = json!({
            "calls": self.calls, "failed": self.failed, "promptTokens": self.prompt, "cachedTokens": self.cached,
            "completionTokens": self.completion, "totalTokens": self.tokens(), "cost": self.cost,
        });
        if let Value::Object(measures) = measures {
            row.extend(measures);
        }
        row.into()
    }
}
