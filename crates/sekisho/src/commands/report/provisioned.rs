//! What is paid by the hour, shared out among those who used it: by their part of the tokens.

use sekisho_resources::process::{Price, Prices, Terms};

use super::rows::{Part, Row};

const MICROSECONDS_PER_HOUR: f64 = 3_600_000_000.0;

/// Adds the cost of the hours of each price. What nobody used is a row of its own with empty keys.
pub(super) fn share_out(parts: &mut Vec<Part>, prices: &Prices, (start, end): (i64, i64), now: i64) {
    // Hours to come are not paid for yet.
    #[allow(clippy::cast_precision_loss)] // A report is about less than a hundred years.
    let hours = (end.min(now).saturating_sub(start)).max(0) as f64 / MICROSECONDS_PER_HOUR;
    let keys = parts.first().map_or(0, |part| part.row.keys.len());
    for (place, price) in prices.prices.iter().enumerate() {
        let Terms::Provisioned { units, per_hour } = price.terms else { continue };
        let cost = f64::from(units) * per_hour * hours;
        let earlier = prices.prices.get(..place).unwrap_or_default();
        let mut users: Vec<&mut Part> = parts
            .iter_mut()
            .filter(|part| fits(price, part) && !earlier.iter().any(|price| fits(price, part)))
            .collect();
        let tokens: u64 = users.iter().map(|part| part.row.tokens()).sum();
        if tokens == 0 {
            parts.push(Part {
                model: price.model.clone(),
                backend: price.backend.clone().unwrap_or_default(),
                currency: prices.currency.clone(),
                row: Row { keys: vec![String::new(); keys], cost: Some(cost), ..Row::default() },
            });
            continue;
        }
        for part in &mut users {
            #[allow(clippy::cast_precision_loss)] // A share of money does not need the last token.
            let share = part.row.tokens() as f64 / tokens as f64;
            part.row.cost = Some(part.row.cost.unwrap_or(0.0) + cost * share);
        }
    }
}

fn fits(price: &Price, part: &Part) -> bool {
    let is_model = match price.model.strip_suffix('*') {
        Some(beginning) => part.model.starts_with(beginning),
        None => part.model == price.model,
    };
    is_model && price.backend.as_deref().is_none_or(|backend| part.backend == backend)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(key: &str, backend: &str, tokens: u64, cost: Option<f64>) -> Part {
        Part {
            model: "gpt-4o".to_owned(),
            backend: backend.to_owned(),
            currency: "USD".to_owned(),
            row: Row { keys: vec![key.to_owned()], prompt: tokens, cost, ..Row::default() },
        }
    }

    fn book() -> Prices {
        let price = |model: &str| Price {
            model: model.to_owned(),
            backend: Some("ptu".to_owned()),
            terms: Terms::Provisioned { units: 10, per_hour: 2.0 },
        };
        Prices { currency: "USD".to_owned(), prices: vec![price("gpt-4o"), price("unused")] }
    }

    #[test]
    fn hours_are_shared_by_tokens_and_what_nobody_used_is_shown() {
        let mut parts = vec![
            part("a", "ptu", 300, Some(0.0)),
            part("b", "ptu", 100, None),
            part("b", "east", 50, Some(1.0)),
        ];
        let hour = MICROSECONDS_PER_HOUR as i64;
        share_out(&mut parts, &book(), (0, 5 * hour), 2 * hour);
        let costs: Vec<_> = parts.iter().map(|part| part.row.cost).collect();
        // 10 units × 2.0 × 2 hours = 40 for each of the two prices.
        assert_eq!(costs, [Some(30.0), Some(10.0), Some(1.0), Some(40.0)]);
        assert_eq!(parts[3].row.keys, [""]);
    }
}
