//! `cache-store`: keeps the response in the cache.
//!
//! The response passes as it arrives; its body is kept on the way and stored when it came to its end.

use std::sync::Arc;
use std::time::Duration;

use crate::body::Body;
use crate::cached::response::Head;
use crate::cached::settings;
use crate::cached::tee::tee;
use crate::compile::{Compiler, Flag, Number};
use crate::declaration::{ALL_SCOPES, Attribute, Children, Declaration, ErrorFact, Kind, Reference};
use crate::exchange::Exchange;
use crate::pipeline::{Outcome, PolicyError, PolicyResult, Run, RunNow, Section};
use crate::ports::{Cache, Ports};
use crate::xml::Element;

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["cache-store"],
    summary: "Keeps the response in the cache, for `cache-lookup` to find.",
    sections: &[Section::Outbound],
    scopes: ALL_SCOPES,
    attributes: &[
        Attribute::required(
            "duration",
            Kind::Integer { minimum: 0, maximum: i64::MAX },
            "How long the response is kept, in seconds; 0 keeps nothing.",
        ),
        Attribute::optional("cache-response", Kind::Boolean, "Whether this response is kept.")
            .or("only responses with status 200 are kept"),
    ],
    children: Children::None,
    once: true,
    reference: Reference {
        behaviour: BEHAVIOUR,
        errors: &[ErrorFact {
            reason: "ExpressionValueEvaluationFailure",
            status: "500",
            when: "An expression fails, or does not give what its attribute wants.",
        }],
        example: "only-200-is-kept",
        differences: &[
            "Event streams are not kept, nor responses larger than a body that policies keep in memory, nor those \
             whose body a later policy throws away unread.",
            "`Set-Cookie` is not kept with the response: a cookie is for the client that got it.",
            "`Cache-Control` of the backend is not looked at; `duration` and `cache-response` can read it.",
        ],
    },
    compile: Some(compile),
};

const BEHAVIOUR: &str = "\
Does something only after a `cache-lookup` that missed, so for GET requests only. The response is kept as it is at this \
policy: what policies before it changed is kept, what policies behind it change is done again on every hit. Headers of \
the connection are not kept.\n\
\n\
The client does not wait: the body passes as it arrives and is stored when its end was sent. A response that breaks off is \
not stored.";

struct CacheStore {
    duration: Number,
    cache_response: Option<Flag>,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    compiler.note_cache_store();
    let has_flag = element.attribute("cache-response").is_some();
    Some(Run::now(CacheStore {
        duration: compiler.number(element, "duration")?,
        cache_response: has_flag.then(|| compiler.flag(element, "cache-response", false)),
    }))
}

impl RunNow for CacheStore {
    fn run(&self, exchange: &mut Exchange) -> PolicyResult {
        let Some(caching) = exchange.caching.clone().filter(|caching| !caching.is_hit) else {
            return Ok(Outcome::Continue);
        };
        let duration = self.duration.seconds(exchange)?;
        if duration.is_zero() || !self.is_wanted(exchange)? {
            return Ok(Outcome::Continue);
        }
        let limit = exchange.limits.buffered_body;
        let ports = exchange.ports.clone();
        let Some(cache) = settings::cache(&ports, caching.caching_type) else { return Ok(Outcome::Continue) };
        let response = exchange.response_mut();
        let Ok(head) = Head::of(response, limit) else { return Ok(Outcome::Continue) };
        caching.downstream.apply(&mut response.headers, duration.as_secs());
        let place = Place { ports, cache, key: caching.key, head, duration, limit };
        response.body = match std::mem::take(&mut response.body) {
            Body::Empty => {
                place.store(None);
                Body::Empty
            }
            body => tee(body, limit, Box::new(move |bytes| place.store(Some(&bytes)))),
        };
        Ok(Outcome::Continue)
    }
}

impl CacheStore {
    /// True for a response that is to be kept.
    fn is_wanted(&self, exchange: &mut Exchange) -> Result<bool, PolicyError> {
        let response = exchange.response_mut();
        if response.is_event_stream() {
            return Ok(false);
        }
        match &self.cache_response {
            Some(flag) => flag.get(exchange),
            None => Ok(response.status == 200),
        }
    }
}

/// Where a response goes once its body is there.
struct Place {
    ports: Ports,
    cache: Arc<dyn Cache>,
    key: String,
    head: Head,
    duration: Duration,
    limit: usize,
}

impl Place {
    fn store(self, body: Option<&[u8]>) {
        let Self { ports, cache, key, head, duration, limit } = self;
        let ticks = i64::try_from(duration.as_nanos() / 100).unwrap_or(i64::MAX);
        let expires_ticks = ports.clock.utc_ticks().saturating_add(ticks);
        if let Ok(entry) = head.with_body(body, expires_ticks, limit) {
            ports.detach(Box::pin(async move { cache.set(&key, entry, duration).await }));
        }
    }
}
