//! Runs a compiled pipeline: inbound, backend, outbound, and on-error when something fails.

pub mod error;
pub mod later;
pub mod step;

use std::sync::Arc;

use sekisho_expression::context::LastErrorFacts;

pub use error::{PolicyError, error_body, uuid_text};
pub use later::{AtEnd, AtReply, AtResponse, CallEnd};
pub use step::{Block, Outcome, PolicyResult, Run, RunLater, RunNow, Scope, Section, Step};

use crate::body::BodyError;
use crate::exchange::{Exchange, Response};
use crate::policies::cors::Cors;

/// The effective policies of an operation, in the order they run. Immutable and shared by all calls.
#[derive(Clone, Default)]
pub struct Pipeline {
    /// Before the backend.
    pub inbound: Block,
    /// The backend call.
    pub backend: Block,
    /// After the backend.
    pub outbound: Block,
    /// After an error.
    pub on_error: Block,
    /// The `cors` policies of inbound, narrowest scope last; preflight requests see only these.
    pub cors: Vec<Arc<Cors>>,
    /// True when a policy of one of the documents reads the contract of the operation, which is built only then.
    pub reads_contract: bool,
}

impl Pipeline {
    /// Runs the whole. Afterwards `exchange.response` is what the client gets.
    pub async fn run(&self, exchange: &mut Exchange) {
        if let Err(error) = self.run_sections(exchange).await {
            self.fail(exchange, error).await;
        }
        for work in std::mem::take(&mut exchange.at_response) {
            work.run(exchange).await;
        }
        let cors_headers = exchange.cors_headers.take();
        let response = exchange.response_mut();
        for (name, value) in cors_headers.iter().flatten() {
            response.headers.insert(name, value.clone());
        }
    }

    /// Ends the call with an error: fills in the error response, then runs on-error.
    ///
    /// Also for errors before the first policy (no operation, no key), which on-error sees like any other.
    pub async fn fail(&self, exchange: &mut Exchange, error: PolicyError) {
        note_error(exchange, &error, None);
        if !error.keep_response || exchange.response.is_none() {
            exchange.response = Some(error.response(&exchange.request_id));
        }
        exchange.section = Section::OnError;
        let handled = exchange.last_error.clone();
        if let Err(second) = self.on_error.run(exchange).await {
            exchange.response = Some(second.response(&exchange.request_id));
        }
        // What on-error itself ran into must not hide the error that it was called for.
        exchange.last_error = handled;
    }

    async fn run_sections(&self, exchange: &mut Exchange) -> Result<(), PolicyError> {
        let sections = [
            (Section::Inbound, &self.inbound),
            (Section::Backend, &self.backend),
            (Section::Outbound, &self.outbound),
        ];
        for (section, block) in sections {
            if section == Section::Backend && exchange.is_from_cache() {
                continue;
            }
            exchange.section = section;
            let outcome = match section {
                Section::Outbound => {
                    exchange.response_mut();
                    if exchange.is_from_cache() {
                        block.run_after_store(exchange).await?
                    } else {
                        block.run(exchange).await?
                    }
                }
                _ => block.run(exchange).await?,
            };
            // A response from the cache ends inbound and goes on in outbound.
            let goes_on = section == Section::Inbound && exchange.is_from_cache();
            if outcome == Outcome::Respond && !goes_on {
                break;
            }
            if section == Section::Backend && look_at_reply(exchange).await? == Outcome::Respond {
                break;
            }
        }
        Ok(())
    }

    /// Answers a request that no operation takes by the `cross-domain` policies of inbound: plug-ins ask for their policy
    /// file at the root of the host. False when it asks for something else.
    pub fn answer_policy_file(&self, exchange: &mut Exchange) -> bool {
        let steps = self.inbound.steps().iter().filter(|step| step.name == "cross-domain");
        let answers = |step: &Step| match &step.run {
            Run::Now(policy) => policy.run(exchange) == Ok(Outcome::Respond),
            Run::Later(_) => false,
        };
        steps.map(AsRef::as_ref).any(answers)
    }

    /// Answers a CORS preflight request by the `cors` policies alone; none when there are no such policies.
    pub fn preflight(&self, exchange: &mut Exchange) -> Option<Response> {
        crate::policies::cors::preflight(&self.cors, exchange)
    }
}

/// Does what waits for the reply of the backend.
async fn look_at_reply(exchange: &mut Exchange) -> PolicyResult {
    for work in std::mem::take(&mut exchange.at_reply) {
        if work.run(exchange).await? == Outcome::Respond {
            return Ok(Outcome::Respond);
        }
    }
    Ok(Outcome::Continue)
}

/// Writes `context.LastError`. An error that a nested policy already noted keeps its innermost place.
fn note_error(exchange: &mut Exchange, error: &PolicyError, step: Option<&Step>) {
    if error.noted {
        return;
    }
    let source = error.source.or_else(|| step.map(|step| step.name)).unwrap_or("configuration");
    exchange.last_error = Some(LastErrorFacts {
        source: Arc::from(source),
        reason: error.reason.map(Arc::from),
        message: Arc::from(&*error.message),
        scope: step.map(|step| Arc::from(step.scope.name())),
        section: Some(Arc::from(exchange.section.name())),
        path: step.map(|step| Arc::clone(&step.path)),
        policy_id: step.and_then(|step| step.policy_id.clone()),
        http_error_code: Some(i32::from(error.status)),
    });
}

/// A request body that could not be brought into memory.
pub(crate) fn request_body_error(error: BodyError) -> PolicyError {
    match error {
        BodyError::TooLarge { limit } => PolicyError::refusal(
            413,
            "RequestBodyTooLarge",
            format!("the request body is larger than {limit} bytes, the most that a policy may buffer"),
        ),
        BodyError::Aborted(_) | BodyError::Idle => PolicyError::refusal(
            400,
            "ClientConnectionFailure",
            format!("the request body did not arrive: {error}"),
        ),
    }
}

/// A response body that could not be brought into memory.
pub(crate) fn response_body_error(error: BodyError) -> PolicyError {
    let reason = match error {
        BodyError::TooLarge { .. } => "ResponseBodyTooLarge",
        BodyError::Idle => "Timeout",
        BodyError::Aborted(_) => "BackendConnectionFailure",
    };
    PolicyError::internal(reason, error.to_string())
}
