//! What calls cost, by a book of prices.

use std::sync::Arc;

use sekisho_llm::Usage;
use sekisho_policy::ports::record::Cost;
use sekisho_policy::ports::{Attempt, CallRecord};

use crate::fanout::Pricing;

/// Amounts are for so many tokens.
const TOKENS: f64 = 1_000_000.0;

/// A book of prices.
#[derive(Clone, Debug)]
pub struct PriceBook {
    /// ISO 4217.
    pub currency: Arc<str>,
    /// Of the prices that fit a reply, the first one counts.
    pub prices: Vec<Price>,
}

/// What a model costs.
#[derive(Clone, Debug, PartialEq)]
pub struct Price {
    /// The deployment or model of a call; a `*` at the end stands for any rest.
    pub model: String,
    /// The backend that replied; any when none.
    pub backend: Option<String>,
    /// For a million tokens each; none when it is paid by the hour.
    pub per_million: Option<PerMillion>,
}

/// What a million tokens cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PerMillion {
    /// Of the prompt.
    pub prompt: f64,
    /// Of the prompt, that the backend had already.
    pub cached: f64,
    /// Of the completion.
    pub completion: f64,
}

impl PriceBook {
    /// What one reply cost; none without a price, or when its tokens are not known. What is paid by the hour costs nothing by
    /// the call.
    fn reply(&self, model: &str, attempt: &Attempt) -> Option<f64> {
        let usage = attempt.usage()?;
        let backend = attempt.backend_id.as_deref();
        let price = self.prices.iter().find(|price| price.fits(model, backend))?;
        match &price.per_million {
            Some(amounts) => amounts.of(usage),
            None => Some(0.0),
        }
    }
}

impl Pricing for PriceBook {
    fn cost(&self, record: &CallRecord) -> Option<Cost> {
        let model = record.model.as_deref().unwrap_or("");
        let amount = record.attempts.iter().filter_map(|attempt| self.reply(model, attempt));
        let amount = amount.reduce(|sum, amount| sum + amount)?;
        Some(Cost { amount, currency: Arc::clone(&self.currency) })
    }
}

impl Price {
    fn fits(&self, model: &str, backend: Option<&str>) -> bool {
        let is_model = match self.model.strip_suffix('*') {
            Some(beginning) => model.starts_with(beginning),
            None => self.model == model,
        };
        is_model && self.backend.as_deref().is_none_or(|wanted| Some(wanted) == backend)
    }
}

impl PerMillion {
    #[allow(clippy::cast_precision_loss)] // A reply has fewer tokens than a double holds exactly.
    fn of(&self, usage: &Usage) -> Option<f64> {
        let prompt = usage.prompt?;
        let cached = usage.cached.unwrap_or(0).min(prompt);
        let completion = usage.completion.unwrap_or(0);
        let amounts = [(prompt - cached, self.prompt), (cached, self.cached), (completion, self.completion)];
        Some(amounts.iter().map(|(tokens, amount)| *tokens as f64 * amount).sum::<f64>() / TOKENS)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;

    use sekisho_llm::Provenance;
    use sekisho_policy::ports::ReplyFacts;

    use super::*;

    fn book() -> PriceBook {
        let by_token = PerMillion { prompt: 2.5, cached: 1.25, completion: 10.0 };
        let price = |model: &str, backend: Option<&str>, per_million| Price {
            model: model.to_owned(),
            backend: backend.map(str::to_owned),
            per_million,
        };
        PriceBook {
            currency: "USD".into(),
            prices: vec![price("gpt-4o", Some("ptu"), None), price("gpt-4o*", None, Some(by_token))],
        }
    }

    fn attempt(backend: &str, usage: Option<Usage>) -> Attempt {
        let reply = usage.map(|usage| Arc::new(OnceLock::from(ReplyFacts { usage, model: None })));
        Attempt { backend_id: Some(backend.into()), reply, ..Attempt::default() }
    }

    fn cost(model: &str, attempts: Vec<Attempt>) -> Option<f64> {
        let record = CallRecord { model: Some(model.into()), attempts, ..CallRecord::default() };
        book().cost(&record).map(|cost| cost.amount)
    }

    #[test]
    fn replies_are_paid_where_they_came_from() {
        let usage = Usage { cached: Some(400), ..Usage::new(Provenance::Reported, Some(1_000), Some(200)) };
        // 600 × 2.5 + 400 × 1.25 + 200 × 10, by the million.
        assert_eq!(cost("gpt-4o-mini", vec![attempt("east", Some(usage))]), Some(0.004));
        assert_eq!(cost("gpt-4o", vec![attempt("ptu", Some(usage))]), Some(0.0));
        let both = vec![attempt("ptu", Some(usage)), attempt("east", None), attempt("east", Some(usage))];
        assert_eq!(cost("gpt-4o", both), Some(0.004));
    }

    #[test]
    fn what_has_no_price_has_no_cost() {
        let usage = Usage::new(Provenance::Reported, Some(1), Some(1));
        assert_eq!(cost("other", vec![attempt("east", Some(usage))]), None);
        assert_eq!(cost("gpt-4o", vec![attempt("east", Some(Usage::unknown()))]), None);
        assert_eq!(cost("gpt-4o", Vec::new()), None);
    }
}
