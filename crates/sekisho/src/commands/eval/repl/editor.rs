//! Editing a line: completion, colours, and when a text goes on in the next line.

use std::borrow::Cow;

use rustyline::completion::{Completer, FilenameCompleter, Pair};
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper};
use sekisho_expression::completion::{Candidate, Kind, complete};
use sekisho_policy::compile::Environment;

use super::commands::{COMMANDS, Takes};
use super::input;
use crate::commands::eval::compile::Form;

/// What the line editor asks.
pub(super) struct Assistant {
    pub(super) environment: Environment,
    files: FilenameCompleter,
}

impl Assistant {
    pub(super) fn new(environment: Environment) -> Self {
        Self { environment, files: FilenameCompleter::new() }
    }
}

/// ` (+2 overloads)`.
pub(super) fn overloads(found: &Candidate) -> String {
    match found.overloads {
        0 => String::new(),
        1 => " (+1 overload)".to_owned(),
        more => format!(" (+{more} overloads)"),
    }
}

/// Completes the C# that begins at byte `start` of the line.
fn expression(line: &str, start: usize, cursor: usize) -> (usize, Vec<Pair>) {
    let text = line.get(start..cursor).unwrap_or("");
    // Statements at the prompt are completed as such, a value as a value.
    let open = match input::form(text).0 {
        Form::AsWritten => "",
        Form::Value => "@(",
        Form::Block => "@{",
    };
    let wrapped = format!("{open}{text}");
    let found = complete(&wrapped, wrapped.len());
    let from = start + found.range.start.saturating_sub(open.len());
    (from, found.candidates.iter().map(pair).collect())
}

fn pair(found: &Candidate) -> Pair {
    let display = match found.kind {
        Kind::Keyword | Kind::Namespace => found.text.clone(),
        _ => format!("{}{}", found.signature, overloads(found)),
    };
    Pair { display, replacement: found.text.clone() }
}

/// Where a command's expression begins, when the line is a command that takes one and the cursor is in it.
fn argument(line: &str, takes: Takes) -> Option<usize> {
    let after = |from: usize| {
        let rest = line.get(from..)?;
        let space = rest.find(char::is_whitespace)?;
        let gap = rest.get(space..)?;
        Some(from + space + (gap.len() - gap.trim_start().len()))
    };
    let first = after(0)?;
    if takes == Takes::Named { after(first) } else { Some(first) }
}

impl Completer for Assistant {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        cursor: usize,
        context: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let line = line.get(..cursor).unwrap_or(line);
        if !line.starts_with(':') {
            return Ok(expression(line, 0, cursor));
        }
        let Some((name, _)) = line.split_once(char::is_whitespace) else {
            let names = COMMANDS.iter().map(|command| command.name).filter(|name| name.starts_with(line));
            let pair = |name: &str| Pair { display: name.to_owned(), replacement: format!("{name} ") };
            return Ok((0, names.map(pair).collect()));
        };
        let takes =
            COMMANDS.iter().find(|command| command.name == name).map_or(Takes::Nothing, |found| found.takes);
        match (takes, argument(line, takes)) {
            (Takes::File, _) => self.files.complete(line, cursor, context),
            (Takes::Expression | Takes::Named, Some(start)) => Ok(expression(line, start, cursor)),
            _ => Ok((cursor, Vec::new())),
        }
    }
}

impl Validator for Assistant {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let line = context.input();
        let is_command = line.starts_with(':');
        let incomplete = !is_command && input::goes_on(line, &self.environment);
        Ok(if incomplete { ValidationResult::Incomplete } else { ValidationResult::Valid(None) })
    }
}

impl Highlighter for Assistant {
    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _default: bool) -> Cow<'b, str> {
        let style = anstyle::Style::new().bold();
        Cow::Owned(format!("{style}{prompt}{style:#}"))
    }
}

impl Hinter for Assistant {
    type Hint = String;
}

impl Helper for Assistant {}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(line: &str) -> (usize, Vec<String>) {
        let (start, found) = expression(line, 0, line.len());
        (start, found.into_iter().map(|pair| pair.replacement).collect())
    }

    #[test]
    fn values_and_statements_are_completed_without_their_frame() {
        assert_eq!(completed("context.RequestI"), (8, vec!["RequestId".to_owned()]));
        assert_eq!(completed("@(context.RequestI"), (10, vec!["RequestId".to_owned()]));
        let (start, found) = completed("var text = \"a\"; return text.Subst");
        assert_eq!((start, found), (28, vec!["Substring".to_owned()]));
        let (start, found) = completed("var a = 1; retu");
        assert_eq!((start, found), (11, vec!["return".to_owned()]));
    }

    #[test]
    fn arguments_of_commands() {
        assert_eq!(argument(":type", Takes::Expression), None);
        assert_eq!(argument(":type  con", Takes::Expression), Some(7));
        assert_eq!(argument(":set name", Takes::Named), None);
        assert_eq!(argument(":set name con", Takes::Named), Some(10));
    }
}
