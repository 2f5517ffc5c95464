//! `llm-semantic-cache-lookup`: answers a question from the cache when it was asked before in other words.
//!
//! As with `cache-lookup`, a hit goes on behind the store of outbound: what comes before it was done when the answer was
//! kept. Neither the cache nor the embeddings can fail a call.

use std::sync::Arc;

use bytes::Bytes;
use sekisho_diagnostics::{Diagnostic, closest};
use sekisho_expression::Needs;

use super::set_backend_service::known_backend;
use crate::body::Body;
use crate::compile::{Compiler, Text};
use crate::declaration::{ALL_SCOPES, Attribute, Child, Children, Declaration, ErrorFact, Kind, Reference};
use crate::exchange::{Exchange, Response};
use crate::pipeline::{Outcome, PolicyError, PolicyResult, Run, RunLater, Section};
use crate::ports::record::TraceEntry;
use crate::ports::vectors::{Neighbour, PRECISION};
use crate::ports::{Event, PortFuture};
use crate::semantic::question::{self, NoQuestion, Question, Reading};
use crate::semantic::{Place, SemanticCaching, Waited, answer, embedding};
use crate::xml::Element;

const NAMES: &[&str] = &["llm-semantic-cache-lookup", "azure-openai-semantic-cache-lookup"];

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: NAMES,
    summary: "Answers a call to a model from the cache when a prompt of the same meaning was answered before.",
    sections: &[Section::Inbound],
    scopes: ALL_SCOPES,
    attributes: &[
        Attribute::required(
            "score-threshold",
            Kind::Number,
            "The largest distance of a prompt that counts as the same, from 0.0 to 1.0. It is a distance: lower is stricter.",
        )
        .literal(),
        Attribute::required(
            "embeddings-backend-id",
            Kind::Text,
            "The backend that makes embeddings. Its URL is called as it is.",
        )
        .literal(),
        Attribute::required(
            "embeddings-backend-auth",
            Kind::OneOf(&["system-assigned"]),
            "How the gateway proves itself to that backend: with the token of its own identity.",
        )
        .literal(),
        Attribute::optional(
            "ignore-system-messages",
            Kind::Boolean,
            "Leaves system messages out before prompts are compared.",
        )
        .literal()
        .or("false"),
        Attribute::optional(
            "max-message-count",
            Kind::Integer { minimum: 0, maximum: i64::MAX },
            "A prompt with more messages is neither looked up nor kept.",
        )
        .literal()
        .or("no limit"),
        Attribute::optional("cache-id", Kind::Text, "The resource name of an external cache.")
            .literal()
            .or("the external cache of this gateway"),
    ],
    children: Children::Elements(&[Child::any(
        "vary-by",
        Children::Text,
        "Each combination of these values has answers of its own.",
    )]),
    once: true,
    reference: Reference {
        behaviour: BEHAVIOUR,
        errors: &[ErrorFact::EXPRESSION],
        example: "a-paraphrase-is-a-hit",
        differences: DIFFERENCES,
    },
    compile: Some(compile),
};

const BEHAVIOUR: &str = "\
Looks at calls of Chat Completions, Completions, Responses and Anthropic Messages. The texts of the messages, one below the \
other, are sent to the backend of `embeddings-backend-id` as `{\"input\": text}`; the answer kept nearest to the embedding \
becomes the response when the cosine distance of both (1 − cosine similarity) is not above `score-threshold`. API Management's \
documentation begins with 0.05 and warns of more than 0.2; `docs/semantic-cache.md` tells what was measured.\n\
\n\
On a hit the rest of inbound and the backend section do not run, and outbound goes on behind its last \
`llm-semantic-cache-store`; limits that stand behind this policy count nothing. On a miss the call goes on as ever. A \
cache that cannot be reached, an embedding that does not come within the time of the process (5 s), and an answer that \
cannot be read are misses. As the cache may be gone, put a `rate-limit` right behind this policy.\n\
\n\
Answers are shared only between calls that have all of this in common: API, revision, operation and product, wire format, \
deployment and `model`, `api-version`, the embeddings backend, the values of `vary-by`, the roles of the messages, whether a \
stream is asked for, and every member of the body other than the prompt, `temperature`, `top_p`, `top_k`, `seed`, \
`presence_penalty`, `frequency_penalty`, `user`, `metadata`, `store`, `service_tier`, `truncation`, `safety_identifier`, \
`prompt_cache_key` and `prompt_cache_retention`. So requests with other tools or another `response_format` never share.\n\
\n\
A call is not looked up, and its answer not kept, when its prompt holds more than text (images, audio, files, calls of tools \
and their results), goes on with a conversation that the service remembers (`previous_response_id`, `conversation`), has \
more messages than `max-message-count` (of those that `ignore-system-messages` leaves), is empty, or is larger than a body \
that policies keep in memory.\n\
\n\
The trace tells what was found: hit or miss with the distance, or why nothing was looked up.";

const DIFFERENCES: &[&str] = &[
    "Event streams are kept as they were sent, once they came to their proper end, and are replayed to calls that ask for a \
     stream. A process setting turns that off; API Management's cache does not go together with streams.",
    "Without an external cache that searches vectors (Redis with RediSearch, not a cluster), answers are kept in the memory of \
     the gateway. API Management then keeps nothing.",
    "A backend entity with credentials of its own is called with these and not with the token of the identity.",
    "`api-version` of the client's call is sent to the embeddings backend unless its URL has one.",
    "`cache-id` is an attribute of the policy toolkit; the reference of API Management does not have it.",
    "A hit carries no header of the cache; a process setting adds `x-cache: semantic-hit`.",
];

struct Lookup {
    /// Good to the precision of distances.
    threshold: f32,
    embeddings: Arc<str>,
    ignores_system: bool,
    most_messages: Option<usize>,
    cache_id: Option<Arc<str>>,
    vary_by: Vec<Text>,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    compiler.note_semantic_lookup(element.name_span);
    // The prompt is read; a body that is larger than policies keep passes on unread.
    compiler.add_branch_needs(Needs { request_body: true, ..Needs::default() });
    let threshold = threshold(compiler, element)?;
    let embeddings = known_backend(compiler, element, "embeddings-backend-id")?;
    let most = compiler.literal(element, "max-message-count");
    let vary_by: Option<Vec<Text>> = element.elements().map(|child| compiler.element_text(child)).collect();
    Some(Run::later(Lookup {
        threshold,
        embeddings: Arc::clone(embeddings.constant()?),
        ignores_system: compiler
            .literal(element, "ignore-system-messages")
            .is_some_and(|text| text.trim().eq_ignore_ascii_case("true")),
        most_messages: most.and_then(|text| text.trim().parse().ok()),
        cache_id: known_cache(compiler, element),
        vary_by: vary_by?,
    }))
}

fn threshold(compiler: &mut Compiler<'_>, element: &Element) -> Option<f32> {
    let content = &element.attribute("score-threshold")?.value;
    let number: Option<f32> = content.text.text().trim().parse().ok();
    if let Some(number) = number.filter(|number| (0.0..=1.0).contains(number)) {
        return Some(number + PRECISION);
    }
    let message = format!("`score-threshold` is `{}`", compiler.written(content.span));
    let finding = Diagnostic::error("wrong-value", content.span, message);
    compiler.report(finding.with_help("it must be a number from 0.0 to 1.0"));
    None
}

/// `cache-id`; a name that no cache has is reported.
fn known_cache(compiler: &mut Compiler<'_>, element: &Element) -> Option<Arc<str>> {
    let id = compiler.literal(element, "cache-id")?;
    let known = &compiler.environment().caches;
    if !known.contains(&*id) {
        let span = element.attribute("cache-id").map_or(element.name_span, |attribute| attribute.value.span);
        let message = format!("cache with id `{}` could not be found", compiler.written(span));
        let mut finding = Diagnostic::error("unknown-cache", span, message);
        finding.help = Some(match closest(&id, known.iter().map(String::as_str)) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "add it under `caches`, or remove the attribute".to_owned(),
        });
        compiler.report_unresolved(finding);
    }
    Some(id)
}

/// What came of a lookup.
enum Found {
    /// Nothing was looked up.
    NoQuestion(NoQuestion),
    /// There is no embedding.
    NoEmbedding(Arc<str>),
    /// Nothing near enough; the distance of the nearest.
    Miss(Option<f32>),
    /// An answer.
    Hit(Box<Response>, f32),
}

impl RunLater for Lookup {
    fn run<'a>(&'a self, exchange: &'a mut Exchange) -> PortFuture<'a, PolicyResult> {
        Box::pin(async move {
            exchange.semantic = None;
            if !question::is_answered(exchange.model_call().kind) {
                return Ok(Outcome::Continue);
            }
            let found = self.look(exchange).await?;
            self.tell(exchange, &found);
            let outcome = match &found {
                Found::Hit(..) => "hit",
                Found::NoQuestion(_) => "skipped",
                _ => "miss",
            };
            exchange.trace_lookup("semantic", outcome);
            let Found::Hit(response, _) = found else { return Ok(Outcome::Continue) };
            exchange.response = Some(*response);
            Ok(Outcome::Respond)
        })
    }
}

impl Lookup {
    async fn look(&self, exchange: &mut Exchange) -> Result<Found, PolicyError> {
        let question = match self.question(exchange).await? {
            Ok(question) => question,
            Err(none) => return Ok(Found::NoQuestion(none)),
        };
        let ports = exchange.ports.clone();
        let semantics = &ports.semantics;
        if question.is_stream && !semantics.settings.replays_streams {
            return Ok(Found::NoQuestion(NoQuestion("an event stream is asked for")));
        }
        let Some(cache) = semantics.caches.of(self.cache_id.as_deref()) else {
            return Ok(Found::NoQuestion(NoQuestion("the cache of `cache-id` is not there")));
        };
        let vector = match embedding::embed(exchange, &self.embeddings, &question.text).await {
            Ok(vector) => vector,
            Err(reason) => return Ok(Found::NoEmbedding(reason)),
        };
        let Question { partition, is_stream, .. } = question;
        let place = Place { cache: Arc::clone(cache), partition, vector, is_stream };
        let mut found = self.look_at(exchange, &place).await;
        let mut flight = None;
        if let (Found::Miss(_), Some(longest_wait)) = (&found, semantics.settings.longest_wait) {
            match semantics.join(&place, &*ports.clock, longest_wait).await {
                Waited::Flies(own) => flight = Some(own),
                Waited::Landed => found = self.look_at(exchange, &place).await,
                Waited::TooLong => {}
            }
        }
        let is_hit = matches!(found, Found::Hit(..));
        exchange.semantic = Some(SemanticCaching { place, is_hit, flight });
        Ok(found)
    }

    async fn question(&self, exchange: &mut Exchange) -> Result<Result<Question, NoQuestion>, PolicyError> {
        let limit = exchange.limits.buffered_body;
        let is_small = exchange.request.body.buffer_if_small(limit).await;
        let body: Bytes = match &exchange.request.body {
            Body::Full(body) if is_small => body.clone(),
            _ => return Ok(Err(NoQuestion("the body is too large, or there is none"))),
        };
        let mut vary_by = Vec::with_capacity(self.vary_by.len());
        for value in &self.vary_by {
            vary_by.push(value.get(exchange)?);
        }
        let reading = Reading {
            ignores_system: self.ignores_system,
            most_messages: self.most_messages,
            embeddings: &self.embeddings,
            vary_by: &vary_by,
        };
        Ok(question::read(exchange, &body, &reading))
    }

    async fn look_at(&self, exchange: &mut Exchange, place: &Place) -> Found {
        let nearest = place.cache.nearest(&place.partition, &place.vector, self.threshold).await;
        let Some(Neighbour { distance, value }) = nearest else { return Found::Miss(None) };
        let marks = exchange.ports.semantics.settings.marks_hits;
        match value.and_then(|value| answer::response(&value, &exchange.request.headers, marks)) {
            Some(response) => Found::Hit(Box::new(response), distance),
            None => Found::Miss(Some(distance)),
        }
    }

    /// Says what was found, in the trace and to whoever counts.
    fn tell(&self, exchange: &mut Exchange, found: &Found) {
        let threshold = self.threshold;
        let (outcome, message) = match found {
            Found::NoQuestion(reason) => ("skipped", format!("not looked up: {}", reason.0)),
            Found::NoEmbedding(reason) => ("failed", format!("not looked up: {reason}")),
            Found::Miss(None) => ("miss", "miss: nothing is kept".to_owned()),
            Found::Miss(Some(distance)) => {
                ("miss", format!("miss: the distance is {distance:.4}, the threshold {threshold:.4}"))
            }
            Found::Hit(_, distance) => {
                ("hit", format!("hit: the distance is {distance:.4}, the threshold {threshold:.4}"))
            }
        };
        exchange.ports.recorder.event(Event::SemanticLookup { outcome });
        let elapsed = exchange.elapsed();
        exchange.add_trace(TraceEntry {
            source: Arc::from(NAMES[0]),
            severity: if outcome == "failed" { "error" } else { "information" },
            message,
            metadata: Vec::new(),
            elapsed,
        });
    }
}
