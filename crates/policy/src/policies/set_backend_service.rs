//! `set-backend-service`: chooses where the call goes.
//!
//! The last one wins, except that `base-url` does not override a `backend-id` that a broader scope set.

use std::sync::Arc;

use sekisho_diagnostics::{Diagnostic, closest};

use crate::compile::{Compiler, Text};
use crate::declaration::{
    ALL_SCOPES, ANYWHERE, Attribute, Children, Declaration, ErrorFact, Kind, Reference,
};
use crate::exchange::{Exchange, Route};
use crate::pipeline::{Outcome, PolicyError, PolicyResult, Run, RunNow, Scope};
use crate::ports::{BaseUrl, Target};
use crate::xml::Element;

/// Attributes of Service Fabric and Dapr, which have no place in a gateway of one process.
const FOREIGN: &[&str] = &[
    "sf-resolve-condition",
    "sf-service-instance-name",
    "sf-partition-key",
    "sf-listener-name",
    "sf-replica-type",
    "dapr-app-id",
    "dapr-method",
    "dapr-namespace",
];

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["set-backend-service"],
    summary: "Sends the call to another backend: a backend entity or pool, or a base URL.",
    sections: ANYWHERE,
    scopes: ALL_SCOPES,
    attributes: &[
        Attribute::optional("base-url", Kind::Text, "New scheme, host, port and base path."),
        Attribute::optional("backend-id", Kind::Text, "Resource name of a backend or a pool."),
        Attribute::optional("sf-resolve-condition", Kind::Text, "Service Fabric; not supported."),
        Attribute::optional("sf-service-instance-name", Kind::Text, "Service Fabric; not supported."),
        Attribute::optional("sf-partition-key", Kind::Text, "Service Fabric; not supported."),
        Attribute::optional("sf-listener-name", Kind::Text, "Service Fabric; not supported."),
        Attribute::optional("sf-replica-type", Kind::Text, "Service Fabric; not supported."),
        Attribute::optional("dapr-app-id", Kind::Text, "Dapr; not supported."),
        Attribute::optional("dapr-method", Kind::Text, "Dapr; not supported."),
        Attribute::optional("dapr-namespace", Kind::Text, "Dapr; not supported."),
    ],
    children: Children::None,
    once: false,
    reference: Reference {
        behaviour: "Chooses where the call goes: `backend-id` names a backend or a pool of the configuration, `base-url` replaces scheme, host, port and base path. `context.Request.Url` shows the choice at once. The last policy that runs wins; inside `retry` each run may choose anew.",
        errors: &[
            ErrorFact {
                reason: "BackendNotFound",
                status: "500",
                when: "The id comes from an expression and names no backend.",
            },
            ErrorFact {
                reason: "InvalidBackendUrl",
                status: "500",
                when: "The URL comes from an expression and is not an absolute http or https URL.",
            },
            ErrorFact::EXPRESSION,
        ],
        example: "backend-id",
        differences: &[
            "A `backend-id` of a broader scope is not overridden by `base-url` of a narrower one, only by another `backend-id`.",
            "Attributes of Service Fabric and Dapr are errors at load.",
        ],
    },
    compile: Some(compile),
};

struct BackendId {
    id: Text,
    scope: Scope,
}

struct BaseUrlSetting {
    url: Text,
    /// The URL when it is a literal: parsed at load.
    parsed: Option<Arc<BaseUrl>>,
    scope: Scope,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    if let Some(foreign) =
        element.attributes.iter().find(|attribute| FOREIGN.contains(&attribute.name.as_str()))
    {
        let message =
            format!("`{}` is not supported: there is no Service Fabric or Dapr runtime here", foreign.name);
        let finding = Diagnostic::error("attribute-not-supported-yet", foreign.name_span, message);
        compiler.report(finding.with_help("use `backend-id` or `base-url`"));
        return None;
    }
    match (element.attribute("backend-id"), element.attribute("base-url")) {
        (Some(_), None) => backend_id(compiler, element),
        (None, Some(_)) => base_url(compiler, element),
        (both, _) => {
            let text = if both.is_some() {
                "has both `backend-id` and `base-url`"
            } else {
                "needs `backend-id` or `base-url`"
            };
            let finding = Diagnostic::error(
                "wrong-attributes",
                element.name_span,
                format!("`set-backend-service` {text}"),
            );
            compiler.report(finding.with_help("give exactly one of them"));
            None
        }
    }
}

fn backend_id(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    let id = known_backend(compiler, element, "backend-id")?;
    Some(Run::now(BackendId { id, scope: compiler.scope() }))
}

/// The attribute that names a backend; a literal that names none is reported.
pub(crate) fn known_backend(compiler: &mut Compiler<'_>, element: &Element, name: &str) -> Option<Text> {
    let content = &element.attribute(name)?.value;
    let id = compiler.text(element, name)?;
    let known = &compiler.environment().backends;
    if let Some(literal) = id.constant()
        && !known.contains(&**literal)
    {
        let message = format!("backend with id `{}` could not be found", compiler.written(content.span));
        let mut finding = Diagnostic::error("unknown-backend", content.span, message);
        finding.help = Some(match closest(literal, known.iter().map(String::as_str)) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "add it under `backends/`".to_owned(),
        });
        compiler.report_unresolved(finding);
    }
    Some(id)
}

fn base_url(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    let content = &element.attribute("base-url")?.value;
    let url = compiler.text(element, "base-url")?;
    let parsed = match url.constant() {
        Some(literal) => match BaseUrl::parse(literal) {
            Some(parsed) => Some(Arc::new(parsed)),
            None => {
                let message =
                    format!("`{}` is not an absolute http or https URL", compiler.written(content.span));
                compiler.report(
                    Diagnostic::error("wrong-value", content.span, message)
                        .with_help("write it as `https://host/path`"),
                );
                return None;
            }
        },
        None => None,
    };
    Some(Run::now(BaseUrlSetting { url, parsed, scope: compiler.scope() }))
}

impl RunNow for BackendId {
    fn run(&self, exchange: &mut Exchange) -> PolicyResult {
        let id = self.id.get(exchange)?;
        let Some((facts, base)) = exchange.backends.describe(&id) else {
            return Err(PolicyError::internal(
                "BackendNotFound",
                format!("Backend with id '{id}' could not be found."),
            ));
        };
        exchange.set_route(Route {
            target: Target::Backend(Arc::clone(&facts.id)),
            base,
            backend: Some(facts),
            backend_id_scope: Some(self.scope),
        });
        Ok(Outcome::Continue)
    }
}

impl RunNow for BaseUrlSetting {
    fn run(&self, exchange: &mut Exchange) -> PolicyResult {
        if exchange.route.backend_id_scope.is_some_and(|scope| scope < self.scope) {
            return Ok(Outcome::Continue);
        }
        let base = match &self.parsed {
            Some(parsed) => Arc::clone(parsed),
            None => {
                let text = self.url.get(exchange)?;
                let parsed = BaseUrl::parse(&text);
                // The text may hold a credential in its query, so it is not repeated.
                Arc::new(parsed.ok_or_else(|| {
                    PolicyError::internal(
                        "InvalidBackendUrl",
                        "base-url is not an absolute http or https URL",
                    )
                })?)
            }
        };
        exchange.set_route(Route {
            target: Target::Url(Arc::clone(&base)),
            base: Some(base),
            ..Route::default()
        });
        Ok(Outcome::Continue)
    }
}
