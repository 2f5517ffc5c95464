//! What is taken down of one policy.

use std::sync::Arc;
use std::time::Duration;

use sekisho_diagnostics::Span;
use sekisho_expression::context::LastErrorFacts;

use super::changes::{RequestChanges, ResponseChanges};
use super::text::Shown;
use crate::pipeline::{Scope, Section};
use crate::ports::Attempt;
use crate::ports::record::TraceEntry;

/// One run of a policy, or what the gateway itself did between two of them.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The policy; none for the gateway itself.
    pub(crate) policy: Option<PolicyPlace>,
    /// The section that ran.
    pub(crate) section: Section,
    /// The entry of the policy around it.
    pub(crate) parent: Option<usize>,
    /// From arrival to its start.
    pub(crate) started: Duration,
    /// How long it took; none while it runs.
    pub(crate) duration: Option<Duration>,
    /// How it ended; none while it runs.
    pub(crate) finish: Option<Finish>,
    /// Expressions in the order they were evaluated.
    pub(crate) expressions: Vec<Evaluated>,
    /// Variables that were set to something else.
    pub(crate) variables: Vec<VariableChange>,
    /// What changed of the request.
    pub(crate) request: RequestChanges,
    /// What changed of the response.
    pub(crate) response: ResponseChanges,
    /// Calls to backends.
    pub(crate) attempts: Vec<Attempt>,
    /// Limits that were asked.
    pub(crate) limits: Vec<LimitNote>,
    /// Caches that were asked.
    pub(crate) lookups: Vec<CacheLookup>,
    /// Entries of `trace` and `context.Trace`.
    pub(crate) messages: Vec<TraceEntry>,
}

/// Which policy.
#[derive(Clone, Debug)]
pub(crate) struct PolicyPlace {
    pub(crate) name: &'static str,
    pub(crate) policy_id: Option<Arc<str>>,
    pub(crate) scope: Scope,
    pub(crate) path: Arc<str>,
    /// Empty for a policy that stands in no document.
    pub(crate) span: Span,
}

/// How a policy ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Finish {
    /// The next one follows.
    Continue,
    /// The response stood.
    Respond,
    /// It failed, with the error when it is its own and not that of a policy in it.
    Failed(Option<Box<LastErrorFacts>>),
    /// Something else ended first.
    Cancelled,
}

impl Finish {
    /// As the trace has it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Finish::Continue => "continue",
            Finish::Respond => "respond",
            Finish::Failed(_) => "error",
            Finish::Cancelled => "cancelled",
        }
    }
}

/// An expression and what came of it.
#[derive(Clone, Debug)]
pub(crate) struct Evaluated {
    pub(crate) span: Span,
    /// The .NET type; empty for null.
    pub(crate) type_name: String,
    /// None for null; the text of the exception when it threw.
    pub(crate) value: Result<Option<Shown>, Shown>,
}

/// A variable that was set.
#[derive(Clone, Debug)]
pub(crate) struct VariableChange {
    pub(crate) name: Arc<str>,
    /// None when there was no such variable; `Some(None)` for null.
    pub(crate) before: Option<Option<Shown>>,
    pub(crate) after: Option<Shown>,
}

/// What a limit said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LimitNote {
    /// Such as `10 in 60 s, sliding`.
    pub(crate) rule: String,
    /// Which counter: a part of the SHA-256 of its name, which may hold a key of the caller.
    pub(crate) counter: String,
    pub(crate) limit: u64,
    /// What is counted, this call included when it was let through.
    pub(crate) counted: u64,
    /// What was asked for.
    pub(crate) asked: u64,
    pub(crate) granted: bool,
    /// Until it would be granted; none when it was, or never will be.
    pub(crate) retry_after: Option<Duration>,
}

/// A lookup in a cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CacheLookup {
    /// `response`, `value` or `semantic`.
    pub(crate) cache: &'static str,
    /// `hit`, `miss` or `skipped`.
    pub(crate) outcome: &'static str,
}

impl Entry {
    pub(crate) fn new(
        policy: Option<PolicyPlace>,
        section: Section,
        parent: Option<usize>,
        started: Duration,
    ) -> Self {
        Self {
            policy,
            section,
            parent,
            started,
            duration: None,
            finish: None,
            expressions: Vec::new(),
            variables: Vec::new(),
            request: RequestChanges::default(),
            response: ResponseChanges::default(),
            attempts: Vec::new(),
            limits: Vec::new(),
            lookups: Vec::new(),
            messages: Vec::new(),
        }
    }
}
