//! `wait`: runs its policies beside each other.
//!
//! Each policy runs in a branch of the call, see [`Exchange::fork`]. All of them are driven by the task of the call: what
//! is saved is the time of waiting, and a branch that is not waited for any more ends where it stands.

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use crate::compile::{Choice, Compiler};
use crate::declaration::{ALL_SCOPES, Attribute, Children, Declaration, ErrorFact, Kind, Reference};
use crate::exchange::Exchange;
use crate::pipeline::{Block, Outcome, PolicyResult, Run, RunLater, Section};
use crate::ports::PortFuture;
use crate::xml::Element;

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["wait"],
    summary: "Runs its policies at the same time and waits for all of them or for the first.",
    sections: &[Section::Inbound, Section::Backend, Section::Outbound],
    scopes: ALL_SCOPES,
    attributes: &[Attribute::optional(
        "for",
        Kind::OneOf(&["all", "any"]),
        "`all`: until each policy has ended; `any`: until the first one has, the others are cancelled.",
    )
    .or("all")],
    children: Children::OnlyPolicies(&["send-request", "cache-lookup-value", "choose"]),
    once: false,
    reference: REFERENCE,
    compile: Some(compile),
};

const REFERENCE: Reference = Reference {
    behaviour: "\
Runs the policies that stand directly in it at the same time: each `send-request`, `cache-lookup-value` and `choose` is a \
branch. The policies in a `choose` run one after the other, and may be any that may stand in the section.

With `for=\"all\"` it ends when all branches have ended. An error in a branch, or a `return-response`, ends it at \
once: the other branches are cancelled. With `for=\"any\"` it ends with the first branch that ends without an error, and \
the other branches are cancelled. Only when all branches fail does it fail, with the error that came first.

Each branch begins with the call as it was before: branches do not see what others change. Afterwards the changes of the \
branches that have ended are put together in the order of the document: variables, each header by itself, method, path, \
query, body, backend, and what policies have left for the end of the call. Where two branches change the same, the later \
one in the document counts, whichever ended first. Of a branch that was cancelled, or that failed under `any`, only traces, \
backend attempts and counts remain.

Bodies that a branch reads or sends are brought into memory before the branches begin, up to `limits.bufferedBodyBytes`.",
    errors: &[
        ErrorFact { reason: "those of the branches", status: "as there", when: "a branch fails; with `any`: all fail" },
        ErrorFact {
            reason: "RequestBodyTooLarge",
            status: "413",
            when: "a body that a branch reads is larger than the gateway buffers",
        },
    ],
    example: "for-all",
    differences: &[
        "What an error in a branch does is not documented: with `all` it fails the policy at once, with `any` the other \
branches go on.",
        "Branches work on copies of the call whose changes are put together at the end, in the order of the document.",
    ],
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum WaitFor {
    All,
    Any,
}

struct Wait {
    wait_for: Choice<WaitFor>,
    branches: Vec<Block>,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    const WORDS: &[(&str, WaitFor)] = &[("all", WaitFor::All), ("any", WaitFor::Any)];
    Some(Run::later(Wait {
        wait_for: compiler.choice(element, "for", WORDS, WaitFor::All),
        branches: compiler.branches(element),
    }))
}

impl RunLater for Wait {
    fn run<'a>(&'a self, exchange: &'a mut Exchange) -> PortFuture<'a, PolicyResult> {
        Box::pin(async move {
            let wait_for = self.wait_for.get(exchange)?;
            match self.branches.as_slice() {
                [] => Ok(Outcome::Continue),
                [only] => only.run(exchange).await,
                branches => run_branches(branches, wait_for, exchange).await,
            }
        })
    }
}

async fn run_branches(blocks: &[Block], wait_for: WaitFor, exchange: &mut Exchange) -> PolicyResult {
    let original = exchange.fork();
    let mut branches: Vec<Exchange> = blocks.iter().map(|_| exchange.fork()).collect();
    let mut ended = until_decided(blocks, &mut branches, wait_for).await;
    let decided = match wait_for {
        WaitFor::All => ended.iter().position(|(_, result)| *result != Ok(Outcome::Continue)),
        // A failure decides only when nothing else did: then the first one.
        WaitFor::Any => Some(ended.iter().position(|(_, result)| result.is_ok()).unwrap_or(0)),
    };
    let decided = decided.map(|place| ended.remove(place));
    if wait_for == WaitFor::Any {
        ended.clear();
    }
    merge(exchange, &original, branches, &ended, decided)
}

/// Runs the branches until it is clear how the policy ends; those that ended by then, in the order of their ends.
async fn until_decided(
    blocks: &[Block],
    branches: &mut [Exchange],
    wait_for: WaitFor,
) -> Vec<(usize, PolicyResult)> {
    let mut running: FuturesUnordered<_> = blocks
        .iter()
        .zip(branches)
        .enumerate()
        .map(|(place, (block, branch))| async move { (place, block.run(branch).await) })
        .collect();
    let mut ended = Vec::with_capacity(blocks.len());
    while let Some((place, result)) = running.next().await {
        let decides = match wait_for {
            WaitFor::All => result != Ok(Outcome::Continue),
            WaitFor::Any => result.is_ok(),
        };
        ended.push((place, result));
        if decides {
            break;
        }
    }
    ended
}

/// Puts the branches that count into the call in the order of the document, the one that decided last.
fn merge(
    exchange: &mut Exchange,
    original: &Exchange,
    branches: Vec<Exchange>,
    ended: &[(usize, PolicyResult)],
    decided: Option<(usize, PolicyResult)>,
) -> PolicyResult {
    let mut last = None;
    for (place, mut branch) in branches.into_iter().enumerate() {
        if decided.as_ref().is_some_and(|(decided, _)| *decided == place) {
            last = Some(branch);
        } else if ended.iter().any(|(ended, _)| *ended == place) {
            exchange.merge(branch, original);
        } else {
            exchange.take_records(&mut branch);
        }
    }
    let (Some(mut branch), Some((_, result))) = (last, decided) else { return Ok(Outcome::Continue) };
    let response = match result {
        // What ended the call is the response, whatever other branches did to the one that was there.
        Ok(Outcome::Respond) => Some(branch.response.take()),
        _ => None,
    };
    exchange.merge(branch, original);
    if let Some(response) = response {
        exchange.response = response;
    }
    result
}
