//! What is kept of calls, where, and for how long.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::prices::{self, Prices};
use super::read::short_duration;
use crate::fields::{Fields, Unknown, text_of, wrong_type};
use crate::model::Spanned;
use crate::reading::Reading;
use crate::value::Node;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
const GIB: u64 = 1024 * MIB;

/// `logs`. Nothing is kept without it.
#[derive(Clone, Debug)]
pub struct Logs {
    /// `payloads`: bodies are kept; true (`all`) when not set.
    pub payloads: bool,
    /// `headers`: which headers are kept; none when not set.
    pub headers: LoggedHeaders,
    /// `maximumBodyBytes`: what is kept of one body; 16 MiB when not set.
    pub maximum_body_bytes: usize,
    /// `memoryBytes`: bodies and records that are not written yet; 512 MiB when not set.
    pub memory_bytes: usize,
    /// `policyTimings`: how long each policy took is kept; false when not set.
    pub policy_timings: bool,
    /// `exclude`: calls of which no content is kept.
    pub exclude: Vec<LogExclusion>,
    /// `masking`: what is kept as `***`.
    pub masking: LogMasking,
    /// `syncInterval`: how often what was written is made to outlast a loss of power; 1 s when not set.
    pub sync_interval: Duration,
    /// `segmentBytes`: how much is appended to one file before it is compacted; 64 MiB when not set.
    pub segment_bytes: u64,
    /// `retention.age`: 30 days when not set.
    pub retention_age: Duration,
    /// `retention.bytes`: of all files together; 50 GiB when not set.
    pub retention_bytes: u64,
    /// `target`: object storage that compacted files are copied to; none when not set.
    pub target: Option<LogTarget>,
    /// `compatibility`: bounds of the cloud.
    pub compatibility: LogCompatibility,
    /// `prices`: a file with what models cost; calls have no cost when not set.
    pub prices: Option<Prices>,
}

/// `logs.headers`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LoggedHeaders {
    /// `none`
    #[default]
    None,
    /// A list of names.
    Named(Vec<String>),
    /// `all`
    All,
}

/// One of `logs.exclude`: calls that meet all of it.
#[derive(Clone, Debug)]
pub struct LogExclusion {
    /// `api`: the resource name.
    pub api: Option<Spanned<String>>,
    /// `when`: a policy expression that gives a Boolean.
    pub when: Option<Spanned<String>>,
}

/// `logs.masking`.
#[derive(Clone, Debug, Default)]
pub struct LogMasking {
    /// `headers`: names.
    pub headers: Vec<Spanned<String>>,
    /// `queryParameters`: names.
    pub query_parameters: Vec<Spanned<String>>,
    /// `jsonPaths`: places in JSON bodies, such as `$.messages[*].content`.
    pub json_paths: Vec<Spanned<String>>,
}

/// `logs.target`. Credentials come from the environment, as the clients of the storage have it.
#[derive(Clone, Debug)]
pub struct LogTarget {
    /// `url`: `s3://bucket/path`, `az://container/path` or `file:///path`.
    pub url: Spanned<String>,
    /// `endpoint`: a service other than the cloud's own.
    pub endpoint: Option<String>,
    /// `region`.
    pub region: Option<String>,
    /// `account`: the storage account of `az://`.
    pub account: Option<String>,
}

/// `logs.compatibility`: bounds of the cloud, none of which holds unless it is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogCompatibility {
    /// `bodyBytes`: what the table of calls shows of a body, 8,192 in the cloud; all when not set.
    pub body_bytes: Option<u64>,
    /// `messageBytes`: what the table of model calls shows of the messages of one side, 2 MiB in the cloud; all when not
    /// set.
    pub message_bytes: Option<u64>,
}

impl Default for Logs {
    fn default() -> Self {
        Self {
            payloads: true,
            headers: LoggedHeaders::None,
            maximum_body_bytes: 16 * MIB as usize,
            memory_bytes: 512 * MIB as usize,
            policy_timings: false,
            exclude: Vec::new(),
            masking: LogMasking::default(),
            sync_interval: Duration::from_secs(1),
            segment_bytes: 64 * MIB,
            retention_age: Duration::from_secs(30 * 24 * 3600),
            retention_bytes: 50 * GIB,
            target: None,
            compatibility: LogCompatibility::default(),
            prices: None,
        }
    }
}

/// Reads `logs`.
pub(super) fn read(top: &mut Fields<'_>, reading: &mut Reading<'_>) -> Option<Logs> {
    let mut fields = top.object("logs", reading)?;
    let defaults = Logs::default();
    let (retention_age, retention_bytes) = retention(&mut fields, reading);
    let mut number = |key, bounds: RangeInclusive<u64>, default: u64, reading: &mut Reading<'_>| {
        fields.whole_number(key, bounds, reading).map_or(default, |number| number.value)
    };
    let maximum_body_bytes =
        number("maximumBodyBytes", 0..=GIB, defaults.maximum_body_bytes as u64, reading) as usize;
    let memory_bytes = number("memoryBytes", MIB..=64 * GIB, defaults.memory_bytes as u64, reading) as usize;
    let segment_bytes = number("segmentBytes", 64 * KIB..=4 * GIB, defaults.segment_bytes, reading);
    let logs = Logs {
        payloads: fields.choice("payloads", &[("all", true), ("none", false)], reading).unwrap_or(true),
        headers: headers(&mut fields, reading),
        maximum_body_bytes,
        memory_bytes,
        policy_timings: fields.boolean("policyTimings", reading).unwrap_or(false),
        exclude: exclusions(&mut fields, reading),
        masking: masking(&mut fields, reading),
        sync_interval: short_duration(&mut fields, "syncInterval", reading).unwrap_or(defaults.sync_interval),
        segment_bytes,
        retention_age,
        retention_bytes,
        target: target(&mut fields, reading),
        compatibility: compatibility(&mut fields, reading),
        prices: prices::read(&mut fields, reading),
    };
    fields.finish(Unknown::Refused, reading);
    Some(logs)
}

fn headers(fields: &mut Fields<'_>, reading: &mut Reading<'_>) -> LoggedHeaders {
    let Some(node) = fields.node("headers") else { return LoggedHeaders::None };
    if node.text().is_none() {
        let names = texts(fields, "headers", reading);
        return LoggedHeaders::Named(names.into_iter().map(|name| name.value).collect());
    }
    let words = [("none", LoggedWord::None), ("all", LoggedWord::All)];
    match fields.choice("headers", &words, reading) {
        Some(LoggedWord::All) => LoggedHeaders::All,
        _ => LoggedHeaders::None,
    }
}

#[derive(Clone, Copy)]
enum LoggedWord {
    None,
    All,
}

fn texts(fields: &mut Fields<'_>, key: &'static str, reading: &mut Reading<'_>) -> Vec<Spanned<String>> {
    fields.list(key, reading).iter().filter_map(|node: &Node| text_of(node, key, reading)).collect()
}

fn exclusions(fields: &mut Fields<'_>, reading: &mut Reading<'_>) -> Vec<LogExclusion> {
    let mut exclusions = Vec::new();
    for node in fields.list("exclude", reading) {
        let Some(mut fields) = Fields::of(node, "exclude", reading) else { continue };
        let exclusion = LogExclusion {
            api: fields.filled_text("api", reading),
            when: fields.filled_text("when", reading),
        };
        fields.finish(Unknown::Refused, reading);
        if exclusion.api.is_none() && exclusion.when.is_none() {
            wrong_type("exclude", "an object with `api`, `when`, or both", node, reading);
            continue;
        }
        exclusions.push(exclusion);
    }
    exclusions
}

fn masking(fields: &mut Fields<'_>, reading: &mut Reading<'_>) -> LogMasking {
    let Some(mut fields) = fields.object("masking", reading) else { return LogMasking::default() };
    let masking = LogMasking {
        headers: texts(&mut fields, "headers", reading),
        query_parameters: texts(&mut fields, "queryParameters", reading),
        json_paths: texts(&mut fields, "jsonPaths", reading),
    };
    fields.finish(Unknown::Refused, reading);
    masking
}

fn retention(fields: &mut Fields<'_>, reading: &mut Reading<'_>) -> (Duration, u64) {
    let defaults = Logs::default();
    let Some(mut fields) = fields.object("retention", reading) else {
        return (defaults.retention_age, defaults.retention_bytes);
    };
    let age = short_duration(&mut fields, "age", reading).unwrap_or(defaults.retention_age);
    let bytes = fields.whole_number("bytes", MIB..=1024 * 1024 * GIB, reading);
    fields.finish(Unknown::Refused, reading);
    (age, bytes.map_or(defaults.retention_bytes, |bytes| bytes.value))
}

fn target(fields: &mut Fields<'_>, reading: &mut Reading<'_>) -> Option<LogTarget> {
    let mut fields = fields.object("target", reading)?;
    let url = fields.required_text("url", reading);
    let mut plain = |key, reading: &mut Reading<'_>| fields.filled_text(key, reading).map(|text| text.value);
    let (endpoint, region, account) =
        (plain("endpoint", reading), plain("region", reading), plain("account", reading));
    fields.finish(Unknown::Refused, reading);
    Some(LogTarget { url: url?, endpoint, region, account })
}

fn compatibility(fields: &mut Fields<'_>, reading: &mut Reading<'_>) -> LogCompatibility {
    let Some(mut fields) = fields.object("compatibility", reading) else {
        return LogCompatibility::default();
    };
    let mut bytes =
        |key, reading: &mut Reading<'_>| fields.whole_number(key, 0..=GIB, reading).map(|bytes| bytes.value);
    let compatibility = LogCompatibility {
        body_bytes: bytes("bodyBytes", reading),
        message_bytes: bytes("messageBytes", reading),
    };
    fields.finish(Unknown::Refused, reading);
    compatibility
}
