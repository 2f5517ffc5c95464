//! The files of cases: expressions as they stand in a policy, nothing escaped.
//!
//! ```text
//! # A comment.
//! context: contexts/chat.json
//!
//! @("abc".IndexOf("b"))
//!
//! @{
//!     var x = 1;
//!     return x;
//! }
//! ```
//!
//! A case begins at the start of a line with `@(` or `@{` and goes to the next line that begins with one of these, with
//! `#`, or with a directive. Directives hold for the cases that follow:
//!
//! - `context: FILE` the JSON image of `context`, beside the file of cases; `none` is the empty one
//! - `compare: type` the value differs between runs; `compare: value` ends it
//! - `mono: no` mono cannot be asked, answers are kept by hand; `mono: yes` ends it

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use serde_json::Value as Json;

/// How much of an answer must agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    /// Type and value.
    Value,
    /// Type alone.
    Type,
}

/// One expression with its context.
#[derive(Clone, Debug)]
pub struct Case {
    /// The file without its ending, such as `strings`.
    pub family: Arc<str>,
    /// The line it begins in.
    pub line: usize,
    /// `@(…)` or `@{…}`.
    pub expression: String,
    /// The name of the context file; none is the empty context.
    pub context: Option<Arc<str>>,
    /// The image itself.
    pub image: Arc<Json>,
    /// How much of the answers must agree.
    pub compared: Compared,
    /// False when mono cannot run it.
    pub asks_mono: bool,
}

impl Case {
    /// A case that stands in no file.
    pub fn generated(expression: String, image: Arc<Json>) -> Self {
        Self {
            family: Arc::from("generated"),
            line: 0,
            expression,
            context: None,
            image,
            compared: Compared::Value,
            asks_mono: true,
        }
    }

    /// True of a case that stands in no file.
    pub fn is_generated(&self) -> bool {
        self.line == 0
    }

    /// Where it stands.
    pub fn place(&self) -> String {
        format!("{}.txt:{}", self.family, self.line)
    }
}

/// Where the cases lie.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/expressions")
}

/// All files of cases below a folder, in order of their names.
///
/// # Errors
/// When a file cannot be read or has a line that is neither case, comment nor directive.
pub fn read_folder(folder: &Path) -> Result<Vec<Case>> {
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "txt") {
            files.push(path);
        }
    }
    files.sort();
    let mut cases = Vec::new();
    for file in files {
        let text =
            std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let family = file.file_stem().unwrap_or_default().to_string_lossy();
        read(&family, &text, folder, &mut cases).with_context(|| file.display().to_string())?;
    }
    Ok(cases)
}

/// Adds the cases of one file.
fn read(family: &str, text: &str, folder: &Path, cases: &mut Vec<Case>) -> Result<()> {
    let mut settings = Case::generated(String::new(), Arc::new(Json::Object(serde_json::Map::new())));
    settings.family = Arc::from(family);
    let mut open: Option<Case> = None;
    for (at, line) in text.lines().enumerate() {
        let begins = line.starts_with("@(") || line.starts_with("@{");
        let directive = directive(line);
        if begins || directive.is_some() || line.starts_with('#') {
            close(&mut open, cases);
        }
        if let Some((name, value)) = directive {
            apply(&mut settings, name, value, folder).with_context(|| format!("line {}", at + 1))?;
        } else if begins {
            open = Some(Case { line: at + 1, expression: line.to_owned(), ..settings.clone() });
        } else if let Some(case) = &mut open {
            case.expression.push('\n');
            case.expression.push_str(line);
        } else if !line.trim().is_empty() && !line.starts_with('#') {
            bail!("line {}: a case begins with `@(` or `@{{`", at + 1);
        }
    }
    close(&mut open, cases);
    Ok(())
}

fn close(open: &mut Option<Case>, cases: &mut Vec<Case>) {
    if let Some(mut case) = open.take() {
        case.expression.truncate(case.expression.trim_end().len());
        cases.push(case);
    }
}

fn directive(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    matches!(name, "context" | "compare" | "mono").then(|| (name, value.trim()))
}

fn apply(settings: &mut Case, name: &str, value: &str, folder: &Path) -> Result<()> {
    match (name, value) {
        ("context", "none") => {
            settings.context = None;
            settings.image = Arc::new(Json::Object(serde_json::Map::new()));
        }
        ("context", file) => {
            let text =
                std::fs::read_to_string(folder.join(file)).with_context(|| format!("cannot read {file}"))?;
            settings.image =
                Arc::new(serde_json::from_str(&text).with_context(|| format!("{file} is not JSON"))?);
            settings.context = Some(Arc::from(file));
        }
        ("compare", "type") => settings.compared = Compared::Type,
        ("compare", "value") => settings.compared = Compared::Value,
        ("mono", "no") => settings.asks_mono = false,
        ("mono", "yes") => settings.asks_mono = true,
        _ => bail!("the directive `{name}` knows no `{value}`"),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // A test fails by panicking.
    use super::*;

    #[test]
    fn cases_directives_and_comments() {
        let text = "# one\n@(1)\nmono: no\n@{\n    return 2;\n}\n\n# two\nmono: yes\ncompare: type\n@(3)\n";
        let mut cases = Vec::new();
        read("numbers", text, Path::new("."), &mut cases).unwrap();
        let found: Vec<_> = cases
            .iter()
            .map(|case| (case.expression.as_str(), case.line, case.asks_mono, case.compared))
            .collect();
        assert_eq!(
            found,
            [
                ("@(1)", 2, true, Compared::Value),
                ("@{\n    return 2;\n}", 4, false, Compared::Value),
                ("@(3)", 11, true, Compared::Type),
            ]
        );
    }

    #[test]
    fn stray_text_is_refused() {
        let refused = read("numbers", "1 + 1\n", Path::new("."), &mut Vec::new()).unwrap_err();
        assert_eq!(refused.to_string(), "line 1: a case begins with `@(` or `@{`");
    }
}
