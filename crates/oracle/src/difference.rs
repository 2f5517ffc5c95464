//! The accepted differences: `differences.yaml` beside the cases.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::answer::Answer;

/// Why some answers differ from mono's.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// The reason, as `docs/expressions.md` gives it.
    pub reason: String,
    /// The expressions, each with what it gives here.
    #[serde(default)]
    pub cases: Vec<Explained>,
}

/// One expression that differs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Explained {
    /// As in the file of cases.
    pub expression: String,
    /// What it gives here, as JSON: `{"type", "value"}` or `{"error": {"type"}}`.
    pub ours: String,
}

/// All of them.
#[derive(Debug, Default)]
pub struct Differences {
    list: Vec<Difference>,
    by_expression: HashMap<String, Answer>,
}

impl Differences {
    /// Reads `differences.yaml`.
    ///
    /// # Errors
    /// When it is there but has not its form.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join("differences.yaml");
        if !path.exists() {
            return Ok(Self::default());
        }
        let text = std::fs::read_to_string(&path)?;
        let list: Vec<Difference> =
            serde_saphyr::from_str(&text).with_context(|| path.display().to_string())?;
        let mut by_expression = HashMap::new();
        for explained in list.iter().flat_map(|difference| &difference.cases) {
            let ours = serde_json::from_str(&explained.ours)
                .with_context(|| format!("the answer of {}", explained.expression))?;
            let expression = explained.expression.trim_end().to_owned();
            let earlier = by_expression.insert(expression, ours);
            ensure!(earlier.is_none(), "{} is explained twice", explained.expression);
        }
        Ok(Self { list, by_expression })
    }

    /// What an expression gives here, when that is known to differ.
    pub fn of(&self, expression: &str) -> Option<&Answer> {
        self.by_expression.get(expression)
    }

    /// Each with its reason.
    pub fn list(&self) -> &[Difference] {
        &self.list
    }

    /// The expressions that are explained.
    pub fn expressions(&self) -> impl Iterator<Item = &str> {
        self.by_expression.keys().map(String::as_str)
    }
}
