//! What is written down of the calls of each API: what the process keeps, and what diagnostics want.
//!
//! A diagnostic of an API stands in place of the one of the same name for all APIs.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::HeaderName;
use sekisho_diagnostics::{Diagnostic, MappedText};
use sekisho_expression::Program;
use sekisho_policy::observation::secrets::SecretNames;
use sekisho_policy::observation::{
    Agent, Capture, Correlation, DiagnosticPlan, HeaderChoice, LanguageModelPlan, MaskMode, MessageCapture,
    MessagePlan, Observation, Privacy, Verbosity,
};
use sekisho_resources::model::{
    self, Api, Configuration, CorrelationProtocol, DiagnosticSettings, MessageDiagnostic, Spanned,
};
use sekisho_resources::process::{LogExclusion, LoggedHeaders, Logs, Process};

/// The most of a body that is kept for log entries of OpenTelemetry alone.
const EXPORTED_BODY_BYTES: usize = 256 * 1024;

/// What the process keeps of calls, whatever diagnostics want.
#[derive(Debug, Default)]
pub struct Observing {
    /// What the store of logs keeps.
    pub capture: Capture,
    /// Queries and paths are kept.
    pub is_written_down: bool,
    /// How long policies took is kept.
    pub policy_timings: bool,
    /// Calls carry on the traces of their callers.
    pub is_traced: bool,
    /// Calls of which no content is kept.
    pub exclude: Vec<LogExclusion>,
}

impl Observing {
    /// What the settings of the process ask for.
    pub fn new(process: &Process) -> Self {
        let telemetry = process.open_telemetry.as_ref();
        let logs = process.logs.as_ref();
        let kept = logs.map(capture).unwrap_or_default();
        let wants_content = telemetry.is_some_and(|telemetry| telemetry.logs && telemetry.content);
        let is_traced = telemetry.is_some_and(|telemetry| telemetry.traces);
        Self {
            capture: if wants_content { kept.or(&content()) } else { kept },
            is_written_down: logs.is_some() || is_traced || process.azure_monitor.is_some(),
            policy_timings: logs.is_some_and(|logs| logs.policy_timings),
            is_traced,
            exclude: logs.map(|logs| logs.exclude.clone()).unwrap_or_default(),
        }
    }
}

/// What log entries of OpenTelemetry hold of a body.
fn content() -> Capture {
    let message = MessageCapture { body_bytes: EXPORTED_BODY_BYTES, ..MessageCapture::default() };
    Capture { request: message.clone(), response: message, ..Capture::default() }
}

fn capture(logs: &Logs) -> Capture {
    let headers = match &logs.headers {
        LoggedHeaders::None => HeaderChoice::None,
        LoggedHeaders::Named(names) => HeaderChoice::Named(header_names(names)),
        LoggedHeaders::All => HeaderChoice::All,
    };
    let body_bytes = if logs.payloads { logs.maximum_body_bytes } else { 0 };
    let message = MessageCapture { body_bytes, headers };
    Capture {
        request: message.clone(),
        response: message.clone(),
        backend_request: message.clone(),
        backend_response: message,
    }
}

/// Names that are none are in no message either.
fn header_names(names: &[String]) -> Arc<[HeaderName]> {
    names.iter().filter_map(|name| HeaderName::from_bytes(name.as_bytes()).ok()).collect()
}

/// What a configuration wants written down.
pub(super) struct Observations<'o> {
    observing: &'o Observing,
    diagnostics: &'o BTreeMap<String, DiagnosticSettings>,
    exclusions: Vec<Exclusion<'o>>,
}

/// Calls of which no content is kept.
struct Exclusion<'o> {
    api: Option<&'o str>,
    when: Option<Program>,
}

impl<'o> Observations<'o> {
    pub(super) fn new(
        observing: &'o Observing,
        configuration: &'o Configuration,
        findings: &mut Vec<Diagnostic>,
    ) -> Self {
        let exclusions = observing.exclude.iter();
        let exclusions = exclusions.filter_map(|one| exclusion(one, configuration, findings)).collect();
        Self { observing, diagnostics: &configuration.diagnostics, exclusions }
    }

    /// For calls that are for no API.
    pub(super) fn of_all(&self) -> Arc<Observation> {
        Arc::new(self.observation(|name| self.diagnostics.get(name), None))
    }

    /// For calls of an API.
    pub(super) fn of(&self, api: &Api) -> Arc<Observation> {
        let find = |name: &str| api.diagnostics.get(name).or_else(|| self.diagnostics.get(name));
        let observation = self.observation(find, Some(&api.name.value));
        let agent = api
            .agent
            .as_ref()
            .map(|agent| Agent { id: agent.id.as_str().into(), name: api.display_name.as_str().into() });
        let keys = &api.subscription_key_parameter_names;
        let names = SecretNames { header: keys.header.to_ascii_lowercase(), query: keys.query.clone() };
        Arc::new(Observation { agent, names, ..observation })
    }

    fn observation<'d>(
        &self,
        find: impl Fn(&str) -> Option<&'d DiagnosticSettings>,
        api: Option<&str>,
    ) -> Observation {
        let insights = find("applicationinsights");
        let plan = |settings: Option<&DiagnosticSettings>| settings.and_then(plan);
        let (insights_plan, monitor) = (plan(insights), plan(find("azuremonitor")));
        let captures = insights_plan.iter().chain(&monitor).map(DiagnosticPlan::capture);
        let correlation = match insights.map(|settings| settings.correlation) {
            _ if self.observing.is_traced => Correlation::W3c,
            Some(CorrelationProtocol::W3c) => Correlation::W3c,
            Some(CorrelationProtocol::Legacy) => Correlation::Legacy,
            Some(CorrelationProtocol::None) | None => Correlation::None,
        };
        Observation {
            capture: captures.fold(self.observing.capture.clone(), |all, capture| all.or(&capture)),
            is_written_down: self.observing.is_written_down || insights_plan.is_some() || monitor.is_some(),
            policy_timings: self.observing.policy_timings,
            privacy: self.privacy(api),
            insights: insights_plan,
            monitor,
            correlation,
            agent: None,
            names: SecretNames::default(),
        }
    }

    fn privacy(&self, api: Option<&str>) -> Privacy {
        let mut conditions = Vec::new();
        let meant = |exclusion: &&Exclusion<'_>| exclusion.api.is_none() || exclusion.api == api;
        for exclusion in self.exclusions.iter().filter(meant) {
            match &exclusion.when {
                None => return Privacy::Always,
                Some(program) => conditions.push(program.clone()),
            }
        }
        match conditions.is_empty() {
            true => Privacy::Never,
            false => Privacy::When(conditions.into()),
        }
    }
}

fn exclusion<'o>(
    written: &'o LogExclusion,
    configuration: &Configuration,
    findings: &mut Vec<Diagnostic>,
) -> Option<Exclusion<'o>> {
    if let Some(api) = written.api.as_ref().filter(|api| !configuration.apis.contains_key(&api.value)) {
        let message = format!("API `{}` does not exist", api.value);
        let finding = Diagnostic::error("unknown-api", api.span, message);
        findings.push(finding.with_help("write the resource name of an API, or remove the entry"));
        return None;
    }
    let when = match &written.when {
        None => None,
        Some(text) => Some(compiled(text, findings)?),
    };
    Some(Exclusion { api: written.api.as_ref().map(|api| api.value.as_str()), when })
}

fn compiled(text: &Spanned<String>, findings: &mut Vec<Diagnostic>) -> Option<Program> {
    let mut whole = MappedText::new(text.span);
    whole.push_replaced(&text.value, text.span);
    let program = sekisho_expression::compile(&whole);
    program.map_err(|mistakes| findings.extend(mistakes)).ok()
}

/// A diagnostic without a logger writes nowhere.
fn plan(settings: &DiagnosticSettings) -> Option<DiagnosticPlan> {
    let logger = settings.logger.as_ref()?.value.as_str().into();
    let language_model = settings.large_language_model.as_ref().filter(|model| model.logs);
    Some(DiagnosticPlan {
        logger,
        sampling_percentage: settings.sampling_percentage,
        always_log_errors: settings.always_log_errors,
        verbosity: match settings.verbosity {
            model::Verbosity::Verbose => Verbosity::Verbose,
            model::Verbosity::Information => Verbosity::Information,
            model::Verbosity::Error => Verbosity::Error,
        },
        log_client_ip: settings.log_client_ip,
        metrics: settings.metrics,
        names_operations_by_url: settings.names_operations_by_url,
        request: message_plan(&settings.frontend_request),
        response: message_plan(&settings.frontend_response),
        backend_request: message_plan(&settings.backend_request),
        backend_response: message_plan(&settings.backend_response),
        language_model: language_model.map(|model| {
            let most = |side: Option<model::MessageLogging>| side.map(|side| side.maximum_bytes as usize);
            LanguageModelPlan { requests: most(model.requests), responses: most(model.responses) }
        }),
    })
}

/// Names that are none are in no message either.
fn written_names(names: &[String]) -> (Arc<[HeaderName]>, Arc<[Arc<str>]>) {
    let read =
        |name: &String| Some((HeaderName::from_bytes(name.as_bytes()).ok()?, Arc::from(name.as_str())));
    let (headers, written): (Vec<_>, Vec<_>) = names.iter().filter_map(read).unzip();
    (headers.into(), written.into())
}

fn message_plan(written: &MessageDiagnostic) -> MessagePlan {
    let mode = |is_hidden: bool| if is_hidden { MaskMode::Hide } else { MaskMode::Mask };
    let header = |(name, is_hidden): &(String, bool)| {
        Some((HeaderName::from_bytes(name.as_bytes()).ok()?, mode(*is_hidden)))
    };
    let parameter = |(name, is_hidden): &(String, bool)| (name.as_str().into(), mode(*is_hidden));
    let (headers, header_names) = written_names(&written.headers);
    MessagePlan {
        headers,
        header_names,
        body_bytes: written.body_bytes,
        masked_headers: written.masked_headers.iter().filter_map(header).collect(),
        masked_query: written.masked_query.iter().map(parameter).collect(),
    }
}
