//! `cache-lookup`: answers from the cache.
//!
//! A hit goes on behind the `cache-store` of outbound: what comes before it was done when the response was stored. The
//! documentation advises to put a rate limit right behind the lookup to protect the backend, so policies behind it must not
//! run on a hit.

use std::sync::Arc;

use http::header::AUTHORIZATION;
use http::{HeaderName, Method};
use sekisho_diagnostics::Diagnostic;
use smallvec::SmallVec;

use crate::cached::caching::{Caching, Downstream, DownstreamType};
use crate::cached::response::Stored;
use crate::cached::settings;
use crate::cached::vary::VaryKey;
use crate::compile::setting::failure;
use crate::compile::{Compiler, Flag, Text};
use crate::declaration::{ALL_SCOPES, Attribute, Child, Children, Declaration, ErrorFact, Kind, Reference};
use crate::exchange::Exchange;
use crate::pipeline::{Outcome, PolicyError, PolicyResult, Run, RunLater, Section};
use crate::ports::PortFuture;
use crate::ports::cache::CachingType;
use crate::xml::Element;

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["cache-lookup"],
    summary: "Answers a GET request from the cache, where `cache-store` put the response.",
    sections: &[Section::Inbound],
    scopes: ALL_SCOPES,
    attributes: &[
        Attribute::required("vary-by-developer", Kind::Boolean, "Each developer has responses of their own."),
        Attribute::required(
            "vary-by-developer-groups",
            Kind::Boolean,
            "Each set of groups of developers has responses of its own.",
        ),
        settings::CACHING_TYPE,
        Attribute::optional(
            "downstream-caching-type",
            Kind::OneOf(&["none", "private", "public", "internal"]),
            "Whether clients and caches on the way may keep the response: `none`, `private` or `public`.",
        )
        .or("none"),
        Attribute::optional(
            "must-revalidate",
            Kind::Boolean,
            "Adds `must-revalidate` where downstream caching is allowed.",
        )
        .or("true"),
        Attribute::optional(
            "allow-private-response-caching",
            Kind::Boolean,
            "Caches responses of requests with an `Authorization` header too.",
        )
        .or("false"),
    ],
    children: Children::Elements(&[
        Child::any("vary-by-header", Children::Text, "Each value of this header has responses of its own."),
        Child::any(
            "vary-by-query-parameter",
            Children::Text,
            "Each value of these query parameters, separated by semicolons, has responses of its own.",
        ),
    ]),
    once: true,
    reference: Reference {
        behaviour: BEHAVIOUR,
        errors: &[ErrorFact {
            reason: "ExpressionValueEvaluationFailure",
            status: "500",
            when: "An expression fails, or does not give what its attribute wants.",
        }],
        example: "a-response-is-kept",
        differences: &[
            "`Cache-Control` is set on responses that are stored or come from the cache: `no-store` for `none`, else \
             `private` or `public` with `max-age` (the seconds the response is still kept) and `must-revalidate`. API \
             Management documents the attribute and not the header.",
            "`Cache-Control` of the request is not looked at: clients cannot get past the cache.",
            "Where the subscription has no owner, `vary-by-developer` tells subscriptions apart.",
            "Published documents have `downstream-caching-type=\"internal\"`; it is accepted and means `none`.",
        ],
    },
    compile: Some(compile),
};

const BEHAVIOUR: &str = "\
Only GET requests are looked up, and of these only those without an `Authorization` header unless \
`allow-private-response-caching` is true. For others the policy does nothing, and `cache-store` does nothing either.\n\
\n\
Responses are told apart by API, revision, operation, product, path and query, by the developer and their groups where this is \
asked for, and by the headers of `vary-by-header`. Without `vary-by-query-parameter` all parameters count except the \
subscription key, else the named ones alone. The order of parameters does not matter.\n\
\n\
On a hit the response comes from the cache: the rest of inbound and the backend section do not run, and outbound goes on \
behind its last `cache-store`, as what stands before it was done before the response was stored. Policies of outbound \
inside the same parent as a nested `cache-store` are skipped with it. On a miss the call goes on as ever.\n\
\n\
A cached response that cannot be read, and a cache that cannot be reached, are misses.";

struct CacheLookup {
    by_developer: Flag,
    by_groups: Flag,
    caching_type: CachingType,
    downstream: DownstreamSetting,
    must_revalidate: Flag,
    allow_private: Flag,
    headers: Vec<HeaderSetting>,
    /// Names of query parameters that are known at load, as most are.
    parameters: Vec<Arc<str>>,
    /// Expressions that give such names.
    evaluated_parameters: Vec<Text>,
}

enum DownstreamSetting {
    Constant(DownstreamType),
    Expression(Text),
}

/// The name of a header: known at load, as most are.
enum HeaderSetting {
    Constant(HeaderName),
    Expression(Text),
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    let downstream = match element.attribute("downstream-caching-type") {
        None => DownstreamSetting::Constant(DownstreamType::None),
        Some(_) => match compiler.text(element, "downstream-caching-type")? {
            Text::Constant(text) => DownstreamSetting::Constant(DownstreamType::parse(&text)?),
            expression => DownstreamSetting::Expression(expression),
        },
    };
    let mut headers = Vec::new();
    let mut parameters = Vec::new();
    let mut evaluated_parameters = Vec::new();
    for child in element.elements() {
        match child.name.as_str() {
            "vary-by-header" => headers.push(header(compiler, child)?),
            _ => match compiler.element_text(child)? {
                Text::Constant(text) => parameters.extend(names(&text).map(Arc::from)),
                expression => evaluated_parameters.push(expression),
            },
        }
    }
    Some(Run::later(CacheLookup {
        by_developer: compiler.flag(element, "vary-by-developer", false),
        by_groups: compiler.flag(element, "vary-by-developer-groups", false),
        caching_type: settings::caching_type(compiler, element),
        downstream,
        must_revalidate: compiler.flag(element, "must-revalidate", true),
        allow_private: compiler.flag(element, "allow-private-response-caching", false),
        headers,
        parameters,
        evaluated_parameters,
    }))
}

/// The names in a list with semicolons.
fn names(list: &str) -> impl Iterator<Item = &str> {
    list.split(';').map(str::trim).filter(|name| !name.is_empty())
}

fn header(compiler: &mut Compiler<'_>, element: &Element) -> Option<HeaderSetting> {
    let text = match compiler.element_text(element)? {
        Text::Constant(text) => text,
        expression => return Some(HeaderSetting::Expression(expression)),
    };
    match HeaderName::from_bytes(text.trim().as_bytes()) {
        Ok(name) => Some(HeaderSetting::Constant(name)),
        Err(_) => {
            let span = element.text().map_or(element.name_span, |content| content.span);
            let message = format!("`vary-by-header` is `{}`", compiler.written(span));
            let finding = Diagnostic::error("wrong-value", span, message);
            compiler.report(finding.with_help("it must be the name of a header"));
            None
        }
    }
}

impl RunLater for CacheLookup {
    fn run<'a>(&'a self, exchange: &'a mut Exchange) -> PortFuture<'a, PolicyResult> {
        Box::pin(async move {
            exchange.caching = None;
            if exchange.request.method != Method::GET || self.is_private(exchange)? {
                return Ok(Outcome::Continue);
            }
            let Some(cache) = settings::cache(&exchange.ports, self.caching_type) else {
                return Ok(Outcome::Continue);
            };
            let key = self.key(exchange)?;
            let downstream = self.downstream(exchange)?;
            let found = cache.get(&key).await.and_then(|bytes| Stored::from_bytes(&bytes));
            let caching =
                Caching { key, caching_type: self.caching_type, downstream, is_hit: found.is_some() };
            exchange.trace_lookup("response", if caching.is_hit { "hit" } else { "miss" });
            exchange.caching = Some(caching);
            let Some(Stored { expires_ticks, mut response }) = found else { return Ok(Outcome::Continue) };
            let left = expires_ticks.saturating_sub(exchange.ports.clock.utc_ticks()) / TICKS_PER_SECOND;
            downstream.apply(&mut response.headers, u64::try_from(left).unwrap_or(0));
            exchange.response = Some(response);
            Ok(Outcome::Respond)
        })
    }
}

const TICKS_PER_SECOND: i64 = 10_000_000;

impl CacheLookup {
    /// True for a request whose response is for one client alone.
    fn is_private(&self, exchange: &mut Exchange) -> Result<bool, PolicyError> {
        Ok(exchange.request.headers.contains_key(AUTHORIZATION) && !self.allow_private.get(exchange)?)
    }

    fn key(&self, exchange: &mut Exchange) -> Result<String, PolicyError> {
        let mut key = VaryKey::of(exchange);
        if self.by_developer.get(exchange)? {
            key.developer(exchange);
        }
        if self.by_groups.get(exchange)? {
            key.groups(exchange);
        }
        for header in &self.headers {
            match header {
                HeaderSetting::Constant(name) => key.header(&exchange.request.headers, name),
                HeaderSetting::Expression(text) => {
                    let name = text.get(exchange)?;
                    let name = HeaderName::from_bytes(name.trim().as_bytes())
                        .map_err(|_| failure("the result is not the name of a header."))?;
                    key.header(&exchange.request.headers, &name);
                }
            }
        }
        let mut evaluated = Vec::with_capacity(self.evaluated_parameters.len());
        for text in &self.evaluated_parameters {
            evaluated.push(text.get(exchange)?);
        }
        let known = self.parameters.iter().map(|name| &**name);
        let all: SmallVec<[&str; 8]> = known.chain(evaluated.iter().flat_map(|list| names(list))).collect();
        key.query(exchange, &all);
        Ok(key.finish())
    }

    fn downstream(&self, exchange: &mut Exchange) -> Result<Downstream, PolicyError> {
        let by = match &self.downstream {
            DownstreamSetting::Constant(by) => *by,
            DownstreamSetting::Expression(text) => DownstreamType::parse(&text.get(exchange)?)
                .ok_or_else(|| failure("the result is not `none`, `private` or `public`."))?,
        };
        Ok(Downstream { by, must_revalidate: self.must_revalidate.get(exchange)? })
    }
}
