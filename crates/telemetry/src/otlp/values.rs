//! Attributes and times of the protocol.

use std::time::Duration;

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use sekisho_policy::ports::clock::UNIX_EPOCH_TICKS;

use crate::text;

/// The longest text of an attribute in bytes; what goes beyond is cut off.
const MAX_TEXT_BYTES: usize = 4096;

/// Attributes under construction. What is not known is left out.
#[derive(Default)]
pub(super) struct Attributes(Vec<KeyValue>);

impl Attributes {
    pub(super) fn text(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.push(key, Value::StringValue(text::cut(value, MAX_TEXT_BYTES).into_owned()));
        }
    }

    pub(super) fn long_text(&mut self, key: &str, value: String) {
        self.push(key, Value::StringValue(value));
    }

    pub(super) fn count(&mut self, key: &str, value: Option<u64>) {
        if let Some(value) = value {
            self.push(key, Value::IntValue(i64::try_from(value).unwrap_or(i64::MAX)));
        }
    }

    pub(super) fn number(&mut self, key: &str, value: Option<f64>) {
        if let Some(value) = value {
            self.push(key, Value::DoubleValue(value));
        }
    }

    pub(super) fn flag(&mut self, key: &str, value: bool) {
        self.push(key, Value::BoolValue(value));
    }

    pub(super) fn texts(&mut self, key: &str, values: Vec<String>) {
        if !values.is_empty() {
            let values = values.into_iter().map(|value| any(Value::StringValue(value))).collect();
            self.push(key, Value::ArrayValue(ArrayValue { values }));
        }
    }

    pub(super) fn push(&mut self, key: &str, value: Value) {
        self.0.push(KeyValue { key: key.to_owned(), value: Some(any(value)), ..KeyValue::default() });
    }

    pub(super) fn done(self) -> Vec<KeyValue> {
        self.0
    }
}

pub(super) fn any(value: Value) -> AnyValue {
    AnyValue { value: Some(value) }
}

/// What sends it all.
pub(super) fn resource(attributes: &[(String, String)]) -> Resource {
    let mut all = Attributes::default();
    attributes.iter().for_each(|(key, value)| all.text(key, Some(value)));
    Resource { attributes: all.done(), ..Resource::default() }
}

/// What made it.
pub(super) fn scope(name: &str) -> InstrumentationScope {
    InstrumentationScope {
        name: name.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..InstrumentationScope::default()
    }
}

/// 100 ns ticks since 0001-01-01T00:00:00Z as nanoseconds since 1970.
pub(super) fn nanoseconds(ticks: i64) -> u64 {
    u64::try_from(ticks.saturating_sub(UNIX_EPOCH_TICKS)).unwrap_or(0).saturating_mul(100)
}

/// A time so much later.
pub(super) fn after(start: u64, by: Duration) -> u64 {
    start.saturating_add(u64::try_from(by.as_nanos()).unwrap_or(u64::MAX))
}
