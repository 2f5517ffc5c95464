//! Texts as XML has them.

use sekisho_expression::Value;
use sekisho_expression::dotnet::json::{Formatting, JToken, to_json};
use sekisho_expression::framework;

/// Text between tags.
pub(super) fn push_text(out: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#xD;"),
            other => out.push(fitting(other)),
        }
    }
}

/// The value of an attribute, without its quotes.
pub(super) fn push_attribute_text(out: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push_str(&format!("&#x{:X};", u32::from(letter))),
            other => out.push(fitting(other)),
        }
    }
}

/// Characters that XML does not have become U+FFFD.
fn fitting(letter: char) -> char {
    let is_fine = matches!(letter, '\t' | '\n' | '\r' | '\u{20}'..='\u{FFFD}' | '\u{1_0000}'..);
    if is_fine { letter } else { char::REPLACEMENT_CHARACTER }
}

pub(super) fn clean(text: &str) -> String {
    text.chars().map(fitting).collect()
}

/// A value as XML writes it; none for null and containers.
pub(super) fn scalar_text(token: &JToken) -> Option<String> {
    let scalar = token.as_scalar()?;
    match &scalar.value {
        Value::Null => None,
        Value::String(text) => Some(text.to_string()),
        Value::Boolean(flag) => Some(flag.to_string()),
        Value::DateTime(date) => Some(framework::round_trip_date(*date)),
        Value::Double(number) if number.is_infinite() => {
            Some(if *number > 0.0 { "INF" } else { "-INF" }.to_owned())
        }
        Value::Double(number) => Some(framework::round_trip_double(*number)),
        // Integers of any size, and whatever else a number may be.
        _ => to_json(token, Formatting::None).ok(),
    }
}
