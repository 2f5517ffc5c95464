//! `limit-concurrency`: lets only so many calls into its policies at once.

use std::sync::Arc;

use crate::compile::{Compiler, Text};
use crate::declaration::{
    ALL_SCOPES, ANYWHERE, Attribute, Children, Declaration, ErrorFact, Kind, Reference,
};
use crate::exchange::Exchange;
use crate::pipeline::{Block, PolicyError, PolicyResult, Run, RunLater};
use crate::ports::PortFuture;
use crate::ports::permits::Place;
use crate::xml::Element;

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["limit-concurrency"],
    summary: "Lets only so many calls run its policies at once; the others fail at once.",
    sections: ANYWHERE,
    scopes: ALL_SCOPES,
    attributes: &[
        Attribute::required("key", Kind::Text, "What is limited; policies with the same key share a limit."),
        Attribute::required(
            "max-count",
            Kind::Integer { minimum: 1, maximum: u32::MAX as i64 },
            "How many calls may be in the policies at once.",
        )
        .literal(),
    ],
    children: Children::Policies,
    once: false,
    reference: REFERENCE,
    compile: Some(compile),
};

const REFERENCE: Reference = Reference {
    behaviour: "\
Counts the calls that are inside of the enclosed policies, for each value of `key` on its own. A call that finds \
`max-count` of them there does not wait: it fails with status 429. It is let in by all policies with the same key, \
wherever they stand; each compares the shared count with its own `max-count`.

A call is inside from the first enclosed policy to the end of the last. Around `forward-request` that is until the \
headers of the response are there: its body streams to the client afterwards. The place is free again whatever ends \
the policies: their end, an error, `return-response`, or a client that goes away.

The count is that of this gateway, in its memory; several gateways each have their own.",
    errors: &[ErrorFact {
        reason: "ConcurrencyLimitExceeded",
        status: "429",
        when: "`max-count` calls with this key are inside",
    }],
    example: "around-the-backend-call",
    differences: &[
        "Neither the reason nor the text of the 429 is documented: `ConcurrencyLimitExceeded` and `Concurrency limit is \
exceeded.` were chosen. There is no `Retry-After`, because nobody knows when a place becomes free.",
    ],
};

struct LimitConcurrency {
    key: Text,
    maximum: u32,
    block: Block,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    Some(Run::later(LimitConcurrency {
        key: compiler.text(element, "key")?,
        maximum: compiler.literal(element, "max-count")?.trim().parse().ok()?,
        block: compiler.nested_block(element, ""),
    }))
}

impl RunLater for LimitConcurrency {
    fn run<'a>(&'a self, exchange: &'a mut Exchange) -> PortFuture<'a, PolicyResult> {
        Box::pin(async move {
            let key = Place::Key(self.key.get(exchange)?);
            let permits = Arc::clone(&exchange.ports.permits);
            let Some(_permit) = permits.enter(key, self.maximum) else {
                let message = "Concurrency limit is exceeded.";
                return Err(PolicyError::refusal(429, "ConcurrencyLimitExceeded", message));
            };
            self.block.run(exchange).await
        })
    }
}
