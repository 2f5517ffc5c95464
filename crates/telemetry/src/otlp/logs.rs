//! A call as a log entry: the line of the access log, field by field, tied to its span.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, SeverityNumber};
use sekisho_policy::ports::{CallRecord, Message};

use super::gen_ai::path_of;
use super::values::{Attributes, after, any, nanoseconds};
use crate::access_log::line;

/// What an entry holds of one body, in bytes.
const MAX_CONTENT_BYTES: usize = 256 * 1024;
/// How deep values are taken over.
const MAX_DEPTH: usize = 8;

/// The entry of a call; with its bodies where `content` wants them and they were kept.
pub(super) fn of(record: &CallRecord, content: bool) -> LogRecord {
    let (number, text) = match record.status {
        500.. => (SeverityNumber::Error, "ERROR"),
        400.. => (SeverityNumber::Warn, "WARN"),
        _ if record.incomplete => (SeverityNumber::Warn, "WARN"),
        _ => (SeverityNumber::Info, "INFO"),
    };
    let mut attributes = fields(record);
    if content {
        let mut all = Attributes::default();
        add_content(&mut all, "sekisho.request.body", &record.request);
        add_content(&mut all, "sekisho.response.body", &record.response);
        attributes.extend(all.done());
    }
    let trace = record.trace.as_ref();
    let start = nanoseconds(record.timestamp_ticks);
    let body = format!("{} {} {}", record.method, path_of(&record.url), record.status);
    LogRecord {
        time_unix_nano: start,
        observed_time_unix_nano: after(start, record.duration),
        severity_number: number as i32,
        severity_text: text.to_owned(),
        body: Some(any(Value::StringValue(body))),
        attributes,
        flags: u32::from(trace.is_some_and(|trace| trace.is_sampled)),
        trace_id: trace.map(|trace| trace.trace_id.to_vec()).unwrap_or_default(),
        span_id: trace.map(|trace| trace.span_id.to_vec()).unwrap_or_default(),
        event_name: "sekisho.call".to_owned(),
        ..LogRecord::default()
    }
}

fn fields(record: &CallRecord) -> Vec<KeyValue> {
    let serde_json::Value::Object(fields) = line::value(record) else { return Vec::new() };
    fields.into_iter().filter_map(|(key, value)| pair(key, value, MAX_DEPTH)).collect()
}

fn pair(key: String, value: serde_json::Value, depth: usize) -> Option<KeyValue> {
    Some(KeyValue {
        key,
        value: Some(AnyValue { value: Some(mapped(value, depth)?) }),
        ..KeyValue::default()
    })
}

fn mapped(value: serde_json::Value, depth: usize) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    Some(match value {
        serde_json::Value::Null => return None,
        serde_json::Value::Bool(flag) => Value::BoolValue(flag),
        serde_json::Value::String(text) => Value::StringValue(text),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(whole) => Value::IntValue(whole),
            None => Value::DoubleValue(number.as_f64()?),
        },
        serde_json::Value::Array(values) => {
            let values = values.into_iter().filter_map(|value| mapped(value, depth));
            Value::ArrayValue(ArrayValue { values: values.map(any).collect() })
        }
        serde_json::Value::Object(fields) => {
            let values = fields.into_iter().filter_map(|(key, value)| pair(key, value, depth));
            Value::KvlistValue(KeyValueList { values: values.collect() })
        }
    })
}

/// Bodies that are compressed are of no use to anybody who reads entries.
fn add_content(all: &mut Attributes, key: &str, message: &Message) {
    let Some(body) = message.body.as_ref().filter(|_| message.content_encoding.is_none()) else { return };
    let body = body.with(|payload| payload.joined());
    let kept = body.get(..body.len().min(MAX_CONTENT_BYTES)).unwrap_or_default();
    if !kept.is_empty() {
        all.long_text(key, String::from_utf8_lossy(kept).into_owned());
    }
}
