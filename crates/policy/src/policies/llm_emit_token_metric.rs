//! `llm-emit-token-metric`: counts the tokens of calls to models as metrics.

use std::sync::{Arc, LazyLock};

use sekisho_llm::Usage;

use super::metric_dimensions::{self, Dimension, Evaluated};
use crate::compile::Compiler;
use crate::declaration::{ALL_SCOPES, Attribute, Children, Declaration, ErrorFact, Kind, Reference};
use crate::exchange::Exchange;
use crate::metering::{ReplyTokens, TokenWatcher};
use crate::pipeline::{Outcome, PolicyResult, Run, RunNow, Section};
use crate::ports::{Metric, Ports};
use crate::xml::Element;

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["llm-emit-token-metric", "azure-openai-emit-token-metric"],
    summary: "Counts the tokens of calls to models as metrics with one to ten dimensions.",
    sections: &[Section::Inbound],
    scopes: ALL_SCOPES,
    attributes: &[
        Attribute::optional("namespace", Kind::Text, "Namespace of the metrics.")
            .literal()
            .or("API Management"),
        Attribute::optional("value", Kind::Text, "Of older documents; has no effect."),
    ],
    children: Children::Elements(&[metric_dimensions::CHILD]),
    once: false,
    reference: Reference {
        behaviour: BEHAVIOUR,
        errors: &[ErrorFact::EXPRESSION],
        example: "dimensions",
        differences: &[
            "Metrics go to `/metrics` for Prometheus whatever diagnostics say, and to Application Insights when the call's \
             diagnostic has `metrics: true`.",
            "The limit of ten holds for all dimensions, default ones included; more than five with values of their own are \
             a warning.",
            "The usage that a stream reports is counted in place of an estimate.",
            "Each attempt of a `retry` whose reply used tokens counts, with the backend that it went to.",
            "The names of the metrics of audio and predictions follow those of the others; API Management does not \
             document them.",
            "Names of dimensions are compared without regard to case, and of two that are the same the first one counts.",
        ],
    },
    compile: Some(compile),
};

const BEHAVIOUR: &str = "\
When a reply of a model is over, or broke off, its tokens are added to the metrics `Total Tokens`, `Prompt Tokens` and \
`Completion Tokens`, and where the reply says more, to `Prompt Cached Tokens`, `Prompt Audio Tokens`, `Completion Reasoning \
Tokens`, `Completion Audio Tokens`, `Completion Accepted Prediction Tokens` and `Completion Rejected Prediction Tokens`. \
Counts are those that the backend reports; where it reports none, they are counted here, and a count that is not known \
adds nothing. Responses of the cache, refusals and errors use no tokens. Metrics never delay or fail a call.\n\
\n\
Each `dimension` has a name and a value, both of which may be expressions; they are evaluated where the policy stands. \
These names may stand without a value and then tell of the call: `API ID`, `Operation ID`, `Product ID`, `User ID`, \
`Subscription ID`, `Location` (the region of the gateway), `Gateway ID`, `Client IP address` and `Backend ID`, which is \
the backend that sent the reply.\n\
\n\
`/metrics` shows them as [emit-metric](emit-metric.md) shows its own, with the same bounds: \
`sekisho_custom_<namespace>_Total_Tokens_sum` is the sum of all tokens, `…_count` how many replies there were.";

/// Which count of a reply.
type CountOf = fn(&Usage) -> Option<u64>;

/// Names of metrics, and the counts that they show.
const METRICS: [(&str, CountOf); 9] = [
    ("Total Tokens", |usage| usage.total),
    ("Prompt Tokens", |usage| usage.prompt),
    ("Completion Tokens", |usage| usage.completion),
    ("Prompt Cached Tokens", |usage| usage.cached),
    ("Prompt Audio Tokens", |usage| usage.prompt_audio),
    ("Completion Reasoning Tokens", |usage| usage.reasoning),
    ("Completion Audio Tokens", |usage| usage.completion_audio),
    ("Completion Accepted Prediction Tokens", |usage| usage.accepted_prediction),
    ("Completion Rejected Prediction Tokens", |usage| usage.rejected_prediction),
];

/// The names as metrics have them: made once, not for each reply.
static NAMES: LazyLock<[Arc<str>; METRICS.len()]> =
    LazyLock::new(|| METRICS.map(|(name, _)| Arc::from(name)));

struct EmitTokenMetric {
    namespace: Option<Arc<str>>,
    dimensions: Vec<Dimension>,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    Some(Run::now(EmitTokenMetric {
        namespace: compiler.literal(element, "namespace").filter(|namespace| !namespace.trim().is_empty()),
        dimensions: Dimension::all(compiler, element)?,
    }))
}

impl RunNow for EmitTokenMetric {
    fn run(&self, exchange: &mut Exchange) -> PolicyResult {
        let dimensions = Dimension::evaluate_all(&self.dimensions, exchange)?;
        exchange.ledger.watch(Arc::new(Emitter {
            namespace: self.namespace.clone(),
            dimensions,
            insights_logger: exchange.facts.observation.metrics_logger(),
        }));
        Ok(Outcome::Continue)
    }
}

/// Counts the replies of one call.
struct Emitter {
    namespace: Option<Arc<str>>,
    dimensions: Vec<Evaluated>,
    insights_logger: Option<Arc<str>>,
}

impl Emitter {
    fn dimensions(&self, tokens: &ReplyTokens) -> Vec<(Arc<str>, Arc<str>)> {
        let value = |dimension: &Evaluated| match &tokens.backend_id {
            Some(backend) if dimension.is_backend => Arc::clone(backend),
            _ => Arc::clone(&dimension.value),
        };
        self.dimensions.iter().map(|dimension| (Arc::clone(&dimension.name), value(dimension))).collect()
    }
}

impl TokenWatcher for Emitter {
    fn used(&self, tokens: &ReplyTokens, ports: &Ports) {
        let values = NAMES.iter().zip(METRICS).filter_map(|(name, (_, count))| {
            #[allow(clippy::cast_precision_loss)] // A reply has fewer tokens than a double holds exactly.
            let value = count(&tokens.usage)? as f64;
            Some((Arc::clone(name), value))
        });
        let mut all = Vec::with_capacity(METRICS.len());
        all.extend(values);
        if !all.is_empty() {
            ports.recorder.metric(&Metric {
                namespace: self.namespace.clone(),
                values: all,
                dimensions: self.dimensions(tokens),
                insights_logger: self.insights_logger.clone(),
            });
        }
    }
}
