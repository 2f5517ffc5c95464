//! `cache-value`: a value of the cache, made on a miss by one call at a time.
//!
//! Of many calls that miss the same value, one takes the lock of its key and makes it, the others wait for it: a value that
//! is dear to make is made once. A value that grows old is made anew by one call ahead of its end, while the others use it.

use std::sync::Arc;
use std::time::Duration;

use sekisho_diagnostics::Diagnostic;

use super::cache_store_value::{NOT_CACHEABLE, to_bytes};
use crate::cached::entry::Entry;
use crate::cached::maker::{Found, LOCK_DURATION, Waited, look, wait};
use crate::cached::settings;
use crate::compile::setting::AnyValue;
use crate::compile::{Compiler, Number, Text};
use crate::declaration::{
    ALL_SCOPES, ANYWHERE, Attribute, Child, Children, Declaration, ErrorFact, Kind, Reference,
};
use crate::exchange::Exchange;
use crate::pipeline::{Block, Outcome, PolicyError, PolicyResult, Run, RunLater};
use crate::ports::cache::CachingType;
use crate::ports::{Cache, PortFuture};
use crate::xml::Element;

/// How long a value is kept when the document does not say.
const DEFAULT_DURATION: Duration = Duration::from_secs(24 * 60 * 60);
/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["cache-value"],
    summary: "Sets a variable to the value that the cache has under a key; on a miss its policies make the value.",
    sections: ANYWHERE,
    scopes: ALL_SCOPES,
    attributes: &[
        Attribute::required("key", Kind::Text, "The key."),
        Attribute::required(
            "variable-name",
            Kind::Text,
            "The variable that gets the value, and that the policies of `value` set; case-sensitive.",
        )
        .literal(),
        Attribute::optional(
            "expires-after",
            Kind::Integer { minimum: 1, maximum: i64::MAX },
            "How long a value is kept, in seconds.",
        )
        .or("86400"),
        Attribute::optional(
            "refresh-after",
            Kind::Integer { minimum: 1, maximum: i64::MAX },
            "The age in seconds from which on one call makes the value anew while others use the old one.",
        )
        .or("values are not made anew before they expire"),
        Attribute::optional(
            "default-value",
            Kind::Text,
            "What the variable is set to when no value could be made. Without it the error of the policies is raised.",
        ),
        settings::CACHING_TYPE,
    ],
    children: Children::Elements(&[Child {
        minimum: 1,
        ..Child::optional("value", Children::Policies, "Policies that set the variable.")
    }]),
    once: false,
    reference: Reference {
        behaviour: BEHAVIOUR,
        errors: &[
            ErrorFact {
                reason: NOT_CACHEABLE,
                status: "500",
                when: "The value is no data, holds itself, or is too large.",
            },
            ErrorFact {
                reason: "ExpressionValueEvaluationFailure",
                status: "500",
                when: "An expression fails.",
            },
        ],
        example: "made-on-a-miss",
        differences: &[
            "The policy is known from Microsoft's toolkit alone and has no page of its own. What was chosen: the value \
             is what the variable holds when the policies of `value` are done; without `expires-after` it is kept for a \
             day; `default-value` stands in when the policies fail or leave the variable unset.",
            "A call waits up to 10 seconds for the value that another one makes, then makes it itself.",
        ],
    },
    compile: Some(compile),
};

const BEHAVIOUR: &str = "\
A value that is in the cache and not older than `refresh-after` is copied into the variable; nothing else runs.\n\
\n\
On a miss the policies in `value` run and set the variable, and what it then holds is kept for `expires-after` seconds. Of \
several calls that miss at the same time, on all gateways that share the cache, one makes the value and the others wait for \
it. A value older than `refresh-after` is made anew by one call; the others, and that one when its policies fail, use the \
old value.\n\
\n\
When the policies fail on a miss, the variable is set to `default-value`, which is not kept; without that attribute the \
error goes to on-error. A policy that ends the call, such as `return-response`, ends it, and nothing is kept.\n\
\n\
`cache-lookup-value` and `cache-remove-value` see the same values under the same keys.";

struct CacheValue {
    key: Text,
    variable: Arc<str>,
    expires_after: Option<Number>,
    refresh_after: Option<Number>,
    default: Option<AnyValue>,
    caching_type: CachingType,
    block: Block,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    let value = element.elements().find(|child| child.name == "value")?;
    if value.elements().next().is_none() {
        let finding = Diagnostic::error("missing-element", value.name_span, "`value` needs a policy");
        compiler.report(finding.with_help("set the variable in it, with `set-variable` for instance"));
        return None;
    }
    let block = compiler.nested_block(value, "value[1]");
    Some(Run::later(CacheValue {
        key: compiler.text(element, "key")?,
        variable: compiler.literal(element, "variable-name")?,
        expires_after: compiler.number(element, "expires-after"),
        refresh_after: compiler.number(element, "refresh-after"),
        default: compiler.any_value(element, "default-value"),
        caching_type: settings::caching_type(compiler, element),
        block,
    }))
}

impl RunLater for CacheValue {
    fn run<'a>(&'a self, exchange: &'a mut Exchange) -> PortFuture<'a, PolicyResult> {
        Box::pin(async move {
            let key = settings::value_key(&self.key.get(exchange)?);
            let Some(cache) = settings::cache(&exchange.ports, self.caching_type) else {
                return self.make(exchange, None, &key, None).await;
            };
            let refresh_after = match &self.refresh_after {
                Some(number) => Some(number.seconds(exchange)?),
                None => None,
            };
            let owner = exchange.ports.entropy.next();
            let (old, has_lock) = match look(&exchange.ports, &*cache, &key, refresh_after).await {
                Found::Fresh(entry) => return self.take(exchange, entry),
                Found::Old(entry) => {
                    if !cache.lock(&key, owner, LOCK_DURATION).await {
                        return self.take(exchange, entry);
                    }
                    (Some(entry), true)
                }
                Found::Nothing => match wait(&exchange.ports, &*cache, &key, owner).await {
                    Waited::Value(entry) => return self.take(exchange, entry),
                    Waited::Lock => (None, true),
                    Waited::TooLong => (None, false),
                },
            };
            let result = self.make(exchange, Some(&*cache), &key, old).await;
            if has_lock {
                cache.unlock(&key, owner).await;
            }
            result
        })
    }
}

impl CacheValue {
    fn take(&self, exchange: &mut Exchange, entry: Entry) -> PolicyResult {
        exchange.variables.set(&self.variable, entry.value);
        Ok(Outcome::Continue)
    }

    /// Makes the value and keeps it. Without one the old value stands in, then the default.
    async fn make(
        &self,
        exchange: &mut Exchange,
        cache: Option<&dyn Cache>,
        key: &str,
        old: Option<Entry>,
    ) -> PolicyResult {
        let made = match self.block.run(exchange).await {
            Ok(Outcome::Respond) => return Ok(Outcome::Respond),
            Ok(Outcome::Continue) => self.keep(exchange, cache, key).await,
            Err(error) => Err(error),
        };
        match (made, old, &self.default) {
            (Ok(true), _, _) => Ok(Outcome::Continue),
            (made, Some(entry), _) => {
                if made.is_err() {
                    exchange.last_error = None;
                }
                self.take(exchange, entry)
            }
            (made, None, Some(default)) => {
                if made.is_err() {
                    exchange.last_error = None;
                }
                let value = default.get(exchange)?;
                exchange.variables.set(&self.variable, value);
                Ok(Outcome::Continue)
            }
            (Ok(false), None, None) => Ok(Outcome::Continue),
            (Err(error), None, None) => Err(error),
        }
    }

    /// Keeps what the variable holds; false when it holds nothing.
    async fn keep(
        &self,
        exchange: &mut Exchange,
        cache: Option<&dyn Cache>,
        key: &str,
    ) -> Result<bool, PolicyError> {
        let Some(value) = exchange.variables.get(&self.variable).cloned() else { return Ok(false) };
        let duration = match &self.expires_after {
            Some(number) => number.seconds(exchange)?,
            None => DEFAULT_DURATION,
        };
        let bytes = to_bytes(exchange, value)?;
        if let Some(cache) = cache {
            // Those who wait for the lock must find the value once it is given back.
            cache.set(key, bytes, duration).await;
        }
        Ok(true)
    }
}
