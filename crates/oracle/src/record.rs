//! Answers kept beside the cases: one line of JSON for each case, in order.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::answer::{Answer, Thrown};
use crate::case::Case;

/// One line.
#[derive(Serialize, Deserialize)]
struct Line {
    expression: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    context: Option<String>,
    answer: Answer,
}

/// Recorded answers by family, expression and context.
#[derive(Default)]
pub struct Record(HashMap<(String, String, Option<String>), Answer>);

impl Record {
    /// Reads `answers/*.jsonl` below the folder of the cases.
    ///
    /// # Errors
    /// When a file is there that cannot be read.
    pub fn read(folder: &Path) -> Result<Self> {
        let mut record = Self::default();
        let answers = folder.join("answers");
        if !answers.is_dir() {
            return Ok(record);
        }
        for entry in std::fs::read_dir(answers)? {
            let path = entry?.path();
            let family = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            for (at, line) in text.lines().enumerate() {
                let line: Line =
                    serde_json::from_str(line).with_context(|| format!("{}:{}", path.display(), at + 1))?;
                record.0.insert((family.clone(), line.expression, line.context), line.answer);
            }
        }
        Ok(record)
    }

    /// The answer to a case.
    pub fn of(&self, case: &Case) -> Option<&Answer> {
        let context = case.context.as_deref().map(str::to_owned);
        self.0.get(&(case.family.to_string(), case.expression.clone(), context))
    }
}

/// Writes the answers of one family in the order of its cases.
///
/// # Errors
/// When the file cannot be written.
pub fn write(folder: &Path, family: &str, answers: &[(&Case, &Answer)]) -> Result<()> {
    let answers_folder = folder.join("answers");
    std::fs::create_dir_all(&answers_folder)?;
    let path = answers_folder.join(format!("{family}.jsonl"));
    let mut out = Vec::new();
    for (case, answer) in answers {
        let line = Line {
            expression: case.expression.clone(),
            context: case.context.as_deref().map(str::to_owned),
            answer: without_places(answer),
        };
        serde_json::to_writer(&mut out, &line)?;
        out.write_all(b"\n")?;
    }
    std::fs::write(&path, out).with_context(|| format!("cannot write {}", path.display()))
}

/// The answer without what changes from run to run: the folder a case was compiled in, and the number of its class.
fn without_places(answer: &Answer) -> Answer {
    let Answer::Thrown { error: Thrown { type_name, message } } = answer else { return answer.clone() };
    let mut out = String::with_capacity(message.len());
    for word in message.split_inclusive(' ') {
        let word = word.rsplit_once('/').map_or(word, |(_, file)| file);
        let mut at_start = true;
        let mut in_number = false;
        for letter in word.chars() {
            in_number = letter.is_ascii_digit() && (in_number || at_start && out.ends_with('C'));
            at_start = !letter.is_alphanumeric() || (at_start && letter == 'C');
            if !in_number {
                out.push(letter);
            }
            at_start |= in_number;
        }
    }
    Answer::thrown(type_name.clone(), out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_numbers_of_classes_are_left_out() {
        let message = "C279.<Run>m__0() ---> Error: /tmp/.x/.y/C279.cs(3,52): CS1624: `C560.Run(IContext)' in C1:C2:Run";
        let Answer::Thrown { error } = without_places(&Answer::thrown("E", message)) else { panic!() };
        assert_eq!(
            error.message,
            "C.<Run>m__0() ---> Error: C.cs(3,52): CS1624: `C.Run(IContext)' in C:C:Run"
        );
    }
}
