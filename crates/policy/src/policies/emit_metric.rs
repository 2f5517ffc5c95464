//! `emit-metric`: counts a value of the call as a metric.

use std::sync::Arc;

use super::metric_dimensions::{self, Dimension};
use crate::compile::{Compiler, Number};
use crate::declaration::{
    ALL_SCOPES, ANYWHERE, Attribute, Children, Declaration, ErrorFact, Kind, Reference,
};
use crate::exchange::Exchange;
use crate::pipeline::{Outcome, PolicyResult, Run, RunNow};
use crate::ports::Metric;
use crate::xml::Element;

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["emit-metric"],
    summary: "Counts a value of the call as a metric with one to ten dimensions.",
    sections: ANYWHERE,
    scopes: ALL_SCOPES,
    attributes: &[
        Attribute::required("name", Kind::Text, "Name of the metric.").literal(),
        Attribute::optional("value", Kind::Number, "The value, a number; may be negative or have a fraction.")
            .or("1"),
        Attribute::optional("namespace", Kind::Text, "Namespace of the metric.").literal().or("API Management"),
    ],
    children: Children::Elements(&[metric_dimensions::CHILD]),
    once: false,
    reference: Reference {
        behaviour: "\
The value is added when the policy runs, once for each run; a `retry` around it counts again. `value` is a number \
and 1 when it is not written.

Each `dimension` has a name and a value, both of which may be expressions. These names may stand without a value \
and then tell of the call: `API ID`, `Operation ID`, `Product ID`, `User ID`, `Subscription ID`, `Location` (the \
region of the gateway), `Gateway ID`, `Client IP address` and `Backend ID`. A call that has no such thing, such as a \
product, has an empty value.

`/metrics` shows a metric as a summary without quantiles: `sekisho_custom_<namespace>_<name>_sum` is the sum of all \
values and `…_count` how many there were, so an average is the rate of the one divided by the rate of the other. \
Without `namespace` the name is `sekisho_custom_<name>`. Dimensions are labels. Characters that Prometheus does not \
allow become `_`. Empty values are left out. A metric keeps 2,000 combinations of dimension values and the gateway 200 \
metrics; what lies beyond is dropped and counted in `sekisho_custom_metric_values_dropped_total`.",
        errors: &[ErrorFact {
            reason: "ExpressionValueEvaluationFailure",
            status: "500",
            when: "an expression fails, or the value is not a number",
        }],
        example: "dimensions",
        differences: &[
            "Metrics go to `/metrics` for Prometheus whatever diagnostics say, and to Application Insights when the call's \
             diagnostic has `metrics: true`.",
            "The limit of ten holds for all dimensions, default ones included; more than five with values of their own are \
             a warning.",
            "Names are compared without regard to case, and of two that are the same the first one counts.",
            "`Client IP address` and `Backend ID` may stand without a value, as for the metrics of tokens.",
            "A default dimension of which the call has nothing has an empty value.",
        ],
    },
    compile: Some(compile),
};

struct EmitMetric {
    name: Arc<str>,
    namespace: Option<Arc<str>>,
    value: Number,
    dimensions: Vec<Dimension>,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    Some(Run::now(EmitMetric {
        name: compiler.literal(element, "name")?,
        namespace: compiler.literal(element, "namespace").filter(|namespace| !namespace.trim().is_empty()),
        value: match element.attribute("value") {
            Some(_) => compiler.number(element, "value")?,
            None => Number::Constant(1.0),
        },
        dimensions: Dimension::all(compiler, element)?,
    }))
}

impl RunNow for EmitMetric {
    fn run(&self, exchange: &mut Exchange) -> PolicyResult {
        let dimensions = Dimension::evaluate_all(&self.dimensions, exchange)?;
        let dimensions = dimensions.into_iter().map(|dimension| (dimension.name, dimension.value)).collect();
        let metric = Metric {
            namespace: self.namespace.clone(),
            values: vec![(Arc::clone(&self.name), self.value.get(exchange)?)],
            dimensions,
            insights_logger: exchange.facts.observation.metrics_logger(),
        };
        exchange.ports.recorder.metric(&metric);
        Ok(Outcome::Continue)
    }
}
