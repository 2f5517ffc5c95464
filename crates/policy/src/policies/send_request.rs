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

const REFERENCE: Reference = Reference::NONE;

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
