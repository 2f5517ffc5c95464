//! The compiled form of policies: steps, and blocks of steps.

use std::sync::Arc;

use sekisho_diagnostics::Span;
use sekisho_expression::program::Needs;

use super::error::PolicyError;
use crate::exchange::Exchange;
use crate::ports::PortFuture;

/// How a policy ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Go on with the next policy.
    Continue,
    /// The response stands; it goes to the client at once. One of a cache still passes the rest of outbound.
    Respond,
}

/// How a policy ended, or why it failed.
pub type PolicyResult = Result<Outcome, PolicyError>;

/// A policy that never waits.
pub trait RunNow: Send + Sync {
    /// Runs it.
    fn run(&self, exchange: &mut Exchange) -> PolicyResult;
}

/// A policy that may wait.
pub trait RunLater: Send + Sync {
    /// Runs it.
    fn run<'a>(&'a self, exchange: &'a mut Exchange) -> PortFuture<'a, PolicyResult>;
}

/// A compiled policy.
pub enum Run {
    /// Never waits: no future is made for it.
    Now(Box<dyn RunNow>),
    /// May wait.
    Later(Box<dyn RunLater>),
}

impl Run {
    /// Wraps a policy that never waits.
    pub fn now(policy: impl RunNow + 'static) -> Self {
        Run::Now(Box::new(policy))
    }

    /// Wraps a policy that may wait.
    pub fn later(policy: impl RunLater + 'static) -> Self {
        Run::Later(Box::new(policy))
    }
}

/// The scope a policy stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// All APIs.
    Global,
    /// A product.
    Product,
    /// An API.
    Api,
    /// An operation.
    Operation,
}

impl Scope {
    /// As `context.LastError.Scope` has it.
    pub fn name(self) -> &'static str {
        match self {
            Scope::Global => "global",
            Scope::Product => "product",
            Scope::Api => "api",
            Scope::Operation => "operation",
        }
    }
}

/// The section a policy stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Section {
    /// Before the backend is called.
    Inbound,
    /// The call to the backend.
    Backend,
    /// After the backend answered.
    Outbound,
    /// After an error.
    OnError,
}

impl Section {
    /// All of them in the order of a document.
    pub const ALL: [Section; 4] = [Section::Inbound, Section::Backend, Section::Outbound, Section::OnError];

    /// The element's name.
    pub fn name(self) -> &'static str {
        match self {
            Section::Inbound => "inbound",
            Section::Backend => "backend",
            Section::Outbound => "outbound",
            Section::OnError => "on-error",
        }
    }

    /// True where policies edit the response, not the request.
    pub fn edits_response(self) -> bool {
        matches!(self, Section::Outbound | Section::OnError)
    }
}

/// One policy of a pipeline.
pub struct Step {
    /// The element's name: `context.LastError.Source`.
    pub name: &'static str,
    /// The `id` attribute.
    pub policy_id: Option<Arc<str>>,
    /// The scope of the document it stands in.
    pub scope: Scope,
    /// Its place in that document, such as `choose[3]/when[2]`.
    pub path: Arc<str>,
    /// Its place in the source.
    pub span: Span,
    /// The bodies it reads; they are buffered before it runs.
    pub needs: Needs,
    /// True when it, or a policy in it, stores the response in the cache.
    pub stores_response: bool,
    /// What it does.
    pub run: Run,
}

/// Policies that run one after the other.
#[derive(Clone, Default)]
pub struct Block {
    steps: Vec<Arc<Step>>,
    immediate: bool,
}

impl Block {
    /// A block of these steps.
    pub fn new(steps: Vec<Arc<Step>>) -> Self {
        let immediate = steps.iter().all(|step| {
            matches!(step.run, Run::Now(_)) && !step.needs.request_body && !step.needs.response_body
        });
        Self { steps, immediate }
    }

    /// The steps.
    pub fn steps(&self) -> &[Arc<Step>] {
        &self.steps
    }

    /// True when no step ever waits, so that [`Block::run_now`] may be used.
    pub fn is_immediate(&self) -> bool {
        self.immediate
    }

    /// Runs a block that [never waits](Block::is_immediate).
    pub fn run_now(&self, exchange: &mut Exchange) -> PolicyResult {
        for step in &self.steps {
            let Run::Now(policy) = &step.run else {
                return Err(PolicyError::internal(
                    "Internal",
                    "a policy that waits stands in a block that does not",
                ));
            };
            exchange.trace_enter(step);
            let result = policy.run(exchange);
            if step.ended(exchange, result)? == Outcome::Respond {
                return Ok(Outcome::Respond);
            }
        }
        Ok(Outcome::Continue)
    }

    /// Runs the block.
    pub async fn run(&self, exchange: &mut Exchange) -> PolicyResult {
        Self::run_steps(&self.steps, exchange).await
    }

    /// Runs what stands behind the last step that stores the response in the cache; the whole block without one.
    pub async fn run_after_store(&self, exchange: &mut Exchange) -> PolicyResult {
        let behind = self.steps.iter().rposition(|step| step.stores_response).map_or(0, |at| at + 1);
        Self::run_steps(self.steps.get(behind..).unwrap_or(&[]), exchange).await
    }

    async fn run_steps(steps: &[Arc<Step>], exchange: &mut Exchange) -> PolicyResult {
        for step in steps {
            exchange.trace_enter(step);
            let result = match (buffer(exchange, step.needs).await, &step.run) {
                (Err(error), _) => Err(error),
                (Ok(()), Run::Now(policy)) => policy.run(exchange),
                (Ok(()), Run::Later(policy)) => policy.run(exchange).await,
            };
            if step.ended(exchange, result)? == Outcome::Respond {
                return Ok(Outcome::Respond);
            }
        }
        Ok(Outcome::Continue)
    }
}

impl Step {
    /// How it ended, told to the trace; an error is noted.
    #[inline]
    fn ended(&self, exchange: &mut Exchange, result: PolicyResult) -> PolicyResult {
        let is_own = matches!(&result, Err(error) if !error.noted);
        let result = result.map_err(|error| self.failed(exchange, error));
        exchange.trace_leave(&result, is_own);
        result
    }

    /// Notes the error in `context.LastError`, once: the innermost policy is the source.
    fn failed(&self, exchange: &mut Exchange, mut error: PolicyError) -> PolicyError {
        super::note_error(exchange, &error, Some(self));
        error.noted = true;
        error
    }
}

/// Brings the bodies that are needed into memory.
pub(crate) async fn buffer(exchange: &mut Exchange, needs: Needs) -> Result<(), PolicyError> {
    let limit = exchange.limits.buffered_body;
    if needs.request_body && !exchange.request.body.is_buffered() {
        exchange.request.body.buffer(limit).await.map_err(super::request_body_error)?;
    }
    if needs.response_body
        && let Some(response) = &mut exchange.response
        && !response.body.is_buffered()
    {
        response.body.buffer(limit).await.map_err(super::response_body_error)?;
    }
    Ok(())
}
