//! `forward-request`: sends the call to the backend.
//!
//! The body streams through unless it must be sent again. Responses are never held back: `buffer-response`
//! is accepted and changes nothing, because event streams of models must reach the client event by event.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use sekisho_diagnostics::{Diagnostic, Span};
use sekisho_expression::Needs;

use crate::compile::{Compiler, Flag, Number};
use crate::declaration::{ALL_SCOPES, Attribute, Children, Declaration, ErrorFact, Kind, Reference};
use crate::exchange::Exchange;
use crate::pipeline::{
    Outcome, PolicyError, PolicyResult, Run, RunLater, Scope, Section, Step, request_body_error,
};
use crate::ports::backends::HttpVersion;
use crate::ports::{ForwardCall, PortFuture};
use crate::xml::Element;

/// Seconds until the response headers must be there, when the document does not say.
const DEFAULT_TIMEOUT: f64 = 300.0;

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["forward-request"],
    summary: "Sends the request to the backend and takes its response.",
    sections: &[Section::Backend],
    scopes: ALL_SCOPES,
    attributes: &[
        Attribute::optional("timeout", Kind::Seconds, "Seconds until the response headers must be there.")
            .or("300"),
        Attribute::optional(
            "timeout-ms",
            Kind::Integer { minimum: 0, maximum: i64::MAX },
            "The same in milliseconds; instead of `timeout`.",
        ),
        Attribute::optional("continue-timeout", Kind::Seconds, "Seconds to wait for a 100 Continue."),
        Attribute::optional(
            "http-version",
            Kind::OneOf(&["1", "2or1", "2"]),
            "HTTP version towards the backend.",
        )
        .literal()
        .or("1"),
        Attribute::optional(
            "follow-redirects",
            Kind::Boolean,
            "Follows redirects instead of returning them.",
        )
        .or("false"),
        Attribute::optional(
            "buffer-request-body",
            Kind::Boolean,
            "Keeps the request body, so that `retry` can send it again.",
        )
        .literal()
        .or("false"),
        Attribute::optional(
            "buffer-response",
            Kind::Boolean,
            "Accepted; responses always pass through as they arrive.",
        )
        .literal()
        .or("true"),
        Attribute::optional(
            "fail-on-error-status-code",
            Kind::Boolean,
            "Statuses 400 to 599 go to on-error.",
        )
        .literal()
        .or("false"),
    ],
    children: Children::None,
    once: false,
    reference: Reference {
        behaviour: "Sends the request, as policies left it, to the backend that was chosen, and makes the answer the response of the call. `timeout` counts until the response headers are there, connecting included. Without this policy in the effective backend section nothing is sent.\n\
\n\
The body streams through. With `buffer-request-body=\"true\"` it is kept in memory first, so that `retry` can send it again. `follow-redirects` needs a body that is in memory, stays within the origin and follows five times at most, within the one timeout.\n\
\n\
Headers between two neighbours (`Connection` and what it names, `Keep-Alive`, `Transfer-Encoding`, …) are not passed on, `Host` becomes that of the backend, and `X-Forwarded-For` gets the address of the caller appended.",
        errors: &[
            ErrorFact {
                reason: "BackendConnectionFailure",
                status: "500",
                when: "The backend cannot be reached, or the connection broke before the response headers.",
            },
            ErrorFact { reason: "Timeout", status: "500", when: "No response headers in time." },
            ErrorFact {
                reason: "BackendUnavailable",
                status: "503",
                when: "The circuit breaker is open, or no member of the pool is available; `Retry-After` tells when one may be.",
            },
            ErrorFact {
                reason: "BackendNotFound",
                status: "500",
                when: "There is no backend: the API has no service URL and no policy chose one.",
            },
            ErrorFact {
                reason: "BackendErrorStatusCode",
                status: "the status",
                when: "`fail-on-error-status-code` is true and the backend answered with 400 to 599; the answer stays the response.",
            },
            ErrorFact {
                reason: "RequestBodyTooLarge",
                status: "413",
                when: "The body is to be kept and is larger than the gateway buffers.",
            },
            ErrorFact {
                reason: "ClientConnectionFailure",
                status: "400",
                when: "The request body broke off while it was sent on.",
            },
            ErrorFact::EXPRESSION,
        ],
        example: "all-attributes",
        differences: &[
            "`buffer-response` is accepted and changes nothing: responses always pass through as they arrive.",
            "`continue-timeout` is accepted and changes nothing.",
        ],
    },
    compile: Some(compile),
};

struct ForwardRequest {
    timeout: Number,
    timeout_is_milliseconds: bool,
    http_version: HttpVersion,
    follow_redirects: Flag,
    buffer_request_body: bool,
    fail_on_error_status_code: bool,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    if let (Some(_), Some(milliseconds)) = (element.attribute("timeout"), element.attribute("timeout-ms")) {
        let finding = Diagnostic::error(
            "wrong-attributes",
            milliseconds.name_span,
            "`timeout` and `timeout-ms` exclude each other",
        );
        compiler.report(finding.with_help("remove one of them"));
        return None;
    }
    compiler.add_branch_needs(Needs { request_body: true, ..Needs::default() });
    let milliseconds = compiler.number(element, "timeout-ms");
    let literal_flag = |name| matches!(compiler.flag(element, name, false), Flag::Constant(true));
    let (buffer_request_body, fail_on_error_status_code) = {
        let mut literal_flag = literal_flag;
        (literal_flag("buffer-request-body"), literal_flag("fail-on-error-status-code"))
    };
    Some(Run::later(ForwardRequest {
        timeout_is_milliseconds: milliseconds.is_some(),
        timeout: match milliseconds {
            Some(milliseconds) => milliseconds,
            None => compiler.number(element, "timeout").unwrap_or(Number::Constant(DEFAULT_TIMEOUT)),
        },
        http_version: match element.attribute("http-version").map(|version| version.value.text.text()) {
            Some("2") => HttpVersion::Http2,
            Some("2or1") => HttpVersion::Http2OrHttp1,
            _ => HttpVersion::Http1,
        },
        follow_redirects: compiler.flag(element, "follow-redirects", false),
        buffer_request_body,
        fail_on_error_status_code,
    }))
}

/// The policy of the built-in document below the global scope.
pub(crate) fn built_in() -> Arc<Step> {
    static STEP: LazyLock<Arc<Step>> = LazyLock::new(|| {
        let policy = ForwardRequest {
            timeout: Number::Constant(DEFAULT_TIMEOUT),
            timeout_is_milliseconds: false,
            http_version: HttpVersion::Http1,
            follow_redirects: Flag::Constant(false),
            buffer_request_body: false,
            fail_on_error_status_code: false,
        };
        Arc::new(Step {
            name: "forward-request",
            policy_id: None,
            scope: Scope::Global,
            path: Arc::from("forward-request[1]"),
            span: Span::default(),
            needs: Needs::default(),
            stores_response: false,
            run: Run::later(policy),
        })
    });
    Arc::clone(&STEP)
}

impl RunLater for ForwardRequest {
    fn run<'a>(&'a self, exchange: &'a mut Exchange) -> PortFuture<'a, PolicyResult> {
        Box::pin(async move {
            exchange.response = None;
            let timeout = self.timeout(exchange)?;
            let follow_redirects = self.follow_redirects.get(exchange)?;
            if self.buffer_request_body {
                let limit = exchange.limits.buffered_body;
                exchange.request.body.buffer(limit).await.map_err(request_body_error)?;
            }
            let body = exchange.request.body.take_for_sending(true);
            let backends = Arc::clone(&exchange.backends);
            let metering = exchange.metering(exchange.model_call());
            let call = ForwardCall {
                target: &exchange.route.target,
                method: &exchange.request.method,
                path: exchange.request.path(),
                query: exchange.request.query(),
                headers: exchange.request.headers.clone(),
                body,
                timeout,
                http_version: self.http_version,
                proxy: exchange.outgoing.proxy.clone(),
                certificate: exchange.outgoing.certificate.clone(),
                follow_redirects,
                metering,
                variables: Some(&exchange.variables),
            };
            match backends.forward(call).await {
                Ok(reply) => {
                    exchange.attempts.extend(reply.attempts);
                    exchange.request.set_base(Some(&reply.base_url));
                    exchange.route.base = Some(reply.base_url);
                    if reply.backend.is_some() {
                        exchange.route.backend = reply.backend;
                    }
                    let status = reply.response.status;
                    exchange.response = Some(reply.response);
                    self.judge(status)
                }
                Err(mut error) => {
                    exchange.attempts.append(&mut error.attempts);
                    Err(PolicyError::from(error))
                }
            }
        })
    }
}

impl ForwardRequest {
    fn timeout(&self, exchange: &mut Exchange) -> Result<Duration, PolicyError> {
        let number = self.timeout.get(exchange)?.max(0.0);
        let seconds = if self.timeout_is_milliseconds { number / 1000.0 } else { number };
        Ok(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
    }

    fn judge(&self, status: u16) -> PolicyResult {
        if !self.fail_on_error_status_code || !(400..600).contains(&status) {
            return Ok(Outcome::Continue);
        }
        let mut error = PolicyError::internal(
            "BackendErrorStatusCode",
            format!("the backend answered with status code {status}"),
        );
        error.status = status;
        error.keep_response = true;
        Err(error)
    }
}
