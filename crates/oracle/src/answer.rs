//! What an expression gives, and when two answers agree.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::case::Compared;

/// The answer to one case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Answer {
    /// It threw, or did not compile.
    Thrown {
        /// What was thrown.
        error: Thrown,
    },
    /// It gave a value.
    Given {
        /// The full .NET name of the run-time type; none for null.
        #[serde(rename = "type")]
        type_name: Option<String>,
        /// The value as `sekisho eval` shows it.
        value: Json,
    },
}

/// An exception, or `CompileError`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thrown {
    /// The full .NET name.
    #[serde(rename = "type")]
    pub type_name: String,
    /// For people; messages are not compared.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
}

/// The name of the error when an expression does not compile.
pub const COMPILE_ERROR: &str = "CompileError";

impl Answer {
    /// A refusal by the compiler.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::thrown(COMPILE_ERROR, message)
    }

    /// An exception.
    pub fn thrown(type_name: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Thrown { error: Thrown { type_name: type_name.into(), message: message.into() } }
    }

    /// Whether two answers agree. Doubles are compared as numbers: their shortest text came with .NET Core.
    pub fn agrees(&self, other: &Self, compared: Compared) -> bool {
        match (self, other) {
            (Self::Thrown { error }, Self::Thrown { error: other }) => error.type_name == other.type_name,
            (Self::Given { type_name, value }, Self::Given { type_name: other_type, value: other_value }) => {
                let same_value = match type_name.as_deref() {
                    Some("System.Double") => same_number::<f64>(value, other_value),
                    Some("System.Single") => same_number::<f32>(value, other_value),
                    _ => same(value, other_value),
                };
                type_name == other_type && (same_value || compared == Compared::Type)
            }
            _ => false,
        }
    }

    /// Whether they differ only in the digits of fractions: .NET Framework and mono write 15 digits, and 0 for
    /// negative zero, where current .NET writes the shortest text that reads back.
    pub fn agrees_but_for_digits(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Given { type_name, value }, Self::Given { type_name: other_type, value: other_value }) => {
                type_name == other_type && rounded(value) == rounded(other_value)
            }
            _ => false,
        }
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Thrown { error } if error.message.is_empty() => write!(f, "! {}", error.type_name),
            Self::Thrown { error } => write!(f, "! {}: {}", error.type_name, error.message),
            Self::Given { type_name: None, .. } => f.write_str("null"),
            Self::Given { type_name: Some(name), value } => write!(f, "{name} {value}"),
        }
    }
}

fn same_number<N: std::str::FromStr + PartialEq>(left: &Json, right: &Json) -> bool {
    let read = |value: &Json| value.as_str().and_then(|text| text.parse::<N>().ok());
    left == right || read(left).is_some_and(|left| read(right) == Some(left))
}

/// Equal, with numbers inside compared by value.
fn same(left: &Json, right: &Json) -> bool {
    match (left, right) {
        (Json::Number(left), Json::Number(right)) => left == right || left.as_f64() == right.as_f64(),
        (Json::Array(left), Json::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Json::Object(left), Json::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|((name, left), (other, right))| name == other && same(left, right))
        }
        _ => left == right,
    }
}

/// The text with every fraction rounded to 14 significant digits.
fn rounded(value: &Json) -> String {
    let text = value.to_string();
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(start) = rest.find(|next: char| next.is_ascii_digit()) {
        let (before, number) = rest.split_at(start);
        let end = number_end(number);
        let (digits, after) = number.split_at(end);
        let parsed = digits.parse::<f64>();
        let is_zero = parsed.as_ref().is_ok_and(|parsed| *parsed == 0.0);
        out.push_str(if is_zero { before.trim_end_matches('-') } else { before });
        match parsed {
            Ok(parsed) if digits.contains(['.', 'E', 'e']) => out.push_str(&format!("{parsed:.13e}")),
            _ => out.push_str(digits),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The end of the number that a text begins with.
fn number_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |mut at: usize| {
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        at
    };
    let mut end = digits(0);
    if bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
        end = digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        if bytes.get(end + 1 + sign).is_some_and(u8::is_ascii_digit) {
            end = digits(end + 1 + sign);
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(type_name: &str, value: Json) -> Answer {
        Answer::Given { type_name: Some(type_name.to_owned()), value }
    }

    #[test]
    fn doubles_agree_as_numbers_and_texts_as_texts() {
        let agrees = |ty: &str, left: &str, right: &str| {
            given(ty, left.into()).agrees(&given(ty, right.into()), Compared::Value)
        };
        assert!(agrees("System.Double", "0.30000000000000004", "3.0000000000000004E-1"));
        assert!(!agrees("System.Double", "0.30000000000000004", "0.3"));
        assert!(agrees("System.Single", "0.1", "0.100000001"));
        assert!(!agrees("System.String", "1.0", "1"));
    }

    #[test]
    fn only_the_digits_of_fractions_may_differ() {
        let text = |text: &str| given("System.String", text.into());
        assert!(text("a 0.3!").agrees_but_for_digits(&text("a 0.30000000000000004!")));
        assert!(text("1E+20").agrees_but_for_digits(&text("1.0000000000000001E+20")));
        assert!(text("a -0 b").agrees_but_for_digits(&text("a 0 b")));
        assert!(!text("12345678901234567").agrees_but_for_digits(&text("12345678901234568")));
        assert!(!text("a 0.3!").agrees_but_for_digits(&text("b 0.3!")));
        assert!(!text("0.3").agrees_but_for_digits(&text("0.31")));
    }
}
