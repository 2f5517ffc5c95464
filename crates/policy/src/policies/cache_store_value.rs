//! `cache-store-value`: keeps a value in the cache.

use bytes::Bytes;
use sekisho_expression::value::Value;

use crate::cached::entry::Entry;
use crate::cached::{self, settings};
use crate::compile::setting::AnyValue;
use crate::compile::{Compiler, Number, Text};
use crate::declaration::{
    ALL_SCOPES, ANYWHERE, Attribute, Children, Declaration, ErrorFact, Kind, Reference,
};
use crate::exchange::Exchange;
use crate::pipeline::{Outcome, PolicyError, PolicyResult, Run, RunNow};
use crate::ports::cache::CachingType;
use crate::xml::Element;

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["cache-store-value"],
    summary: "Keeps a value in the cache under a key for a time.",
    sections: ANYWHERE,
    scopes: ALL_SCOPES,
    attributes: &[
        Attribute::required("key", Kind::Text, "The key."),
        Attribute::required(
            "value",
            Kind::Text,
            "The value; a literal is a string, an expression may give any data.",
        ),
        Attribute::required(
            "duration",
            Kind::Integer { minimum: 0, maximum: i64::MAX },
            "How long it is kept, in seconds; 0 keeps nothing.",
        ),
        settings::CACHING_TYPE,
    ],
    children: Children::None,
    once: false,
    reference: Reference {
        behaviour: BEHAVIOUR,
        errors: &[
            ErrorFact {
                reason: NOT_CACHEABLE,
                status: "500",
                when: "The value is no data (such as `context.User` or a lambda), holds itself, or is too large.",
            },
            ErrorFact {
                reason: "ExpressionValueEvaluationFailure",
                status: "500",
                when: "An expression fails.",
            },
        ],
        example: "a-value-is-kept",
        differences: &[
            "Strings, numbers, Booleans, dates, Guid, `byte[]`, the JToken family, responses, arrays, lists, sets and \
             dictionaries of these can be kept. API Management does not say which types it keeps.",
            "The documentation says that the policy may stand once in a section; documents of its own authors have \
             several, and several are accepted.",
        ],
    },
    compile: Some(compile),
};

const BEHAVIOUR: &str = "\
Keeps a copy of the value: changing the value afterwards does not change the cache. Types stay what they are: an `int` is \
an `int` when it is looked up, a `JObject` a `JObject`. `context.Response` is kept as a response of its own with its body. \
One value may have as many bytes as a body that policies keep in memory.\n\
\n\
The call does not wait for the cache. In the built-in cache the value is there at once, in an external one soon after. The \
cache may give values up before their time, and a cache that cannot be reached keeps nothing.";

/// The reason of an error about the value itself.
pub(super) const NOT_CACHEABLE: &str = "ValueNotCacheable";

struct CacheStoreValue {
    key: Text,
    value: AnyValue,
    duration: Number,
    caching_type: CachingType,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    Some(Run::now(CacheStoreValue {
        key: compiler.text(element, "key")?,
        value: compiler.any_value(element, "value")?,
        duration: compiler.number(element, "duration")?,
        caching_type: settings::caching_type(compiler, element),
    }))
}

impl RunNow for CacheStoreValue {
    fn run(&self, exchange: &mut Exchange) -> PolicyResult {
        let key = settings::value_key(&self.key.get(exchange)?);
        let value = self.value.get(exchange)?;
        let duration = self.duration.seconds(exchange)?;
        let bytes = to_bytes(exchange, value)?;
        if duration.is_zero() {
            return Ok(Outcome::Continue);
        }
        if let Some(cache) = settings::cache(&exchange.ports, self.caching_type) {
            exchange.ports.detach(Box::pin(async move { cache.set(&key, bytes, duration).await }));
        }
        Ok(Outcome::Continue)
    }
}

/// A copy of a value as a cache keeps it.
///
/// # Errors
/// What cannot be kept.
pub(super) fn to_bytes(exchange: &mut Exchange, value: Value) -> Result<Bytes, PolicyError> {
    let value = cached::snapshot(exchange, value);
    Entry::to_bytes(&value, exchange.ports.clock.utc_ticks(), exchange.limits.buffered_body)
        .map_err(|unkept| PolicyError::internal(NOT_CACHEABLE, unkept.to_string()))
}
