//! A metric: a value of `emit-metric` or of a policy for metrics of tokens.

use std::borrow::Cow;

use sekisho_policy::ports::Metric;
use serde::Serialize;

use super::call::{gateway_properties, tagged};
use super::envelope::{Envelope, Kind, MAX_NAME, Properties, limited};
use crate::diagnostic::GatewayFacts;

/// The namespace of policies that name none.
const NAMESPACE: &str = "API Management";
/// The longest namespace.
const MAX_NAMESPACE: usize = 256;

#[derive(Serialize)]
struct MetricData<'a> {
    ver: u8,
    metrics: [DataPoint<'a>; 1],
    properties: Properties<'a>,
}

/// A sum over one value, so that those who add up sums get the same whether values are added here or there.
#[derive(Serialize)]
struct DataPoint<'a> {
    ns: Cow<'a, str>,
    name: Cow<'a, str>,
    kind: &'static str,
    value: f64,
    count: u32,
    min: f64,
    max: f64,
}

impl Kind for MetricData<'_> {
    const NAME: &'static str = "Microsoft.ApplicationInsights.Metric";
    const BASE_TYPE: &'static str = "MetricData";
}

/// The item of one of the values, at this time; none when there is no such value.
pub fn line(
    metric: &Metric,
    place: usize,
    ticks: i64,
    instrumentation_key: &str,
    gateway: &GatewayFacts,
) -> Option<Vec<u8>> {
    let (name, value) = metric.values.get(place)?;
    let mut properties = Properties::default();
    for (name, value) in &metric.dimensions {
        properties.add(&**name, &**value);
    }
    let point = DataPoint {
        ns: limited(metric.namespace.as_deref().unwrap_or(NAMESPACE).into(), MAX_NAMESPACE),
        name: limited((&**name).into(), MAX_NAME),
        kind: "Aggregation",
        value: *value,
        count: 1,
        min: *value,
        max: *value,
    };
    properties.add_all(gateway_properties(gateway));
    let data = MetricData { ver: 2, metrics: [point], properties };
    Some(tagged(Envelope::new(instrumentation_key, ticks, 100.0, data), gateway).line())
}
