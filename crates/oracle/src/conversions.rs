//! XML to JSON and JSON to XML: the documents of `conformance/conversions/`, converted here and by Newtonsoft.Json.
//!
//! `<direction>.txt` holds the documents, with lines of `===` between them; `<direction>.answers.jsonl` what mono answered, in
//! order; `differences.jsonl` the documents where another answer was chosen, each with ours and the reason.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use sekisho_expression::budget::{Budget, Limits};
use sekisho_policy::convert::{JsonToXml, XmlToJson, json_to_xml, xml_to_json};
use serde::{Deserialize, Serialize};

/// A way to convert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// `JsonConvert.SerializeXmlNode`.
    XmlToJson,
    /// `JsonConvert.DeserializeXmlNode`.
    JsonToXml,
}

impl Direction {
    /// Both ways.
    pub const ALL: [Direction; 2] = [Direction::XmlToJson, Direction::JsonToXml];

    /// The name of its files.
    pub fn name(self) -> &'static str {
        match self {
            Direction::XmlToJson => "xml-to-json",
            Direction::JsonToXml => "json-to-xml",
        }
    }

    /// What the C# program calls the result.
    pub fn result(self) -> &'static str {
        match self {
            Direction::XmlToJson => "json",
            Direction::JsonToXml => "xml",
        }
    }
}

/// What comes of a document.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Converted {
    /// The result.
    Value(String),
    /// The exception; which one does not matter, only that there is one.
    Error(String),
}

impl Converted {
    /// Equal results, or two refusals.
    pub fn agrees(&self, other: &Converted) -> bool {
        match (self, other) {
            (Converted::Value(one), Converted::Value(two)) => one == two,
            (Converted::Error(_), Converted::Error(_)) => true,
            _ => false,
        }
    }
}

/// An accepted difference.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// `xml-to-json` or `json-to-xml`.
    pub direction: String,
    /// The document.
    pub document: String,
    /// What it becomes here.
    pub ours: Converted,
    /// Why.
    pub reason: String,
}

/// `conformance/conversions/`.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/conversions")
}

/// The documents of a direction.
///
/// # Errors
/// When the file cannot be read.
pub fn documents(direction: Direction) -> Result<Vec<String>> {
    let path = folder().join(format!("{}.txt", direction.name()));
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    Ok(text.strip_suffix('\n').unwrap_or(&text).split("\n===\n").map(str::to_owned).collect())
}

/// What mono answered when it was asked last.
///
/// # Errors
/// When the file is missing or wrong.
pub fn recorded(direction: Direction) -> Result<Vec<Converted>> {
    read_lines(&answers_path(direction))
}

fn answers_path(direction: Direction) -> PathBuf {
    folder().join(format!("{}.answers.jsonl", direction.name()))
}

fn read_lines<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<Vec<T>> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let read = |(at, line): (usize, &str)| {
        serde_json::from_str(line).with_context(|| format!("{}:{}", path.display(), at + 1))
    };
    text.lines().enumerate().map(read).collect()
}

/// Keeps mono's answers.
///
/// # Errors
/// When the file cannot be written.
pub fn record(direction: Direction, answers: &[Converted]) -> Result<()> {
    let lines: Vec<String> = answers.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
    Ok(std::fs::write(answers_path(direction), lines.join("\n") + "\n")?)
}

/// Our answer.
pub fn ours(direction: Direction, document: &str) -> Converted {
    let mut budget = Budget::new(&Limits::DEFAULT);
    let converted = match direction {
        Direction::XmlToJson => xml_to_json(document, XmlToJson::default(), &mut budget),
        Direction::JsonToXml => json_to_xml(document, &JsonToXml::default(), &mut budget),
    };
    converted.map_or_else(|exception| Converted::Error(exception.type_name().to_owned()), Converted::Value)
}

/// What differs without an explanation, and explanations of nothing.
///
/// # Errors
/// When the differences cannot be read, or there are not as many answers as documents.
pub fn compare(direction: Direction, answers: &[Converted]) -> Result<Vec<String>> {
    let documents = documents(direction)?;
    ensure!(documents.len() == answers.len(), "{} documents, {} answers", documents.len(), answers.len());
    let accepted: Vec<Difference> = read_lines(&folder().join("differences.jsonl"))?;
    let mut accepted: HashMap<&str, &Difference> = accepted
        .iter()
        .filter(|difference| difference.direction == direction.name())
        .map(|difference| (difference.document.as_str(), difference))
        .collect();
    let mut wrong = Vec::new();
    for (document, answer) in documents.iter().zip(answers) {
        let ours = ours(direction, document);
        let fits = match accepted.remove(document.as_str()) {
            Some(difference) => difference.ours.agrees(&ours) && !answer.agrees(&ours),
            None => answer.agrees(&ours),
        };
        if !fits {
            wrong.push(format!("{}: {document}\n  .NET {answer:?}\n  here {ours:?}", direction.name()));
        }
    }
    wrong.extend(accepted.keys().map(|document| format!("no such document: {document}")));
    Ok(wrong)
}
