//! Metrics in the protocol's terms: cumulative sums, gauges and histograms.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, ScopeMetrics, Sum,
};

use super::page::{Family, Sample};
use super::values::{Attributes, scope};
use crate::metrics::{CUSTOM_PREFIX, CustomSnapshot};

const CUMULATIVE: i32 = AggregationTemporality::Cumulative as i32;
/// Names whose unit their page does not tell.
const UNITS: [(&str, &str); 2] =
    [("gen_ai.client.token.usage", "{token}"), ("gen_ai.client.operation.duration", "s")];

/// When it was counted, in nanoseconds since 1970.
#[derive(Clone, Copy, Debug)]
pub(super) struct Period {
    pub(super) start: u64,
    pub(super) end: u64,
}

/// All families of a page but those of policies, whose own names are in [`of_policies`].
pub(super) fn of_families(families: &[Family<'_>], period: Period) -> ScopeMetrics {
    let families = families.iter().filter(|family| !family.name.starts_with(CUSTOM_PREFIX));
    ScopeMetrics {
        scope: Some(scope("sekisho")),
        metrics: families.filter_map(|family| metric(family, period)).collect(),
        ..ScopeMetrics::default()
    }
}

/// Metrics of policies, under the names that the policies give; the scope has the name of their namespace.
pub(super) fn of_policies(metrics: &[CustomSnapshot], period: Period) -> Vec<ScopeMetrics> {
    let mut scopes: Vec<ScopeMetrics> = Vec::new();
    for one in metrics {
        let name = one.namespace.as_deref().unwrap_or("sekisho");
        let known =
            scopes.iter().position(|scope| scope.scope.as_ref().is_some_and(|scope| scope.name == name));
        let metric = of_policy(one, period);
        match known.and_then(|place| scopes.get_mut(place)) {
            Some(scope) => scope.metrics.push(metric),
            None => scopes.push(ScopeMetrics {
                scope: Some(scope(name)),
                metrics: vec![metric],
                ..ScopeMetrics::default()
            }),
        }
    }
    scopes
}

/// Sum and count, with which averages can be formed; nothing is known of how values spread.
fn of_policy(metric: &CustomSnapshot, period: Period) -> Metric {
    let points = metric.series.iter().map(|series| {
        let mut all = Attributes::default();
        series.dimensions.iter().for_each(|(name, value)| all.text(name, Some(value)));
        HistogramDataPoint {
            attributes: all.done(),
            start_time_unix_nano: period.start,
            time_unix_nano: period.end,
            count: series.count,
            sum: Some(series.sum),
            bucket_counts: vec![series.count],
            ..HistogramDataPoint::default()
        }
    });
    Metric {
        name: metric.name.to_string(),
        description: "A metric of policies.".to_owned(),
        data: Some(Data::Histogram(Histogram {
            data_points: points.collect(),
            aggregation_temporality: CUMULATIVE,
        })),
        ..Metric::default()
    }
}

fn metric(family: &Family<'_>, period: Period) -> Option<Metric> {
    let points = || family.samples.iter().filter_map(|sample| number(sample, period)).collect::<Vec<_>>();
    let data = match family.kind {
        "counter" => {
            Data::Sum(Sum { data_points: points(), aggregation_temporality: CUMULATIVE, is_monotonic: true })
        }
        "gauge" | "info" => Data::Gauge(Gauge { data_points: points() }),
        "histogram" => Data::Histogram(Histogram {
            data_points: histograms(&family.samples, period),
            aggregation_temporality: CUMULATIVE,
        }),
        _ => return None,
    };
    let is_empty = family.samples.is_empty();
    let unit = match family.unit {
        Some("seconds") => "s",
        Some("bytes") => "By",
        Some(other) => other,
        None => UNITS.iter().find(|(name, _)| *name == family.name).map_or("", |(_, unit)| unit),
    };
    (!is_empty).then(|| Metric {
        name: match family.kind {
            "info" => format!("{}_info", family.name),
            _ => family.name.to_owned(),
        },
        description: family.help.to_owned(),
        unit: unit.to_owned(),
        data: Some(data),
        ..Metric::default()
    })
}

fn number(sample: &Sample<'_>, period: Period) -> Option<NumberDataPoint> {
    let value = match sample.value.parse() {
        Ok(whole) => Value::AsInt(whole),
        Err(_) => Value::AsDouble(sample.value.parse().ok()?),
    };
    Some(NumberDataPoint {
        attributes: attributes(sample),
        start_time_unix_nano: period.start,
        time_unix_nano: period.end,
        value: Some(value),
        ..NumberDataPoint::default()
    })
}

/// The lines of one label set stand together: its sum, its count, and its buckets by their bounds.
fn histograms(samples: &[Sample<'_>], period: Period) -> Vec<HistogramDataPoint> {
    let mut points: Vec<HistogramDataPoint> = Vec::new();
    // What the buckets so far have together: the page's buckets include those below them.
    let mut below = 0_u64;
    for sample in samples {
        let attributes = attributes(sample);
        if points.last().is_none_or(|point| point.attributes != attributes) {
            below = 0;
            points.push(HistogramDataPoint {
                attributes,
                start_time_unix_nano: period.start,
                time_unix_nano: period.end,
                ..HistogramDataPoint::default()
            });
        }
        let Some(point) = points.last_mut() else { continue };
        match sample.suffix {
            "_sum" => point.sum = sample.value.parse().ok(),
            "_count" => point.count = sample.value.parse().unwrap_or_default(),
            _ => {
                let count = sample.value.parse().unwrap_or(below);
                point.bucket_counts.push(count.saturating_sub(below));
                below = count;
                point.explicit_bounds.extend(bound(sample));
            }
        }
    }
    points
}

/// The upper bound of a bucket; none for the last one.
fn bound(sample: &Sample<'_>) -> Option<f64> {
    let (_, bound) = sample.labels.iter().find(|(name, _)| *name == "le")?;
    bound.parse().ok().filter(|bound: &f64| bound.is_finite())
}

fn attributes(sample: &Sample<'_>) -> Vec<KeyValue> {
    let mut all = Attributes::default();
    let labels = sample.labels.iter().filter(|(name, _)| *name != "le");
    labels.for_each(|(name, value)| all.text(name, Some(value)));
    all.done()
}
