//! The two histograms of the conventions for generative AI: tokens and duration of each call of a model.
//!
//! Source: OpenTelemetry semantic conventions, `docs/gen-ai/gen-ai-metrics.md`, with the bounds it recommends.

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use sekisho_policy::ports::{CallRecord, Event};

use super::call::error_type;
use super::gen_ai::{GenAi, tokens};
use crate::fanout::Observer;
use crate::metrics::{Bound, Labels, Series};

const TOKEN_BOUNDS: [f64; 14] = [
    1.0,
    4.0,
    16.0,
    64.0,
    256.0,
    1024.0,
    4096.0,
    16_384.0,
    65_536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
];
const SECOND_BOUNDS: [f64; 14] =
    [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
const SERIES_LIMIT: usize = 5_000;
const TOKEN_LABELS: &[&str; 4] =
    &["gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model", "gen_ai.token.type"];
const DURATION_LABELS: &[&str; 4] =
    &["gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model", "error.type"];

type Histograms = Family<Labels<4>, Histogram, fn() -> Histogram>;

/// Both of them.
pub(super) struct Operations {
    registry: Registry,
    usage: Series<4, Histogram>,
    duration: Series<4, Histogram>,
}

impl Default for Operations {
    fn default() -> Self {
        let mut registry = Registry::default();
        let (models, words) = (Bound::new(500), Bound::new(200));
        let usage: Histograms = Family::new_with_constructor(|| Histogram::new(TOKEN_BOUNDS));
        let duration: Histograms = Family::new_with_constructor(|| Histogram::new(SECOND_BOUNDS));
        let name = "gen_ai.client.token.usage";
        registry.register(name, "Number of input and output tokens used", usage.clone());
        registry.register("gen_ai.client.operation.duration", "GenAI operation duration", duration.clone());
        let series = |names, family: Histograms| {
            Series::new(names, [&words, &words, &models, &words], SERIES_LIMIT, move |labels| {
                family.get_or_create_owned(labels)
            })
        };
        let (usage, duration) = (series(TOKEN_LABELS, usage), series(DURATION_LABELS, duration));
        Self { registry, usage, duration }
    }
}

impl Operations {
    /// Both as a page.
    pub(super) fn render(&self) -> String {
        let mut page = String::new();
        // Writing into a string cannot fail.
        let _ = encode(&mut page, &self.registry);
        page
    }
}

impl Observer for Operations {
    fn observe_call(&self, record: &CallRecord) {
        let Some(gen_ai) = GenAi::of(record).filter(|_| record.mcp.is_none()) else { return };
        let with = |last| [Some(gen_ai.operation), gen_ai.provider, gen_ai.model, last];
        let has_failed = record.status >= 400 || record.incomplete;
        let error = has_failed.then(|| error_type(record));
        let seconds = record.duration.as_secs_f64();
        self.duration.with(with(error.as_deref()), |histogram| histogram.observe(seconds));
        let Some(usage) = &record.usage else { return };
        let (input, output) = tokens(usage);
        for (kind, count) in [("input", input), ("output", output)] {
            if let Some(count) = count {
                self.usage.with(with(Some(kind)), |histogram| histogram.observe(count as f64));
            }
        }
    }

    fn observe_event(&self, _event: &Event) {}
}
