//! The patterns of `parse`.

use std::sync::Arc;

use datafusion::arrow::array::{BooleanArray, StringArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::{returned, text_argument, texts};
use crate::Type;
use crate::ast::Piece;

/// What the n-th column of the pattern takes of a text; null when the text does not match.
pub(crate) fn captured(text: Expr, pieces: &[Piece], column: usize, is_relaxed: bool) -> Expr {
    call(text, pieces, Some(column), is_relaxed)
}

/// True when a text matches the pattern.
pub(crate) fn is_matched(text: Expr, pieces: &[Piece], is_relaxed: bool) -> Expr {
    call(text, pieces, None, is_relaxed)
}

fn call(text: Expr, pieces: &[Piece], column: Option<usize>, is_relaxed: bool) -> Expr {
    let pieces: Arc<[Part]> = pieces
        .iter()
        .map(|piece| match piece {
            Piece::Skip => Part::Skip,
            Piece::Text(text) => Part::Text(text.clone()),
            Piece::Column(_, kind) => Part::Capture(*kind),
        })
        .collect();
    let signature = Signature::exact(vec![DataType::Utf8], Volatility::Immutable);
    ScalarUDF::new_from_impl(Pattern { parts: pieces, column, is_relaxed, signature }).call(vec![text])
}

#[derive(Debug, PartialEq, Eq, Hash)]
enum Part {
    Skip,
    Text(String),
    Capture(Type),
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Pattern {
    parts: Arc<[Part]>,
    /// Which column is asked for. Without, whether the text matches.
    column: Option<usize>,
    is_relaxed: bool,
    signature: Signature,
}

impl ScalarUDFImpl for Pattern {
    fn name(&self) -> &'static str {
        "kql_parse"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(if self.column.is_some() { DataType::Utf8 } else { DataType::Boolean })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let text = text_argument(&args)?;
        let texts = texts(&text)?.iter();
        match self.column {
            Some(column) => {
                let taken =
                    texts.map(|text| self.captures(text.unwrap_or_default())?.get(column).copied().flatten());
                returned(taken.collect::<StringArray>())
            }
            None => {
                let matched = texts.map(|text| Some(self.captures(text.unwrap_or_default()).is_some()));
                returned(matched.collect::<BooleanArray>())
            }
        }
    }
}

/// What is to be taken up to the next text.
enum Pending {
    Nothing,
    Skip,
    Capture(Type),
}

impl Pattern {
    /// What each column takes; None when the text does not match.
    fn captures<'a>(&self, text: &'a str) -> Option<Vec<Option<&'a str>>> {
        let mut taken = Vec::new();
        let mut pending = Pending::Nothing;
        let mut rest = text;
        for part in self.parts.iter() {
            let next = match part {
                Part::Text(wanted) => {
                    let (before, behind) = match pending {
                        Pending::Nothing => ("", rest.strip_prefix(wanted.as_str())?),
                        _ => rest.split_once(wanted.as_str())?,
                    };
                    self.take(&pending, before, &mut taken)?;
                    rest = behind;
                    Pending::Nothing
                }
                Part::Skip | Part::Capture(_) => {
                    // Nothing stands between the two: a number ends where its digits end, another takes nothing.
                    let length = match pending {
                        Pending::Capture(kind) => number_length(rest, kind),
                        _ => 0,
                    };
                    let (before, behind) = rest.split_at_checked(length)?;
                    self.take(&pending, before, &mut taken)?;
                    rest = behind;
                    match part {
                        Part::Capture(kind) => Pending::Capture(*kind),
                        _ => Pending::Skip,
                    }
                }
            };
            pending = next;
        }
        if matches!(pending, Pending::Nothing) && !rest.is_empty() {
            return None;
        }
        self.take(&pending, rest, &mut taken)?;
        Some(taken)
    }

    fn take<'a>(&self, pending: &Pending, text: &'a str, taken: &mut Vec<Option<&'a str>>) -> Option<()> {
        let Pending::Capture(kind) = pending else { return Some(()) };
        if is_of(text, *kind) {
            taken.push(Some(text));
        } else if self.is_relaxed {
            taken.push(None);
        } else {
            return None;
        }
        Some(())
    }
}

fn is_number(kind: Type) -> bool {
    matches!(kind, Type::Int | Type::Long | Type::Real | Type::Decimal)
}

fn number_length(text: &str, kind: Type) -> usize {
    if !is_number(kind) {
        return 0;
    }
    text.find(|character: char| !character.is_ascii_digit() && !matches!(character, '-' | '+' | '.'))
        .unwrap_or(text.len())
}

/// True when the text may be of the type.
fn is_of(text: &str, kind: Type) -> bool {
    let text = text.trim();
    match kind {
        Type::Int => text.parse::<i32>().is_ok(),
        Type::Long => text.parse::<i64>().is_ok(),
        Type::Real | Type::Decimal => text.parse::<f64>().is_ok(),
        Type::Bool => matches!(text.to_ascii_lowercase().as_str(), "true" | "false" | "1" | "0"),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captures(parts: Vec<Part>, is_relaxed: bool, text: &str) -> Option<Vec<Option<&str>>> {
        let signature = Signature::exact(vec![DataType::Utf8], Volatility::Immutable);
        Pattern { parts: parts.into(), column: None, is_relaxed, signature }.captures(text)
    }

    fn text(text: &str) -> Part {
        Part::Text(text.to_owned())
    }

    #[test]
    fn columns_take_what_is_between_texts() {
        let parts = || {
            vec![
                Part::Skip,
                text("name="),
                Part::Capture(Type::String),
                text(", total="),
                Part::Capture(Type::Long),
            ]
        };
        assert_eq!(captures(parts(), false, "x: name=a b, total=12"), Some(vec![Some("a b"), Some("12")]));
        assert_eq!(captures(parts(), false, "x: name=a b, total=twelve"), None);
        assert_eq!(captures(parts(), true, "x: name=a b, total=twelve"), Some(vec![Some("a b"), None]));
        assert_eq!(captures(parts(), true, "nothing"), None);
    }

    #[test]
    fn both_ends_are_fast_without_a_star() {
        let parts = || vec![text("a"), Part::Capture(Type::String), text("b")];
        assert_eq!(captures(parts(), false, "a1b"), Some(vec![Some("1")]));
        assert_eq!(captures(parts(), false, "xa1b"), None);
        assert_eq!(captures(parts(), false, "a1bx"), None);
    }

    #[test]
    fn a_number_ends_where_its_digits_end() {
        let parts = vec![Part::Capture(Type::Long), Part::Capture(Type::String)];
        assert_eq!(captures(parts, false, "200OK"), Some(vec![Some("200"), Some("OK")]));
    }
}
