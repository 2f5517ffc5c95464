//! `send-request`: calls another service and keeps its answer in a variable.
//!
//! The answer is brought into memory as a whole: expressions read it later, when nobody could wait for it.

use std::sync::Arc;

use sekisho_expression::value::Value;

use super::calls::answer;
use super::calls::message::{self, MessageSettings};
use crate::compile::setting::EVALUATION_FAILURE;
use crate::compile::{Compiler, Flag};
use crate::declaration::{ALL_SCOPES, ANYWHERE, Attribute, Declaration, ErrorFact, Kind, Reference};
use crate::exchange::Exchange;
use crate::pipeline::{Outcome, PolicyError, PolicyResult, Run, RunLater};
use crate::ports::PortFuture;
use crate::xml::Element;

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["send-request"],
    summary: "Sends a request to another service, waits for its answer and keeps it in a variable.",
    sections: ANYWHERE,
    scopes: ALL_SCOPES,
    attributes: &[
        Attribute::required("response-variable-name", Kind::Text, "Variable that takes the answer.")
            .literal(),
        message::MODE,
        message::TIMEOUT,
        Attribute::optional("ignore-error", Kind::Boolean, "Goes on with a variable that is null.")
            .or("false"),
    ],
    children: message::CHILDREN,
    once: false,
    reference: REFERENCE,
    compile: Some(compile),
};

const REFERENCE: Reference = Reference {
    behaviour: "\
Makes a message, sends it, waits for the whole answer and sets `response-variable-name` to it. Expressions read it as an \
`IResponse`: `((IResponse)context.Variables[\"state\"]).Body.As<JObject>()`. Reading the body without `preserveContent: \
true` takes it, as everywhere. `return-response` can return the answer to the client. The current request and response \
are not changed.

With `mode=\"new\"` the message is empty: it has what the children say, and the method `GET` without a `set-method`. \
With `mode=\"copy\"` it begins as the current request, with the changes that policies made so far: its method, \
`context.Request.Url` with its query, its headers without `Host` and those of the connection, and its body. The copy has \
no body in outbound and on-error, where the request is over, and none where an expression has taken the body. Everything \
that the client sent is in the copy, also keys and tokens: delete with `set-header` what the other service may not see.

`set-header` and `set-body` work on the message as they do on the request. Characters that cannot stand in a URL are \
escaped; a user name in the URL is not sent. `authentication-basic`, `authentication-managed-identity` and \
`authentication-certificate` (one of them) and `proxy` work on this message alone: what the same policies did for calls to \
the backend does not count. A managed identity with an output variable writes the variable and no header.

`timeout` is in seconds and is the time for the connection, the headers and the whole body together. The body may be as \
large as a body that policies read (`limits.bufferedBodyBytes`). Redirects are not followed. A status is never an error.

With `ignore-error=\"true\"` the variable becomes null when there is no answer: the other side cannot be reached, is \
too slow or sends too much, there is no token, or the URL is none. Expressions that throw fail the call all the same.",
    errors: &[
        ErrorFact { reason: "Timeout", status: "500", when: "the whole answer is not there within `timeout`" },
        ErrorFact {
            reason: "BackendConnectionFailure",
            status: "500",
            when: "the other side cannot be reached or breaks off",
        },
        ErrorFact {
            reason: "ResponseBodyTooLarge",
            status: "500",
            when: "the body of the answer is larger than the gateway buffers",
        },
        ErrorFact {
            reason: "InvalidUrl",
            status: "500",
            when: "the result of `set-url` is not an absolute `http` or `https` URL, or a copy is made without `set-url` \
before a backend is chosen",
        },
        ErrorFact { reason: "InvalidMethod", status: "500", when: "the result of `set-method` is no method" },
        ErrorFact {
            reason: "ManagedIdentityTokenFailure",
            status: "500",
            when: "`authentication-managed-identity` gets no token",
        },
        ErrorFact {
            reason: "ClientCertificateFailure",
            status: "500",
            when: "`authentication-certificate` finds no certificate",
        },
        ErrorFact { reason: "InvalidProxyUrl", status: "500", when: "the result of the URL of `proxy` is none" },
        ErrorFact {
            reason: "RequestBodyTooLarge",
            status: "413",
            when: "the body to copy is larger than the gateway buffers",
        },
    ],
    example: "introspects-a-token",
    differences: &[
        "The deadline includes the body of the answer; the documentation speaks of the call.",
        "A compressed answer stays compressed: `Body.As<T>()` does not unpack it. Delete `Accept-Encoding` from a copy.",
        "The documentation leaves open which failures `ignore-error` covers: all but those of expressions were chosen.",
        "`set-method` may be missing in a new message, and take an expression.",
        "`StatusReason` is the standard phrase of the status.",
        "A copy in on-error has no body, as in outbound.",
    ],
};

struct SendRequest {
    variable: Arc<str>,
    ignore_error: Flag,
    message: MessageSettings,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    Some(Run::later(SendRequest {
        variable: compiler.literal(element, "response-variable-name")?,
        ignore_error: compiler.flag(element, "ignore-error", false),
        message: MessageSettings::new(compiler, element)?,
    }))
}

impl RunLater for SendRequest {
    fn run<'a>(&'a self, exchange: &'a mut Exchange) -> PortFuture<'a, PolicyResult> {
        Box::pin(async move {
            let answer = match self.answer(exchange).await {
                Ok(answer) => answer,
                Err(error) if error.reason == Some(EVALUATION_FAILURE) => return Err(error),
                Err(_) if self.ignore_error.get(exchange)? => Value::Null,
                Err(error) => return Err(error),
            };
            exchange.variables.set(&self.variable, answer);
            Ok(Outcome::Continue)
        })
    }
}

impl SendRequest {
    async fn answer(&self, exchange: &mut Exchange) -> Result<Value, PolicyError> {
        let message = self.message.complete(exchange).await?;
        let response = answer::send(&exchange.ports, message, exchange.limits.buffered_body).await?;
        Ok(answer::stored(response))
    }
}
