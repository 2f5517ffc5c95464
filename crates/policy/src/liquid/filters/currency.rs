//! `Currency`: amounts as a culture writes them, `en-US` when none is named.

use rust_decimal::Decimal;
use sekisho_expression::framework;

use super::{Call, null_reference};
use crate::liquid::Failure;
use crate::liquid::value::Value;

/// How a culture writes amounts.
struct Culture {
    names: &'static [&'static str],
    symbol: &'static str,
    /// True when the symbol stands after the amount, behind a blank.
    is_behind: bool,
    /// True for a blank between a symbol in front and the amount.
    is_spaced: bool,
    thousands: &'static str,
    point: &'static str,
    places: usize,
}

const fn before(names: &'static [&'static str], symbol: &'static str) -> Culture {
    Culture { names, symbol, is_behind: false, is_spaced: false, thousands: ",", point: ".", places: 2 }
}

const fn behind(names: &'static [&'static str], symbol: &'static str, thousands: &'static str) -> Culture {
    Culture { names, symbol, is_behind: true, is_spaced: false, thousands, point: ",", places: 2 }
}

static CULTURES: &[Culture] = &[
    before(&["en-US", "en-CA", "en-AU", "en-NZ", "es-MX", "zh-TW"], "$"),
    before(&["en-GB"], "£"),
    before(&["en-IE"], "€"),
    before(&["zh-CN"], "¥"),
    before(&[""], "¤"),
    Culture { places: 0, ..before(&["ja-JP"], "¥") },
    Culture { places: 0, ..before(&["ko-KR"], "₩") },
    Culture { is_spaced: true, thousands: "’", ..before(&["de-CH", "fr-CH", "it-CH"], "CHF") },
    Culture { is_spaced: true, thousands: ".", point: ",", ..before(&["pt-BR"], "R$") },
    Culture { is_spaced: true, thousands: ".", point: ",", ..before(&["nl-NL", "de-AT"], "€") },
    behind(&["de-DE", "es-ES", "it-IT", "el-GR", "nl-BE"], "€", "."),
    behind(&["fr-FR"], "€", "\u{202f}"),
    behind(&["fi-FI", "pt-PT", "sk-SK"], "€", "\u{a0}"),
    behind(&["fr-CA"], "$", "\u{a0}"),
    behind(&["sv-SE", "nb-NO"], "kr", "\u{a0}"),
    behind(&["da-DK"], "kr.", "."),
    behind(&["pl-PL"], "zł", "\u{a0}"),
    behind(&["cs-CZ"], "Kč", "\u{a0}"),
];

/// `Currency`; what is no amount stays as it is.
pub(super) fn currency(call: &mut Call<'_, '_>) -> Result<Value, Failure> {
    let name = call.text(0)?;
    let name = name.as_deref().map_or("en-US", str::trim);
    let Some(culture) =
        CULTURES.iter().find(|known| known.names.iter().any(|one| one.eq_ignore_ascii_case(name)))
    else {
        return Err(Failure::Shown(format!("Culture '{name}' is not supported.")));
    };
    let amount = match &call.input {
        Value::Nil => return Err(null_reference()),
        Value::Decimal(number) => Some(*number),
        Value::Double(number) => framework::decimal_of(*number),
        Value::Integer(number) => Some(Decimal::from(*number)),
        other => framework::read_decimal(other.to_text().trim().trim_start_matches('$')),
    };
    match amount {
        Some(amount) => Ok(Value::text(culture.text(amount)?)),
        None => Ok(Value::Text(call.input.to_text())),
    }
}

impl Culture {
    fn text(&self, amount: Decimal) -> Result<String, Failure> {
        let digits = framework::decimal_text(amount.abs(), &format!("N{}", self.places))?;
        let number: String = digits
            .chars()
            .map(|letter| match letter {
                ',' => self.thousands.to_owned(),
                '.' => self.point.to_owned(),
                other => other.to_string(),
            })
            .collect();
        let sign = if amount.is_sign_negative() && !amount.is_zero() { "-" } else { "" };
        Ok(match (self.is_behind, self.is_spaced) {
            (true, _) => format!("{sign}{number} {}", self.symbol),
            (false, true) => format!("{sign}{} {number}", self.symbol),
            (false, false) => format!("{sign}{}{number}", self.symbol),
        })
    }
}
