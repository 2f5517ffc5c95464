//! The store of logs, as `logs` of the process settings has it.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use sekisho_logs::{
    Compatibility, Counters, LogStore, LogThreads, Masking, Options, Queries, Reader, Retention, Target,
    TargetSettings,
};
use sekisho_policy::payload;
use sekisho_policy::pipeline::uuid_text;
use sekisho_policy::ports::{Clock, Entropy};
use sekisho_resources::process::{LogTarget, Logs, Process};
use sekisho_telemetry::Metrics;

use crate::system::SystemEntropy;

/// The store's directory in the data directory.
const DIRECTORY: &str = "logs";
/// Where the name of this gateway is kept, beside the store.
const NAME_FILE: &str = "gateway-id";

/// Opens the store; none without `logs`.
pub(super) fn open(
    process: &Process,
    metrics: &Metrics,
    clock: &Arc<dyn Clock>,
) -> Result<Option<(Arc<LogStore>, LogThreads)>> {
    let Some(logs) = &process.logs else { return Ok(None) };
    payload::set_budget(logs.memory_bytes);
    let directory = process.data_directory.join(DIRECTORY);
    let target = match &logs.target {
        Some(target) => Some(self::target(target, &directory)?),
        None => None,
    };
    let options = Options {
        queue_bytes: logs.memory_bytes,
        maximum_body_bytes: logs.maximum_body_bytes,
        sync_interval: logs.sync_interval,
        segment_bytes: logs.segment_bytes,
        masking: masking(logs)?,
        message_bytes: logs.compatibility.message_bytes,
        retention: Retention { age: logs.retention_age, bytes: logs.retention_bytes },
        target,
        counters: counters(metrics),
        ..Options::new(Arc::clone(clock))
    };
    let opened = LogStore::open(&directory, options)
        .with_context(|| format!("the log store in {} cannot be opened", directory.display()))?;
    Ok(Some(opened))
}

/// Queries of the store; none without `logs`.
pub(super) fn queries(process: &Process) -> Result<Option<Arc<Queries>>> {
    let Some(logs) = &process.logs else { return Ok(None) };
    let directory = process.data_directory.join(DIRECTORY);
    let compatibility = Compatibility {
        body_bytes: logs.compatibility.body_bytes,
        message_bytes: logs.compatibility.message_bytes,
    };
    let reader = Reader::open(&directory, compatibility).context("the tables of the logs cannot be made")?;
    Ok(Some(Arc::new(Queries::new(reader))))
}

fn masking(logs: &Logs) -> Result<Masking> {
    let names = |list: &[sekisho_resources::model::Spanned<String>]| -> Vec<String> {
        list.iter().map(|name| name.value.clone()).collect()
    };
    let masking = &logs.masking;
    let (headers, parameters, paths) =
        (names(&masking.headers), names(&masking.query_parameters), names(&masking.json_paths));
    Masking::new(
        headers.iter().map(String::as_str),
        parameters.iter().map(String::as_str),
        paths.iter().map(String::as_str),
    )
    .context("`logs.masking` cannot work")
}

fn target(target: &LogTarget, directory: &Path) -> Result<Target> {
    let settings = TargetSettings {
        endpoint: target.endpoint.clone(),
        region: target.region.clone(),
        account: target.account.clone(),
    };
    let name = gateway_name(directory)?;
    Target::new(&target.url.value, &settings, &name).context("`logs.target` cannot work")
}

/// A name that no other gateway has: made once, and kept beside the store.
fn gateway_name(directory: &Path) -> Result<String> {
    let path = directory.join(NAME_FILE);
    if let Ok(name) = std::fs::read_to_string(&path)
        && !name.trim().is_empty()
    {
        return Ok(name.trim().to_owned());
    }
    let name = format!("gateway-{}", uuid_text(&SystemEntropy.uuid()));
    std::fs::create_dir_all(directory)
        .and_then(|()| std::fs::write(&path, &name))
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(name)
}

fn counters(metrics: &Metrics) -> Counters {
    Counters {
        written: metrics.log_records_written("store"),
        dropped_queue: metrics.log_records_dropped("store", "queue-full"),
        dropped_closed: metrics.log_records_dropped("store", "closed"),
        dropped_disk: metrics.log_records_dropped("store", "not-written"),
        bodies_cut: metrics.log_store("body-cut"),
        bodies_hashed: metrics.log_store("body-hashed"),
        damaged: metrics.log_store("segment-damaged"),
        failed: metrics.log_store("step-failed"),
        copied: metrics.log_store("file-copied"),
    }
}
