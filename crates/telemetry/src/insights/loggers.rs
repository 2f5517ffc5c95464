//! The loggers of the configuration: each has a queue and a task of its own, so that one that fails holds up no other.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use sekisho_policy::ports::{CallRecord, Clock, Hold, Metric, Tokens};

use super::Connection;
use super::ingestion::IngestionService;
use super::item::Item;
use crate::diagnostic::GatewayFacts;
use crate::export::{
    BatchLimits, ExportCounts, ExportMeans, ExportTask, Exporter, QueueLimits, SendSettings,
};
use crate::fanout::Keeper;

/// What a batch has at most.
const BATCH: BatchLimits = BatchLimits { items: 500, bytes: 1024 * 1024, interval: Duration::from_secs(1) };

/// A logger of the type `applicationInsights`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggerSettings {
    /// Its resource name.
    pub name: Arc<str>,
    /// Where its items go.
    pub connection: Connection,
    /// `isBuffered`: items wait for others for up to a second.
    pub is_buffered: bool,
}

/// What loggers work with.
#[derive(Clone)]
pub struct LoggerMeans {
    /// For sending.
    pub export: ExportMeans,
    /// For those with an identity.
    pub tokens: Arc<dyn Tokens>,
    /// Who writes.
    pub gateway: GatewayFacts,
    /// What was sent and lost.
    pub counts: ExportCounts,
}

/// A logger at work.
struct Logger {
    settings: LoggerSettings,
    exporter: Exporter<Item>,
}

impl Logger {
    /// Starts its task, on the runtime that this is called on.
    fn start(settings: LoggerSettings, means: &LoggerMeans) -> (Self, ExportTask) {
        let (gateway, tokens) = (means.gateway.clone(), Arc::clone(&means.tokens));
        let service = Arc::new(IngestionService::new(settings.connection.clone(), gateway, tokens));
        let interval = if settings.is_buffered { BATCH.interval } else { Duration::ZERO };
        let limits = QueueLimits { batch: BatchLimits { interval, ..BATCH }, ..QueueLimits::default() };
        let (export, counts) = (means.export.clone(), means.counts.clone());
        let (exporter, task) = Exporter::start(service, limits, SendSettings::default(), export, counts);
        (Self { settings, exporter }, task)
    }
}

/// The loggers in service, by name. There are none until some are [taken into service](Self::replace).
pub struct InsightsLoggers {
    clock: Arc<dyn Clock>,
    by_name: ArcSwap<BTreeMap<Arc<str>, Arc<Logger>>>,
    tasks: Mutex<BTreeMap<Arc<str>, ExportTask>>,
}

impl InsightsLoggers {
    /// No loggers yet.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, by_name: ArcSwap::default(), tasks: Mutex::default() }
    }

    /// Takes these into service in place of those there are, on the runtime that this is called on. A logger whose
    /// settings are the same goes on. Gives the tasks of those that are not in service any more: they are to be
    /// [finished](ExportTask::finish).
    pub fn replace(&self, wanted: Vec<LoggerSettings>, means: &LoggerMeans) -> Vec<ExportTask> {
        let mut tasks = self.tasks.lock();
        let before = self.by_name.load_full();
        let (mut after, mut kept) = (BTreeMap::new(), BTreeMap::new());
        for settings in wanted {
            let name = Arc::clone(&settings.name);
            let same = before.get(&name).filter(|logger| logger.settings == settings);
            let going_on = same.and_then(|logger| Some((logger, tasks.remove(&name)?)));
            let (logger, task) = match going_on {
                Some((logger, task)) => (Arc::clone(logger), task),
                None => {
                    let (logger, task) = Logger::start(settings, means);
                    (Arc::new(logger), task)
                }
            };
            after.insert(Arc::clone(&name), logger);
            kept.insert(name, task);
        }
        self.by_name.store(Arc::new(after));
        std::mem::replace(&mut *tasks, kept).into_values().collect()
    }

    /// Takes all loggers out of service, and gives their tasks.
    pub fn close(&self) -> Vec<ExportTask> {
        let mut tasks = self.tasks.lock();
        self.by_name.store(Arc::default());
        std::mem::take(&mut *tasks).into_values().collect()
    }
}

impl Keeper for InsightsLoggers {
    fn keep_call(&self, record: &Arc<CallRecord>, _hold: &Hold) {
        let Some(plan) = &record.observation.insights else { return };
        let loggers = self.by_name.load();
        let Some(logger) = loggers.get(&plan.logger) else { return };
        Item::of_call(plan, record).for_each(|(item, bytes)| logger.exporter.push(item, bytes));
    }

    fn keep_metric(&self, metric: &Metric) {
        let Some(name) = &metric.insights_logger else { return };
        let loggers = self.by_name.load();
        let Some(logger) = loggers.get(name) else { return };
        let dimensions = metric.dimensions.iter().map(|(name, value)| name.len() + value.len());
        let bytes = 512 + dimensions.sum::<usize>();
        let (shared, ticks) = (Arc::new(metric.clone()), self.clock.utc_ticks());
        let finite = metric.values.iter().enumerate().filter(|(_, (_, value))| value.is_finite());
        for (place, _) in finite {
            logger.exporter.push(Item::Metric { metric: Arc::clone(&shared), place, ticks }, bytes);
        }
    }
}
