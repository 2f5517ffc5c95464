//! `llm-content-safety`: has Azure AI Content Safety judge what goes to models and what comes from them.
//!
//! - [`rules`]: what the document asks for
//! - [`texts`], [`rpc`]: the text of messages, by their wire format
//! - [`windows`]: long texts in parts
//! - [`questions`], [`service`]: what the service is asked about them, and its answers
//! - [`judge`]: what follows from the answers
//! - [`reply`]: responses, as a whole or as a stream; [`held`] and [`guard`]: streams

mod guard;
mod held;
mod judge;
mod questions;
mod reply;
mod rpc;
mod rules;
mod service;
#[cfg(test)]
mod tests;
mod texts;
mod windows;

use std::time::Duration;

use http::header::ACCEPT_ENCODING;
use sekisho_expression::Needs;

use crate::body::Within;
use crate::compile::{Compiler, Flag, OnSafetyFailure};
use crate::declaration::{Attribute, Child, Children, Declaration, ErrorFact, Kind, Reference};
use crate::exchange::Exchange;
use crate::pipeline::{
    Outcome, PolicyError, PolicyResult, Run, RunLater, Scope, Section, request_body_error,
};
use crate::ports::PortFuture;
use crate::xml::Element;
use judge::{Judge, What};
use reply::CheckReply;
use rules::RuleSettings;
use service::{Failure, Service};
use texts::Format;

/// The name of the policy, and the source of its errors.
const NAME: &str = "llm-content-safety";

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &[NAME],
    summary: "Has Azure AI Content Safety judge the text of requests to models and of their responses, and blocks what it objects to.",
    sections: &[Section::Inbound, Section::Outbound],
    scopes: &[Scope::Global, Scope::Product, Scope::Api],
    attributes: &[
        Attribute::required("backend-id", Kind::Text, "Backend entity of the Content Safety resource."),
        Attribute::optional(
            "shield-prompt",
            Kind::Boolean,
            "Looks for attacks on the model in prompts and in what comes from tools.",
        )
        .or("false"),
        Attribute::optional(
            "enforce-on-completions",
            Kind::Boolean,
            "In inbound: judges the response as well. In outbound it changes nothing.",
        )
        .or("false"),
        Attribute::optional(
            "window-size",
            Kind::Integer { minimum: 1, maximum: i64::MAX },
            "Characters of a response that are judged at a time, 10,000 at most. Requests always have 10,000.",
        )
        .or("10000"),
        Attribute::optional(
            "window-overlap-size",
            Kind::Integer { minimum: 0, maximum: i64::MAX },
            "Characters of a window that the next one has again.",
        )
        .or("0"),
    ],
    children: Children::Elements(&[
        Child::optional(
            "categories",
            Children::Elements(&[Child::any("category", Children::None, "A category that blocks.").with(&[
                Attribute::required(
                    "name",
                    Kind::OneOf(&["Hate", "SelfHarm", "Sexual", "Violence"]),
                    "The category.",
                ),
                Attribute::required(
                    "threshold",
                    Kind::Integer { minimum: 0, maximum: rules::MOST_SEVERE as i64 },
                    "The severity from which on it blocks: 0 blocks everything.",
                ),
            ])]),
            "Categories of harm. Those that are not listed are not judged.",
        )
        .with(&[Attribute::optional(
            "output-type",
            Kind::OneOf(&["FourSeverityLevels", "EightSeverityLevels"]),
            "The scale of severities: 0, 2, 4, 6, or 0 to 7.",
        )
        .or("FourSeverityLevels")]),
        Child::optional(
            "blocklists",
            Children::Elements(&[Child::any("id", Children::Text, "Name of a blocklist.")]),
            "Blocklists of the Content Safety resource; a hit in one of them blocks.",
        ),
    ]),
    once: false,
    reference: REFERENCE,
    compile: Some(compile),
};

const REFERENCE: Reference = Reference {
    behaviour: "\
In inbound the request is judged before it goes to the backend; with `enforce-on-completions` the response as well, before \
outbound. In outbound the response is judged where the policy stands. It applies to calls of models by their path (Chat \
Completions, Completions, Responses, Anthropic Messages, transcriptions, prompts of images and speech), and to JSON-RPC \
messages of MCP servers and A2A agents. Embeddings, forms with files, and whatever else passes is not judged. Errors of the \
backend are not judged either.

The text is all text of a message: contents of every role, arguments of tool calls, descriptions of tools; of JSON-RPC the \
arguments of tool calls, the contents of results and the text parts of messages. It is asked about with \
`text:analyze`: an entry of a blocklist that is in it blocks, and so does a listed category with a severity of at least its \
`threshold`. With `shield-prompt` what users wrote is also asked about as prompt with `text:shieldPrompt`, and results of \
tools as documents: in requests, and in results of MCP servers and A2A agents. Up to four questions are asked at a time.

A long text is judged in windows: requests in windows of 10,000 characters, responses in windows of `window-size`. \
Characters are UTF-16 code units, none is cut in two. A message that would take more than 200 questions, or is larger than \
the gateway buffers (`limits.bufferedBodyBytes`), is refused.

A response is brought into memory, judged, and passed on byte for byte or refused. An event stream is held back window by \
window: its head goes to the client at once, events follow when windows that passed cover their text. A window is judged \
when it is full, at the end of the stream, when 1 MiB is held back, or after 10 s (`contentSafety.longestHold`). While it is \
judged, the next one is read. When something is found the stream ends: no further event, no error, the status stays. Choices, \
reasoning and arguments of calls have windows of their own. The response of `enforce-on-completions` is asked for \
uncompressed.

Calls go to the backend entity `backend-id` with its credentials; to one without credentials with a token of the \
system-assigned identity for `https://cognitiveservices.azure.com`. Each has 10 s (`contentSafety.timeout`). Whatever goes \
wrong counts as an objection: the client sees the same 403, the cause is in the trace, in `context.LastError`, on standard \
error and in `sekisho_content_safety_failures_total`. `contentSafety.onFailure: allow` of the process lets text pass \
unchecked instead, for all policies or by their `id`.",
    errors: &[
        ErrorFact {
            reason: "ContentSafetyViolation",
            status: "403",
            when: "Content Safety objects to the request or to a response that is no stream.",
        },
        ErrorFact {
            reason: "ContentSafetyFailure",
            status: "403",
            when: "There is no verdict: the service cannot be reached, answers with an error, or the text cannot be read.",
        },
        ErrorFact {
            reason: "ClientConnectionFailure",
            status: "400",
            when: "The request body broke off while it was read.",
        },
        ErrorFact::EXPRESSION,
    ],
    example: "block",
    differences: &[
        "Long requests are judged in windows; the documentation also speaks of an error past the limit of the service.",
        "`window-overlap-size` holds for requests too. A `window-size` beyond the 10,000 characters that the service takes is taken as 10,000.",
        "What is prompt and what is document for `shield-prompt` is not documented; completions of models are not shielded.",
        "The end of a stream that was cut off is its end: there is no `[DONE]`.",
        "Text of a slow stream is judged after 10 s though its window is not full.",
        "Images and audio are not judged.",
        "An API that is an MCP server or an A2A agent takes JSON-RPC only: what cannot be read as such is refused, but for agent cards and the answer 202 to a message. Where the API is neither, JSON-RPC is told from other JSON by looking into it: requests larger than the gateway buffers, and in outbound responses that are larger or compressed, pass.",
        "In outbound a compressed response cannot be read and is refused: remove `Accept-Encoding` in inbound.",
    ],
};

struct LlmContentSafety {
    rules: RuleSettings,
    enforces_on_completions: Flag,
    judges_response: bool,
    on_failure: OnSafetyFailure,
    timeout: Duration,
    longest_hold: Duration,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    let judges_response = compiler.section() == Section::Outbound;
    // A message that still arrives cannot be shared.
    compiler.add_branch_needs(Needs { request_body: !judges_response, response_body: judges_response });
    let settings = &compiler.environment().content_safety;
    let on_failure = settings.on_failure_of(compiler.literal(element, "id").as_deref());
    let (timeout, longest_hold) = (settings.timeout, settings.longest_hold);
    Some(Run::later(LlmContentSafety {
        rules: RuleSettings::new(compiler, element)?,
        enforces_on_completions: compiler.flag(element, "enforce-on-completions", false),
        judges_response,
        on_failure,
        timeout,
        longest_hold,
    }))
}

impl RunLater for LlmContentSafety {
    fn run<'a>(&'a self, exchange: &'a mut Exchange) -> PortFuture<'a, PolicyResult> {
        Box::pin(async move {
            if self.judges_response {
                self.judge_response(exchange).await?;
            } else {
                self.judge_request(exchange).await?;
            }
            Ok(Outcome::Continue)
        })
    }
}

impl LlmContentSafety {
    async fn judge_request(&self, exchange: &mut Exchange) -> Result<(), PolicyError> {
        if !Format::may_be_request(exchange) {
            return Ok(());
        }
        let limit = exchange.limits.buffered_body;
        let size = exchange.request.body.buffer_within(limit).await.map_err(request_body_error)?;
        let Some(format) = Format::of_request(exchange, size) else { return Ok(()) };
        let judge = self.judge(exchange)?;
        let enforces_on_completions = self.enforces_on_completions.get(exchange)?;
        let questions = match size {
            Within::Larger => Err(too_large(limit)),
            Within::Whole => {
                let rules = &judge.service.rules;
                let texts = format.texts_of_request(&exchange.request.body);
                texts.and_then(|texts| questions::of_texts(rules, rules.request_window, &texts))
            }
        };
        let judgement = judge.answer(questions, What::Request).await;
        judge.conclude(exchange, judgement)?;
        if enforces_on_completions {
            // What is compressed cannot be read.
            exchange.request.headers.remove(ACCEPT_ENCODING);
            let is_certain = format.is_certain(exchange);
            let check = CheckReply { judge, format, is_certain, longest_hold: self.longest_hold };
            exchange.at_reply.push(Box::new(check));
        }
        Ok(())
    }

    async fn judge_response(&self, exchange: &mut Exchange) -> Result<(), PolicyError> {
        let Some(format) = Format::of_response(exchange) else { return Ok(()) };
        let judge = self.judge(exchange)?;
        let is_certain = format.is_certain(exchange);
        let check = CheckReply { judge, format, is_certain, longest_hold: self.longest_hold };
        check.check(exchange).await
    }

    fn judge(&self, exchange: &mut Exchange) -> Result<Judge, PolicyError> {
        let service = Service {
            rules: self.rules.evaluate(exchange)?,
            backends: exchange.backends.clone(),
            ports: exchange.ports.clone(),
            timeout: self.timeout,
        };
        Ok(Judge { service, on_failure: self.on_failure })
    }
}

/// A message that cannot be brought into memory.
fn too_large(limit: usize) -> Failure {
    let message = format!("the body is larger than {limit} bytes, the most that a policy may buffer");
    Failure::new("TextTooLong", message)
}
