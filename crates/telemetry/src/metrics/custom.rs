//! Metrics that policies count: their names and labels are not known before.
//!
//! Each is a summary without quantiles, so that averages can be formed: `sekisho_custom_<namespace>_<name>_sum` and
//! `…_count`. What Prometheus does not allow in a name becomes `_`; two metrics whose names come to the same are one.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use sekisho_policy::ports::Metric;

use super::labels::OTHER;

/// The most metrics.
const MAX_METRICS: usize = 200;
/// The most label sets of one metric.
const MAX_SERIES: usize = 2_000;
/// The longest name of a metric or label in bytes; what goes beyond is cut off.
const MAX_NAME_BYTES: usize = 200;
/// The longest label value in bytes; a longer one counts as [`OTHER`].
const MAX_VALUE_BYTES: usize = 256;
/// Calls that count at the same time rarely meet in one shard.
const SHARDS: usize = 16;
/// Label names with a meaning of their own.
const RESERVED: [&str; 2] = ["le", "quantile"];

/// What the names of all of them begin with.
pub(crate) const CUSTOM_PREFIX: &str = "sekisho_custom_";

/// A metric of policies as it stands, under the names that the policies give.
#[derive(Clone, Debug)]
pub(crate) struct CustomSnapshot {
    pub(crate) namespace: Option<Arc<str>>,
    pub(crate) name: Arc<str>,
    pub(crate) series: Vec<CustomSeries>,
}

/// One of its series.
#[derive(Clone, Debug)]
pub(crate) struct CustomSeries {
    /// Those that have a value.
    pub(crate) dimensions: Vec<(Arc<str>, Arc<str>)>,
    pub(crate) sum: f64,
    pub(crate) count: u64,
}

/// What was counted of one label set.
#[derive(Clone)]
struct Summary {
    sum: f64,
    count: u64,
    /// As the value that came first had them.
    dimensions: Vec<(Arc<str>, Arc<str>)>,
}

/// The series of one metric by their labels as they are written.
struct Series {
    /// As the value that came first had it.
    namespace: Option<Arc<str>>,
    /// The same.
    name: Arc<str>,
    shards: [Mutex<BTreeMap<String, Summary>>; SHARDS],
}

/// All metrics of policies.
#[derive(Default)]
pub(super) struct CustomMetrics {
    by_name: RwLock<BTreeMap<String, Series>>,
}

impl CustomMetrics {
    /// Adds values, and tells `dropped` the names of those that are dropped because a bound was reached.
    pub(super) fn add(&self, metric: &Metric, mut dropped: impl FnMut(&Arc<str>)) {
        let labels = Labels::of(metric);
        let mut new = Vec::new();
        let by_name = self.by_name.read();
        for (known, value) in &metric.values {
            let name = name(metric.namespace.as_deref(), known);
            match by_name.get(&name) {
                _ if !value.is_finite() => dropped(known),
                Some(series) if series.add(&labels, metric, *value) => {}
                Some(_) => dropped(known),
                None => new.push((name, known, *value)),
            }
        }
        drop(by_name);
        for (name, known, value) in new {
            let mut by_name = self.by_name.write();
            let has_room = by_name.len() < MAX_METRICS || by_name.contains_key(&name);
            let series = has_room.then(|| by_name.entry(name).or_insert_with(|| Series::new(metric, known)));
            if !series.is_some_and(|series| series.add(&labels, metric, value)) {
                dropped(known);
            }
        }
    }

    /// All of them as they stand, in the order of their names on the page.
    pub(super) fn snapshots(&self) -> Vec<CustomSnapshot> {
        let by_name = self.by_name.read();
        let snapshot = |series: &Series| CustomSnapshot {
            namespace: series.namespace.clone(),
            name: Arc::clone(&series.name),
            series: series.sorted().into_values().map(CustomSeries::from).collect(),
        };
        by_name.values().map(snapshot).collect()
    }

    /// Writes all of them in the OpenMetrics text format, in the order of their names.
    pub(super) fn render(&self, out: &mut String) {
        for (name, series) in self.by_name.read().iter() {
            // Writing into a string cannot fail.
            let _ = writeln!(out, "# HELP {name} A metric of policies.\n# TYPE {name} summary");
            for (labels, summary) in series.sorted() {
                let labels = if labels.is_empty() { labels } else { format!("{{{labels}}}") };
                let _ = writeln!(out, "{name}_sum{labels} {:?}", summary.sum);
                let _ = writeln!(out, "{name}_count{labels} {}", summary.count);
            }
        }
    }
}

impl Series {
    fn new(metric: &Metric, name: &Arc<str>) -> Self {
        let shards = std::array::from_fn(|_| Mutex::default());
        Self { namespace: metric.namespace.clone(), name: Arc::clone(name), shards }
    }

    /// Adds a value; false when there is no room for its labels.
    fn add(&self, labels: &Labels, metric: &Metric, value: f64) -> bool {
        let Some(shard) = self.shards.get(labels.shard) else { return false };
        let mut shard = shard.lock();
        if let Some(summary) = shard.get_mut(&labels.text) {
            summary.add(value);
            return true;
        }
        let has_room = shard.len() < MAX_SERIES / SHARDS;
        if has_room {
            shard.entry(labels.text.clone()).or_insert_with(|| Summary::of(metric)).add(value);
        }
        has_room
    }

    fn sorted(&self) -> BTreeMap<String, Summary> {
        self.shards.iter().flat_map(|shard| shard.lock().clone()).collect()
    }
}

impl Summary {
    /// Nothing yet, of the dimensions of a value; those that are too long as the page has them.
    fn of(metric: &Metric) -> Self {
        let dimensions = metric.dimensions.iter().filter(|(_, value)| !value.is_empty());
        let bounded = |value: &Arc<str>| match value.len() > MAX_VALUE_BYTES {
            true => OTHER.into(),
            false => Arc::clone(value),
        };
        let dimensions = dimensions.map(|(name, value)| (Arc::clone(name), bounded(value))).collect();
        Self { sum: 0.0, count: 0, dimensions }
    }

    fn add(&mut self, value: f64) {
        self.sum += value;
        self.count += 1;
    }
}

impl From<Summary> for CustomSeries {
    fn from(Summary { sum, count, dimensions }: Summary) -> Self {
        Self { dimensions, sum, count }
    }
}

/// `sekisho_custom_<namespace>_<name>`.
fn name(namespace: Option<&str>, name: &str) -> String {
    let mut out = CUSTOM_PREFIX.to_owned();
    if let Some(namespace) = namespace {
        push_sanitised(&mut out, namespace);
        out.push('_');
    }
    push_sanitised(&mut out, name);
    out
}

/// The labels of values that are counted together.
struct Labels {
    /// As they are written.
    text: String,
    /// Where their series are.
    shard: usize,
}

impl Labels {
    fn of(metric: &Metric) -> Self {
        let text = labels(metric);
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        Self { text, shard: usize::try_from(hasher.finish() % SHARDS as u64).unwrap_or(0) }
    }
}

/// The labels as they are written, sorted by name; a later one of the same name is left out.
fn labels(metric: &Metric) -> String {
    let mut by_name: BTreeMap<String, &str> = BTreeMap::new();
    for (name, value) in metric.dimensions.iter().filter(|(_, value)| !value.is_empty()) {
        let value = if value.len() > MAX_VALUE_BYTES { OTHER } else { &**value };
        by_name.entry(label(name)).or_insert(value);
    }
    let mut out = String::new();
    for (name, value) in by_name {
        if !out.is_empty() {
            out.push(',');
        }
        out.push_str(&name);
        out.push_str("=\"");
        for character in value.chars() {
            match character {
                '\\' => out.push_str("\\\\"),
                '"' => out.push_str("\\\""),
                '\n' => out.push_str("\\n"),
                other => out.push(other),
            }
        }
        out.push('"');
    }
    out
}

/// A label name: none that Prometheus keeps for itself, and no digit at its start.
fn label(name: &str) -> String {
    let mut out = String::new();
    push_sanitised(&mut out, name);
    let is_kept = out.starts_with("__") || RESERVED.contains(&out.as_str());
    if out.is_empty() || is_kept || out.starts_with(|first: char| first.is_ascii_digit()) {
        out.insert_str(0, "dimension_");
    }
    out
}

fn push_sanitised(out: &mut String, name: &str) {
    let end = out.len() + MAX_NAME_BYTES;
    for character in name.trim().chars() {
        if out.len() >= end {
            return;
        }
        out.push(if character.is_ascii_alphanumeric() { character } else { '_' });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(name: &str, value: f64, dimensions: &[(&str, &str)]) -> Metric {
        let dimensions = dimensions.iter().map(|(name, value)| (Arc::from(*name), Arc::from(*value)));
        Metric {
            namespace: None,
            values: vec![(name.into(), value)],
            dimensions: dimensions.collect(),
            insights_logger: None,
        }
    }

    /// Whether all values were kept.
    fn add(metrics: &CustomMetrics, metric: &Metric) -> bool {
        let mut dropped = 0;
        metrics.add(metric, |_| dropped += 1);
        dropped == 0
    }

    fn rendered(metrics: &CustomMetrics) -> String {
        let mut out = String::new();
        metrics.render(&mut out);
        out
    }

    #[test]
    fn values_of_the_same_labels_are_summed() {
        let metrics = CustomMetrics::default();
        assert!(add(&metrics, &metric("Total Tokens", 2.5, &[("API ID", "a\"b"), ("User ID", "")])));
        assert!(add(&metrics, &metric("Total Tokens", 1.0, &[("API ID", "a\"b")])));
        let request = metric("Request", -1.0, &[("le", "x"), ("1st", "y")]);
        assert!(add(&metrics, &Metric { namespace: Some("my-metrics".into()), ..request }));
        assert_eq!(
            rendered(&metrics),
            "# HELP sekisho_custom_Total_Tokens A metric of policies.\n\
             # TYPE sekisho_custom_Total_Tokens summary\n\
             sekisho_custom_Total_Tokens_sum{API_ID=\"a\\\"b\"} 3.5\n\
             sekisho_custom_Total_Tokens_count{API_ID=\"a\\\"b\"} 2\n\
             # HELP sekisho_custom_my_metrics_Request A metric of policies.\n\
             # TYPE sekisho_custom_my_metrics_Request summary\n\
             sekisho_custom_my_metrics_Request_sum{dimension_1st=\"y\",dimension_le=\"x\"} -1.0\n\
             sekisho_custom_my_metrics_Request_count{dimension_1st=\"y\",dimension_le=\"x\"} 1\n"
        );
    }

    #[test]
    fn series_and_metrics_are_bounded() {
        let metrics = CustomMetrics::default();
        let kept =
            (0..10_000).filter(|user| add(&metrics, &metric("m", 1.0, &[("User", &user.to_string())])));
        let kept = kept.count();
        assert!((MAX_SERIES * 9 / 10..=MAX_SERIES).contains(&kept), "{kept}");
        assert!(add(&metrics, &metric("m", 1.0, &[("User", "0")])), "those that are known stay known");
        let names = (0..500).filter(|name| add(&metrics, &metric(&format!("m{name}"), 1.0, &[])));
        assert_eq!(names.count(), MAX_METRICS - 1);
        let mut dropped = Vec::new();
        let values =
            ["m", "m1", "another"].map(|name| (name.into(), if name == "m" { f64::NAN } else { 1.0 }));
        let together = Metric { values: values.into(), ..metric("", 0.0, &[]) };
        metrics.add(&together, |name| dropped.push(name.to_string()));
        assert_eq!(dropped, ["m", "another"]);
    }
}
