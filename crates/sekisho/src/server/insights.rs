//! The loggers of the configuration that are Application Insights, at work.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret;
use sekisho_policy::ports::{Clock, Ports};
use sekisho_resources::model::{Api, Configuration, DiagnosticSettings, Logger, LoggerType, NamedValues};
use sekisho_resources::process::Process;
use sekisho_telemetry::Metrics;
use sekisho_telemetry::export::{ExportCounts, ExportMeans};
use sekisho_telemetry::insights::{Connection, Credentials, InsightsLoggers, LoggerMeans, LoggerSettings};

use super::export::gateway_facts;

/// The diagnostic that writes to Application Insights.
const DIAGNOSTIC: &str = "applicationinsights";

/// The loggers in service.
pub(super) struct Insights {
    loggers: Arc<InsightsLoggers>,
    means: LoggerMeans,
}

/// No loggers yet: those of a configuration need what is made of it.
pub(super) fn loggers(clock: &Arc<dyn Clock>) -> Arc<InsightsLoggers> {
    Arc::new(InsightsLoggers::new(Arc::clone(clock)))
}

impl Insights {
    /// None of them at work yet.
    pub(super) fn new(
        loggers: Arc<InsightsLoggers>,
        process: &Process,
        ports: &Ports,
        export: ExportMeans,
        metrics: &Metrics,
    ) -> Insights {
        let means = LoggerMeans {
            export,
            tokens: Arc::clone(&ports.tokens),
            gateway: gateway_facts(process),
            counts: ExportCounts::new(metrics, "application-insights", "items"),
        };
        Insights { loggers, means }
    }

    /// Takes the loggers of a configuration into service, on the runtime that this is called on. Those that are gone send
    /// what they have within `patience`.
    pub(super) fn replace(&self, wanted: Vec<LoggerSettings>, patience: Duration) {
        for task in self.loggers.replace(wanted, &self.means) {
            tokio::spawn(task.finish(patience));
        }
    }

    /// Sends what waits, within `patience`.
    pub(super) async fn finish(self, patience: Duration) {
        let tasks: Vec<_> =
            self.loggers.close().into_iter().map(|task| tokio::spawn(task.finish(patience))).collect();
        for task in tasks {
            // What was lost is counted.
            let _ = task.await;
        }
    }
}

/// The loggers that diagnostics of a configuration name. One that cannot be used is told on standard error: extractors
/// leave secrets out, and a gateway without that logger still serves.
pub(super) fn wanted(configuration: &Configuration) -> Vec<LoggerSettings> {
    let named = names(configuration);
    let loggers = configuration.loggers.values().filter(|logger| {
        logger.logger_type == LoggerType::ApplicationInsights && named.contains(logger.name.value.as_str())
    });
    let mut wanted = Vec::new();
    for logger in loggers {
        match settings(logger, &configuration.named_values) {
            Ok(settings) => wanted.push(settings),
            Err(reason) => {
                anstream::eprintln!("nothing is sent to the logger `{}`: {reason}", logger.name.value);
            }
        }
    }
    wanted
}

fn names(configuration: &Configuration) -> BTreeSet<&str> {
    let of_apis = configuration.apis.values().filter_map(|api: &Api| api.diagnostics.get(DIAGNOSTIC));
    let of_all = configuration.diagnostics.get(DIAGNOSTIC);
    let named =
        of_apis.chain(of_all).filter_map(|diagnostic: &DiagnosticSettings| diagnostic.logger.as_ref());
    named.map(|logger| logger.value.as_str()).collect()
}

fn settings(logger: &Logger, values: &NamedValues) -> Result<LoggerSettings, String> {
    let credential = |key: &str| {
        let Some(written) = logger.credentials.get(key) else { return Ok(None) };
        let expanded = values.expand(written.value.expose_secret()).map_err(|error| error.to_string())?;
        Ok::<_, String>(Some(expanded.expose().to_owned()))
    };
    let credentials = Credentials {
        connection_string: credential("connectionString")?,
        instrumentation_key: credential("instrumentationKey")?,
        identity_client_id: credential("identityClientId")?,
    };
    Ok(LoggerSettings {
        name: logger.name.value.as_str().into(),
        connection: Connection::of(&credentials).map_err(|error| error.to_string())?,
        is_buffered: logger.is_buffered,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted_of(text: &str) -> Vec<LoggerSettings> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sekisho.yaml");
        std::fs::write(&path, text).unwrap();
        wanted(&sekisho_resources::load(&path, &|_| None).configuration)
    }

    #[test]
    fn only_loggers_that_diagnostics_name_are_at_work() {
        let wanted = wanted_of(
            "namedValues:
  key: {value: the-key, secret: true}
loggers:
  named: {loggerType: applicationInsights, credentials: {instrumentationKey: '{{key}}'}, isBuffered: false}
  of-an-api: {loggerType: applicationInsights, credentials: {connectionString: 'InstrumentationKey=b'}}
  unused: {loggerType: applicationInsights, credentials: {instrumentationKey: c}}
  broken: {loggerType: applicationInsights, credentials: {instrumentationKey: '{{missing}}'}}
  hub: {loggerType: azureEventHub}
diagnostics:
  applicationinsights: {loggerId: /loggers/named}
apis:
  a: {path: a, diagnostics: {applicationinsights: {loggerId: /loggers/of-an-api}}}
  b: {path: b, diagnostics: {applicationinsights: {loggerId: /loggers/broken}}}
",
        );
        let of = |settings: &LoggerSettings| {
            let key = settings.connection.instrumentation_key.to_string();
            (settings.name.to_string(), key, settings.is_buffered)
        };
        let expected = [("named", "the-key", false), ("of-an-api", "b", true)];
        let expected = expected.map(|(name, key, buffered)| (name.to_owned(), key.to_owned(), buffered));
        assert_eq!(wanted.iter().map(of).collect::<Vec<_>>(), expected);
    }
}
