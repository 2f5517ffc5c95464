//! `llm-semantic-cache-store`: keeps the answer of a model, for questions of the same meaning.
//!
//! The response passes as it arrives; its body is kept on the way and stored when it came to its end.

use std::time::Duration;

use bytes::Bytes;

use crate::body::Body;
use crate::cached::response::Head;
use crate::cached::tee::tee;
use crate::compile::{Compiler, Flag, Number};
use crate::declaration::{ALL_SCOPES, Attribute, Children, Declaration, ErrorFact, Kind, Reference};
use crate::exchange::Exchange;
use crate::pipeline::{Outcome, PolicyError, PolicyResult, Run, RunNow, Section};
use crate::ports::Ports;
use crate::semantic::{Flight, Place, answer};
use crate::xml::Element;

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["llm-semantic-cache-store", "azure-openai-semantic-cache-store"],
    summary: "Keeps the answer of a model in the cache, for `llm-semantic-cache-lookup` to find.",
    sections: &[Section::Outbound],
    scopes: ALL_SCOPES,
    attributes: &[
        Attribute::required(
            "duration",
            Kind::Integer { minimum: 0, maximum: i64::MAX },
            "How long the answer is kept, in seconds; 0 keeps nothing.",
        ),
        Attribute::optional(
            "cache-response",
            Kind::Boolean,
            "Whether this answer is kept, whatever its status.",
        )
        .or("only answers with status 200 are kept"),
    ],
    children: Children::None,
    once: true,
    reference: Reference {
        behaviour: BEHAVIOUR,
        errors: &[ErrorFact::EXPRESSION],
        example: "only-200-is-kept",
        differences: &[
            "Event streams are kept too; see `llm-semantic-cache-lookup`.",
            "Of the headers `Content-Type` and `Content-Encoding` are kept. A compressed answer is a miss for a client \
             that does not read it.",
            "Answers larger than a body that policies keep in memory are not kept, nor those whose body a later policy \
             throws away unread.",
        ],
    },
    compile: Some(compile),
};

const BEHAVIOUR: &str = "\
Does something only after an `llm-semantic-cache-lookup` that missed. The answer is kept under the embedding of the prompt, as \
it is at this policy: what policies before it changed is kept, what policies behind it change is done again on every hit.\n\
\n\
The client does not wait: the body passes as it arrives and is kept when its end was sent. An answer that breaks off is not \
kept, nor an event stream without its last event (`[DONE]`, `response.completed`, `message_stop`), nor a stream where none \
was asked for.\n\
\n\
A document without `llm-semantic-cache-lookup` is warned of: both belong together.";

struct Store {
    duration: Number,
    cache_response: Option<Flag>,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    compiler.note_cache_store();
    compiler.note_semantic_store(element.name_span);
    let has_flag = element.attribute("cache-response").is_some();
    Some(Run::now(Store {
        duration: compiler.number(element, "duration")?,
        cache_response: has_flag.then(|| compiler.flag(element, "cache-response", false)),
    }))
}

impl RunNow for Store {
    fn run(&self, exchange: &mut Exchange) -> PolicyResult {
        let Some(caching) = exchange.semantic.as_mut().filter(|caching| !caching.is_hit) else {
            return Ok(Outcome::Continue);
        };
        let place = caching.place.clone();
        // An answer that is not kept is nothing to wait for.
        let flight = caching.flight.take();
        let duration = self.duration.seconds(exchange)?;
        if duration.is_zero() || !self.is_wanted(exchange, place.is_stream)? {
            return Ok(Outcome::Continue);
        }
        let limit = exchange.limits.buffered_body;
        let ports = exchange.ports.clone();
        let response = exchange.response_mut();
        let Ok(head) = answer::head(response, limit) else { return Ok(Outcome::Continue) };
        let answer = Answer { ports, place, head, duration, limit, flight };
        let body = std::mem::take(&mut response.body);
        response.body = tee(body, limit, Box::new(move |bytes| answer.keep(bytes)));
        Ok(Outcome::Continue)
    }
}

impl Store {
    /// True for an answer that is to be kept.
    fn is_wanted(&self, exchange: &mut Exchange, is_stream: bool) -> Result<bool, PolicyError> {
        let response = exchange.response_mut();
        if response.is_event_stream() != is_stream || matches!(response.body, Body::Empty | Body::Consumed) {
            return Ok(false);
        }
        match &self.cache_response {
            Some(flag) if flag.get(exchange)? => Ok(true),
            _ => Ok(exchange.response_mut().status == 200),
        }
    }
}

/// An answer on its way into the cache.
struct Answer {
    ports: Ports,
    place: Place,
    head: Head,
    duration: Duration,
    limit: usize,
    /// Those who ask the same wait until the answer is there.
    flight: Option<Flight>,
}

impl Answer {
    fn keep(self, body: Bytes) {
        let Self { ports, place, head, duration, limit, flight } = self;
        if place.is_stream && !answer::is_complete_stream(&body) {
            return;
        }
        let ticks = i64::try_from(duration.as_nanos() / 100).unwrap_or(i64::MAX);
        let expires_ticks = ports.clock.utc_ticks().saturating_add(ticks);
        if let Ok(entry) = head.with_body(Some(&body), expires_ticks, limit) {
            ports.detach(Box::pin(async move {
                place.cache.put(&place.partition, &place.vector, entry, duration).await;
                drop(flight);
            }));
        }
    }
}
