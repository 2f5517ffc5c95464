//! From the settings to the book of prices.

use std::sync::Arc;

use sekisho_resources::process::{self, Prices, Terms};
use sekisho_telemetry::prices::{PerMillion, Price, PriceBook};

/// The book that calls are priced by.
pub(super) fn book(prices: &Prices) -> Arc<PriceBook> {
    Arc::new(PriceBook {
        currency: prices.currency.as_str().into(),
        prices: prices.prices.iter().map(price).collect(),
    })
}

fn price(written: &process::Price) -> Price {
    let per_million = match written.terms {
        Terms::Tokens { prompt, cached, completion } => Some(PerMillion { prompt, cached, completion }),
        Terms::Provisioned { .. } => None,
    };
    Price { model: written.model.clone(), backend: written.backend.clone(), per_million }
}
