//! What calls leave behind: metrics, the access log, and the exporters.

use std::sync::Arc;

use anyhow::{Context, Result};
use http::{HeaderName, HeaderValue};
use secrecy::ExposeSecret;
use sekisho_logs::LogThreads;
use sekisho_policy::ports::{Clock, Http, Ports, Recorder};
use sekisho_resources::model::Configuration;
use sekisho_resources::process::{self, OpenTelemetry, Process};
use sekisho_telemetry::access_log::AccessLogThread;
use sekisho_telemetry::azure_monitor::{AzureMonitor, AzureMonitorTask};
use sekisho_telemetry::export::ExportMeans;
use sekisho_telemetry::insights::{InsightsLoggers, LoggerSettings};
use sekisho_telemetry::{
    AccessLog, AccessLogOptions, Fanout, Metrics, Otlp, OtlpSettings, OtlpTasks, Signals, Statsd,
    StatsdSettings, StatsdTask,
};

use super::event_hubs::EventHubLog;
use super::export::{self, PATIENCE};
use super::insights::{self, Insights};
use super::safety::SafetyLog;
use super::state::StateLog;
use super::{azure_monitor, logs, prices};
use crate::system::SystemEntropy;

/// Those that take records, and what is to be ended with the process.
pub(super) struct Telemetry {
    means: ExportMeans,
    access_log: Option<AccessLogThread>,
    logs: Option<LogThreads>,
    otlp: OtlpTasks,
    statsd: Option<StatsdTask>,
    loggers: Arc<InsightsLoggers>,
    insights: Option<Insights>,
    monitor: Option<Arc<AzureMonitor>>,
    monitor_task: Option<AzureMonitorTask>,
}

impl Telemetry {
    /// Starts what the settings ask for, as far as that needs no [connection](Telemetry::connect): records wait until then.
    pub(super) async fn start(
        process: &Process,
        metrics: &Arc<Metrics>,
        http: Arc<dyn Http>,
        clock: &Arc<dyn Clock>,
    ) -> Result<(Arc<dyn Recorder>, Self)> {
        let mut telemetry = Self {
            means: export::means(http, clock),
            access_log: None,
            logs: None,
            otlp: OtlpTasks::default(),
            statsd: None,
            loggers: insights::loggers(clock),
            insights: None,
            monitor: azure_monitor::keeper(process, metrics),
            monitor_task: None,
        };
        let mut fanout = Fanout::new()
            .observer(Arc::clone(metrics) as _)
            .observer(Arc::new(StateLog))
            .observer(Arc::new(EventHubLog::default()))
            .observer(Arc::new(SafetyLog::default()))
            .keeper(Arc::clone(&telemetry.loggers) as _);
        if let Some(prices) = process.logs.as_ref().and_then(|logs| logs.prices.as_ref()) {
            fanout = fanout.priced_by(prices::book(prices));
        }
        if let Some((store, threads)) = logs::open(process, metrics, clock)? {
            fanout = fanout.keeper(store);
            telemetry.logs = Some(threads);
        }
        if let Some(monitor) = &telemetry.monitor {
            fanout = fanout.keeper(Arc::clone(monitor) as _);
        }
        if let Some(settings) = &process.statsd {
            let (statsd, task) = statsd(settings, metrics, clock).await?;
            fanout = fanout.observer(statsd);
            telemetry.statsd = Some(task);
        }
        if let Some(settings) = &process.open_telemetry {
            let settings = otlp_settings(settings, process)?;
            let (otlp, tasks) = Otlp::start(&settings, metrics, &telemetry.means);
            fanout = otlp.observer().into_iter().fold(fanout, Fanout::observer).keeper(Arc::new(otlp));
            telemetry.otlp = tasks;
        }
        if process.access_log {
            let (log, thread) = access_log(metrics)?;
            fanout = fanout.keeper(Arc::new(log));
            telemetry.access_log = Some(thread);
        }
        Ok((Arc::new(fanout), telemetry))
    }

    /// Starts what needs the ports of the gateway, and the loggers of the configuration.
    pub(super) fn connect(
        &mut self,
        process: &Process,
        configuration: &Configuration,
        ports: &Ports,
        metrics: &Arc<Metrics>,
    ) {
        let means = || self.means.clone();
        self.monitor_task = azure_monitor::start(self.monitor.take(), process, ports, means(), metrics);
        let insights = Insights::new(Arc::clone(&self.loggers), process, ports, means(), metrics);
        insights.replace(insights::wanted(configuration), PATIENCE);
        self.insights = Some(insights);
    }

    /// Takes the loggers of a changed configuration into service.
    pub(super) fn replace_loggers(&self, loggers: Vec<LoggerSettings>) {
        if let Some(insights) = &self.insights {
            insights.replace(loggers, PATIENCE);
        }
    }

    /// Writes and sends what waits, within bounds. What is lost is counted.
    pub(super) async fn finish(self) {
        let insights = async {
            if let Some(insights) = self.insights {
                insights.finish(PATIENCE).await;
            }
        };
        let monitor = async {
            if let Some(monitor) = self.monitor_task {
                monitor.finish(PATIENCE).await;
            }
        };
        tokio::join!(insights, monitor);
        if let Some(statsd) = self.statsd {
            statsd.finish().await;
        }
        self.otlp.finish(PATIENCE).await;
        if let Some(access_log) = self.access_log {
            access_log.finish(PATIENCE);
        }
        if let Some(logs) = self.logs
            && !logs.finish(PATIENCE)
        {
            anstream::eprintln!(
                "the log store needs more time than there is; the next start goes on with it"
            );
        }
    }
}

fn access_log(metrics: &Metrics) -> Result<(AccessLog, AccessLogThread)> {
    let options = AccessLogOptions {
        dropped: metrics.log_lines_dropped("access"),
        failed: metrics.log_lines_failed("access"),
        ..AccessLogOptions::default()
    };
    AccessLog::start(std::io::stdout(), options).context("cannot start the access log")
}

async fn statsd(
    settings: &process::Statsd,
    metrics: &Metrics,
    clock: &Arc<dyn Clock>,
) -> Result<(Arc<Statsd>, StatsdTask)> {
    let name = &settings.address;
    let mut found = tokio::net::lookup_host(name)
        .await
        .with_context(|| format!("`statsd.address` {name} cannot be found"))?;
    let address = found.next().with_context(|| format!("`statsd.address` {name} has no address"))?;
    let settings = StatsdSettings {
        address,
        prefix: settings.prefix.clone(),
        has_tags: settings.tags == process::StatsdTags::Datadog,
    };
    Statsd::start(settings, metrics, Arc::clone(clock)).context("`statsd` cannot work")
}

fn otlp_settings(settings: &OpenTelemetry, process: &Process) -> Result<OtlpSettings> {
    let mut headers = Vec::new();
    for (name, value) in &settings.headers {
        let name = HeaderName::from_bytes(name.as_bytes())
            .with_context(|| format!("`openTelemetry.headers` holds `{name}`, which is no header name"))?;
        let mut value = HeaderValue::from_str(value.expose_secret())
            .with_context(|| format!("the value of `openTelemetry.headers.{name}` cannot be a header"))?;
        value.set_sensitive(true);
        headers.push((name, value));
    }
    Ok(OtlpSettings {
        endpoint: settings.endpoint.as_ref().map(ToString::to_string).unwrap_or_default(),
        headers,
        signals: Signals { traces: settings.traces, metrics: settings.metrics, logs: settings.logs },
        content: settings.content,
        interval: settings.interval,
        timeout: settings.timeout,
        resource: resource(settings, process),
    })
}

/// Attributes that are set win over those of the process.
fn resource(settings: &OpenTelemetry, process: &Process) -> Vec<(String, String)> {
    let mut all = settings.resource_attributes.clone();
    let own = [
        ("service.name", process.gateway.service_name.clone()),
        ("service.version", env!("CARGO_PKG_VERSION").to_owned()),
        ("service.instance.id", uuid()),
        ("sekisho.gateway.id", process.gateway.id.clone()),
        ("sekisho.gateway.region", process.gateway.region.clone()),
    ];
    for (key, value) in own {
        if !all.iter().any(|(known, _)| known == key) {
            all.push((key.to_owned(), value));
        }
    }
    all
}

fn uuid() -> String {
    use sekisho_policy::ports::Entropy;
    sekisho_policy::pipeline::uuid_text(&SystemEntropy.uuid())
}
