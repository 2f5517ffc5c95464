//! `invoke-request`: calls a URL or a backend entity with a message of its own.
//!
//! The policy is known from Microsoft's policy toolkit only; see the differences in its reference.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, Method};
use sekisho_diagnostics::Diagnostic;

use super::calls::answer::{self, Deadline};
use super::calls::message::Message;
use super::calls::url::{PathSetting, UrlSetting};
use super::set_backend_service::known_backend;
use super::set_header::header_value;
use super::set_method::SetMethod;
use crate::body::Body;
use crate::compile::setting::{AnyValue, to_bytes};
use crate::compile::{Compiler, Text};
use crate::declaration::{
    ALL_SCOPES, ANYWHERE, Attribute, Child, Children, Declaration, ErrorFact, Kind, Reference,
};
use crate::exchange::{Exchange, Response};
use crate::metering::ModelCall;
use crate::pipeline::{Outcome, PolicyError, PolicyResult, Run, RunLater};
use crate::ports::backends::HttpVersion;
use crate::ports::{ForwardCall, HttpOptions, PortFuture, Target};
use crate::xml::Element;

/// How long the answer may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["invoke-request"],
    summary: "Sends a request of its own to a URL or a backend entity and takes the answer.",
    sections: ANYWHERE,
    scopes: ALL_SCOPES,
    attributes: &[
        Attribute::optional("method", Kind::Text, "The method.").or("GET"),
        Attribute::optional(
            "url",
            Kind::Text,
            "The absolute URL; with `backend-id` path and query on the backend.",
        ),
        Attribute::optional("backend-id", Kind::Text, "Resource name of a backend."),
        Attribute::optional(
            "response-variable-name",
            Kind::Text,
            "Variable that takes the answer; without it the answer becomes the response of the call.",
        )
        .literal(),
    ],
    children: Children::Elements(&[
        Child::any("header", Children::None, "A header of the message.").with(&[
            Attribute::required("name", Kind::Text, "Its name."),
            Attribute::required("value", Kind::Text, "Its value."),
        ]),
        Child::optional("body", Children::Text, "The body: a text, or the bytes or text of an expression."),
    ]),
    once: false,
    reference: REFERENCE,
    compile: Some(compile),
};

const REFERENCE: Reference = Reference {
    behaviour: "\
Sends a request that has nothing of the current one: method, headers and body are those given here. With `url` alone \
it goes to that absolute `http` or `https` URL. With `backend-id` it goes to that backend as `forward-request` would \
send it: pool, circuit breaker, credentials and certificate checks of the backend entity hold, and the attempt is in the \
record of the call; `url` may then give path and query, which follow the backend's own URL.

With `response-variable-name` the whole answer is kept in that variable as an `IResponse`, within 60 seconds and the \
largest body that the gateway buffers. Without it the answer becomes `context.Response` and streams on.

A status is no error, whatever it is.",
    errors: &[
        ErrorFact { reason: "Timeout", status: "500", when: "the answer is not there within 60 seconds" },
        ErrorFact {
            reason: "BackendConnectionFailure",
            status: "500",
            when: "the other side is not reachable or breaks off",
        },
        ErrorFact {
            reason: "ResponseBodyTooLarge",
            status: "500",
            when: "the answer for the variable is larger than the gateway buffers",
        },
        ErrorFact { reason: "InvalidUrl", status: "500", when: "the result of `url` is no URL" },
        ErrorFact {
            reason: "BackendNotFound",
            status: "500",
            when: "the result of `backend-id` names no backend",
        },
        ErrorFact {
            reason: "BackendUnavailable",
            status: "503, or what the backend sets",
            when: "the circuit breaker is open or no member of the pool is available",
        },
    ],
    example: "calls-a-url",
    differences: &[
        "The policy is in Microsoft's policy toolkit and not in the documentation. Its attributes and children are those \
of the toolkit; what they do, the timeout of 60 seconds and where it may stand were chosen.",
        "Without `response-variable-name` the answer becomes the response of the call.",
    ],
};

struct InvokeRequest {
    method: SetMethod,
    destination: Destination,
    headers: Vec<(Name, Text)>,
    body: Option<AnyValue>,
    variable: Option<Arc<str>>,
}

enum Destination {
    Url(UrlSetting),
    Backend { id: Text, path: Option<PathSetting> },
}

/// The name of a header: read at load where it is a literal.
enum Name {
    Constant(HeaderName),
    Evaluated(Text),
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    let mut policy = InvokeRequest {
        method: match element.attribute("method") {
            Some(method) => {
                let text = compiler.text(element, "method")?;
                SetMethod::from_text(compiler, text, method.value.span)?
            }
            None => SetMethod::Constant(Method::GET),
        },
        destination: destination(compiler, element)?,
        headers: Vec::new(),
        body: None,
        variable: compiler.literal(element, "response-variable-name"),
    };
    for child in element.elements() {
        if child.name == "header" {
            let name = name(compiler, child)?;
            policy.headers.push((name, compiler.text(child, "value")?));
        } else if let Some(content) = child.text() {
            policy.body = Some(compiler.content_value(content)?);
        }
    }
    Some(Run::later(policy))
}

fn destination(compiler: &mut Compiler<'_>, element: &Element) -> Option<Destination> {
    let url = element.attribute("url").map(|url| &url.value);
    if element.attribute("backend-id").is_some() {
        let path = match url {
            Some(url) => Some(PathSetting::new(compiler, url)?),
            None => None,
        };
        return Some(Destination::Backend { id: known_backend(compiler, element, "backend-id")?, path });
    }
    let Some(url) = url else {
        let finding = Diagnostic::error(
            "wrong-attributes",
            element.name_span,
            "`invoke-request` needs `url` or `backend-id`",
        );
        compiler.report(finding.with_help("say where the request goes"));
        return None;
    };
    UrlSetting::new(compiler, url).map(Destination::Url)
}

fn name(compiler: &mut Compiler<'_>, header: &Element) -> Option<Name> {
    let text = compiler.text(header, "name")?;
    let Some(literal) = text.constant() else { return Some(Name::Evaluated(text)) };
    if let Ok(name) = literal.trim().parse() {
        return Some(Name::Constant(name));
    }
    let place = header.attribute("name")?.value.span;
    let message = format!("`{}` is not a header name", compiler.written(place));
    let finding = Diagnostic::error("wrong-value", place, message);
    compiler.report(finding.with_help("a header name has letters, digits and `-`"));
    None
}

impl RunLater for InvokeRequest {
    fn run<'a>(&'a self, exchange: &'a mut Exchange) -> PortFuture<'a, PolicyResult> {
        Box::pin(async move {
            let ports = exchange.ports.clone();
            let deadline = Deadline::after(&*ports.clock, TIMEOUT);
            let response = self.begin(exchange).await?;
            let Some(variable) = &self.variable else {
                exchange.response = Some(response);
                return Ok(Outcome::Continue);
            };
            let response = deadline.whole(response, exchange.limits.buffered_body).await?;
            exchange.variables.set(variable, answer::stored(response));
            Ok(Outcome::Continue)
        })
    }
}

impl InvokeRequest {
    /// Sends the message; the body of the answer still arrives.
    async fn begin(&self, exchange: &mut Exchange) -> Result<Response, PolicyError> {
        let method = self.method.evaluate(exchange)?;
        let headers = self.headers(exchange)?;
        let body = self.body(exchange)?;
        let (id, path) = match &self.destination {
            Destination::Url(url) => {
                let (url, options) = (url.evaluate(exchange)?, HttpOptions::timeout(TIMEOUT));
                let message = Message { method, url, headers, body, options };
                return answer::begin(&exchange.ports, message).await;
            }
            Destination::Backend { id, path } => (id, path),
        };
        let target = Target::Backend(id.get(exchange)?);
        let path = match path {
            Some(path) => Some(path.evaluate(exchange)?),
            None => None,
        };
        let model = ModelCall::of(&method, path.as_ref().map_or("", |path| path.path()));
        let call = ForwardCall {
            target: &target,
            method: &method,
            path: path.as_ref().map_or("", |path| path.path()),
            query: path.as_ref().and_then(|path| path.query()).unwrap_or(""),
            headers,
            body,
            timeout: TIMEOUT,
            http_version: HttpVersion::Http1,
            proxy: exchange.outgoing.proxy.clone(),
            certificate: exchange.outgoing.certificate.clone(),
            follow_redirects: false,
            metering: exchange.metering(model),
            variables: None,
        };
        forward(exchange, call).await
    }

    fn body(&self, exchange: &mut Exchange) -> Result<Body, PolicyError> {
        let Some(body) = &self.body else { return Ok(Body::Empty) };
        let value = body.get(exchange)?;
        Ok(to_bytes(exchange, &value)?.map_or(Body::Empty, Body::Full))
    }

    fn headers(&self, exchange: &mut Exchange) -> Result<HeaderMap, PolicyError> {
        let mut headers = HeaderMap::with_capacity(self.headers.len());
        for (name, value) in &self.headers {
            let name = match name {
                Name::Constant(name) => name.clone(),
                Name::Evaluated(text) => {
                    let text = text.get(exchange)?;
                    text.trim().parse().map_err(|_| {
                        PolicyError::internal("InvalidHeaderName", format!("`{text}` is not a header name"))
                    })?
                }
            };
            headers.append(name, header_value(&value.get(exchange)?)?);
        }
        Ok(headers)
    }
}

/// Sends the call to a backend; its attempts go on record.
async fn forward(exchange: &mut Exchange, call: ForwardCall<'_>) -> Result<Response, PolicyError> {
    let backends = Arc::clone(&exchange.backends);
    match backends.forward(call).await {
        Ok(reply) => {
            exchange.attempts.extend(reply.attempts);
            Ok(reply.response)
        }
        Err(mut error) => {
            exchange.attempts.append(&mut error.attempts);
            Err(PolicyError::from(error))
        }
    }
}
