//! `cache-lookup-value`: a value of the cache into a variable.

use std::sync::Arc;

use crate::cached::entry::Entry;
use crate::cached::settings;
use crate::compile::setting::AnyValue;
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
    names: &["cache-lookup-value"],
    summary: "Sets a variable to the value that the cache has under a key.",
    sections: ANYWHERE,
    scopes: ALL_SCOPES,
    attributes: &[
        Attribute::required("key", Kind::Text, "The key."),
        Attribute::required("variable-name", Kind::Text, "The variable; case-sensitive.").literal(),
        Attribute::optional(
            "default-value",
            Kind::Text,
            "What the variable is set to when there is no value.",
        )
        .or("the variable is not set"),
        settings::CACHING_TYPE,
    ],
    children: Children::None,
    once: false,
    reference: Reference {
        behaviour: BEHAVIOUR,
        errors: &[ErrorFact {
            reason: "ExpressionValueEvaluationFailure",
            status: "500",
            when: "An expression fails.",
        }],
        example: "a-value-is-kept",
        differences: &[
            "Without `default-value` a miss leaves the variable as it is, so that `context.Variables.ContainsKey` \
             tells hits from misses. One row of the documentation says that null is assigned.",
        ],
    },
    compile: Some(compile),
};

const BEHAVIOUR: &str = "\
Looks up what `cache-store-value` or `cache-value` stored under the key. The variable gets a copy: changing it does not change \
the cache. A value that cannot be read, because another program wrote it, is a miss, and so is a cache that cannot be \
reached.\n\
\n\
`default-value` may be an expression of any type; it is evaluated on a miss only. With `caching-type=\"external\"` and no \
external cache every lookup is a miss.";

struct CacheLookupValue {
    key: Text,
    variable: Arc<str>,
    default: Option<AnyValue>,
    caching_type: CachingType,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    let has_default = element.attribute("default-value").is_some();
    let default = compiler.any_value(element, "default-value");
    if has_default && default.is_none() {
        return None;
    }
    Some(Run::later(CacheLookupValue {
        key: compiler.text(element, "key")?,
        variable: compiler.literal(element, "variable-name")?,
        default,
        caching_type: settings::caching_type(compiler, element),
    }))
}

impl RunLater for CacheLookupValue {
    fn run<'a>(&'a self, exchange: &'a mut Exchange) -> PortFuture<'a, PolicyResult> {
        Box::pin(async move {
            let key = settings::value_key(&self.key.get(exchange)?);
            let found = match settings::cache(&exchange.ports, self.caching_type) {
                Some(cache) => cache.get(&key).await,
                None => None,
            };
            let found = found.and_then(|bytes| Entry::from_bytes(&bytes));
            exchange.trace_lookup("value", if found.is_some() { "hit" } else { "miss" });
            let value = match (found, &self.default) {
                (Some(entry), _) => entry.value,
                (None, Some(default)) => default.get(exchange)?,
                (None, None) => return Ok(Outcome::Continue),
            };
            exchange.variables.set(&self.variable, value);
            Ok(Outcome::Continue)
        })
    }
}
