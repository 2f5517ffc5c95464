//! `send-one-way-request`: calls another service and does not wait for it.

use std::sync::Arc;

use http::header::AUTHORIZATION;

use super::authentication_managed_identity::{TokenRequest, bearer};
use super::calls::answer;
use super::calls::message::{self, Message, MessageSettings};
use crate::compile::Compiler;
use crate::declaration::{ALL_SCOPES, ANYWHERE, Declaration, ErrorFact, Reference};
use crate::exchange::Exchange;
use crate::pipeline::{Outcome, PolicyError, PolicyResult, Run, RunNow};
use crate::ports::permits::Place;
use crate::ports::{Event, Ports};
use crate::xml::Element;

/// The most calls of this kind that are on their way at once in one gateway.
pub const MAX_IN_FLIGHT: u32 = 256;

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["send-one-way-request"],
    summary: "Sends a request to another service and goes on at once, whatever becomes of it.",
    sections: ANYWHERE,
    scopes: ALL_SCOPES,
    attributes: &[message::MODE, message::TIMEOUT],
    children: message::CHILDREN,
    once: false,
    reference: REFERENCE,
    compile: Some(compile),
};

const REFERENCE: Reference = Reference {
    behaviour: "\
Makes a message as `send-request` does, with the same children and the same `mode`, hands it over and goes on at once. \
The expressions in it run then and there; what policies change afterwards is not in the message. Connecting, a token of \
a managed identity, sending and the answer are the business of a task of its own, which goes on after the call has ended. \
Nothing of its outcome reaches the call: no status, no error, no variable.

`timeout` is in seconds, for the whole exchange. At most 256 such requests are on their way at once in one gateway; \
further ones are not sent. Requests that were not sent or got no answer are counted in the metric \
`sekisho_one_way_requests_lost_total` by reason: `TooManyInFlight`, or the reason that `send-request` would give.",
    errors: &[
        ErrorFact { reason: "InvalidUrl", status: "500", when: "as in `send-request`" },
        ErrorFact { reason: "InvalidMethod", status: "500", when: "as in `send-request`" },
        ErrorFact { reason: "ClientCertificateFailure", status: "500", when: "as in `send-request`" },
        ErrorFact { reason: "InvalidProxyUrl", status: "500", when: "as in `send-request`" },
        ErrorFact { reason: "RequestBodyTooLarge", status: "413", when: "as in `send-request`" },
    ],
    example: "tells-about-a-failure",
    differences: &[
        "At most 256 requests of this kind are on their way at once in one gateway; further ones are dropped and counted.",
        "`authentication-managed-identity` with `output-token-variable-name` does nothing here: nobody could read the \
variable.",
    ],
};

struct SendOneWayRequest(MessageSettings);

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    Some(Run::now(SendOneWayRequest(MessageSettings::new(compiler, element)?)))
}

impl RunNow for SendOneWayRequest {
    fn run(&self, exchange: &mut Exchange) -> PolicyResult {
        let permits = Arc::clone(&exchange.ports.permits);
        let Some(permit) = permits.enter(Place::OneWay, MAX_IN_FLIGHT) else {
            exchange.ports.recorder.event(Event::OneWayRequestLost { reason: "TooManyInFlight" });
            return Ok(Outcome::Continue);
        };
        let message = self.0.evaluate(exchange)?;
        let token = self.0.token_request(exchange)?;
        let (ports, limit) = (exchange.ports.clone(), exchange.limits.buffered_body);
        let spawner = Arc::clone(&ports.spawner);
        spawner(Box::pin(async move {
            if let Err(error) = send(&ports, message, token, limit).await {
                let reason = error.reason.unwrap_or("Internal");
                ports.recorder.event(Event::OneWayRequestLost { reason });
            }
            drop(permit);
        }));
        Ok(Outcome::Continue)
    }
}

/// Sends the message. Its answer is read to its end, so that the connection can be used again.
async fn send(
    ports: &Ports,
    mut message: Message,
    token: Option<TokenRequest>,
    limit: usize,
) -> Result<(), PolicyError> {
    let token = match &token {
        Some(request) => request.token(&*ports.tokens).await?,
        None => None,
    };
    if let Some(token) = token {
        message.headers.insert(AUTHORIZATION, bearer(&token)?);
    }
    answer::send(ports, message, limit).await.map(drop)
}
