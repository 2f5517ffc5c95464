//! `llm-token-limit`: so many tokens a minute, so many in a period of the calendar, for each value of a key.
//!
//! - this file: declaration, compilation and the order of a run
//! - `limits`: the counters of a call and what they are asked
//! - `account`: what a call reserved, replaced by what it used
//! - `announcement`: headers and variables
//! - `refusal`: what a client is told whose call is refused

mod account;
mod announcement;
mod limits;
mod refusal;

use std::sync::Arc;

use http::header::CONTENT_TYPE;
use sekisho_diagnostics::Diagnostic;
use sekisho_expression::Needs;
use sekisho_llm::ImageRule;

use crate::body::Body;
use crate::compile::{Compiler, Flag};
use crate::declaration::{ALL_SCOPES, Attribute, Children, Declaration, ErrorFact, Kind, Reference};
use crate::exchange::Exchange;
use crate::limits::{announce, decide};
use crate::metering::ModelCall;
use crate::pipeline::step::buffer;
use crate::pipeline::{Outcome, PolicyError, PolicyResult, Run, RunLater, Section};
use crate::ports::PortFuture;
use crate::xml::Element;
use account::{Account, Closing};
use announcement::{Announcement, AtModelReply};
use limits::{Limits, PERIOD, QUOTA, TOKENS_PER_MINUTE};

/// `estimate-prompt-tokens`.
const ESTIMATE: Attribute = Attribute {
    aliases: &["estimate-prompt-token"],
    ..Attribute::optional(
        "estimate-prompt-tokens",
        Kind::Boolean,
        "Counts the tokens of the prompt before the call and refuses it when they do not fit. Prompts of calls that ask \
         for a stream are always counted.",
    )
}
.or("false");

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["llm-token-limit", "azure-openai-token-limit"],
    summary: "Refuses calls to models when the tokens of a minute are used up for the value of a key, with 429, or those \
              of a period, with 403.",
    sections: &[Section::Inbound],
    scopes: ALL_SCOPES,
    attributes: &[
        Attribute::required("counter-key", Kind::Text, "The key. Each value has counters of its own."),
        TOKENS_PER_MINUTE,
        QUOTA,
        PERIOD,
        ESTIMATE,
        announce::RETRY_AFTER_HEADER,
        announce::RETRY_AFTER_VARIABLE,
        announcement::REMAINING_HEADER,
        announcement::REMAINING_VARIABLE,
        announcement::REMAINING_QUOTA_HEADER,
        announcement::REMAINING_QUOTA_VARIABLE,
        announcement::CONSUMED_HEADER,
        announcement::CONSUMED_VARIABLE,
    ],
    children: Children::None,
    once: false,
    reference: Reference {
        behaviour: BEHAVIOUR,
        errors: &[
            ErrorFact {
                reason: "TokenLimitExceeded",
                status: "429",
                when: "The tokens of the minute are used up, or the estimated prompt does not fit into what is left.",
            },
            ErrorFact {
                reason: "TokenQuotaExceeded",
                status: "403",
                when: "The tokens of the period are used up, or the estimated prompt does not fit into what is left.",
            },
            ErrorFact {
                reason: "StateUnavailable",
                status: "503",
                when: "The shared state cannot be reached and `onStateFailure` is `deny`.",
            },
            ErrorFact {
                reason: "RequestBodyTooLarge",
                status: "413",
                when: "The body of a call to a model is larger than policies keep in memory.",
            },
            ErrorFact {
                reason: "ExpressionValueEvaluationFailure",
                status: "500",
                when: "An expression fails, or gives a number outside the bounds of its attribute.",
            },
        ],
        example: "rate-and-quota",
        differences: DIFFERENCES,
    },
    compile: Some(compile),
};

const BEHAVIOUR: &str = "\
`tokens-per-minute` is a bucket that holds so many tokens, starts full and refills evenly; `token-quota` is what may be \
used in a period of the calendar in UTC (`Hourly`, `Daily`, `Weekly` from Monday, `Monthly`, `Yearly`). Either or both may \
be given. There are counters for each value of `counter-key` in the whole instance, across scopes, APIs and gateways that \
share their state; a call counts in each of them once, however many policies name it.\n\
\n\
Calls to models are counted: `POST` to `…/chat/completions`, `…/completions`, `…/embeddings`, `…/responses`, \
`…/v1/messages`, and those to `…/audio/…` and `…/images/…` as far as replies report tokens; by the path as it stands where the policy runs, or as it was called. Other calls pass, also when nothing \
is left. Prompt and completion count as the backend reports them in `usage`; where it does not, they are counted here. \
A reply that is no success uses nothing, and so does a response of the cache.\n\
\n\
Where the prompt is estimated, by `estimate-prompt-tokens` or because the body has `\"stream\": true`, its tokens are taken \
when the call comes in, and the call is refused when they do not fit. Images count 1,200 tokens each. Otherwise a call is \
refused when what was used before overdraws the bucket, or has used up the quota. When the reply is over, what was taken is \
replaced by what was really used, at once also for streams that break off; a call that gets no reply gives it back. Replies \
may take a bucket into debt, which drains before the next call passes, so `Retry-After` may be longer than a minute. Calls \
that are under way at the same time may pass a limit together.\n\
\n\
A refused call gets 429 with the seconds to wait in `Retry-After`, or 403 when it is the quota, which then also is in \
`Retry-After`. `retry-after-header-name` names another header. A prompt that is larger than the whole limit never passes \
and has no such header.\n\
\n\
`remaining-*` are set when the policy runs. `tokens-consumed-variable-name` holds the estimate until there is a reply, 0 \
without one, and what the call used in outbound. Where one of the headers or the variable of consumed tokens is asked for, \
a reply that is no event stream is kept in memory until its tokens are counted, so that the numbers include this call; \
for event streams, and replies larger than policies keep in memory, they tell how things stood before: consumed is the \
estimate then. Variables hold an `int`.";

const DIFFERENCES: &[&str] = &[
    "`tokens-per-minute` refills like the bucket of the v2 tiers. `state.tokenWindow: sliding` counts the last 60 seconds \
     instead, as the classic tiers do.",
    "Policies with the same key value share the bucket when `tokens-per-minute` is the same; with another one they count \
     on their own. API Management says that this is unpredictable. Quotas share a counter when their period is the same.",
    "A bucket passes calls that are not estimated as long as it is not overdrawn; a quota that is used up exactly refuses.",
    "The usage that a stream reports is counted in place of an estimate.",
    "When rate and quota both refuse, the client is told of the quota.",
    "`token-quota` and `tokens-per-minute` of 0 let nothing through.",
    "Paths other than those of models are not recognised as calls to models; `rewrite-uri` to one stands before the policy.",
    "Waits of a quota are told in days and hours, hours, or minutes and seconds; the last of them is rounded up.",
    "Remaining tokens of a quota beyond the range of an `int` are a `long`.",
];

struct LlmTokenLimit {
    limits: Limits,
    estimate: Flag,
    announcement: Arc<Announcement>,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    // The body of a call to a model is looked at; bodies of other calls pass on as they arrive.
    compiler.add_branch_needs(Needs { request_body: true, ..Needs::default() });
    warn_of_old_names(compiler, element);
    // Loaded here, so that no call waits for it.
    sekisho_llm::warm(None);
    Some(Run::later(LlmTokenLimit {
        limits: Limits::new(compiler, element)?,
        estimate: compiler.flag(element, ESTIMATE.name_in(element), false),
        announcement: Arc::new(Announcement::new(compiler, element)?),
    }))
}

/// `consumed-tokens-…` is what `tokens-consumed-…` was called first.
fn warn_of_old_names(compiler: &mut Compiler<'_>, element: &Element) {
    for attribute in [announcement::CONSUMED_HEADER, announcement::CONSUMED_VARIABLE] {
        let name = attribute.name_in(element);
        if name != attribute.name
            && let Some(found) = element.attribute(name)
        {
            let message = format!("`{name}` is an old name of `{}`", attribute.name);
            let finding = Diagnostic::warning("old-name", found.name_span, message);
            compiler.report(finding.with_help(format!("write `{}`", attribute.name)));
        }
    }
}

impl RunLater for LlmTokenLimit {
    fn run<'a>(&'a self, exchange: &'a mut Exchange) -> PortFuture<'a, PolicyResult> {
        Box::pin(async move {
            let call = exchange.model_call();
            if !call.kind.uses_tokens() {
                return Ok(Outcome::Continue);
            }
            let request_body = !is_form(exchange);
            buffer(exchange, Needs { request_body, ..Needs::default() }).await?;
            let estimate = self.estimate(exchange, &call)?;
            let asked = self.limits.asks(exchange, estimate.unwrap_or(0))?;
            let asks: Vec<_> = asked.iter().map(|asked| asked.ask.clone()).collect();
            let reserved_at = exchange.ports.clock.monotonic();
            let states = decide(exchange, "llm-token-limit", &asks).await?;
            self.announcement.tell_remaining(exchange, &asked, &states);
            if let Some(refusal) = refusal::of(exchange, &self.announcement, &asked, &states) {
                return Err(refusal);
            }
            for asked in &asked {
                exchange.counted.add(&asked.ask.key, asked.ask.amount);
            }
            self.announcement.tell_consumed(exchange, estimate.unwrap_or(0));
            let account = Account::open(exchange.ports.clone(), reserved_at, &asked);
            exchange.ledger.watch(Arc::clone(&account) as _);
            exchange.at_end.push(Box::new(Closing::new(&account, &exchange.ledger)));
            exchange.at_reply.push(Box::new(AtModelReply {
                account,
                announcement: Arc::clone(&self.announcement),
                asked,
                estimate,
            }));
            Ok(Outcome::Continue)
        })
    }
}

/// True for forms, with which files are sent: there is no prompt to be counted in them, and they may be large.
fn is_form(exchange: &Exchange) -> bool {
    let media_type = exchange.request.headers.get(CONTENT_TYPE).map(|value| value.as_bytes());
    media_type
        .is_some_and(|text| text.get(..10).is_some_and(|start| start.eq_ignore_ascii_case(b"multipart/")))
}

impl LlmTokenLimit {
    /// The tokens of the prompt, where they count before the call is made; none where they do not, and where the body is
    /// nothing that has tokens.
    fn estimate(&self, exchange: &mut Exchange, call: &ModelCall) -> Result<Option<u64>, PolicyError> {
        let is_asked = self.estimate.get(exchange)?;
        let Some(request) = exchange.model_request(call) else { return Ok(None) };
        if !is_asked && !request.stream {
            return Ok(None);
        }
        let model = request.model.as_deref().or(call.deployment.as_deref());
        let Body::Full(body) = &exchange.request.body else { return Ok(None) };
        let estimate = sekisho_llm::prompt_tokens(call.kind, model, body, ImageRule::Flat1200);
        Ok(estimate.map(|estimate| estimate.tokens))
    }
}
