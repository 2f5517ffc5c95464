//! `sekisho eval --batch`.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use sekisho_policy::compile::Environment;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{MAX_LINE, evaluate, read_json};

/// One line of a batch.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    id: Value,
    expression: String,
    #[serde(default)]
    context: Value,
}

/// Evaluates each line of a file.
pub(super) fn run(path: &Path, environment: &Environment) -> Result<ExitCode> {
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
