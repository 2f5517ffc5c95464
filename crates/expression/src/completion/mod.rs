//! What may be written at a place of an expression: for the prompt of `sekisho eval`, and for editors.

mod candidates;
mod scan;

#[cfg(test)]
mod tests;

use std::ops::Range;

pub use scan::Scan;

use crate::binder::{PROBE, Surroundings, available_members, surroundings};
use crate::types::Type;

/// What a candidate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A local variable or constant, or `context`.
    Variable,
    /// A local function.
    Function,
    /// A property.
    Property,
    /// A method; also an extension method.
    Method,
    /// A value of an enum.
    EnumValue,
    /// A type.
    Type,
    /// A namespace.
    Namespace,
    /// A word of C#.
    Keyword,
}

/// One thing that may be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// What is written.
    pub text: String,
    /// What it is.
    pub kind: Kind,
    /// How C# would declare it; of several overloads the first.
    pub signature: String,
    /// How many overloads there are besides.
    pub overloads: usize,
    /// A sentence about it.
    pub note: Option<&'static str>,
}

/// What may stand at the cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// The bytes that a candidate replaces: the beginning of the name before the cursor.
    pub range: Range<usize>,
    /// The candidates, sorted by name; those that are nearest first where values may begin.
    pub candidates: Vec<Candidate>,
}

/// What may be written at byte `cursor` of `text`, which is `@(…)` or `@{…}` as far as it is written yet.
///
/// What follows the cursor is not read. Inside strings and comments, and where a new name is declared, there is nothing.
pub fn complete(text: &str, cursor: usize) -> Completion {
    let cursor = text.floor_char_boundary(cursor);
    let before = text.get(..cursor).unwrap_or("");
    let start = before.len() - word_before(before).len();
    let nothing = Completion { range: start..cursor, candidates: Vec::new() };
    let (Some(head), Some(word)) = (before.get(..start), before.get(start..)) else { return nothing };
    let begin = head.len() - head.trim_start().len();
    let Some(code) =
        head.get(begin + 1..).filter(|_| head.get(begin..).is_some_and(|head| head.starts_with('@')))
    else {
        return nothing;
    };
    let scan = Scan::of(code);
    if !scan.in_code() || scan.is_closed() || word.starts_with(|first: char| first.is_ascii_digit()) {
        return nothing;
    }
    let Some(found) = around(head, &scan) else { return nothing };
    let mut candidates = match found {
        Surroundings::Value(ty) => candidates::members(&ty, false),
        Surroundings::Static(ty) => candidates::members(&ty, true),
        Surroundings::Namespace(name) => candidates::namespace(&name),
        Surroundings::Type => candidates::types(),
        Surroundings::Name(visible) => {
            candidates::names(visible, begins_statement(code) && code.starts_with('{'))
        }
    };
    candidates.retain(|candidate| begins_with(&candidate.text, word));
    Completion { candidates, ..nothing }
}

/// The members of a type by name, as they stand after a dot behind a value of it; none when it is not known.
pub fn members_of_type(name: &str) -> Option<(Vec<Candidate>, Vec<Candidate>)> {
    let keyword =
        crate::types::KEYWORDS.iter().find(|(keyword, _)| *keyword == name).map(|(_, ty)| ty.clone());
    let bare = name.split('<').next().unwrap_or(name).trim();
    let declared = || crate::dotnet::registry().by_name(bare).map(|found| found.ty.clone());
    let ty: Type = keyword.or_else(declared)?;
    Some((candidates::members(&ty, true), candidates::members(&ty, false)))
}

/// True when a text parses as one value, so that `@(…)` may stand around it; its names and types may still be wrong.
pub fn is_value(text: &str) -> bool {
    let (_, mistakes, _) = crate::parser::parse(&format!("@({text}\n)"));
    mistakes.is_empty()
}

/// The letters, digits and underscores before the end.
fn word_before(text: &str) -> &str {
    let is_part = |next: char| next == '_' || next.is_alphanumeric();
    let length: usize = text.chars().rev().take_while(|next| is_part(*next)).map(char::len_utf8).sum();
    text.get(text.len() - length..).unwrap_or("")
}

fn begins_with(name: &str, word: &str) -> bool {
    let mut name = name.chars().flat_map(char::to_lowercase);
    word.chars().flat_map(char::to_lowercase).all(|wanted| name.next() == Some(wanted))
}

/// True where a statement may begin.
fn begins_statement(code: &str) -> bool {
    code.trim_end().ends_with(['{', '}', ';', ')'])
}

/// Binds the text with a name at its end and everything closed.
fn around(head: &str, scan: &Scan) -> Option<Surroundings> {
    // In an initialiser `;` would end too much, elsewhere it is needed.
    let endings = if scan.in_braces() { [true, false] } else { [false, true] };
    endings.into_iter().find_map(|statement| {
        let text = format!("{head}{PROBE}{}", scan.closing(statement));
        let (root, _, _) = crate::parser::parse(&text);
        surroundings(&root)
    })
}
