//! The book of prices: what tokens of models cost.

use std::path::Path;

use super::read::file_path;
use crate::fields::{Fields, Unknown};
use crate::model::Spanned;
use crate::reading::Reading;
use crate::value;

/// A book of prices.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prices {
    /// `currency`: ISO 4217.
    pub currency: String,
    /// `prices`: of those that fit a call, the first one counts.
    pub prices: Vec<Price>,
}

/// What a model costs.
#[derive(Clone, Debug, PartialEq)]
pub struct Price {
    /// `model`: the deployment or model of a call; a `*` at the end stands for any rest.
    pub model: String,
    /// `backend`: where the call went, by the backend's resource name; anywhere when not set.
    pub backend: Option<String>,
    /// How it is paid.
    pub terms: Terms,
}

/// How a model is paid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Terms {
    /// By the token; each amount is for a million of them.
    Tokens {
        /// `prompt`.
        prompt: f64,
        /// `cached`: tokens of the prompt that the backend had already; as `prompt` when not set.
        cached: f64,
        /// `completion`.
        completion: f64,
    },
    /// By the hour, whatever is used of it.
    Provisioned {
        /// `provisioned.units`: how many throughput units are reserved.
        units: u32,
        /// `provisioned.perHour`: for one unit.
        per_hour: f64,
    },
}

/// Reads the file that `prices` names.
pub(super) fn read(fields: &mut Fields<'_>, reading: &mut Reading<'_>) -> Option<Prices> {
    let span = fields.node("prices")?.span;
    let path = file_path(fields, "prices", reading)?;
    book(&path, span, reading)
}

fn book(path: &Path, from: sekisho_diagnostics::Span, reading: &mut Reading<'_>) -> Option<Prices> {
    let file = reading.read_file(path, Some(from))?;
    let node = value::parse(file, reading)?;
    let mut fields = Fields::of(&node, "the book of prices", reading)?;
    let currency = fields.required_text("currency", reading);
    let mut prices = Vec::new();
    for node in fields.list("prices", reading) {
        let Some(mut fields) = Fields::of(node, "prices", reading) else { continue };
        prices.extend(price(&mut fields, reading));
        fields.finish(Unknown::Refused, reading);
    }
    fields.finish(Unknown::Refused, reading);
    let currency = currency.and_then(|currency| iso_4217(currency, reading))?;
    Some(Prices { currency, prices })
}

fn iso_4217(text: Spanned<String>, reading: &mut Reading<'_>) -> Option<String> {
    if text.value.len() == 3 && text.value.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Some(text.value);
    }
    let message = format!("`{}` is not a currency", text.value);
    reading.error("invalid-currency", text.span, message, "write three capital letters, such as `USD`");
    None
}

fn price(fields: &mut Fields<'_>, reading: &mut Reading<'_>) -> Option<Price> {
    let model = fields.required_text("model", reading);
    let backend = fields.filled_text("backend", reading).map(|backend| backend.value);
    let [prompt, cached, completion] =
        ["prompt", "cached", "completion"].map(|key| amount(fields, key, reading));
    let is_by_token = prompt.is_some() || cached.is_some() || completion.is_some();
    let provisioned = fields.object("provisioned", reading);
    let terms = match provisioned {
        Some(mut provisioned) => {
            let units = provisioned.whole_number("units", 1..=1_000_000, reading);
            let per_hour = amount(&mut provisioned, "perHour", reading);
            let span = provisioned.span;
            provisioned.finish(Unknown::Refused, reading);
            if is_by_token {
                let message = "a price is by the token or by the hour, not both";
                reading.error("wrong-attributes", span, message, "write two prices, each with its `backend`");
                return None;
            }
            let units = u32::try_from(units.map_or(1, |units| units.value)).unwrap_or(u32::MAX);
            Terms::Provisioned { units, per_hour: per_hour? }
        }
        None => {
            if prompt.is_none() {
                fields.missing("prompt", reading);
            }
            let prompt = prompt?;
            Terms::Tokens { prompt, cached: cached.unwrap_or(prompt), completion: completion.unwrap_or(0.0) }
        }
    };
    Some(Price { model: model?.value, backend, terms })
}

/// An amount of money.
fn amount(fields: &mut Fields<'_>, key: &'static str, reading: &mut Reading<'_>) -> Option<f64> {
    let text = fields.text(key, reading)?;
    match text.value.trim().parse::<f64>() {
        Ok(amount) if amount.is_finite() && amount >= 0.0 => Some(amount),
        _ => {
            let message = format!("`{key}` is not an amount of money");
            reading.error("invalid-amount", text.span, message, "write it like `2.50`: for a million tokens");
            None
        }
    }
}
