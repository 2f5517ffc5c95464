//! `cache-remove-value`: forgets a value of the cache.

use crate::cached::settings;
use crate::compile::{Compiler, Text};
use crate::declaration::{
    ALL_SCOPES, ANYWHERE, Attribute, Children, Declaration, ErrorFact, Kind, Reference,
};
use crate::exchange::Exchange;
use crate::pipeline::{Outcome, PolicyResult, Run, RunLater};
use crate::ports::PortFuture;
use crate::ports::cache::CachingType;
use crate::xml::Element;

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["cache-remove-value"],
    summary: "Removes the value that the cache has under a key.",
    sections: ANYWHERE,
    scopes: ALL_SCOPES,
    attributes: &[Attribute::required("key", Kind::Text, "The key."), settings::CACHING_TYPE],
    children: Children::None,
    once: false,
    reference: Reference {
        behaviour: "Removes what `cache-store-value` or `cache-value` stored under the key; the call waits for it, so \
                    that a lookup that follows is a miss. Nothing happens when there is no value, or no external cache \
                    where `caching-type` asks for it.",
        errors: &[ErrorFact {
            reason: "ExpressionValueEvaluationFailure",
            status: "500",
            when: "The expression of the key fails.",
        }],
        example: "a-removed-value-is-a-miss",
        differences: &[],
    },
    compile: Some(compile),
};

struct CacheRemoveValue {
    key: Text,
    caching_type: CachingType,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    let caching_type = settings::caching_type(compiler, element);
    Some(Run::later(CacheRemoveValue { key: compiler.text(element, "key")?, caching_type }))
}

impl RunLater for CacheRemoveValue {
    fn run<'a>(&'a self, exchange: &'a mut Exchange) -> PortFuture<'a, PolicyResult> {
        Box::pin(async move {
            let key = settings::value_key(&self.key.get(exchange)?);
            if let Some(cache) = settings::cache(&exchange.ports, self.caching_type) {
                cache.remove(&key).await;
            }
            Ok(Outcome::Continue)
        })
    }
}
